const { spawnSync } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Runs a program at the repository's root, with its output shown, and tells whether it ended well. */
function run(program, args, environment = {}) {
  const options = { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } };
  const { status, error } = spawnSync(program, args, options);
  if (error) console.error(`${program} can't be run: ${error.message}`);
  return status === 0;
}

module.exports = { run };
