import { parseRepository } from '../../../nodes/shared/git/address';
import { parseRepositories } from '../../../nodes/shared/push/repositories';
import { payloadOf } from '../../support/pushes';
import { emitted, received } from '../../support/triggers';

const emittedFor = (list: string) =>
  emitted('github', payloadOf('github'), { repositories: parseRepositories(list) });

test.each([
  'https://github.com/acme/engine',
  'https://github.com/acme/engine.git',
  'https://GitHub.com/Acme/Engine.git/',
  'https://github.com:443/acme/engine',
  'http://github.com/acme/engine',
  'git@github.com:acme/engine.git',
  'github.com:acme/engine',
  'ssh://git@github.com/acme/engine.git',
  'ssh://git@github.com:22/acme/engine',
])('P7: %s is found, and is emitted as it is written', (address) => {
  expect(emittedFor(`https://example.com/a/b\n${address}`).cloneUrl).toBe(address);
});

test('an address without a protocol becomes one with https', () => {
  expect(emittedFor('github.com/acme/engine')).toMatchObject({
    repository: 'acme/engine',
    cloneUrl: 'https://github.com/acme/engine.git',
  });
  expect(parseRepositories('git.example.com:3000/acme/engine.git')[0].cloneUrl).toBe(
    'https://git.example.com:3000/acme/engine.git',
  );
});

test('of several addresses of one repository the first counts', () => {
  const list = 'git@github.com:acme/engine.git, https://github.com/acme/engine';
  expect(parseRepositories(list)).toHaveLength(1);
  expect(emittedFor(list).cloneUrl).toBe('git@github.com:acme/engine.git');
});

test.each([
  'https://github.com/acme/engine2',
  'https://github.com.evil.example/acme/engine',
  'https://github.com:8443/acme/engine',
  'https://evil.example/acme/engine',
  'https://github.com/acme/engine/sub',
])('P7: %s is another repository', (address) => {
  if (address.endsWith('com/engine'))
    return expect(() => parseRepositories(address)).toThrow(/no repository/);
  const repositories = parseRepositories(address);
  return expect(received('github', payloadOf('github'), { repositories }).items).toEqual([]);
});

test('P7: no address from a payload is ever emitted', () => {
  const payload = payloadOf('github');
  Object.assign(payload.repository, {
    clone_url: 'https://evil.example/acme/engine.git',
    ssh_url: '--upload-pack=evil',
    git_url: 'ext::sh -c evil',
    full_name: '../evil',
  });
  const item = emitted('github', payload, {
    repositories: parseRepositories('https://github.com/acme/engine'),
  });
  expect(JSON.stringify(item)).not.toContain('evil');
  expect(item).toMatchObject({ repository: 'acme/engine', cloneUrl: 'https://github.com/acme/engine' });
});

test.each([
  ['', /empty/],
  ['engine', /"engine" is not an address/],
  ['https://github.com/engine', /no repository of a forge/],
  ['/srv/git/engine', /not an address/],
  ['file:///srv/git/engine', /no repository of a forge/],
  ['ext::sh', /not an address/],
  ['https://github.com/acme/../engine', /no repository/],
  ['https://github.com/-acme/engine', /no repository/],
  ['-oProxyCommand=id:acme/engine', /not an address/],
  ['git@-evil:acme/engine', /not an address/],
  ['-git@github.com:acme/engine', /not an address/],
  ['ssh://-git@github.com/acme/engine', /not an address/],
  ['https://github.com/acme/engine?x=1', /not an address/],
  ['https://github.com/acme/%2e%2e', /not an address|no repository/],
  ['https://github.com/acme/%zz', /no repository/],
  ['git@host:acme/eng;ine', /no repository/],
  ['git@host:-acme/engine', /not an address|no repository/],
])('P7: refuses %j in one sentence', (list, message) => {
  expect(() => parseRepositories(list)).toThrow(message);
  expect(() => parseRepositories(list)).toThrow(/^Repositories [^\n]*\.$/);
});

test.each(['https://ada:pa55word@github.com/acme/engine', 'https://pa55word@github.com/acme/engine'])(
  'P7: refuses %s without showing what is secret in it',
  (address) => {
    expect(() => parseRepositories(address)).toThrow(
      /^Repositories can't be used: repository "https:\/\/github.com\/acme\/engine" holds a user name or password/,
    );
    expect(() => parseRepositories(address)).not.toThrow(/pa55word/);
  },
);

test('whatever is emitted can be given to Hot Deploy’s source Git', () => {
  const written = [
    'https://github.com/acme/engine',
    'http://127.0.0.1:3000/acme/engine.git',
    'git@gitlab.example.com:acme/tools/engine.git',
    'gitlab.example.com:acme/engine',
    'ssh://deploy@git.example.com:2222/acme/engine.git',
    'git.example.com:3000/acme/engine',
    'bitbucket.org/acme/engine/',
  ];
  for (const { cloneUrl } of parseRepositories(written.join('\n'))) {
    expect(parseRepository(cloneUrl).path).toMatch(/acme\/(tools\/)?engine/);
  }
});
