/**
 * Forms that the facts of a refusal must have. A shape takes a value that nothing is known of and returns it as the type
 * that it has from then on; what a record does not name is dropped.
 */
export interface Shape<T> {
  /** @throws RangeError naming `where` the form is another one */
  parse(value: unknown, where: string): T;
}

/** A field that may be missing. */
export interface OptionalShape<T> extends Shape<T | undefined> {
  readonly optional: true;
}

/** The type that a shape gives. */
export type TypeOf<S> = S extends Shape<infer T> ? T : never;

type Fields = Readonly<Record<string, Shape<unknown>>>;
type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends OptionalShape<unknown> ? K : never;
}[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };

/** The type of an object with these fields. */
export type RecordOf<F extends Fields> = Flat<
  { [K in Exclude<keyof F, OptionalNames<F>>]: TypeOf<F[K]> } & {
    [K in OptionalNames<F>]?: Exclude<TypeOf<F[K]>, undefined>;
  }
>;

function refuse(where: string): never {
  throw new RangeError(`${where} has another form than it should`);
}

function checked<T>(holds: (value: unknown) => boolean): Shape<T> {
  return { parse: (value, where) => (holds(value) ? (value as T) : refuse(where)) };
}

/** At most so many UTF-16 units. */
export function text(longest: number): Shape<string> {
  return checked((value) => typeof value === 'string' && value.length <= longest);
}

export const flag: Shape<boolean> = checked((value) => typeof value === 'boolean');

/** Any finite number. */
export const number: Shape<number> = checked(Number.isFinite);

/** A whole number, 0 or more. */
export const count: Shape<number> = checked((value) => Number.isSafeInteger(value) && (value as number) >= 0);

export function oneOf<const W extends readonly string[]>(...words: W): Shape<W[number]> {
  return checked((value) => words.includes(value as string));
}

export function orNull<T>(inner: Shape<T>): Shape<T | null> {
  return { parse: (value, where) => (value === null ? null : inner.parse(value, where)) };
}

export function optional<T>(inner: Shape<T>): OptionalShape<T> {
  return {
    optional: true,
    parse: (value, where) => (value === undefined ? undefined : inner.parse(value, where)),
  };
}

/** A field that is dropped where it has another form: what was kept on a disk may have been written by anybody. */
export function orDropped<T>(inner: Shape<T>): OptionalShape<T> {
  return {
    optional: true,
    parse: (value, where) => {
      try {
        return value === undefined ? undefined : inner.parse(value, where);
      } catch {
        return undefined;
      }
    },
  };
}

/** At most so many of one shape. */
export function list<T>(inner: Shape<T>, most: number): Shape<T[]> {
  return {
    parse: (value, where) =>
      Array.isArray(value) && value.length <= most
        ? value.map((item) => inner.parse(item, where))
        : refuse(where),
  };
}

/** An object with these fields, and no others. */
export function record<F extends Fields>(fields: F): Shape<RecordOf<F>> & { readonly fields: F } {
  return {
    fields,
    parse: (value, where) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(where);
      const result: Record<string, unknown> = {};
      for (const [name, inner] of Object.entries(fields)) {
        // Not inherited: an object without a field `constructor` has none.
        const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
        const parsed = inner.parse(own, `${where} (${name})`);
        if (parsed !== undefined) result[name] = parsed;
      }
      return result as RecordOf<F>;
    },
  };
}
