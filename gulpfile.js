const { writeFile } = require('node:fs/promises');
const { join } = require('node:path');

const { dest, series, src } = require('gulp');

/** What n8n and the executor need beside the compiled TypeScript: icons, codex files, output schemas, and the executor itself. */
const ASSETS = [
  'nodes/**/*.{svg,png}',
  'nodes/**/*.node.json',
  'nodes/*/__schema__/**/*.json',
  'executor/launcher.py',
  'executor/launch.py',
  'executor/by_code.py',
  'executor/try_release.py',
  'executor/hot_deploy/*.py',
  'executor/serving/*.py',
  'credentials/**/*.{svg,png}',
];

/** Copies the assets to the same places in `dist`, byte for byte. */
function assets() {
  return src(ASSETS, { base: '.', encoding: false }).pipe(dest('dist'));
}

/** Lists the executors of this version by their digests, for hosts that run no other: see docs/least-privilege.md. */
async function executors() {
  const { programDigest } = require(join(__dirname, 'dist/nodes/shared/executor/program'));
  const { version } = require(join(__dirname, 'package.json'));
  const lines = ['full', 'readOnly'].map((access) => `${programDigest(access)}  ${version} ${access}\n`);
  await writeFile(join(__dirname, 'dist/executors.txt'), lines.join(''));
}

exports.build = series(assets, executors);
exports.default = exports.build;
