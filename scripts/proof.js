/**
 * `npm run proof`: everything that `.ci/run` holds at a smaller size, at its full one, and the benchmark; what came out is
 * written to docs/proof, under today's date. Takes more than an hour; arguments choose some of the parts.
 */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { suite } = require('./suites.js');

const ROOT = path.join(__dirname, '..');
const DIRECTORY = path.join(ROOT, 'docs/proof');
const JEST = [process.execPath, 'node_modules/jest/bin/jest.js'];
/** Takes half an hour by itself. */
const KILLS = 'test/shared/deployment/serviceKilled.test.ts';

const relative = (file) => path.relative(ROOT, file);

/** Of each part: what it shows, what is run, and which lines of its output are kept. */
const PARTS = {
  tests: {
    title: 'Tests at their full size',
    command: [
      ...[...JEST, '-i', '--verbose', '--forceExit'],
      ...suite('sized')
        .map(relative)
        .filter((file) => file !== KILLS),
    ],
    environment: { HOT_DEPLOY_PROOF: '1' },
    keep: /^(?:PASS|FAIL)|^\s*(?:✕|Tests:|Test Suites:|Time:)|drawn with seed/,
  },
  ways: {
    title: 'What a run finds, pinned in each way',
    command: [...JEST, 'test/shared/container/ways'],
    environment: { HOT_DEPLOY_PROOF: '1' },
    keep: /^\|/,
  },
  kills: {
    title: 'Killed at every step of a hand-over, twenty times each',
    command: [...JEST, '--verbose', KILLS],
    environment: { HOT_DEPLOY_PROOF: '1' },
    keep: /^(?:PASS|FAIL)|^\s*(?:✕|✓|Tests:|Time:)|drawn with seed/,
  },
  replays: {
    title: 'Replays: releases that take longer, and such that do not; large reports',
    command: [...JEST, '--verbose', 'test/shared/replay/replay(?:Trials|Errors|Load)'],
    environment: { HOT_DEPLOY_PROOF: '1' },
    keep: /^(?:PASS|FAIL)|^\s*(?:✕|✓|Tests:|Time:)|drawn with seed/,
  },
  services: {
    title: 'Services handed over, by server',
    command: [
      ...[process.execPath, 'scripts/python.js', 'pytest', '-s'],
      ...['servers', 'percentile', 'kept_connections'].map((name) => `tests/test_serve_${name}.py`),
    ],
    environment: { HOT_DEPLOY_PROOF: '1' },
    keep: /lost|percentiles|FAILED|passed|failed/,
  },
  live: {
    title: 'In a whole n8n: its HTTP Request node, and runs in queue mode',
    command: ['npm', 'run', 'test:live', '--', '-t', '1f.3|a service'],
    environment: { HOT_DEPLOY_PROOF: '1' },
    keep: /^(?:PASS|FAIL)|^\s*(?:✕|✓|Tests:|Time:)|HTTP Request node: |queue mode: /,
  },
  bench: {
    title: 'Side by side with what it replaces',
    command: ['npx', 'tsx', 'bench/index.ts'],
    environment: {},
    keep: /^(?:\||#|\s|\w.*(?:met|ms|MiB|%))/,
  },
  switches: {
    title: 'Services switched, side by side with a restart',
    command: ['npx', 'tsx', 'bench/index.ts', '--only', 'services', '--switches', '50'],
    environment: {},
    keep: /^(?:\||#|\s|\w.*(?:met|ms|MiB|%))/,
  },
};

/** Runs a part with its output shown; gives the lines that are kept, and how it ended. */
function run({ command, environment, keep }) {
  const [program, ...args] = command;
  const started = Date.now();
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ]) {
    from.on('data', (data) => {
      output += data;
      to.write(data);
    });
  }
  return new Promise((resolve) => {
    child.on('close', (status) => {
      const lines = output.split('\n').filter((line) => keep.test(line));
      resolve({ status, seconds: Math.round((Date.now() - started) / 1000), lines });
    });
  });
}

function section({ title, command }, { status, seconds, lines }) {
  const shown = command.map((word) => (word === process.execPath ? 'node' : word)).join(' ');
  const end = status === 0 ? 'ended well' : `FAILED with status ${status}`;
  return `## ${title}\n\n\`${shown}\`\n\n${end}, ${seconds} s\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\`\n`;
}

async function main(wanted) {
  const unknown = wanted.filter((name) => !(name in PARTS));
  if (unknown.length > 0) {
    console.error(`There is no part "${unknown[0]}". Choose from: ${Object.keys(PARTS).join(', ')}.`);
    process.exit(2);
  }
  const names = wanted.length > 0 ? wanted : Object.keys(PARTS);
  const date = new Date().toISOString().slice(0, 10);
  const [{ model }] = os.cpus();
  const machine = `${os.cpus().length} × ${model}, Linux ${os.release()}, Node ${process.version}, load ${os.loadavg()[0].toFixed(1)} at the start`;
  const sections = [];
  let failed = false;
  for (const name of names) {
    const result = await run(PARTS[name]);
    failed ||= result.status !== 0;
    sections.push(section(PARTS[name], result));
  }
  fs.mkdirSync(DIRECTORY, { recursive: true });
  const file = path.join(DIRECTORY, `${date}.md`);
  fs.writeFileSync(
    file,
    `# Proof of ${date}\n\n${machine}. Written by \`npm run proof\`.\n\n${sections.join('\n')}`,
  );
  console.log(`Written to ${relative(file)}`);
  process.exit(failed ? 1 : 0);
}

void main(process.argv.slice(2));
