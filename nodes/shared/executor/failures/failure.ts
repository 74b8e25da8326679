import type { DeployErrorCode } from '../../errors';
import { record, type RecordOf, type Shape } from '../../contract/shape';

type Fields = Readonly<Record<string, Shape<unknown>>>;

/** What one kind of refusal means. */
interface Meaning<F extends Fields> {
  code: DeployErrorCode;
  /** What the engine's side says of it. */
  facts: F;
  message: string | ((facts: RecordOf<F>) => string);
  /** What to do next, or the output that explains the message. */
  description?: string | ((facts: RecordOf<F>) => string | undefined);
  /** Facts that programs may read, too. */
  details?: ReadonlyArray<keyof F & string>;
}

/** A refusal in words. */
export interface Worded {
  code: DeployErrorCode;
  message: string;
  description?: string | undefined;
  details: Record<string, unknown>;
}

/** One kind of refusal, whatever its facts are. */
export interface Failure {
  /** The names of its facts. */
  facts: readonly string[];
  /** @throws RangeError when the facts have another form than this kind's */
  word(facts: unknown): Worded;
}

export function failure<F extends Fields>({
  code,
  facts,
  message,
  description,
  details = [],
}: Meaning<F>): Failure {
  const shape = record(facts);
  return {
    facts: Object.keys(facts),
    word: (said) => {
      const known = shape.parse(said, 'a refusal');
      const told = known as Record<string, unknown>;
      return {
        code,
        message: typeof message === 'string' ? message : message(known),
        description: typeof description === 'function' ? description(known) : description,
        details: Object.fromEntries(details.map((name) => [name, told[name]])),
      };
    },
  };
}
