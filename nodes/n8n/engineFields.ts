import { parseEntrypoint } from '../shared/contract/names';
import type { EngineOptions } from '../shared/release/options';
import { count, named, option, trimmed } from './field';
import type { ItemContext } from './item';
import { basePath, commandTimeoutSeconds, containerCommand, python, silenceSeconds } from './locationFields';
import { whoAsks } from './whoAsks';

/** What the engine consists of. */
export const entrypoint = named(
  {
    displayName: 'Entrypoint',
    name: 'entrypoint',
    default: 'run.py',
    required: true,
    description:
      'File at the top of the base path that starts the engine; the launcher takes its place. Several with commas between.',
  },
  parseEntrypoint,
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
