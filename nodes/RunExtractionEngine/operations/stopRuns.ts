import { engineOptions } from '../../n8n/engineFields';
import { count, field, flag, neverEmptied, option } from '../../n8n/field';
import { stopRunsHints } from '../../n8n/hints';
import { basePath, locationFields } from '../../n8n/locationFields';
import type { Operation } from '../../n8n/operation';
import { readText } from '../../n8n/values';
import { whoAsks } from '../../n8n/whoAsks';
import { DeployError } from '../../shared/errors';
import { stopRuns as endRuns } from '../../shared/operations/stopRuns';

/** As many as are listed. */
const MOST = 1000;
const LONGEST_GRACE = 3600;
const ID = /^(?:[0-9]{1,10}|[0-9a-f]{16})$/;

const runs = neverEmptied(
  field(
    {
      displayName: 'Runs',
      name: 'runs',
      type: 'string',
      default: '',
      placeholder: '4711, 3f2a9c1b00d1e2f3',
      description:
        'Which runs to stop: their process IDs, or their run IDs, with commas between. Empty for all runs of releases that are not live.',
    },
    (value, called) => {
      const given = readText(called, Array.isArray(value) ? value.join(',') : value);
      return parseIds(given, called);
    },
  ),
);

const includeLive = option(
  flag({
    displayName: 'Include Live Release',
    name: 'includeLive',
    default: false,
    description: 'Whether to stop runs of the live release, too; without it none of them is',
  }),
);

const dryRun = option(
  neverEmptied(
    flag({
      displayName: 'Dry Run',
      name: 'dryRun',
      default: false,
      description: 'Whether to only list the runs that would be stopped',
    }),
  ),
);

const graceSeconds = option(
  count({
    displayName: 'Grace (Seconds)',
    name: 'graceSeconds',
    default: 10,
    typeOptions: { minValue: 0, maxValue: LONGEST_GRACE },
    description: 'How long runs have to end by themselves; what is left is killed then',
  }),
);

/** Ends runs, each with all that it has started. */
export const stopRuns: Operation = {
  value: 'stopRuns',
  name: 'Stop Runs',
  description: 'End runs of releases that are not live, or chosen ones, with all that they have started',
  action: 'Stop runs',
  changes: true,
  fields: [...locationFields, runs],
  options: [...engineOptions, dryRun, graceSeconds, includeLive],
  async run({ node, operation, read, connect }) {
    const result = await endRuns(await connect(), {
      basePath: basePath.read(read),
      chosen: runs.read(read),
      includeLive: includeLive.read(read),
      dryRun: dryRun.read(read),
      graceSeconds: Math.min(graceSeconds.read(read), LONGEST_GRACE),
      holder: whoAsks(node, operation),
    });
    node.addExecutionHints(...stopRunsHints(result));
    return { ...result };
  },
};

function parseIds(given: string, called: string): string[] {
  const ids = given.split(/[,\s]/).filter((id) => id !== '');
  const odd = ids.find((id) => !ID.test(id));
  if (odd !== undefined) {
    throw new DeployError(
      'INPUT',
      `${called} names ${JSON.stringify(odd.slice(0, 100))}, which is no process ID and no run ID. Give those that Get Many Runs shows, with commas between.`,
    );
  }
  if (ids.length > MOST) {
    throw new DeployError('INPUT', `${called} names ${ids.length} runs. Give at most ${MOST}.`);
  }
  return ids.map((id) => (id.length === 16 ? id : String(Number(id))));
}
