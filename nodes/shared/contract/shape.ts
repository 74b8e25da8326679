/**
 * Forms that values from elsewhere must have. A shape takes a value that nothing is known of and returns it as the type
 * that it has from then on: what the shape does not name is dropped, what has another form is refused by its place.
 *
 * Each shape can also be written down as plain JSON (`form`), from which the engine's side checks what it is sent: both
 * sides read the one contract. The idea is that of zod and io-ts; ours also has to be read by Python.
 */

import { expected } from '../errors';

/** A shape as plain JSON: its kind first, then what the kind takes. See `executor/hot_deploy/shapes.py`. */
export type Form = readonly [kind: string, ...rest: readonly unknown[]];

export interface Shape<T> {
  /**
   * The value, of which only what the shape names is left. The very same value where nothing had to be dropped.
   *
   * @throws RangeError naming `where` the form is another one
   */
  parse(value: unknown, where: string): T;
  readonly form: Form;
  /** What it is made of, as far as an answer can come in parts of it; see `partsOf`. */
  readonly made?: Made | undefined;
}

/** Fields, each with a shape of its own; or as many as there are of one shape, in a list or by name. */
export type Made =
  | { readonly of: 'fields'; readonly fields: Fields }
  | { readonly of: 'list' | 'names'; readonly inner: Shape<unknown>; readonly most: number };

/** A field that may be missing. */
export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly optional: true;
}

/** The type that a shape gives. */
export type TypeOf<S extends Shape<unknown>> = ReturnType<S['parse']>;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never;
}[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };

/**
 * The type of an object with these fields. One that may be missing may also be `undefined`: neither JSON nor `parse` keeps
 * such a field.
 */
export type RecordOf<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalNames<F>>]: TypeOf<F[K]> } & {
    [K in OptionalNames<F>]?: TypeOf<F[K]>;
  }
>;

/** Refuses a value: it has not the form that its place asks for. */
export function refuse(where: string): never {
  throw new RangeError(`${where} has another form than it should`);
}

function checked<T>(form: Form, holds: (value: unknown) => boolean): Shape<T> {
  return {
    form,
    parse: (value, where) => (holds(value) ? (value as T) : refuse(where)),
  };
}

/** At most so many UTF-16 units. */
export function text(longest: number): Shape<string> {
  return checked(['text', longest], (value) => typeof value === 'string' && value.length <= longest);
}

/**
 * A text that a regular expression matches as a whole; the type may say more of it than `string`.
 *
 * @param source is read by JavaScript and by Python alike: no names, no `$` (the end is `(?![\s\S])`), ASCII only
 */
export function matching<T extends string>(source: string, longest: number): Shape<T> {
  const whole = new RegExp(`^(?:${source})$`);
  return checked(
    ['matching', source, longest],
    (value) => typeof value === 'string' && value.length <= longest && whole.test(value),
  );
}

export const flag: Shape<boolean> = checked(['flag'], (value) => typeof value === 'boolean');

/** Any finite number. */
export const number: Shape<number> = checked(['number'], Number.isFinite);

