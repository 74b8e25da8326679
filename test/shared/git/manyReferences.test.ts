/** Repositories with more branches and tags than anybody should have to look through. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';

import { LONGEST_ANSWER } from '../../../nodes/shared/git/advertised';
import { temporaryDirectories } from '../../support/deployment';
import { leastDelay } from '../../support/eventLoop';
import { commitOf, ENGINE, gitOptions, withBundle } from '../../support/git';
import { type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';
import { leastHeld } from '../../support/memory';
import { thrownBy } from '../../support/thrown';

jest.setTimeout(300_000);
const make = temporaryDirectories();
const MANY = 100_000;
let repository: GitRepository;
let http: GitHttp;
let head: string;
let cache: string;

beforeAll(async () => {
  const root = await make('repositories');
  cache = await make('cache');
  repository = GitRepository.create(join(root, 'many.git'));
  head = repository.commit(ENGINE);
  repository.tag('v1', head, 'The first');
  repository.git(['pack-refs', '--all']);
  // Each ends like a name that is asked for.
  const rows = Array.from({ length: MANY }, (_, index) => `${head} refs/heads/x${index}/refs/heads/main\n`);
  const others = Array.from({ length: MANY }, (_, index) => `${head} refs/remotes/x${index}/HEAD\n`);
  const packed = join(repository.directory, 'packed-refs');
  const [, ...own] = readFileSync(packed, 'utf8').split('\n');
  // It doesn't say that it is sorted.
  writeFileSync(
    packed,
    `# pack-refs with: peeled fully-peeled \n${[...rows, ...others].join('')}${own.join('\n')}`,
  );
  http = await startGitHttp({ root, config: ['uploadpack.allowFilter=true'] });
});
afterAll(() => http.close());
beforeEach(() => {
  http.options.instead = undefined;
  http.options.protocolV2 = true;
  http.forget();
});

const url = () => `${http.url}many.git`;
const resolve = (reference: string, at = url()) => commitOf(gitOptions(at, cache, { reference }));

test.each(['main', '', 'v1', 'refs/heads/main'])(
  'P8: of 200,000 branches and tags, the server is asked for “%s” and sends no others',
  async (reference) => {
    expect(await resolve(reference)).toBe(head);
    expect(http.bytes()).toBeLessThan(4096);
    expect(http.requests).toHaveLength(2);
    expect(await resolve(reference, repository.url)).toBe(head);
  },
);

test('P8: a server of the old protocol, which sends them all, is understood as well', async () => {
  http.options.protocolV2 = false;
  expect(await resolve('v1')).toBe(head);
  expect(await resolve('main')).toBe(head);
});

const packet = (line: string) => (line.length + 4).toString(16).padStart(4, '0') + line;
const CAPABILITIES = ['version 2\n', 'agent=git/2\n', 'ls-refs\n', 'fetch=shallow\n', 'object-format=sha1\n'];

/** A server that answers every question for names with these packets, and says how much of them it got rid of. */
function tell(packets: () => Iterable<string>): { sent: number } {
  const told = { sent: 0 };
  http.options.instead = (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    const type = request.method === 'GET' ? 'advertisement' : 'result';
    response.writeHead(200, { 'content-type': `application/x-git-upload-pack-${type}` });
    if (request.method === 'GET') {
      response.end(`${packet('# service=git-upload-pack\n')}0000${CAPABILITIES.map(packet).join('')}0000`);
      return true;
    }
    const pieces = packets()[Symbol.iterator]();
    const write = (): void => {
      for (;;) {
        const { done, value } = pieces.next();
        if (done) return void response.end();
        told.sent += (value as string).length;
        if (!response.write(value)) return void response.once('drain', write);
      }
    };
    write();
    return true;
  };
  return told;
}

function* endless(): Generator<string> {
  for (let batch = 0; ; batch++) {
    const names = Array.from({ length: 1000 }, (_, index) => `refs/heads/main-${batch}-${index}`);
    yield names.map((name) => packet(`${'a'.repeat(40)} ${name}\n`)).join('');
  }
}

test('P8: a server that lists without end is stopped, told of, and takes neither memory nor time', async () => {
  const told = tell(endless);
  const ask = () => thrownBy(resolve('main'));
  const error = await ask();
  expect(error.code).toBe('CONNECTION');
  expect(error.message).toBe(
    `Repository ${url()} lists more than 64 MiB of branches and tags, which are not looked through.`,
  );
  expect(error.description).toMatch(/^Give the full id of a commit as Reference/);
  expect(told.sent).toBeGreaterThan(LONGEST_ANSWER);
  expect(told.sent).toBeLessThan(2 * LONGEST_ANSWER);
  expect(await leastHeld(ask)).toBeLessThan(64 * 1024 ** 2);
  expect(await leastDelay(ask)).toBeLessThan(100);
});

test.each([
  ['nothing that is a packet', () => ['zzzz hello']],
  ['half a packet', () => ['0050aaaa']],
  ['nothing', () => []],
])('P5: %s is no answer, and said so', async (_, packets) => {
  tell(packets);
  const { code, message } = await thrownBy(resolve('main'));
  expect(code).toBe('CONNECTION');
  expect(message).toMatch(/ (?:can’t be reached, or stopped answering|could not be read: git ended .*)\.$/);
});

test('P5: a server that refuses says so in its own words, which can be shown', async () => {
  tell(() => [packet('ERR access denied \u001b[2J or not exported\n')]);
  const error = await thrownBy(resolve('main'));
  expect(error.message).toMatch(/does not let this login read it/);
  expect(error.description).toContain('access denied \\u{1B}[2J or not exported');
});

test('P5: an id of nothing is no commit', async () => {
  tell(() => [packet(`${'0'.repeat(40)} refs/heads/main\n`), '0000']);
  expect((await thrownBy(resolve('main'))).message).toMatch(/has no branch, tag or commit “main”/);
});

test('P5: a branch whose commit the server does not give is told of as that, and nothing else is fetched', async () => {
  const missing = '0000000000000000000000000000000000000001';
  const told = tell(() => [packet(`${missing} refs/heads/gone\n`), '0000']);
  const lie = http.options.instead;
  // What is fetched then is the real one's matter.
  http.options.instead = (request, response) => told.sent === 0 && (lie?.(request, response) ?? false);
  const options = gitOptions(url(), await make('cache'), { reference: 'gone' });
  const { code, message } = await thrownBy(withBundle(options, async () => undefined));
  expect({ code, message }).toEqual({
    code: 'NOT_FOUND',
    message: `Repository ${url()} says that refs/heads/gone is commit ${missing}, and does not give that commit.`,
  });
});
