/** Prints one version's part of CHANGELOG.md, for the text of a release: `node scripts/releaseNotes.js 0.1.0`. */
const fs = require('node:fs');
const path = require('node:path');

/**
 * The text below the version's heading, `## [0.1.0] - 2026-11-26`, without the links that close the file; undefined where
 * there is none, or nothing below it.
 */
function notesOf(changelog, version) {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((text) => /^\[(.+)\] - \d{4}-\d\d-\d\d\n/.exec(text)?.[1] === version);
  const notes = part?.slice(part.indexOf('\n')).replace(/^\[.+\]: .+\n?/gm, '');
  return notes?.trim() || undefined;
}

if (require.main === module) {
  const version = (process.argv[2] ?? '').replace(/^v/, '');
  const notes = notesOf(fs.readFileSync(path.join(__dirname, '../CHANGELOG.md'), 'utf8'), version);
  if (notes === undefined) {
    console.error(
      `CHANGELOG.md has nothing under the heading “## [${version}] - YYYY-MM-DD”. Write it first.`,
    );
    process.exit(1);
  }
  console.log(notes);
}

module.exports = { notesOf };
