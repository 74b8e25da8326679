const MAX_DEPTH = 16;
/** The longest text of all: a requirements file. */
const MAX_TEXT = 1024 * 1024;

function refuse(where: string): never {
  throw new RangeError(`${where} has another form than it should`);
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
