import fc from 'fast-check';

import { DeployError } from '../../../nodes/shared/errors';
import { isLoopback, parseRepository, type RepositoryAddress } from '../../../nodes/shared/git/address';

type Expected = Partial<RepositoryAddress>;

test.each<[string, Expected]>([
  [
    'https://github.com/acme/engine.git',
    { kind: 'https', url: 'https://github.com/acme/engine.git', host: 'github.com' },
  ],
  ['  https://GitHub.com/acme/engine ', { kind: 'https', url: 'https://github.com/acme/engine' }],
  ['http://127.0.0.1:8080/engine.git', { kind: 'http', url: 'http://127.0.0.1:8080/engine.git' }],
  [
    'git@github.com:acme/engine.git',
    {
      kind: 'ssh',
      url: 'ssh://git@github.com/acme/engine.git',
      host: 'github.com',
      port: 22,
      user: 'git',
      path: 'acme/engine.git',
    },
  ],
  ['github.com:acme/engine.git', { kind: 'ssh', user: 'git', path: 'acme/engine.git' }],
  ['deploy@[::1]:engine', { kind: 'ssh', user: 'deploy', host: '::1', url: 'ssh://deploy@[::1]/engine' }],
  [
    'ssh://git@Forge.example:2222/acme/engine.git',
    { kind: 'ssh', host: 'forge.example', port: 2222, path: '/acme/engine.git' },
  ],
  ['ssh://forge.example/~deploy/engine', { kind: 'ssh', path: '~deploy/engine' }],
  ['ssh://forge.example/with%20space', { kind: 'ssh', path: '/with space' }],
  [
    'git@forge.example:what?#%20',
    { kind: 'ssh', path: 'what?#%20', url: 'ssh://git@forge.example/what%3F%23%2520' },
  ],
  ['file:///srv/with%20space.git', { kind: 'file', host: '', path: '/srv/with space.git' }],
])('%s is understood', (given, expected) => {
  expect(parseRepository(given)).toMatchObject(expected);
});

test.each([
  '',
  ' ',
  '/srv/engine.git',
  './engine',
  '-oProxyCommand=x:y',
  '--upload-pack=touch /tmp/x',
  'ext::sh -c touch% /tmp/x',
  'ext::sh',
  'fd::17',
  'git://github.com/acme/engine.git',
  'ftp://example.org/engine',
  'https://example.org',
  'https://example.org/engine?token=x',
  'https://example.org/engine#main',
  'ssh://git@-oProxyCommand=x/engine',
  'ssh://-oProxyCommand=x@host/engine',
  'ssh://%2DoProxyCommand=x/engine',
  'ssh://host%20name/engine',
  'ssh://host/%2f%2e',
  'git@host:../engine',
  'ssh://host/engine?x',
  'ssh://host/engine#x',
  'ssh://host/%zz',
  'ssh://host/%ff',
  'ssh://host/-oProxyCommand=x%0A',
  'ssh://host/',
  'git@host:-x',
  'git@host:',
  'https://example.org/a\nb',
  'git@host:a\0b',
  'file://host/srv/engine',
  'file:///srv/%zz',
  'file:///srv/engine?/../../etc',
  'file:///srv/engine#/../../etc',
  'file:///srv%2f..%2fetc',
  'file:///srv/a%0Ab',
  'file:///',
])('%j is no address', (given) => {
  expect(() => parseRepository(given)).toThrow(
    expect.objectContaining({ code: 'INPUT', message: expect.stringMatching(/^Repository /) }),
  );
});

test.each(['https://deploy:s3cret@example.org/engine', 'ssh://deploy:s3cret@example.org/engine'])(
  'P7: a password in %s is refused and not repeated',
  (given) => {
    const thrown = refusalOf(given);
    expect(thrown?.message).toMatch(/holds a user name or password/);
    expect(JSON.stringify([thrown?.message, thrown?.description])).not.toContain('s3cret');
  },
);

test.each(['deploy:s3cret@example.org/engine', 'git+https://deploy:s3cret@example.org/engine'])(
  'P7: a password in %s, which is no address, is not repeated either',
  (given) => {
    const thrown = refusalOf(given);
    expect(thrown?.code).toBe('INPUT');
    expect(JSON.stringify([thrown?.message, thrown?.description])).not.toContain('s3cret');
  },
);

function refusalOf(given: string): DeployError | undefined {
  try {
    parseRepository(given);
  } catch (error) {
    if (error instanceof DeployError) return error;
    throw error;
  }
  return undefined;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          'https://',
          'http://',
          'ssh://',
          'file://',
          'ext::',
          'git@',
          'host',
          ':',
          '/',
          '@',
          '-',
          '--',
        ),
        fc.constantFrom(
          '%2e',
          '%2f',
          '%',
          '..',
          '?',
          '#',
          '[::1]',
          '\n',
          ' ',
          '$(x)',
          ';',
          "'",
          '~',
          '::',
          'sh',
        ),
      ),
      { maxLength: 10 },
    )
    .map((parts) => parts.join('')),
);

test('P7: whatever text is given, it is refused with a sentence or is one of four kinds, without options and secrets', () => {
  fc.assert(
    fc.property(text, (given) => {
      let address: RepositoryAddress;
      try {
        address = parseRepository(given);
      } catch (error) {
        expect(error).toMatchObject({ name: 'DeployError', code: 'INPUT' });
        return;
      }
      const { kind, url, host, user, path } = address;
      expect(url).toMatch(/^(?:https?|ssh|file):\/\/[^-]/);
      expect(url.startsWith(`${kind}://`)).toBe(true);
      expect(url).not.toMatch(/[\p{Cc}\s?#]/u);
      expect([host, user, path].filter((part) => /^-|[\p{Cc}]/u.test(part))).toEqual([]);
      expect(new URL(url).password).toBe('');
      // What is shown and recorded leads to the same place.
      expect(parseRepository(url).url).toBe(url);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['[::1]', true],
  ['127.0.0.1.example.org', false],
  ['example.org', false],
  ['10.0.0.1', false],
])('%s is on this machine: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
