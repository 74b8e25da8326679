/**
 * Rules over a run's output: for engines that catch their own exceptions and exit with 0. One to a line, all have to hold:
 * `failed = 0`, `results[*].status = "ok"`, `summary.pages > 0`, `$ contains "done"`, `error not exists`.
 */
import { DeployError } from '../errors';

const OPERATORS = [
  'not contains',
  'contains',
  'not exists',
  'exists',
  '>=',
  '<=',
  '!=',
  '=',
  '>',
  '<',
] as const;
type Operator = (typeof OPERATORS)[number];

/** A step into a value: a field's name, a place in a list, or `*` for each of what a list or object has. */
type Step = string | number | typeof EACH;
const EACH = Symbol('each');

/** One rule: what the path leads to compares so with the value. */
export interface Rule {
  /** As it was given. */
  readonly text: string;
  readonly path: readonly Step[];
  readonly operator: Operator;
  readonly value: unknown;
}

/** The longest rule, in UTF-16 units, and how many there may be. */
const LONGEST = 1000;
const MOST = 50;
/** As many values as a rule looks at. */
const MOST_VALUES = 1_000_000;

/**
 * The rules in a text, one to a line.
 *
 * @throws DeployError `INPUT` quoting the line that is none
 */
export function parseRules(field: string, text: string): Rule[] {
  const lines = text.split('\n').map((line) => line.trim());
  const given = lines.filter((line) => line !== '');
  if (given.length > MOST)
    throw new DeployError('INPUT', `${field} has ${given.length} lines. Give at most ${MOST}.`);
  return given.map((line) => parseRule(field, line));
}

function parseRule(field: string, line: string): Rule {
  if (line.length > LONGEST) {
    throw new DeployError(
      'INPUT',
      `${field} has a line of ${line.length} characters. Give at most ${LONGEST}.`,
    );
  }
  if (line === 'true' || line === 'false') throw noRule(field, line, 'it is what an expression came out as');
  const { path, rest } = parsePath(field, line);
  const operator = rest === '' ? 'exists' : OPERATORS.find((each) => startsWithWord(rest, each));
  if (!operator) throw noRule(field, line, `after the path comes ${JSON.stringify(rest)}`);
  const given = rest.slice(operator.length).replace(/^=/, '').trim();
  const needsValue = !operator.endsWith('exists');
  if (needsValue && given === '') throw noRule(field, line, `there is nothing to compare with`);
  if (!needsValue && rest !== '' && given !== '') throw noRule(field, line, `after “${operator}” comes more`);
  return { text: line, path, operator, value: needsValue ? literal(given) : undefined };
}

/** `contains` begins no longer word; a sign needs nothing around it. */
function startsWithWord(text: string, operator: Operator): boolean {
  if (!text.startsWith(operator)) return false;
  return !/\w$/.test(operator) || !/^\w/.test(text.slice(operator.length));
}

function literal(given: string): unknown {
  try {
    return JSON.parse(given) as unknown;
  } catch {
    return given;
  }
}

/** A path such as `$.results[*].status`, and what follows it. */
function parsePath(field: string, line: string): { path: Step[]; rest: string } {
  const path: Step[] = [];
  let at = line.startsWith('$') ? 1 : 0;
  while (at < line.length) {
    const character = line.charAt(at);
    if (character === '[') {
      const end = line.indexOf(']', at);
      if (end < 0) throw noRule(field, line, 'a bracket is not closed');
      path.push(place(field, line, line.slice(at + 1, end)));
      at = end + 1;
    } else if (character === '.' || path.length === 0) {
      const begin = character === '.' ? at + 1 : at;
      const name = nameAt(line, begin);
      if (name === '') break;
      path.push(name === '*' ? EACH : name);
      at = begin + name.length;
    } else break;
  }
  if (at === 0) throw noRule(field, line, 'it begins with no path');
  return { path, rest: line.slice(at).trim() };
}

function nameAt(line: string, begin: number): string {
  let end = begin;
  while (end < line.length && !/[\s.[\]=<>!]/.test(line.charAt(end))) end += 1;
  return line.slice(begin, end);
}

