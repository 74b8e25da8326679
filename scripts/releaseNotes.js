/** Prints one version's part of CHANGELOG.md, for the text of a release: `node scripts/releaseNotes.js 0.1.0`. */
const fs = require('node:fs');
const path = require('node:path');

/** The text below the version's heading; undefined where there is none, or nothing below it. */
function notesOf(changelog, version) {
  const parts = changelog.split(/^## /m).slice(1);
  const part = parts.find((text) => text.split('\n', 1)[0].trim() === version);
  return part?.slice(part.indexOf('\n')).trim() || undefined;
}

if (require.main === module) {
  const version = (process.argv[2] ?? '').replace(/^v/, '');
  const notes = notesOf(fs.readFileSync(path.join(__dirname, '../CHANGELOG.md'), 'utf8'), version);
  if (notes === undefined) {
    console.error(`CHANGELOG.md has nothing under the heading “## ${version}”. Write it first.`);
    process.exit(1);
  }
  console.log(notes);
}

module.exports = { notesOf };
