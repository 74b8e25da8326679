import { parseEntrypoint } from '../shared/contract/names';
import { DeployError } from '../shared/errors';
import type { EngineOptions } from '../shared/release/options';
import { count, field, option, trimmed } from './field';
import type { ItemContext } from './item';
import { basePath, commandTimeoutSeconds, containerCommand, python, silenceSeconds } from './locationFields';
import { readText } from './values';
import { whoAsks } from './whoAsks';

/** What the engine consists of. */
export const entrypoint = field(
  {
    displayName: 'Entrypoint',
    name: 'entrypoint',
    type: 'string',
    default: 'run.py',
    description:
      'File that starts the engine, by its path from the base path on; the launcher takes its place. Several with commas between. Empty where there is none, such as with <code>python3 -m package</code>.',
  },
  (value, called) => {
    // An expression without a result is a mistake; who has no start script empties the field.
    if (value === undefined || value === null)
      throw new DeployError(
        'INPUT',
        `${called} has no value. Name the engine's start script, or leave it empty.`,
      );
    return parseEntrypoint(readText(called, value).trim());
  },
);

const lockWaitSeconds = option(
  count({
    displayName: 'Lock Wait (Seconds)',
    name: 'lockWaitSeconds',
    default: 0,
    typeOptions: { minValue: 0 },
    description: 'How long to wait while another operation holds the engine’s lock',
  }),
);

const owner = option(
  trimmed({
    displayName: 'Owner',
    name: 'owner',
    default: '',
    placeholder: 'engine:engine',
    description:
      'User (and group) whom releases and environments belong to, when root deploys: names or numbers. Empty takes whom the base path belongs to.',
  }),
);

/** The options that every operation has. */
export const engineOptions = [
  commandTimeoutSeconds,
  containerCommand,
  lockWaitSeconds,
  owner,
  python,
  silenceSeconds,
];

/** What every operation on an engine takes. */
export function readEngine({
  read,
  node,
  operation,
}: Pick<ItemContext, 'read' | 'node' | 'operation'>): Omit<EngineOptions, 'onStep' | 'signal'> {
  return {
    basePath: basePath.read(read),
    entrypoint: entrypoint.read(read),
    owner: owner.read(read),
    lockWaitSeconds: lockWaitSeconds.read(read),
    holder: whoAsks(node, operation),
  };
}
