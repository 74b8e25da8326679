/**
 * `npm test`: those of jest's tests that need no process, and beside them the Python program's own; then those that can run
 * side by side, and beside them the Python ones that start servers, which mostly wait; then those that need the machine for
 * themselves. Arguments are passed on to jest; with `--fast` as the first one only the first step is taken. All of them
 * run, also when one fails. With HOT_DEPLOY_RESULTS, a directory, the runners leave their results there, and coverage is
 * measured of what needs no process.
 */
const fs = require('node:fs');
const path = require('node:path');

const { run } = require('./run.js');
const { testPython } = require('./testPython.js');

const ROOT = path.join(__dirname, '..');
const results = process.env.HOT_DEPLOY_RESULTS;

function jest(suite, ...options) {
  const toFile = results ? ['--json', `--outputFile=${path.join(results, `${suite}.json`)}`] : [];
  const args = ['--passWithNoTests', ...options, ...toFile];
  return run(process.execPath, [path.join(ROOT, 'node_modules/jest/bin/jest.js'), ...args], {
    HOT_DEPLOY_SUITE: suite,
  });
}

async function main([first, ...others]) {
  const onlyFast = first === '--fast';
  const given = onlyFast || first === undefined ? others : [first, ...others];
  const measured = results ? ['--coverage'] : [];
  const passed = {};
  const step = async (parts) => {
    const ended = Object.entries(parts).map(async ([part, end]) => (passed[part] = await end));
    await Promise.all(ended);
  };
  await step({ 'test:python': testPython('program'), fast: jest('fast', ...measured, ...given) });
  if (!onlyFast) {
    await step({
      'test:python serving': testPython('serving'),
      together: jest('together', ...given),
    });
    await step({ alone: jest('alone', ...given) });
  }
  const failed = Object.keys(passed).filter((part) => !passed[part]);
  // A part in which all tests passed fails for its coverage, which is said far above.
  if (failed.length > 0) {
    console.error(`Failed, for a test or for coverage below its floor: ${failed.join(', ')}`);
    // For the end of what .ci/run says: what is printed here is far above it.
    if (results) fs.appendFileSync(path.join(results, 'failed'), failed.map((part) => ` [${part}]`).join(''));
  }
  process.exit(failed.length > 0 ? 1 : 0);
}

void main(process.argv.slice(2));
