/**
 * What .ci/run says at its end: the slowest test files and tests, and, last, "N passed, M failed" for all suites together,
 * from the runners' own results. Arguments: the files that must be there; one that is not, or that can't be read, is one
 * failure, as is a test file that could not be run. Ends with 1 when something failed.
 */
const fs = require('node:fs');
const path = require('node:path');

const SHOWN = 20;
const counts = { passed: 0, failed: 0, skipped: 0 };
/** Pairs of seconds and a name. */
const files = [];
const tests = [];

function ofJest(text) {
  const results = JSON.parse(text);
  counts.passed += results.numPassedTests;
  counts.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  counts.skipped += results.numPendingTests + results.numTodoTests;
  for (const { name, startTime, endTime, assertionResults } of results.testResults) {
    const file = name.replace(/^.*\/test\//, '');
    files.push([(endTime - startTime) / 1000, file]);
    for (const each of assertionResults)
      tests.push([(each.duration ?? 0) / 1000, `${file}: ${each.fullName}`]);
  }
}

/** pytest sums up in the attributes of the one suite that it writes. */
function ofPytest(text, part) {
  const [suite] = text.match(/<testsuite [^>]*>/);
  const number = (name) => Number(suite.match(` ${name}="([0-9.]+)"`)[1]);
  const failed = number('failures') + number('errors');
  counts.passed += number('tests') - failed - number('skipped');
  counts.failed += failed;
  counts.skipped += number('skipped');
  files.push([number('time'), `executor/tests (${part})`]);
}

function table(title, rows) {
  console.log(`\n${title}`);
  const slowest = rows.sort(([a], [b]) => b - a).slice(0, SHOWN);
  for (const [seconds, name] of slowest) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
}

for (const file of process.argv.slice(2)) {
  try {
    const text = fs.readFileSync(file, 'utf8');
    if (file.endsWith('.xml')) ofPytest(text, path.basename(file, '.xml'));
    else ofJest(text);
  } catch (error) {
    console.log(`no results in ${file}: ${error.message}`);
    counts.failed += 1;
  }
}
table('The slowest test files:', files);
table('The slowest tests:', tests);
const { passed, failed, skipped } = counts;
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 ? 1 : 0);
