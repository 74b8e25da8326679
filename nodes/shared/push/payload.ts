import { DeployError, toDeployError } from '../errors';

/** What GitHub and GitLab send at most. */
export const MAX_BODY_BYTES = 25 * 1024 ** 2;

const SHOWN_CHARACTERS = 4096;

/** One or several control characters, but for tabs and line ends. */
const CONTROL_CHARACTERS = /[^\P{Cc}\t\n\r]+/gu;

/**
 * Reads a payload from a body whose signature was verified: JSON, or the field `payload` of a form, GitHub's default.
 * Throws `INPUT` for anything else.
 *
 * `JSON.parse` makes `__proto__` a field like any other; fields are only ever read with {@link at}, and never merged.
 */
export function parsePayload(body: Buffer, contentType: string): unknown {
  const text = body.toString('utf8');
  const isForm = contentType.toLowerCase().startsWith('application/x-www-form-urlencoded');
  const json = isForm ? (new URLSearchParams(text).get('payload') ?? '') : text.replace(/^\uFEFF/, '');
  const payload = parseJson(json);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw noPayload();
  return payload;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw toDeployError(noPayload(thrown));
  }
}

function noPayload(cause?: unknown): DeployError {
  return new DeployError(
    'INPUT',
    'The body is no JSON object; choose the content type application/json in the webhook’s settings.',
    { cause },
  );
}

/** The value that own fields lead to, one inside the other; undefined where one is missing. */
export function at(value: unknown, ...fields: string[]): unknown {
  let found = value;
  for (const field of fields) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, field)) return undefined;
    found = (found as Record<string, unknown>)[field];
  }
  return found;
}

/** The text there; empty where there is none. */
export function textAt(value: unknown, ...fields: string[]): string {
  const found = at(value, ...fields);
  return typeof found === 'string' ? found : '';
}

/** The list there; empty where there is none. */
export function listAt(value: unknown, ...fields: string[]): unknown[] {
  const found = at(value, ...fields);
  return Array.isArray(found) ? found : [];
}

/** Text that people wrote, such as a commit's message: without control characters, and cut at 4,096 characters. */
export function plain(text: string): string {
  return text
    .slice(0, SHOWN_CHARACTERS)
    .replace(CONTROL_CHARACTERS, ' ')
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .trim();
}
