/**
 * Reads expressions as JSON, `[{ source, flags }]`, and writes what `recheck` finds wrong with each, or null. A process
 * of its own: in Jest's contexts it takes ten times as long.
 */
process.env.RECHECK_SYNC_BACKEND = 'pure';
const { readFileSync } = require('node:fs');

const { checkSync } = require('recheck');

/** How long one may take to be proved on a machine that is busy otherwise, in milliseconds. */
const PATIENCE = 120_000;

function complaintAbout({ source, flags }) {
  const found = checkSync(source, flags.replaceAll('d', ''), { timeout: PATIENCE });
  if (found.status === 'safe') return null;
  if (found.status === 'vulnerable') return `${found.complexity.summary}: ${found.attack.pattern}`;
  return `not proved: ${found.error.kind}`;
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(complaintAbout)));
