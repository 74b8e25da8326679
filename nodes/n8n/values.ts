import { DeployError } from '../shared/errors';

/** Text as given; an expression may yield anything. Throws `INPUT` naming the field for what isn't text. */
export function readText(field: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined || value === null) return '';
  throw new DeployError('INPUT', `${field} is ${shown(value)}. Give text.`);
}

/** A number that is at least `least`; `fallback` when nothing is given. Throws `INPUT` naming the field and value. */
export function readCount(field: string, value: unknown, fallback: number, least: number): number {
  if (value === undefined || value === null || value === '') return fallback;
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : NaN;
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
