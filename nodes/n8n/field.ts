import type { IGetNodeParameterOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { DeployError } from '../shared/errors';
import { LONGEST_TEXT, LONGEST_WORDS } from '../shared/contract/limits';
import { readChoice, readCount, readFlag, readText } from './values';

/** Gives what is entered for a parameter, of an item or in the editor, and `fallback` where nothing is. */
export type ReadParameter = (name: string, fallback?: unknown, options?: IGetNodeParameterOptions) => unknown;

/** Where a field stands: in the node's form, or in its collection Options. */
export type Place = 'form' | 'options';

/** A parameter, written once: how n8n shows it, its default, and how what was entered becomes a value. */
export interface Field<T = unknown, P extends Place = 'form'> {
  readonly place: P;
  /** Without the operations it belongs to: those list it, and n8n's condition is made of that. */
  readonly property: INodeProperties;
  /** The field it follows in the editor, where the operations' lists leave that open. */
  readonly after?: Field<unknown, P>;
  /**
   * The value, or the default where nothing is entered. Messages say `called`, or else the name people see.
   *
   * @throws DeployError `INPUT` naming the field and what it holds
   */
  read(get: ReadParameter, called?: string): T;
}

/** A field of the collection Options. */
export type Option<T = unknown> = Field<T, 'options'>;

/** A property whose kind the function it is given to knows. */
type Untyped<D> = Omit<INodeProperties, 'type' | 'default'> & { default: D };

/** A field whose value is what `parse` makes of what was entered; an expression may yield anything. */
export function field<T>(property: INodeProperties, parse: (value: unknown, called: string) => T): Field<T> {
  const { name, displayName } = property;
  return {
    place: 'form',
    property,
    read: (get, called = displayName) => parse(get(name, property.default), called),
  };
}

/** What is only shown, such as a notice. */
export function display(property: INodeProperties): Field<undefined> {
  return field(property, () => undefined);
}

/** Text as it was entered. */
export function text(property: Untyped<string>): Field<string> {
  return field({ ...property, type: 'string' }, (value, called) =>
    readText(called, value, longestOf(property)),
  );
}

/** A line is as long as words are; what has rows may be a program or a file. */
function longestOf({ typeOptions }: Untyped<string>): number {
  return typeOptions?.rows === undefined ? LONGEST_WORDS : LONGEST_TEXT;
}

/** Text without the spaces around it. */
export function trimmed(property: Untyped<string>): Field<string> {
  return field({ ...property, type: 'string' }, (value, called) =>
    readText(called, value, longestOf(property)).trim(),
  );
}

/** Text without the spaces around it, as the name that `parse` makes of it. */
export function named<T>(property: Untyped<string>, parse: (given: string) => T): Field<T> {
  return field({ ...property, type: 'string' }, (value, called) => parse(readText(called, value).trim()));
}

/** As many as anybody counts anything by; seconds have their own limit, see {@link readCount}. */
const MOST = 1_000_000_000;

/** A number that is at least `typeOptions.minValue`. */
export function count(property: Untyped<number> & { typeOptions: { minValue: number } }): Field<number> {
  const { default: usual, displayName, typeOptions } = property;
  const most = displayName.endsWith('(Seconds)') ? undefined : MOST;
  return field({ ...property, type: 'number' }, (value, called) =>
    readCount(called, value, usual, typeOptions.minValue, most),
  );
}

/** Yes or no. */
export function flag(property: Untyped<boolean>): Field<boolean> {
  return field({ ...property, type: 'boolean' }, (value, called) =>
    readFlag(called, value, property.default),
  );
}

/** One of `words`, in the order in which a message lists them; people see the property's options in theirs. */
export function choice<const T extends string>(
  words: readonly T[],
  property: Untyped<NoInfer<T>> & { options: Array<INodePropertyOptions & { value: NoInfer<T> }> },
): Field<T> {
  return field({ ...property, type: 'options' }, (value, called) => readChoice(called, value, words));
}

/** What each of some fields reads. */
export type ValuesOf<M extends Record<string, Field>> = { [K in keyof M]: ReturnType<M[K]['read']> };

/** A collection of optional fields; a field's key is its parameter's name. */
export function collection<const M extends Record<string, Field>>(
  property: Omit<INodeProperties, 'type' | 'default' | 'options'>,
  members: M,
): Field<ValuesOf<M>> {
  const options = Object.values(members).map((member) => member.property);
  return field({ ...property, type: 'collection', default: {}, options }, (values) => {
    const get = within(values);
    const read = Object.entries(members).map(([name, member]) => [name, member.read(get)]);
    return Object.fromEntries(read) as ValuesOf<M>;
  });
}

/** Makes a field one of the collection Options. */
export function option<T>(member: Field<T>): Option<T> {
  const { property } = member;
  return {
    place: 'options',
    property,
    read: (get, called) => member.read(within(get('options', {}), get('options', {}, AS_WRITTEN)), called),
  };
}

/**
 * Reads what an object holds; a member that is left out, or that an expression empties, is as if untouched. `written`: the
 * same object with its expressions as they stand.
 */
export function within(values: unknown, written?: unknown): ReadParameter {
  const members = (values ?? {}) as Readonly<Record<string, unknown>>;
  const expressions = (written ?? {}) as Readonly<Record<string, unknown>>;
  return (name, fallback, options) => (options?.rawExpressions ? expressions : members)[name] ?? fallback;
}

/** Asks for what stands in the form, expressions as they are written. */
export const AS_WRITTEN = { rawExpressions: true } as const;

/**
 * A field that holds something back, or makes sure of it: left empty it is off, but an expression that comes out empty says
 * so. Else it would be off just where something has gone wrong before.
 */
export function neverEmptied<T>(member: Field<T>): Field<T> {
  const { name, displayName } = member.property;
  return {
    ...member,
    read(get, called = displayName) {
      const written = get(name, '', AS_WRITTEN);
      const isExpression = typeof written === 'string' && written.startsWith('=');
      if (isExpression && String(get(name, '') ?? '').trim() === '') {
        throw new DeployError('INPUT', `${called} is an expression that comes out empty. ${HOW_TO_FILL}`);
      }
      return member.read(get, called);
    },
  };
}

const HOW_TO_FILL = 'See that what it refers to is there, or empty the field to do without it.';
