/** Builds the package and packs it, once for all test files: they run side by side, and building it empties `dist` first. */
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/** Jest's `globalSetup`: gives the archive's path to the tests. `removePacked`, its `globalTeardown`, takes it away. */
module.exports = function pack() {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'packed-'));
  // .npmrc leaves scripts out; this one builds. What the compiler complains of is shown.
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts=false', '--pack-destination', directory], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [name] = fs.readdirSync(directory).filter((each) => each.endsWith('.tgz'));
  process.env.HOT_DEPLOY_PACKED = path.join(directory, name);
};
