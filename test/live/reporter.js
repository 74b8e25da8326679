/** Keeps the artefacts of one run together, and shows what the servers said last where a test does not pass. */
const fs = require('node:fs');
const path = require('node:path');

const ARTEFACTS = path.join(__dirname, 'artefacts');
const LAST_LINES = 25;

function lastLines(file) {
  const lines = fs.readFileSync(path.join(ARTEFACTS, file), 'utf8').trimEnd().split('\n');
  return `== The last lines of ${file}\n${lines.slice(-LAST_LINES).join('\n')}\n`;
}

module.exports = class Artefacts {
  onRunStart() {
    fs.rmSync(ARTEFACTS, { recursive: true, force: true });
    fs.mkdirSync(ARTEFACTS, { recursive: true });
  }

  onTestFileResult(_test, { numFailingTests, testExecError }) {
    if (numFailingTests === 0 && !testExecError) return;
    const logs = fs.readdirSync(ARTEFACTS).filter((file) => file.endsWith('.log'));
    process.stderr.write(`\n${logs.map(lastLines).join('\n')}\nMore is in ${ARTEFACTS}\n`);
  }
};
