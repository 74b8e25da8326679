/**
 * Runs one of the tools that check the Python program, in its directory: `node scripts/python.js ruff check`. They are
 * where scripts/prepare.js has put them. Ends as the tool does.
 */
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

const [tool, ...args] = process.argv.slice(2);
const { status, error } = spawnSync(path.join(ROOT, 'node_modules/.cache/python-tools/bin', tool), args, {
  cwd: path.join(ROOT, 'executor'),
  stdio: 'inherit',
  // Bytecode beside the program's modules would be taken for a part of it.
  env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
});
if (error) console.error(`${tool} can't be run: ${error.message}`);
process.exit(status ?? 1);
