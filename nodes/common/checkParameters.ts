import { DeployError } from '../shared/errors';
import type { Check, CheckType } from '../shared/release/checks';

/** One row of the Checks parameter, as the editor stores it; an expression may leave anything out. */
interface CheckRow {
  type?: string;
  name?: string;
  code?: string;
  command?: string;
  when?: string;
  timeoutSeconds?: number;
  environment?: string | Record<string, unknown>;
}

const TYPES = ['compile', 'json', 'python', 'command'];
const TIMES = ['before', 'after', 'both'];
const DEFAULT_NAMES: Record<CheckType, string> = {
  compile: 'Python files compile',
  json: 'JSON files are well-formed',
  python: 'Python code',
  command: 'Command',
};

/** Turns the rows of the Checks parameter into checks. Throws `INPUT` naming the row, the field and what to write. */
export function readChecks(rows: readonly CheckRow[] | undefined, defaultTimeoutSeconds: number): Check[] {
  return (rows ?? []).map((row, index) => {
    const type = oneOf(row.type ?? 'python', TYPES, 'Type', index) as CheckType;
    const name = row.name?.trim() || `${DEFAULT_NAMES[type]} (${index + 1})`;
    const check: Check = {
      type,
      name,
      when: oneOf(row.when ?? 'both', TIMES, 'When', index) as Check['when'],
      timeoutSeconds: seconds(row.timeoutSeconds ?? defaultTimeoutSeconds, name),
      environment: readEnvironment(row.environment ?? '', name),
    };
    if (type === 'python') check.code = filled(row.code, 'Code', name);
    if (type === 'command') check.command = filled(row.command, 'Command', name);
    return check;
  });
}

function oneOf(value: string, allowed: readonly string[], field: string, index: number): string {
  if (allowed.includes(value)) return value;
  throw new DeployError(
    'INPUT',
    `${field} of check ${index + 1} is ${JSON.stringify(value)}. Choose one of: ${allowed.join(', ')}.`,
  );
}

function seconds(value: number, name: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new DeployError(
    'INPUT',
    `Timeout of check “${name}” is ${JSON.stringify(value)}. Give seconds above 0.`,
  );
}

function filled(value: string | undefined, field: string, name: string): string {
  if (value?.trim()) return value;
  throw new DeployError('INPUT', `${field} of check “${name}” is empty. Fill it in, or remove the check.`);
}

/** `NAME=value` lines, or an object from an expression. */
function readEnvironment(value: string | Record<string, unknown>, name: string): Record<string, string> {
  const pairs: Array<[string, string]> =
    typeof value === 'string'
      ? value
          .split(/\r?\n/)
          .filter((line) => line.trim() !== '')
          .map((line) => splitPair(line, name))
      : Object.entries(value).map(([key, text]) => [key, String(text)]);
  for (const [key] of pairs) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) throw badVariable(key, name);
  }
  return Object.fromEntries(pairs);
}

function splitPair(line: string, name: string): [string, string] {
  const equals = line.indexOf('=');
  // The value may be a secret: only what stands before it is quoted.
  if (equals < 1) throw badVariable(equals === 0 ? '' : line.trim().split(/\s/)[0], name);
  return [line.slice(0, equals).trim(), line.slice(equals + 1)];
}

function badVariable(key: string, name: string): DeployError {
  return new DeployError(
    'INPUT',
    `Environment of check “${name}” has ${JSON.stringify(key)}, which is not a variable. Write one NAME=value a line.`,
  );
}
