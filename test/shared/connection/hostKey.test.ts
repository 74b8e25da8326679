import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';

import {
  fingerprint,
  hostKeyAlgorithms,
  matchesHostKey,
  parseHostKeys,
} from '../../../nodes/shared/connection/hostKey';
import { makeKey, type KeyName } from '../../support/sshd';

type Made = { line: string; blob: Buffer; fingerprint: string };

const keys = {} as Record<KeyName | 'other', Made>;

beforeAll(async () => {
  for (const name of ['ed25519', 'ecdsa', 'rsa', 'other'] as const) {
    const made = await makeKey(name === 'other' ? 'ed25519' : name);
    const [type, base64] = made.publicKey.split(' ');
    keys[name] = {
      line: `${type} ${base64}`,
      blob: Buffer.from(base64, 'base64'),
      fingerprint: made.fingerprint,
    };
  }
});

const judge = (text: string, key: KeyName | 'other' = 'ed25519', host = 'engine.example', port = 22) =>
  matchesHostKey(parseHostKeys(text), host, port, keys[key].blob);

it('P7: computes the fingerprint that ssh-keygen prints', () => {
  for (const key of Object.values(keys)) expect(fingerprint(key.blob)).toBe(key.fingerprint);
});

it('P7: trusts nobody when nothing is pinned', () => {
  expect(judge('')).toBe('unknown');
  expect(judge('\n  \n# engine.example:22 SSH-2.0-OpenSSH_9.2\n')).toBe('unknown');
});

it.each(['\n', ',', ' ', ', ', '\r\n'])(
  'P7: accepts any of several fingerprints separated by %j',
  (separator) => {
    const text = [keys.ecdsa.fingerprint, `${keys.ed25519.fingerprint}=`].join(separator);
    expect(judge(text, 'ed25519')).toBe('match');
    expect(judge(text, 'ecdsa')).toBe('match');
    expect(judge(text, 'other')).toBe('mismatch');
  },
);

