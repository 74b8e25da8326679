import { atMost, engineLimitField, readEngineLimit } from '../../n8n/engineLimitField';
import {
  choice,
  count,
  field,
  flag,
  neverEmptied,
  option,
  type ReadParameter,
  text,
  trimmed,
} from '../../n8n/field';
import { readChoice, readText } from '../../n8n/values';
import { environmentField } from '../../n8n/variables';
import { MOST_INPUTS } from '../../shared/contract/limits';
import { DeployError } from '../../shared/errors';
import { RETRY_CAUSES, type RetryCause, type RunRequest } from '../../shared/run/request';
import { parseRules } from '../../shared/run/successRule';

const MOST_LANES = 32;

const concurrency = option(
  count({
    displayName: 'Concurrency',
    name: 'concurrency',
    default: 1,
    typeOptions: { minValue: 1, maxValue: MOST_LANES },
    description: `How many items of this execution run at once, up to ${MOST_LANES}`,
  }),
);

const engineLimit = option(neverEmptied(engineLimitField));

const environment = option(
  environmentField({
    placeholder: 'LANGUAGE=en',
    description:
      'Variables for the run, one NAME=value a line. Secrets belong in the credential Engine Secrets.',
  }),
);

const memoryLimitMegabytes = option(
  neverEmptied(
    count({
      displayName: 'Memory Limit (Megabytes)',
      name: 'memoryLimitMegabytes',
      default: 0,
      typeOptions: { minValue: 0 },
      description: 'A run that takes more, with all that it starts, is ended. 0: no limit.',
    }),
  ),
);

const pin = option(
  choice(['batch', 'run'], {
    displayName: 'Pin',
    name: 'pin',
    options: [
      {
        name: 'All Items to One Release',
        value: 'batch',
        description: 'What is live when the first of them starts',
      },
      { name: 'Each Run to What Is Live', value: 'run', description: 'When it starts' },
    ],
    default: 'batch',
    description: 'Whether a deployment in the middle of an execution changes what later items run',
  }),
);

const recordInputs = option(
  count({
    displayName: 'Record Inputs',
    name: 'recordInputs',
    default: 0,
    typeOptions: { minValue: 0, maxValue: MOST_INPUTS },
    description:
      'How many different inputs of runs are kept on the engine’s side, for replays: the newest, of at most 50 MB each, for 14 days. They are the base path’s owner’s alone. 0 keeps none.',
  }),
);

const repeatable = option(
  flag({
    displayName: 'Repeatable',
    name: 'repeatable',
    default: false,
    description:
      'Whether the run may be carried out twice: then it is tried again also when its connection was lost, or nobody knows how it ended',
  }),
);

const retries = option(
  count({
    displayName: 'Retries',
    name: 'retries',
    default: 0,
    typeOptions: { minValue: 0, maxValue: 100 },
    description: 'How often an item is tried again. n8n’s own Retry On Fail repeats all items.',
  }),
);

const retryOn = option(
  field<readonly RetryCause[]>(
    {
      displayName: 'Retry On',
      name: 'retryOn',
      type: 'multiOptions',
      options: [
        { name: 'Connection', value: 'connection', description: 'It could not be started at all' },
        { name: 'Failed', value: 'failed', description: 'By its exit code, its output or the success rule' },
        { name: 'Killed', value: 'killed', description: 'By a signal, or for its memory' },
        { name: 'Timed Out', value: 'timedOut', description: 'It was ended after its timeout' },
      ],
      default: [...RETRY_CAUSES],
      description: 'Which ends are tried again',
    },
    (value, called) => {
      const given: unknown[] = [value].flat();
      return given.map((each) => readChoice(called, each, RETRY_CAUSES));
    },
  ),
);

const runAs = option(
  neverEmptied(
    trimmed({
      displayName: 'Run As',
      name: 'runAs',
      default: '',
      placeholder: 'engine',
      description:
        'User the run is started as, by name or number, where root starts it. Empty takes whom the base path belongs to.',
    }),
  ),
);

