import fc from 'fast-check';

import { readChecks } from '../../nodes/n8n/checkFields';
import { within } from '../../nodes/n8n/field';
import type { Check } from '../../nodes/shared/release/checks';
import { parseStatuses } from '../../nodes/shared/release/httpStatuses';
import { holds } from '../support/property';

const read = (row: object): Check => {
  const [check] = readChecks(within({ checks: { check: [{ type: 'http', name: 'ready', ...row }] } }));
  return check as Check;
};

test('an address is enough: asked after the switch, with usual answers', () => {
  expect(read({ url: ' http://127.0.0.1:8000/health ', when: 'both' })).toEqual({
    type: 'http',
    name: 'ready',
    when: 'after',
    timeoutSeconds: 60,
    environment: {},
    http: {
      url: 'http://127.0.0.1:8000/health',
      method: 'GET',
      headers: {},
      statuses: [[200, 299]],
      verify: true,
    },
  });
});

test('with a command that starts it aside, it is asked before the switch, too', () => {
  const row = { url: 'http://127.0.0.1:8000/', startCommand: ['uvicorn', 'main:app', '--port', '{port}'] };
  expect(read(row)).toMatchObject({ when: 'both', start: row.startCommand });
  expect(read({ ...row, startCommand: ['./serve', '--bind=:{port}'] })).toMatchObject({ when: 'both' });
  expect(() => read({ ...row, startCommand: ['uvicorn', 'main:app', '--port', '8000'] })).toThrow(
    'Start Command of check “ready” has no {port} in it. Write it in place of the port, such as --port {port}: the release is started beside what answers.',
  );
});

test('all fields', () => {
  const { http } = read({
    url: 'https://[::1]/ä?q=1',
    method: 'POST',
    headers: 'Authorization: Bearer a:b\n\n X-Empty:\n',
    expectedStatus: '204, 300-399',
    expectedText: ' ready ',
    expectedJson: '$.checks[0]["a b"].state = "up"',
    ignoreSslIssues: true,
  });
  expect(http).toEqual({
    url: 'https://[::1]/%C3%A4?q=1',
    method: 'POST',
    headers: { Authorization: 'Bearer a:b', 'X-Empty': '' },
    statuses: [
      [204, 204],
      [300, 399],
    ],
    text: ' ready ',
    path: ['checks', '0', 'a b', 'state'],
    value: '"up"',
    verify: false,
  });
});

test.each<[object, string]>([
  [{}, 'URL of check “ready” is no address. Write one such as http://127.0.0.1:8000/health.'],
  [
    { url: '127.0.0.1:8000' },
    'URL of check “ready” is no address. Write one such as http://127.0.0.1:8000/health.',
  ],
  [
    { url: 'file:///etc/passwd' },
    'URL of check “ready” begins with file:// and has to begin with http:// or https://.',
  ],
  [
    { url: 'http://me:s3cret@host/' },
    'URL of check “ready” has a user or password in it. Put them into Headers.',
  ],
  [
    { url: 'http://a', headers: 'A: b\ns3cret' },
    'Headers of check “ready”: line 2 is no header. Write one “Name: value” a line, in ASCII.',
  ],
  [
    { url: 'http://a', headers: 'A: s3cret\u0001' },
    'Headers of check “ready”: line 1 is no header. Write one “Name: value” a line, in ASCII.',
  ],
  [
    { url: 'http://a', expectedStatus: ' , ' },
    'Expected Status of check “ready” is empty. Write statuses such as 200, or a range such as 200-299.',
  ],
  [
    { url: 'http://a', expectedStatus: '2xx' },
    'Expected Status of check “ready” has "2xx", which is no status. Write numbers from 100 to 599, or ranges such as 200-299.',
  ],
  ...['a > 1', 'a[*] = 1', 'a exists', 'a = 1\nb = 2'].map((rule): [object, string] => [
    { url: 'http://a', expectedJson: rule },
    `Expected JSON of check “ready” is ${JSON.stringify(rule)}. Write one path, without *, and the value that has to be there, such as status = "ok".`,
  ]),
])('%j is refused in words', (row, message) => {
  let said = '';
  try {
    read(row);
  } catch (error) {
    said = (error as Error).message;
  }
  expect(said).toBe(message);
});

test('whatever are statuses is read as these', () => {
  const status = fc.integer({ min: 100, max: 599 });
  const range = fc.tuple(status, status).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]);
  holds(fc.array(range, { minLength: 1, maxLength: 20 }), (ranges) => {
    const given = ranges.map(([from, to]) => (from === to ? `${from}` : `${from} - ${to}`)).join(',');
    expect(parseStatuses('S', given)).toEqual(ranges);
  });
});
