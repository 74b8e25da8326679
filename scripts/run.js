const { spawn } = require('node:child_process');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Runs a program at the repository's root, with its output shown, and tells whether it ended well. */
function run(program, args, environment = {}) {
  return ended(start(program, args, environment, 'inherit'), program);
}

/** As `run`, but shows the output in one piece at the end, so that it doesn't mix with that of what runs beside it. */
async function runBeside(program, args, environment = {}) {
  const child = start(program, args, environment, ['ignore', 'pipe', 'pipe']);
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => output.push(data));
  const passed = await ended(child, program);
  process.stdout.write(Buffer.concat(output));
  return passed;
}

function start(program, args, environment, stdio) {
  return spawn(program, args, { cwd: ROOT, stdio, env: { ...process.env, ...environment } });
}

function ended(child, program) {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${program} can't be run: ${error.message}`);
      resolve(false);
    });
    child.on('close', (status) => resolve(status === 0));
  });
}

module.exports = { run, runBeside };
