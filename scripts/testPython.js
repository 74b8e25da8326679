/**
 * `npm run test:python`: the Python program's own tests, in two parts: those that need no server, with their coverage, and
 * those that start servers, most of which wait. A part's name as argument runs that part; further ones are for pytest. With
 * HOT_DEPLOY_RESULTS, a directory, each part leaves its results there.
 */
const path = require('node:path');

const { run, runBeside } = require('./run.js');

const results = process.env.HOT_DEPLOY_RESULTS;
const TOOL = path.join(__dirname, 'python.js');
const PYTEST = {
  program: ['coverage', 'run', '-m', 'pytest', '-m', 'not serving'],
  serving: ['pytest', '-m', 'serving'],
};

/** Runs a part, by one of what scripts/run.js has; whether all passed. */
async function testPython(part, runner, ...given) {
  const toFile = results ? [`--junitxml=${path.join(results, `python-${part}.xml`)}`] : [];
  const tool = (...words) => runner(process.execPath, [TOOL, ...words]);
  const passed = await tool(...PYTEST[part], ...toFile, ...given);
  return part === 'program' ? (await tool('coverage', 'report')) && passed : passed;
}

async function main([first, ...others]) {
  const parts = first in PYTEST ? [first] : Object.keys(PYTEST);
  const given = first in PYTEST || first === undefined ? others : [first, ...others];
  let passed = true;
  for (const part of parts) passed = (await testPython(part, run, ...given)) && passed;
  process.exit(passed ? 0 : 1);
}

if (require.main === module) void main(process.argv.slice(2));

module.exports = { testPython: (part) => testPython(part, runBeside) };
