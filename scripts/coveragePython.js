/**
 * Measures which lines of the Python program run, in its own tests and as it is streamed to an engine in a part of the
 * main suite, and reports both together. Arguments are passed on to jest. Fails when tests do, or when less is covered
 * than executor/streamed.toml asks for.
 */
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { run } = require('./run.js');

const ROOT = path.join(__dirname, '..');
const EXECUTOR = path.join(ROOT, 'executor');
const CONFIGURATION = path.join(EXECUTOR, 'streamed.toml');
const DIRECTORY = path.join(ROOT, 'node_modules/.cache/python-coverage-streamed');
const DATA = path.join(DIRECTORY, 'data');

/** What uses most of the program in a few minutes. Most of what is left out would only run the same lines again. */
const TESTS = [
  'shared/dependencies/(index|local)',
  'shared/deployment/(beside|checks|detach|environments|failure|mounts|retention|sharing|undo|unowned)\\.test',
  'shared/executor/(access|client|deadman|garbage|history|leases|masking|newerLayout|processes)\\.test',
  'shared/executor/refusals',
  'shared/operations',
  'shared/repair/repair',
];

/**
 * The interpreter that has the tools: coverage is compiled for it, and Python's own sys.monitoring, for which it would not
 * need to be, tells of branches from 3.14 on only.
 */
function findInterpreter() {
  const python = path.join(ROOT, 'node_modules/.cache/python-tools/bin/python');
  const ask =
    'import json, os, sys, sysconfig; paths = os.path.realpath(sys.executable), sysconfig.get_path("platlib"); ' +
    'print(json.dumps(paths))';
  return JSON.parse(spawnSync(python, ['-c', ask], { encoding: 'utf8' }).stdout);
}

/** Writes the interpreter that test/support/deployment.ts takes when HOT_DEPLOY_COVERAGE names its directory. */
function writeMeasuringPython() {
  const [interpreter, packages] = findInterpreter();
  const script = path.join(DIRECTORY, 'python');
  const settings = JSON.stringify({ script, packages, configuration: CONFIGURATION, data: DATA });
  const code = JSON.stringify(path.join(EXECUTOR, 'tests/measured.py'));
  const text = [`#!${interpreter} -IS`, `exec(open(${code}, encoding="utf-8").read())`, `main(${settings})`];
  fs.writeFileSync(script, `${text.join('\n')}\n`, { mode: 0o755 });
}

function coverage(command, ...args) {
  const tool = path.join(ROOT, 'scripts/python.js');
  const options = [`--rcfile=${CONFIGURATION}`, `--data-file=${DATA}`];
  return run(process.execPath, [tool, 'coverage', command, ...options, ...args]);
}

fs.rmSync(DIRECTORY, { recursive: true, force: true });
fs.mkdirSync(DIRECTORY, { recursive: true });
writeMeasuringPython();
const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js');

async function main() {
  const passed = [
    await coverage('run', '--source=hot_deploy', '-m', 'pytest'),
    await run(process.execPath, [JEST, ...TESTS, ...process.argv.slice(2)], {
      HOT_DEPLOY_COVERAGE: DIRECTORY,
    }),
    await coverage('combine', '--quiet'),
    await coverage('report'),
  ];
  process.exit(passed.every(Boolean) ? 0 : 1);
}

void main();