it('P7: reads what ssh-keygen -l prints, of a file and of a scan', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-hostkey-'));
  try {
    const file = join(directory, 'known_hosts');
    const names: KeyName[] = ['ed25519', 'ecdsa', 'rsa'];
    writeFileSync(file, names.map((name) => `engine.example ${keys[name].line}\n`).join(''));
    const printed = execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' });
    const pins = parseHostKeys(printed);
    expect(pins).toEqual([
      { fingerprint: keys.ed25519.fingerprint, type: 'ssh-ed25519', revoked: false },
      { fingerprint: keys.ecdsa.fingerprint, type: 'ecdsa-sha2-nistp256', revoked: false },
      { fingerprint: keys.rsa.fingerprint, type: 'ssh-rsa', revoked: false },
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe('known_hosts lines', () => {
  it('P7: pin the hosts they name, by name and port', () => {
    expect(judge(`engine.example ${keys.ed25519.line}`)).toBe('match');
    expect(judge(`Engine.Example ${keys.ed25519.line} a comment`)).toBe('match');
    expect(judge(`a,engine.example ${keys.ed25519.line}`)).toBe('match');
    expect(judge(`engine.example ${keys.other.line}`)).toBe('mismatch');
    expect(judge(`other.example ${keys.ed25519.line}`)).toBe('unknown');
    expect(judge(`engine.example ${keys.ed25519.line}`, 'ed25519', 'engine.example', 2222)).toBe('unknown');
    expect(judge(`[engine.example]:2222 ${keys.ed25519.line}`, 'ed25519', 'engine.example', 2222)).toBe(
      'match',
    );
    expect(judge(`[engine.example]:2222 ${keys.ed25519.line}`)).toBe('unknown');
    expect(judge(`[::1]:2222 ${keys.ed25519.line}`, 'ed25519', '::1', 2222)).toBe('match');
  });

  it('P7: know wildcards and exclusions, and take no other character for one', () => {
    expect(judge(`*.example ${keys.ed25519.line}`)).toBe('match');
    expect(judge(`engin?.example ${keys.ed25519.line}`)).toBe('match');
    expect(judge(`*.example,!engine.example ${keys.ed25519.line}`)).toBe('unknown');
    expect(judge(`!engine.example,*.example ${keys.ed25519.line}`)).toBe('unknown');
    expect(judge(`*.example,!eng* ${keys.ed25519.line}`, 'ed25519', 'other.example')).toBe('match');
    expect(judge(`engine.example ${keys.ed25519.line}`, 'ed25519', 'engineXexample')).toBe('unknown');
    expect(judge(`engine ${keys.ed25519.line}`)).toBe('unknown');
  });

  it('P7: may be hashed by ssh-keygen -H', () => {
    const directory = mkdtempSync(join(tmpdir(), 'hot-deploy-hostkey-'));
    try {
      const file = join(directory, 'known_hosts');
      writeFileSync(file, `engine.example ${keys.ed25519.line}\n[engine.example]:2222 ${keys.other.line}\n`);
      execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
      const hashed = readFileSync(file, 'utf8');
      expect(hashed).not.toContain('engine');
      expect(judge(hashed)).toBe('match');
      expect(judge(hashed, 'other')).toBe('mismatch');
      expect(judge(hashed, 'other', 'engine.example', 2222)).toBe('match');
      expect(judge(hashed, 'ed25519', 'other.example')).toBe('unknown');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('P7: marked @revoked refuse that key even when it is also pinned', () => {
    const text = `${keys.ed25519.fingerprint}\n${keys.other.fingerprint}\n@revoked * ${keys.ed25519.line}`;
    expect(judge(text)).toBe('revoked');
    expect(judge(text, 'other')).toBe('match');
    expect(judge(`@revoked * ${keys.ed25519.line}`, 'other')).toBe('unknown');
    expect(judge(`@revoked elsewhere ${keys.ed25519.line}\n${keys.ed25519.fingerprint}`)).toBe('match');
  });

  it('P7: may be the bare content of a .pub file', () => {
    expect(judge(`${keys.ed25519.line} root@engine`)).toBe('match');
    expect(judge(keys.ed25519.line, 'other')).toBe('mismatch');
  });
});

describe('algorithms', () => {
  const ask = (text: string) => hostKeyAlgorithms(parseHostKeys(text), 'engine.example', 22);

  it('P7: ask for the pinned key types first, and never for SHA-1 signatures', () => {
    expect(ask('')[0]).toBe('ssh-ed25519');
    expect(ask(`engine.example ${keys.rsa.line}`).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
    expect(ask(`engine.example ${keys.ecdsa.line}`)[0]).toBe('ecdsa-sha2-nistp256');
    expect(ask(`@revoked engine.example ${keys.rsa.line}`)[0]).toBe('ssh-ed25519');
    expect(ask(`elsewhere ${keys.rsa.line}`)[0]).toBe('ssh-ed25519');
    expect(ask('')).not.toContain('ssh-rsa');
    expect(ask(`engine.example ${keys.rsa.line}`)).toHaveLength(ask('').length);
  });
});

describe('text that is none of these', () => {
  const messageOf = (text: string): string => {
    try {
      parseHostKeys(text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'INPUT' });
      return (error as Error).message;
    }
    return 'accepted';
  };

  it.each([
    'hello',
    'SHA256:short',
    `SHA256:${'a'.repeat(44)}`,
    'engine.example',
    '@other x ssh-ed25519 AAAA',
  ])('P7: %j is refused and quoted', (line) => {
    expect(messageOf(`\n${line}\n`)).toBe(
      `The line "${line}" in "Host Key Fingerprint" is neither a SHA256 fingerprint nor a known_hosts line.`,
    );
  });

  it('P7: a known_hosts line with a damaged key or hash is refused', () => {
    expect(messageOf(`engine.example ${keys.ed25519.line.slice(0, 40)}`)).toContain('is neither');
    expect(messageOf(`engine.example ssh-rsa ${keys.ed25519.line.split(' ')[1]}`)).toContain('is neither');
    expect(messageOf(`|1|abc|def ${keys.ed25519.line}`)).toContain('is neither');
  });

  it.each([
    'MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48',
    '256 MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48 root@host (ED25519)',
    '16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48',
  ])('P7: %s is asked for as SHA256', (line) => {
    expect(messageOf(line)).toBe(
      `The line "${line}" in "Host Key Fingerprint" is an MD5 fingerprint, which can be forged: use the SHA256 one (ssh-keygen -l -E sha256).`,
    );
  });

  it('P7: certificate authorities are named as not supported', () => {
    const line = `@cert-authority *.example ${keys.ed25519.line}`;
    expect(messageOf(line)).toContain("names a certificate authority, which isn't supported");
  });

  it('P7: a private key that strayed into the field is not quoted', () => {
    const stray = '-----BEGIN OPENSSH PRIVATE KEY----- c2VjcmV0 -----END OPENSSH PRIVATE KEY-----';
    expect(messageOf(stray)).toBe(
      '"Host Key Fingerprint" holds a private key; put that into "Private Key", and the fingerprint of the host here.',
    );
  });

  it('P7: arbitrary text is refused or gives pins, and never a match', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const message = messageOf(text);
        if (message === 'accepted') expect(judge(text)).not.toBe('match');
      }),
    );
  });
});
