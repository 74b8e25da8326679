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
  const number = Number(value);
  if (Number.isFinite(number) && number >= least) return number;
  throw new DeployError('INPUT', `${field} is ${shown(value)}. Give a number that is ${least} or more.`);
}

function shown(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 200) ?? String(value);
}
