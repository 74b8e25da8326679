const { dest, src } = require('gulp');

/** What n8n and the executor need beside the compiled TypeScript: icons, codex files, and the executor itself. */
const ASSETS = [
  'nodes/**/*.{svg,png}',
  'nodes/**/*.node.json',
  'nodes/shared/executor/python/**/*.py',
  'credentials/**/*.{svg,png}',
];

/** Copies the assets to the same places in `dist`, byte for byte. */
function build() {
  return src(ASSETS, { base: '.', encoding: false }).pipe(dest('dist'));
}

exports.build = build;
exports.default = build;
