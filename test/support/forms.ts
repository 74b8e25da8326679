import type { Form } from '../../nodes/shared/contract/shape';

/** A place in a value: the way to it, the form that it has to have, and its names for people. */
export interface Place {
  path: readonly string[];
  form: Form;
  where: string;
}

/** Texts of which each form that asks for a pattern takes one. */
const EXAMPLES = [
  '20261123-171501-3f2a9c1',
  '0123456789abcdef',
  'hot-backup-20261123-171501.tar.gz',
  '2026-11-23T17:15:01.250Z',
  'https://example.org/engine.git',
  '0123456789012345678901234567890123456789',
  'ready',
  '/app',
  'run.py',
  'serve',
];

/** A value of a form in which every field is there, and every list has one item. */
export function exampleOf(form: Form): unknown {
  const [kind, ...rest] = form;
  switch (kind) {
    case 'text':
      return 'text';
    case 'matching': {
      const whole = new RegExp(`^(?:${rest[0] as string})$`);
      const found = EXAMPLES.find((text) => whole.test(text) && text.length <= (rest[1] as number));
      if (found === undefined) throw new Error(`no example of ${rest[0] as string}`);
      return found;
    }
    case 'flag':
      return true;
    case 'number':
    case 'seconds':
    case 'count':
    case 'countUpTo':
      return 1;
    case 'oneOf':
      return rest[0];
    case 'orNull':
    case 'optional':
    case 'orDropped':
      return exampleOf(rest[0] as Form);
    case 'list':
      return [exampleOf(rest[0] as Form)];
    case 'tuple':
      return (rest as unknown as Form[]).map(exampleOf);
    case 'record':
      return Object.fromEntries(fieldsOf(form).map(([name, inner]) => [name, exampleOf(inner)]));
    case 'byName':
      return { name: exampleOf(rest[0] as Form) };
    case 'variants': {
      const [[word, inner]] = Object.entries(rest[1] as Record<string, Form>);
      return { [rest[0] as string]: word, ...(exampleOf(inner) as object) };
    }
    default:
      throw new Error(`no example of ${kind}`);
  }
}

/** Every place of a form; of a value, those that are in it. */
export function placesOf(form: Form, value: unknown = exampleOf(form)): Place[] {
  return found(form, value, [], '');
}

function found(form: Form, value: unknown, path: readonly string[], where: string): Place[] {
  const [kind, ...rest] = form;
  if (kind === 'orNull' || kind === 'optional' || kind === 'orDropped') {
    if (value === undefined) return [];
    return value === null ? [{ path, form, where }] : found(rest[0] as Form, value, path, where);
  }
  const own: Place = { path, form, where };
  const below = (inner: Form, name: string, shown = name): Place[] =>
    found(inner, (value as Record<string, unknown>)[name], [...path, name], `${where} (${shown})`);
  if (typeof value !== 'object' || value === null) return [own];
  switch (kind) {
    case 'record':
      return [own, ...fieldsOf(form).flatMap(([name, inner]) => below(inner, name))];
    case 'list':
      return [
        own,
        ...Object.keys(value)
          .slice(0, 3)
          .flatMap((name) => below(rest[0] as Form, name)),
      ];
    case 'tuple':
      return [own, ...(rest as unknown as Form[]).flatMap((inner, index) => below(inner, String(index)))];
    case 'byName':
      return [
        own,
        ...Object.keys(value)
          .slice(0, 3)
          .flatMap((name) => below(rest[0] as Form, name)),
      ];
    case 'variants': {
      const inner = (rest[1] as Record<string, Form>)[(value as Record<string, string>)[rest[0] as string]];
      return [own, ...fieldsOf(inner).flatMap(([name, each]) => below(each, name))];
    }
    default:
      return [own];
  }
}

function fieldsOf(form: Form): Array<[string, Form]> {
  return Object.entries(form[1] as Record<string, Form>);
}

/** The value with another one at a place, by way of copies. */
export function changedAt(value: unknown, [step, ...rest]: readonly string[], other: unknown): unknown {
  if (step === undefined) return other;
  const inner = (value as Record<string, unknown> | undefined)?.[step];
  const changed = changedAt(inner, rest, other);
  if (Array.isArray(value))
    return value.map((each: unknown, index) => (String(index) === step ? changed : each));
  return { ...(value as object), [step]: changed };
}