function place(field: string, line: string, given: string): Step {
  if (given === '*') return EACH;
  if (/^[0-9]{1,9}$/.test(given)) return Number(given);
  const name = literal(given);
  if (typeof name === 'string' && given.startsWith('"')) return name;
  throw noRule(field, line, `[${given}] is neither a number, * nor a name in quotes`);
}

function noRule(field: string, line: string, why: string): DeployError {
  return new DeployError('INPUT', `${field}: ${JSON.stringify(line)} is no rule: ${why}.`, {
    description:
      'Write a path into the output, a comparison and a value, such as: failed = 0, results[*].status = "ok", or $ contains "done".',
  });
}

/** A rule that an output breaks, and what is there instead. */
export interface BrokenRule {
  readonly rule: Rule;
  readonly found: string;
  /** What may be wrong with the rule itself. */
  readonly remedy?: string;
}

/** The first rule that an output breaks; undefined when all hold. */
export function brokenRule(output: unknown, rules: readonly Rule[]): BrokenRule | undefined {
  for (const rule of rules) {
    const values = valuesAt(output, rule.path);
    // Of an empty list, each has what is asked for.
    const at = values.findIndex((value) => !holds(rule, value));
    if (at >= 0) return { rule, found: shown(values[at]), ...remedyOf(rule, output) };
  }
  return undefined;
}

/** In n8n's expressions the output is `$json.output`; in a rule it is what paths begin in. */
function remedyOf({ path, text }: Rule, output: unknown): Pick<BrokenRule, 'remedy'> {
  if (path[0] !== 'output' || memberOf(output, 'output') !== undefined) return {};
  const shorter = text.replace(/^\$?\.?output\.?/, '').trimStart();
  const rule = /^[\w*"[]/.test(shorter) ? shorter : `$ ${shorter}`.trim();
  return { remedy: `Paths begin inside the output: write ${rule} in place of ${text}.` };
}

/** What a path leads to; `undefined` stands for what isn't there. */
function valuesAt(output: unknown, path: readonly Step[]): unknown[] {
  let values: unknown[] = [output];
  for (const step of path) {
    values = values.flatMap((value) => (step === EACH ? eachOf(value) : [memberOf(value, step)]));
    if (values.length > MOST_VALUES) values = values.slice(0, MOST_VALUES);
  }
  return values;
}

function eachOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [undefined];
}

function memberOf(value: unknown, step: string | number): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
  return (value as Record<string | number, unknown>)[step];
}

function holds({ operator, value: wanted }: Rule, value: unknown): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined && value !== null;
    case 'not exists':
      return value === undefined || value === null;
    case 'contains':
      return contains(value, wanted);
    case 'not contains':
      return !contains(value, wanted);
    case '=':
      return same(value, wanted);
    case '!=':
      return !same(value, wanted);
    default:
      return compares(operator, value, wanted);
  }
}

function compares(operator: '>' | '<' | '>=' | '<=', value: unknown, wanted: unknown): boolean {
  const [one, other] = [Number(value), Number(wanted)];
  // Number() takes null, '' and true for numbers.
  if (
    !['number', 'string'].includes(typeof value) ||
    value === '' ||
    Number.isNaN(one) ||
    Number.isNaN(other)
  ) {
    return false;
  }
  if (operator === '>') return one > other;
  if (operator === '<') return one < other;
  return operator === '>=' ? one >= other : one <= other;
}

function contains(value: unknown, wanted: unknown): boolean {
  if (typeof value === 'string') return value.includes(String(wanted));
  return Array.isArray(value) && value.some((each) => same(each, wanted));
}

/** A number and its text are the same: programs print either. */
function same(value: unknown, wanted: unknown): boolean {
  if (typeof value === 'object' || typeof wanted === 'object')
    return JSON.stringify(value) === JSON.stringify(wanted);
  return value === wanted || (value !== undefined && String(value) === String(wanted));
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 200) ?? String(value));
}
