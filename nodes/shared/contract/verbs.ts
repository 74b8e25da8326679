/**
 * The steps that a client can ask the engine's side for: what each takes, what it gives, and whether it changes the
 * engine. Everything that is said of a verb anywhere comes from here: the client's types, the checks of answers, what
 * read-only access allows, and (by `scripts/contract.ts`) the checks of arguments on the engine's side.
 */
import { CHANGING } from './changingVerbs';
import { READING } from './readingVerbs';
import { ROLLOUT, ROLLOUT_READING, ROLLOUT_RUNNING } from './rolloutVerbs';
import { RUNNING } from './runningVerbs';
import { SERVICE } from './serviceVerbs';
import type { Shape, TypeOf } from './shape';

export const VERBS = {
  ...READING,
  ...ROLLOUT_READING,
  ...RUNNING,
  ...ROLLOUT_RUNNING,
  ...CHANGING,
  ...SERVICE,
  ...ROLLOUT,
} as const;

export type Verb = keyof typeof VERBS;
export type ArgumentsOf<V extends Verb> = TypeOf<(typeof VERBS)[V]['arguments']>;
export type ResultOf<V extends Verb> = TypeOf<(typeof VERBS)[V]['result']>;

/** The table as its verbs' types have it: what is looked up for a verb is that verb's own. */
const TYPED: {
  readonly [V in Verb]: { readonly arguments: Shape<ArgumentsOf<V>>; readonly result: Shape<ResultOf<V>> };
} = VERBS;

/** The verbs that change the engine and need its lock for that: `lock` itself takes it. */
export const LOCKED_VERBS: readonly Verb[] = (
  Object.keys({ ...CHANGING, ...SERVICE, ...ROLLOUT }) as Verb[]
).filter((verb) => verb !== 'lock');

/** The verbs that change nothing: all that read-only access allows. */
export const READING_VERBS = (Object.keys(VERBS) as Verb[]).filter((verb) => !VERBS[verb].changes);

/**
 * An answer as the type that its verb has.
 *
 * @throws RangeError naming the first field that has another form
 */
export function parseResult<V extends Verb>(verb: V, result: unknown): ResultOf<V> {
  return TYPED[verb].result.parse(result, `the result of ${verb}`);
}
