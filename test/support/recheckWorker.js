/**
 * Reads expressions as JSON, `[{ source, flags }]`, and writes what `recheck` finds wrong with each, or null. A process
 * of its own: in Jest's contexts it takes ten times as long. Left to itself, recheck takes its native program where
 * there is one for the machine, several times as quick as its JavaScript.
 */
const { readFileSync } = require('node:fs');

const { check } = require('recheck');

/** How long one may take to be proved on a machine that is busy otherwise, in milliseconds. */
const PATIENCE = 120_000;

async function complaintAbout({ source, flags }) {
  const found = await check(source, flags.replaceAll('d', ''), { timeout: PATIENCE });
  if (found.status === 'safe') return null;
  if (found.status === 'vulnerable') return `${found.complexity.summary}: ${found.attack.pattern}`;
  return `not proved: ${found.error.kind}`;
}

async function main() {
  const complaints = [];
  for (const expression of JSON.parse(readFileSync(0, 'utf8')))
    complaints.push(await complaintAbout(expression));
  process.stdout.write(JSON.stringify(complaints), () => process.exit(0));
}

void main();