/** At most so many seconds, 0 or more; fractions too. */
export function secondsUpTo(most: number): Shape<number> {
  return checked(
    ['seconds', most],
    (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= most,
  );
}

/** A whole number, 0 or more, that every side can hold. */
export const count: Shape<number> = checked(
  ['count'],
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

/** A {@link count} of at most so many. */
export function countUpTo(most: number): Shape<number> {
  return checked(
    ['countUpTo', most],
    (value) => Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most,
  );
}

export function oneOf<const W extends readonly string[]>(...words: W): Shape<W[number]> {
  return checked(['oneOf', ...words], (value) => words.includes(value as string));
}

export function orNull<T>(inner: Shape<T>): Shape<T | null> {
  return {
    form: ['orNull', inner.form],
    made: inner.made,
    parse: (value, where) => (value === null ? null : inner.parse(value, where)),
  };
}

export function optional<T>(inner: Shape<T>): OptionalShape<T> {
  return {
    form: ['optional', inner.form],
    made: inner.made,
    optional: true,
    parse: (value, where) => (value === undefined ? undefined : inner.parse(value, where)),
  };
}

/**
 * A field that is dropped where it has another form, instead of the whole being refused: what is kept on the engine's
 * side may have been written by anybody, and one odd field must not keep people from everything else.
 */
export function orDropped<T>(inner: Shape<T>): OptionalShape<T> {
  return {
    form: ['orDropped', inner.form],
    optional: true,
    parse: (value, where) => {
      try {
        return value === undefined ? undefined : inner.parse(value, where);
      } catch (error) {
        if (error instanceof RangeError) return undefined;
        return refuse(where);
      }
    },
  };
}

/** At most so many of one shape. */
export function list<T>(inner: Shape<T>, most: number): Shape<readonly T[]> {
  return {
    form: ['list', inner.form, most],
    made: { of: 'list', inner, most },
    parse: (value, where) => {
      if (!Array.isArray(value) || value.length > most) return refuse(where);
      return changedOnly(value, (item) => inner.parse(item, where)) as readonly T[];
    },
  };
}

/** A list of exactly these. */
export function tuple<const S extends readonly Shape<unknown>[]>(
  ...inner: S
): Shape<{ -readonly [K in keyof S]: TypeOf<S[K]> }> {
  type Result = { -readonly [K in keyof S]: TypeOf<S[K]> };
  return {
    form: ['tuple', ...inner.map(({ form }) => form)],
    parse: (value, where) => {
      if (!Array.isArray(value) || value.length !== inner.length) return refuse(where);
      return changedOnly(value, (item, index) =>
        expected(inner[index], 'the shape of an item').parse(item, where),
      ) as Result;
    },
  };
}

/** The list itself, unless an item becomes another one: lists of many files are not copied once more. */
function changedOnly(
  values: readonly unknown[],
  parse: (item: unknown, index: number) => unknown,
): readonly unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < values.length; index++) {
    const parsed = parse(values[index], index);
    if (copy) copy.push(parsed);
    else if (parsed !== values[index]) copy = [...values.slice(0, index), parsed];
  }
  return copy ?? values;
}

/** An object with these fields, and no others. */
export function record<F extends Fields>(fields: F): Shape<RecordOf<F>> & { readonly fields: F } {
  const known = Object.entries(fields);
  return {
    fields,
    form: ['record', Object.fromEntries(known.map(([name, { form }]) => [name, form]))],
    made: { of: 'fields', fields },
    parse: (value, where) => {
      const own = ownFields(value, where);
      const result: Record<string, unknown> = {};
      for (const [name, inner] of known) {
        const parsed = inner.parse(own(name), `${where} (${name})`);
        if (parsed !== undefined) result[name] = parsed;
      }
      return result as RecordOf<F>;
    },
  };
}

/** An object whose every field has one shape, whatever its name. */
export function byName<T>(inner: Shape<T>, most: number): Shape<Record<string, T>> {
  return {
    form: ['byName', inner.form, most],
    made: { of: 'names', inner, most },
    parse: (value, where) => {
      ownFields(value, where);
      const entries = Object.entries(value as object);
      if (entries.length > most || Object.hasOwn(value as object, '__proto__')) return refuse(where);
      return Object.fromEntries(entries.map(([name, each]) => [name, inner.parse(each, where)]));
    },
  };
}

/** One of several records, told apart by the word in one of their fields. */
export function variants<
  const K extends string,
  const V extends Readonly<Record<string, Shape<object> & { readonly fields: Fields }>>,
>(
  key: K,
  shapes: V,
): Shape<{ [W in keyof V & string]: Flat<Record<K, W> & TypeOf<V[W]>> }[keyof V & string]> {
  const forms = Object.entries(shapes).map(([word, { form }]) => [word, form]);
  return {
    form: ['variants', key, Object.fromEntries(forms)],
    parse: (value, where) => {
      const word = ownFields(value, where)(key);
      const shape = typeof word === 'string' && Object.hasOwn(shapes, word) ? shapes[word] : undefined;
      if (!shape) return refuse(`${where} (${key})`);
      return { [key]: word, ...shape.parse(value, where) } as never;
    },
  };
}

/** Not inherited: an object without a field `constructor` has none. */
function ownFields(value: unknown, where: string): (name: string) => unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(where);
  return (name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
}
