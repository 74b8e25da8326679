/**
 * `npm test`: the Python program's own tests, and beside them those of jest's that need no process; then those that can run
 * side by side, then those that need the machine for themselves. Arguments are passed on to jest; with `--fast` as the
 * first one the last two are left out. All of them run, also when one fails. With HOT_DEPLOY_RESULTS, a directory, the
 * runners leave their results there, and coverage is measured of what needs no process.
 */
const path = require('node:path');

const { run, runBeside } = require('./run.js');

const ROOT = path.join(__dirname, '..');
const results = process.env.HOT_DEPLOY_RESULTS;

function jest(suite, ...options) {
  const toFile = results ? ['--json', `--outputFile=${path.join(results, `${suite}.json`)}`] : [];
  const args = ['--passWithNoTests', ...options, ...toFile];
  return run(process.execPath, [path.join(ROOT, 'node_modules/jest/bin/jest.js'), ...args], {
    HOT_DEPLOY_SUITE: suite,
  });
}

function python() {
  const toFile = results ? { PYTEST_ADDOPTS: `--junitxml=${path.join(results, 'pytest.xml')}` } : {};
  return runBeside('npm', ['run', '--silent', 'test:python'], toFile);
}

async function main([first, ...others]) {
  const onlyFast = first === '--fast';
  const given = onlyFast || first === undefined ? others : [first, ...others];
  const measured = results ? ['--coverage'] : [];
  const [passedPython, fast] = await Promise.all([python(), jest('fast', ...measured, ...given)]);
  const passed = { 'test:python': passedPython, fast };
  for (const suite of onlyFast ? [] : ['together', 'alone']) passed[suite] = await jest(suite, ...given);
  const failed = Object.keys(passed).filter((part) => !passed[part]);
  // A part in which all tests passed fails for its coverage, which is said far above.
  if (failed.length > 0)
    console.error(`Failed, for a test or for coverage below its floor: ${failed.join(', ')}`);
  process.exit(failed.length > 0 ? 1 : 0);
}

void main(process.argv.slice(2));
