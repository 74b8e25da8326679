/**
 * `npm test`: the Python program's own tests, then jest's: first those that need no process, then those that can run side by
 * side, then those that need the machine for themselves. Arguments are passed on to jest. All of them run, also when one
 * fails. With HOT_DEPLOY_RESULTS, a directory, the runners leave their results there, and coverage is measured of what
 * needs no process.
 */
const path = require('node:path');

const { run } = require('./run.js');

const ROOT = path.join(__dirname, '..');
const results = process.env.HOT_DEPLOY_RESULTS;

function jest(suite, ...options) {
  const toFile = results ? ['--json', `--outputFile=${path.join(results, `${suite}.json`)}`] : [];
  const all = ['--passWithNoTests', ...options, ...toFile, ...process.argv.slice(2)];
  return run(process.execPath, [path.join(ROOT, 'node_modules/jest/bin/jest.js'), ...all], {
    HOT_DEPLOY_SUITE: suite,
  });
}

function python() {
  const toFile = results ? { PYTEST_ADDOPTS: `--junitxml=${path.join(results, 'pytest.xml')}` } : {};
  return run('npm', ['run', '--silent', 'test:python'], toFile);
}

const measured = results ? ['--coverage'] : [];
const passed = {
  'test:python': python(),
  fast: jest('fast', ...measured),
  together: jest('together'),
  alone: jest('alone'),
};
const failed = Object.keys(passed).filter((part) => !passed[part]);
// A part in which all tests passed fails for its coverage, which is said far above.
if (failed.length > 0)
  console.error(`Failed, for a test or for coverage below its floor: ${failed.join(', ')}`);
process.exit(failed.length > 0 ? 1 : 0);
