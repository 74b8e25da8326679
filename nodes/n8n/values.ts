import { DeployError } from '../shared/errors';

/** The longest that timers can wait is 24 days. */
const LONGEST_WAIT_SECONDS = 2_000_000;

/** What no program and no file name can hold: the character 0, and halves of characters. */
const UNUSABLE = /\0|\p{Surrogate}/u;

/**
 * Text as given; an expression may yield anything. What is in it is not shown: it may be a secret.
 *
 * @param longest in UTF-16 units
 * @throws DeployError `INPUT` naming the field for what isn't text, is too long, or can't be passed on to any host
 */
export function readText(field: string, value: unknown, longest = Infinity): string {
  if (typeof value === 'string') return usable(field, value, longest);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined || value === null) return '';
  throw new DeployError('INPUT', `${field} is ${shown(value)}. Give text.`);
}

function usable(field: string, text: string, longest: number): string {
  if (text.length > longest) {
    throw new DeployError('INPUT', `${field} is ${text.length} characters long. Give at most ${longest}.`);
  }
  const found = UNUSABLE.exec(text);
  if (!found) return text;
  const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  throw new DeployError(
    'INPUT',
    `${field} holds the character U+${code} at place ${found.index + 1}, which can’t be part of it. Remove it.`,
  );
}

/**
 * A number from `least` to `most`; `fallback` when nothing is given.
 *
 * @throws DeployError `INPUT` naming the field and value
 */
export function readCount(
  field: string,
  value: unknown,
  fallback: number,
  least: number,
  most = LONGEST_WAIT_SECONDS,
): number {
  if (value === undefined || value === null || value === '') return fallback;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
  if (number > most) {
    throw new DeployError('INPUT', `${field} is ${shown(value)}. Give a number from ${least} to ${most}.`);
  }
  if (Number.isFinite(number) && number >= least) return number;
  throw new DeployError('INPUT', `${field} is ${shown(value)}. Give a number that is ${least} or more.`);
}

/** Yes or no; `fallback` when nothing is given. Throws `INPUT` naming the field and value. */
export function readFlag(field: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined || value === null || value === '') return fallback;
  if (typeof value === 'boolean') return value;
  throw new DeployError('INPUT', `${field} is ${shown(value)}. Give true or false.`);
}

/** One of some words. Throws `INPUT` naming the field, the value and the words. */
export function readChoice<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((word) => word === value);
  if (found !== undefined) return found;
  throw new DeployError('INPUT', `${field} is ${shown(value)}. Choose one of: ${allowed.join(', ')}.`);
}

/** Whether `value` is an object with named fields. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return JSON.stringify(value)?.slice(0, 200) ?? String(value);
}
