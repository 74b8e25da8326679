import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';

import { fingerprint } from '../../../nodes/shared/connection/hostKey';
import { loadPrivateKey } from '../../../nodes/shared/connection/loadKey';
import { normalisePrivateKey } from '../../../nodes/shared/connection/privateKey';
import { makeKey, type KeyName } from '../../support/sshd';
import { thrownBy } from '../../support/thrown';
import '../../support/withoutProcesses';

const PASSPHRASE = 'correct horse';
const TYPES: readonly KeyName[] = ['ed25519', 'ecdsa', 'rsa'];

/** ssh-keygen leaves ed25519 in its own format whatever `-m` says; Node writes it as PKCS#8. */
function pkcs8Ed25519(passphrase?: string): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  const encryption = passphrase ? { cipher: 'aes-256-cbc', passphrase } : {};
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...encryption }).toString();
}

/** The fingerprint of the public half, to be compared with the one ssh-keygen printed. */
async function fingerprintOf(text: string, passphrase?: string): Promise<string> {
  return fingerprint((await loadPrivateKey(text, passphrase)).getPublicSSH());
}

describe.each(TYPES)('%s', (type) => {
  it.each([undefined, 'PEM', 'PKCS8'] as const)(
    'is read in the format %s, open and protected',
    async (format) => {
      for (const passphrase of [undefined, PASSPHRASE]) {
        const made = await makeKey(type, { passphrase, format });
        expect(await fingerprintOf(made.privateKey, passphrase)).toBe(made.fingerprint);
      }
    },
  );

  it('P7: a missing or wrong passphrase is said without any of the secrets', async () => {
    for (const format of [undefined, 'PEM', 'PKCS8'] as const) {
      const { privateKey } = await makeKey(type, { passphrase: PASSPHRASE, format });
      const missing = await thrownBy(loadPrivateKey(privateKey, ''));
      expect(missing).toMatchObject({
        code: 'CONNECTION',
        message: '"Private Key" is protected: enter its passphrase into "Passphrase".',
      });
      const wrong = await thrownBy(loadPrivateKey(privateKey, 'not-the-one'));
      expect(wrong).toMatchObject({
        code: 'CONNECTION',
        message: '"Passphrase" does not open the private key; enter the passphrase this key was made with.',
      });
      expect(wrong.cause).toBeUndefined();
    }
  });
});

it.each([undefined, PASSPHRASE])('ed25519 is read as PKCS#8 with the passphrase %s', async (passphrase) => {
  expect((await loadPrivateKey(pkcs8Ed25519(passphrase), passphrase)).type).toBe('ssh-ed25519');
});

it('a passphrase for an open key is ignored', async () => {
  const made = await makeKey('ed25519');
  expect(await fingerprintOf(made.privateKey, 'needless')).toBe(made.fingerprint);
});

it('P8: opening a protected key, some second of work, leaves the event loop free', async () => {
  const { privateKey } = await makeKey('ed25519', { passphrase: PASSPHRASE, rounds: 40 });
  const started = performance.now();
  let last = started;
  let longest = 0;
  const beat = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  await loadPrivateKey(privateKey, PASSPHRASE);
  clearInterval(beat);
  expect(longest).toBeGreaterThan(0);
  expect(longest).toBeLessThan((last - started) / 2);
});

describe('mangled pastes', () => {
  let keys: string[];

  beforeAll(async () => {
    const made = [
      makeKey('ed25519'),
      makeKey('ecdsa', { format: 'PKCS8' }),
      makeKey('rsa', { format: 'PEM', passphrase: PASSPHRASE }),
    ];
    keys = (await Promise.all(made)).map(({ privateKey }) => privateKey);
  });

  it.each<[string, (text: string) => string]>([
    ['line breaks became blanks', (text) => text.replaceAll('\n', ' ')],
    ['line breaks became \\n', (text) => text.replaceAll('\n', '\\n')],
    ['line breaks became CRLF', (text) => text.replaceAll('\n', '\r\n')],
    ['line breaks became CR', (text) => text.replaceAll('\n', '\r')],
    ['line breaks were doubled', (text) => text.replaceAll('\n', '\n\n')],
    ['it is indented', (text) => text.replace(/^/gm, '\t  ')],
    ['it has blank lines around', (text) => `\n\n  ${text}\n  \n`],
    ['it is a JSON string', (text) => JSON.stringify(text)],
    ['it starts with a byte order mark', (text) => `\uFEFF${text}`],
    ['it stands in a longer text', (text) => `my key:\n${text}\nthanks`],
  ])('are repaired when %s', async (_name, mangle) => {
    for (const text of keys) {
      const expected = normalisePrivateKey(text);
      expect(normalisePrivateKey(mangle(text))).toBe(expected);
      expect(normalisePrivateKey(expected)).toBe(expected);
      expect(await fingerprintOf(mangle(text), PASSPHRASE)).toBe(await fingerprintOf(text, PASSPHRASE));
    }
  });

  it('are repaired whatever whitespace stands between the characters of the body', () => {
    const [header, ...rest] = keys[0].trim().split('\n');
    const footer = rest.pop();
    const body = rest.join('');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(body.length), fc.constantFrom(' ', '\n', '\t', '\r\n', '\\n')), {
          maxLength: 20,
        }),
        (spaces) => {
          const places = [...spaces].sort(([a], [b]) => b - a);
          const spaced = places.reduce((text, [at, gap]) => text.slice(0, at) + gap + text.slice(at), body);
          expect(normalisePrivateKey(`${header} ${spaced} ${footer}`)).toBe(normalisePrivateKey(keys[0]));
        },
      ),
    );
  });
});

describe('what is not a private key', () => {
  it.each<[string, string]>([
    ['', 'is empty: paste the private key, with its BEGIN and END lines'],
    [' \n ', 'is empty: paste the private key, with its BEGIN and END lines'],
    [
      'ssh-ed25519 AAAAC3NzaC1lZDI1 me',
      'holds a public key: paste the private one, from the file without .pub',
    ],
    [
      '-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----',
      'holds a public key: paste the private one, from the file without .pub',
    ],
    [
      'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none',
      'holds a PuTTY key (.ppk): open it in PuTTYgen, choose Conversions > Export OpenSSH key, and paste that',
    ],
    [
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
      'holds a certificate: paste the private key that belongs to it',
    ],
    [
      '-----BEGIN OPENSSH PRIVATE KEY-----\nhunter2\n',
      'holds a private key that is cut off: paste it up to its END line',
    ],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nhunter2…\n-----END RSA PRIVATE KEY-----',
      'holds a private key with characters that do not belong there: paste it again, unchanged',
    ],
    ['~/.ssh/id_ed25519', 'holds the path of a file: paste the content of that file'],
    ['hunter2', 'holds no private key: paste one, with its BEGIN and END lines'],
  ])('P7: %j is named, not quoted', async (text, advice) => {
    expect(await thrownBy(loadPrivateKey(text))).toMatchObject({
      code: 'INPUT',
      message: `"Private Key" ${advice}.`,
    });
  });

  it('a damaged key or a kind of key that SSH does not know is said to be unusable', async () => {
    const damaged =
      '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n-----END OPENSSH PRIVATE KEY-----';
    const { privateKey } = generateKeyPairSync('x25519');
    const foreign = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const text of [damaged, damaged.replaceAll('OPENSSH ', ''), foreign]) {
      expect(await thrownBy(loadPrivateKey(text))).toMatchObject({
        code: 'CONNECTION',
        message:
          '"Private Key" is damaged or of a kind that SSH can not use here: make one with ssh-keygen -t ed25519.',
      });
    }
  });
});
