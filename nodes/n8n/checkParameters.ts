import { DeployError } from '../shared/errors';
import type { Check, CheckType } from '../shared/release/checks';
import { isRecord, readChoice, readCount, readText } from './values';

const TYPES = ['compile', 'json', 'python', 'command'] as const;
const TIMES = ['before', 'after', 'both'] as const;
const DEFAULT_NAMES: Record<CheckType, string> = {
  compile: 'Python files compile',
  json: 'JSON files are well-formed',
  python: 'Python code',
  command: 'Command',
};

/** One row of the Checks parameter; expressions may leave anything out or yield anything. */
type CheckRow = Readonly<Record<string, unknown>>;

/** Turns the rows of the Checks parameter into checks. Throws `INPUT` naming the check, the field and what to write. */
export function readChecks(rows: readonly CheckRow[], defaultTimeoutSeconds: number): Check[] {
  return rows.map((row, index) => readCheck(row, index + 1, defaultTimeoutSeconds));
}

function readCheck(row: CheckRow, position: number, defaultTimeoutSeconds: number): Check {
  const type = readChoice(`Type of check ${position}`, row.type ?? 'python', TYPES);
  const name =
    readText(`Name of check ${position}`, row.name).trim() || `${DEFAULT_NAMES[type]} (${position})`;
  const field = (label: string) => `${label} of check “${name}”`;
  const check: Check = {
    type,
    name,
    when: readChoice(field('When'), row.when ?? 'both', TIMES),
    timeoutSeconds: readCount(field('Timeout'), row.timeoutSeconds, 0, 0) || defaultTimeoutSeconds,
    environment: readEnvironment(field('Environment'), row.environment ?? ''),
  };
  if (type === 'python') check.code = filled(field('Code'), row.code);
  if (type === 'command') check.command = filled(field('Command'), row.command);
  return check;
}

function filled(field: string, value: unknown): string {
  const text = readText(field, value);
  if (text.trim()) return text;
  throw new DeployError('INPUT', `${field} is empty. Fill it in, or remove the check.`);
}

/** `NAME=value` lines, or an object from an expression. Nothing of it is quoted: any part may be a secret. */
function readEnvironment(field: string, value: unknown): Record<string, string> {
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, text], index) => {
        if (!isVariable(name) || isRecord(text) || Array.isArray(text))
          throw notAVariable(field, `entry ${index + 1}`);
        return [name, readText(field, text)];
      }),
    );
  }
  if (typeof value !== 'string') throw notAVariable(field, 'its value');
  const pairs: Array<[string, string]> = [];
  for (const [index, line] of value.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const [name, ...rest] = line.split('=');
    if (rest.length === 0 || !isVariable(name.trim())) throw notAVariable(field, `line ${index + 1}`);
    pairs.push([name.trim(), rest.join('=')]);
  }
  return Object.fromEntries(pairs);
}

function isVariable(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

function notAVariable(field: string, where: string): DeployError {
  return new DeployError('INPUT', `${field}: ${where} is not a variable. Write one NAME=value a line.`);
}
