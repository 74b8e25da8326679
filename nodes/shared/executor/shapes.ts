/** Forms that JSON from elsewhere has to have. Each throws a RangeError that names the place with another one. */
export type Shape = (value: unknown, where: string) => void;

const MAX_DEPTH = 16;
/** The longest text of all: a requirements file. */
const MAX_TEXT = 1024 * 1024;

function refuse(where: string): never {
  throw new RangeError(`${where} has another form than it should`);
}

/** At most so many UTF-16 units. */
export function text(longest: number): Shape {
  return (value, where) => {
    if (typeof value !== 'string' || value.length > longest) refuse(where);
  };
}

/** Lower-case hexadecimal digits, or none. */
export function digits(most: number): Shape {
  return (value, where) => {
    if (typeof value !== 'string' || value.length > most || !/^[0-9a-f]*$/.test(value)) refuse(where);
  };
}

export const flag: Shape = (value, where) => {
  if (typeof value !== 'boolean') refuse(where);
};

export const number: Shape = (value, where) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) refuse(where);
};

/** A whole number, 0 or more. */
export const count: Shape = (value, where) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) refuse(where);
};

export function oneOf(...words: readonly string[]): Shape {
  return (value, where) => {
    if (!words.includes(value as string)) refuse(where);
  };
}

export function orNull(inner: Shape): Shape {
  return (value, where) => {
    if (value !== null) inner(value, where);
  };
}

export function optional(inner: Shape): Shape {
  return (value, where) => {
    if (value !== undefined) inner(value, where);
  };
}

export function list(inner: Shape, most: number): Shape {
  return (value, where) => {
    if (!Array.isArray(value) || value.length > most) refuse(where);
    for (let index = 0; index < value.length; index++) inner(value[index], where);
  };
}

/** A list that has exactly these. */
export function tuple(...inner: readonly Shape[]): Shape {
  return (value, where) => {
    if (!Array.isArray(value) || value.length !== inner.length) refuse(where);
    for (let index = 0; index < inner.length; index++) inner[index](value[index], where);
  };
}

/** An object with these fields, and perhaps more. */
export function shape(fields: Readonly<Record<string, Shape>>): Shape {
  const known = Object.entries(fields);
  return (value, where) => {
    const own = ownFields(value, where);
    for (const [name, inner] of known) inner(own(name), `${where} (${name})`);
  };
}

/** An object whose every field has one form, whatever its name. */
export function byName(inner: Shape): Shape {
  return (value, where) => {
    ownFields(value, where);
    for (const each of Object.values(value as object)) inner(each, where);
  };
}

/** Not inherited: an answer without a field `constructor` has none. */
function ownFields(value: unknown, where: string): (name: string) => unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where);
  return (name) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
}

/** Nothing nested without end, no text of excessive length, no field that means something to JavaScript itself. */
export function bounded(value: unknown, where: string, depth = 0): void {
  if (typeof value === 'string') {
    if (value.length > MAX_TEXT) refuse(where);
  } else if (Array.isArray(value)) {
    if (depth >= MAX_DEPTH) refuse(where);
    for (const each of value) bounded(each, where, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    if (depth >= MAX_DEPTH) refuse(where);
    for (const name of Object.keys(value)) {
      if (name === '__proto__') refuse(where);
      bounded((value as Record<string, unknown>)[name], where, depth + 1);
    }
  }
}