const runKey = option(
  neverEmptied(
    trimmed({
      displayName: 'Run Key',
      name: 'runKey',
      default: '',
      placeholder: '={{ $execution.id }}-{{ $itemIndex }}',
      description:
        'With one, the run goes on when n8n goes away, and whoever asks with the same key gets its outcome and starts nothing. It is kept for seven days.',
    }),
  ),
);

const successExitCodes = option(
  field<readonly number[]>(
    {
      displayName: 'Success Exit Codes',
      name: 'successExitCodes',
      type: 'string',
      default: '0',
      placeholder: '0, 3',
      description: 'Exit codes that mean success, with commas between',
    },
    (value, called) => {
      const words = readText(called, Array.isArray(value) ? value.join(',') : value).split(',');
      const odd = words.find((word) => !/^\s*[0-9]{1,3}\s*$/.test(word) || Number(word) > 255);
      if (odd === undefined) return words.map(Number);
      throw new DeployError(
        'INPUT',
        `${called} holds ${JSON.stringify(odd.trim().slice(0, 100))}, which is no exit code. Give numbers from 0 to 255 with commas between.`,
      );
    },
  ),
);

const successRule = option(
  neverEmptied(
    text({
      displayName: 'Success Rule',
      name: 'successRule',
      typeOptions: { rows: 2 },
      default: '',
      placeholder: 'failed = 0',
      description:
        'What has to hold of the output, for an engine that exits with 0 whatever happens: a path, a comparison and a value a line, such as <code>failed = 0</code>, <code>results[*].status = "ok"</code> or <code>$ contains "done"</code>. An expression is worked out before the run, when there is no output.',
    }),
  ),
);

const timeoutSeconds = option(
  count({
    displayName: 'Timeout (Seconds)',
    name: 'timeoutSeconds',
    default: 600,
    typeOptions: { minValue: 1 },
    description: 'After this the run is ended, with all that it started: asked to, and killed 5 s later',
  }),
);

const workingDirectory = option(
  trimmed({
    displayName: 'Working Directory',
    name: 'workingDirectory',
    default: '',
    placeholder: 'jobs',
    description: 'Where the run is started, from the base path on or absolute. Empty is the base path.',
  }),
);

/** How far runs may go. */
export const boundOptions = [
  ...[
    concurrency,
    engineLimit,
    environment,
    memoryLimitMegabytes,
    pin,
    recordInputs,
    repeatable,
    retries,
    retryOn,
  ],
  ...[runAs, runKey, successExitCodes, successRule, timeoutSeconds, workingDirectory],
];

/** How many items are run at once. Throws `INPUT` for more than there may be. */
export function readLanes(read: ReadParameter): number {
  return atMost('Concurrency', concurrency.read(read), MOST_LANES);
}

/** Whether all items of an execution run one release. */
export function isPinnedAsBatch(read: ReadParameter): boolean {
  return pin.read(read) === 'batch';
}

/** The bounds of the item's run. Throws `INPUT` naming the field and what it holds. */
export function readBounds(
  read: ReadParameter,
): Omit<
  RunRequest,
  | 'basePath'
  | 'start'
  | 'arguments'
  | 'release'
  | 'input'
  | 'wanted'
  | 'holder'
  | 'secrets'
  | 'secretsOnStdin'
  | 'onOutput'
> {
  readLanes(read);
  return {
    workingDirectory: workingDirectory.read(read),
    environment: environment.read(read),
    timeoutSeconds: timeoutSeconds.read(read),
    memoryLimitMegabytes: memoryLimitMegabytes.read(read),
    engineLimit: readEngineLimit(engineLimit, read),
    runAs: runAs.read(read),
    runKey: runKey.read(read),
    recordInputs: atMost('Record Inputs', recordInputs.read(read), MOST_INPUTS),
    repeatable: repeatable.read(read),
    successExitCodes: successExitCodes.read(read),
    rules: parseRules('Success Rule', successRule.read(read)),
    retries: atMost('Retries', retries.read(read), 100),
    retryOn: retryOn.read(read),
  };
}
