import { DeployError } from '../shared/errors';
import { count, type Field, type Place, type ReadParameter } from './field';

const MOST_SLOTS = 1000;

/** How many runs of an engine there may be: the slots are on its side. */
export const engineLimitField = count({
  displayName: 'Engine Limit',
  name: 'engineLimit',
  default: 0,
  typeOptions: { minValue: 0, maxValue: MOST_SLOTS },
  description:
    'How many runs of this engine there may be at once, over all executions and workers that have such a limit; others wait for their turn. 0: no limit.',
});

/** Throws `INPUT` for more than there may be. */
export function readEngineLimit(
  member: Pick<Field<number, Place>, 'read'>,
  read: ReadParameter,
  called = 'Engine Limit',
): number {
  return atMost(called, member.read(read, called), MOST_SLOTS);
}

/** Throws `INPUT` for what is no whole number, or too much. */
export function atMost(called: string, value: number, most: number): number {
  if (Number.isInteger(value) && value <= most) return value;
  throw new DeployError('INPUT', `${called} is ${value}. Give a whole number, at most ${most}.`);
}
