/** The fields of a check that asks a service over HTTP. */
import { DeployError } from '../shared/errors';
import type { HttpRequest } from '../shared/release/checks';
import { parseStatuses } from '../shared/release/httpStatuses';
import { parseRules } from '../shared/run/successRule';
import { listOfWords } from './argumentList';
import { choice, field, flag, neverEmptied, type ReadParameter, text, trimmed } from './field';
import { readText } from './values';

const displayOptions = { show: { type: ['http'] } };

const url = trimmed({
  displayName: 'URL',
  name: 'url',
  default: '',
  placeholder: 'http://127.0.0.1:8000/health',
  description: 'Asked from the engine’s side: over its own loopback, in its container',
  displayOptions,
});

const method = choice(['GET', 'HEAD', 'POST'], {
  displayName: 'Method',
  name: 'method',
  options: [
    { name: 'GET', value: 'GET' },
    { name: 'HEAD', value: 'HEAD' },
    { name: 'POST', value: 'POST', description: 'Without a body' },
  ],
  default: 'GET',
  description: 'How it is asked',
  displayOptions,
});

const headers = field(
  {
    displayName: 'Headers',
    name: 'headers',
    type: 'string',
    typeOptions: { rows: 2 },
    default: '',
    placeholder: 'Authorization: Bearer …',
    description: 'One “Name: value” a line. Values are masked in outputs.',
    displayOptions,
  },
  readHeaders,
);

const status = text({
  displayName: 'Expected Status',
  name: 'expectedStatus',
  default: '200-299',
  placeholder: '200, 204, 300-399',
  description: 'Numbers and ranges. A redirect that is none of them is followed, at most five times.',
  displayOptions,
});

const expectedText = neverEmptied(
  text({
    displayName: 'Expected Text',
    name: 'expectedText',
    default: '',
    placeholder: 'ready',
    description: 'Has to be in the answer, of which 1 MiB is read',
    displayOptions,
  }),
);

const json = neverEmptied(
  trimmed({
    displayName: 'Expected JSON',
    name: 'expectedJson',
    default: '',
    placeholder: 'status = "ok"',
    description:
      'A path into the answer’s JSON and the value that has to be there, as in checks[0].state = "up"',
    displayOptions,
  }),
);

const verify = flag({
  displayName: 'Ignore SSL Issues (Insecure)',
  name: 'ignoreSslIssues',
  default: false,
  description: 'Whether any certificate will do',
  displayOptions,
});

const start = listOfWords({
  displayName: 'Start Command',
  name: 'startCommand',
  placeholder: 'uvicorn',
  description:
    'For a service that is reloaded: the new version is asked before the switch, too, started aside by this command, word by word, with {port} in place of the port, as in uvicorn main:app --port {port}',
  displayOptions,
});

export const HTTP_FIELDS = [url, method, headers, status, expectedText, json, verify, start];

/** What starts a release aside, to be asked before the switch; empty where nothing does. */
export function readStartCommand(row: ReadParameter, called: (label: string) => string): string[] {
  const words = start.read(row, called('Start Command'));
  if (words.length === 0 || words.some((word) => word.includes('{port}'))) return words;
  throw new DeployError(
    'INPUT',
    `${called('Start Command')} has no {port} in it. Write it in place of the port, such as --port {port}: the release is started beside what answers.`,
  );
}

/** Reads them. `called` says how messages call a field. */
export function readHttpCheck(row: ReadParameter, called: (label: string) => string): HttpRequest {
  const expected = expectedText.read(row, called('Expected Text'));
  return {
    url: readUrl(called('URL'), url.read(row, called('URL'))),
    method: method.read(row, called('Method')),
    headers: headers.read(row, called('Headers')),
    statuses: parseStatuses(called('Expected Status'), status.read(row, called('Expected Status'))),
    verify: !verify.read(row, called('Ignore SSL Issues')),
    ...(expected !== '' && { text: expected }),
    ...readJson(called('Expected JSON'), json.read(row, called('Expected JSON'))),
  };
}

function readUrl(called: string, given: string): string {
  if (!URL.canParse(given)) {
    throw new DeployError(
      'INPUT',
      `${called} is no address. Write one such as http://127.0.0.1:8000/health.`,
    );
  }
  const parsed = new URL(given);
  if (!['http:', 'https:'].includes(parsed.protocol)) {
    throw new DeployError(
      'INPUT',
      `${called} begins with ${parsed.protocol}// and has to begin with http:// or https://.`,
    );
  }
  if (parsed.username || parsed.password) {
    throw new DeployError('INPUT', `${called} has a user or password in it. Put them into Headers.`);
  }
  return parsed.href;
}

/** Nothing of it is quoted: any part may be a secret. */
function readHeaders(value: unknown, called: string): Record<string, string> {
  const lines = readText(called, value).split(/\r?\n/);
  const pairs = lines.flatMap((line, index): Array<[string, string]> => {
    if (line.trim() === '') return [];
    const end = line.indexOf(':');
    const [name, given] = [line.slice(0, end).trim(), line.slice(end + 1).trim()];
    if (end < 0 || !/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(given)) {
      throw new DeployError(
        'INPUT',
        `${called}: line ${index + 1} is no header. Write one “Name: value” a line, in ASCII.`,
      );
    }
    return [[name, given]];
  });
  return Object.fromEntries(pairs);
}

function readJson(called: string, given: string): Pick<HttpRequest, 'path' | 'value'> {
  if (given === '') return {};
  const [rule, ...more] = parseRules(called, given);
  const isPlain = rule?.path.every((step) => typeof step !== 'symbol');
  if (!rule || more.length > 0 || rule.operator !== '=' || !isPlain) {
    throw new DeployError(
      'INPUT',
      `${called} is ${JSON.stringify(given)}. Write one path, without *, and the value that has to be there, such as status = "ok".`,
    );
  }
  return { path: rule.path.map(String), value: JSON.stringify(rule.value) };
}
