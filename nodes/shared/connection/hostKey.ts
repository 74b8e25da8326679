import { createHash } from 'node:crypto';
import type { ServerHostKeyAlgorithm } from 'ssh2';

import { DeployError } from '../errors';
import { withoutEnd } from '../scan';
import { isHashedHost, speaksAbout } from './knownHosts';

/** One key that the user vouches for, or, when revoked, warns of. */
export interface HostKeyPin {
  /** As OpenSSH prints it: `SHA256:` and 43 characters of unpadded base64. */
  fingerprint: string;
  /** Such as `ssh-ed25519`; left out when the text did not say. */
  type?: string;
  /** First field of a known_hosts line; left out when the pin holds for every host. */
  hosts?: string;
  revoked: boolean;
}

/** What the pins say about a presented key; `unknown` when none of them speaks about the host. */
export type HostKeyVerdict = 'match' | 'mismatch' | 'revoked' | 'unknown';

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;
const BITS = /^\d{3,5}$/;
/** The last word of a line that `ssh-keygen -l` prints, such as `(ED25519)`. */
const KEYGEN_TYPE = /^\(([\w-]+)\)$/;
const MD5 = /(?:^|\s)(?:MD5:)?(?:[0-9a-f]{2}:){15}[0-9a-f]{2}(?:\s|$)/i;
const KEY_TYPE = /^(?:ssh-|ecdsa-|sk-)[\w@.-]+$/;

/** Signature algorithms that make a server present a key of the type. SHA-1 (`ssh-rsa`) is left out on purpose. */
const ALGORITHMS: Record<string, ServerHostKeyAlgorithm[]> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

/** The SHA-256 fingerprint of a public key in SSH's wire format, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${withoutEnd(createHash('sha256').update(key).digest('base64'), '=')}`;
}

/** The type that a public key in SSH's wire format names first, such as `ssh-ed25519`; empty for anything else. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  return key.toString('latin1', 4, 4 + key.readUInt32BE(0));
}

function refuseLine(line: string, reason?: string): DeployError {
  const shown = line.length > 160 ? `${line.slice(0, 160)}…` : line;
  const what = reason ?? 'is neither a SHA256 fingerprint nor a known_hosts line';
  return new DeployError('INPUT', `The line "${shown}" in "Host Key Fingerprint" ${what}.`, {
    description:
      'On the host itself, ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints what belongs there.',
  });
}

function typeFromKeygen(bits: string, name: string | undefined): string | undefined {
  if (name === 'ED25519') return 'ssh-ed25519';
  if (name === 'RSA') return 'ssh-rsa';
  if (name === 'ECDSA') return `ecdsa-sha2-nistp${bits}`;
  return undefined;
}

function parseFingerprints(line: string): HostKeyPin[] {
  const [bits = '', printed = '', ...comment] = line.split(/\s+/);
  if (BITS.test(bits) && FINGERPRINT.test(printed)) {
    const type = typeFromKeygen(bits, KEYGEN_TYPE.exec(comment.at(-1) ?? '')?.[1]);
    return [{ fingerprint: printed.replace(/=$/, ''), ...(type && { type }), revoked: false }];
  }
  const words = line.split(/[\s,]+/).filter((word) => word !== '');
  if (!words.every((word) => FINGERPRINT.test(word))) throw refuseLine(line);
  return words.map((word) => ({ fingerprint: word.replace(/=$/, ''), revoked: false }));
}

function parseKnownHostsLine(line: string): HostKeyPin {
  const words = line.split(/\s+/);
  if (words[0] === '@cert-authority') {
    throw refuseLine(line, "names a certificate authority, which isn't supported: pin the host's own key");
  }
  const revoked = words[0] === '@revoked';
  if (revoked) words.shift();
  // The content of ssh_host_*_key.pub, which has no host in front.
  const hosts = KEY_TYPE.test(words[0] ?? '') ? undefined : words.shift();
  const [type, base64] = words;
  if (hosts === '' || hosts?.startsWith('@') || (hosts?.startsWith('|') && !isHashedHost(hosts))) {
    throw refuseLine(line);
  }
  const key = Buffer.from(base64 ?? '', 'base64');
  const complete = /^[A-Za-z0-9+/]+={0,2}$/.test(base64 ?? '') && keyType(key) === type && key.length > 32;
  if (!complete || !KEY_TYPE.test(type)) throw refuseLine(line);
  return { fingerprint: fingerprint(key), type, ...(hosts !== undefined && { hosts }), revoked };
}

function parseLine(line: string): HostKeyPin[] {
  if (MD5.test(line)) {
    throw refuseLine(
      line,
      'is an MD5 fingerprint, which can be forged: use the SHA256 one (ssh-keygen -l -E sha256)',
    );
  }
  if (/(?:^|[\s,])SHA256:/.test(line)) return parseFingerprints(line);
  return [parseKnownHostsLine(line)];
}

/**
 * Reads the credential's field "Host Key Fingerprint": SHA256 fingerprints separated by line breaks, commas or blanks,
 * lines that `ssh-keygen -l` prints, known_hosts lines (plain, hashed, `@revoked`), and public key lines.
 * Empty lines and comments are skipped; an empty text gives no pins.
 *
 * @throws INPUT quoting the line that is none of these; a private key that strayed into the field is not quoted
 */
export function parseHostKeys(text: string): HostKeyPin[] {
  if (/PRIVATE KEY-----/.test(text)) {
    throw new DeployError(
      'INPUT',
      '"Host Key Fingerprint" holds a private key; put that into "Private Key", and the fingerprint of the host here.',
    );
  }
  return text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap(parseLine);
}

/** The pins that speak about this host. */
export function pinsFor(pins: readonly HostKeyPin[], host: string, port: number): HostKeyPin[] {
  return pins.filter((pin) => pin.hosts === undefined || speaksAbout(pin.hosts, host, port));
}

/** Judges the key that `host:port` presented, in SSH's wire format. A revoked key stays refused even if also pinned. */
export function matchesHostKey(
  pins: readonly HostKeyPin[],
  host: string,
  port: number,
  key: Buffer,
): HostKeyVerdict {
  const presented = fingerprint(key);
  const about = pinsFor(pins, host, port);
  if (about.some((pin) => pin.revoked && pin.fingerprint === presented)) return 'revoked';
  const trusted = about.filter((pin) => !pin.revoked);
  if (trusted.length === 0) return 'unknown';
  return trusted.some((pin) => pin.fingerprint === presented) ? 'match' : 'mismatch';
}

/**
 * Host key algorithms in the order to ask for: the pinned types first, so that a server with several keys presents one
 * that can be compared, then the others, so that a server without them still shows which key it has.
 */
export function hostKeyAlgorithms(
  pins: readonly HostKeyPin[],
  host: string,
  port: number,
): ServerHostKeyAlgorithm[] {
  const pinned = pinsFor(pins, host, port)
    .filter((pin) => !pin.revoked && pin.type !== undefined)
    .flatMap((pin) => ALGORITHMS[pin.type as string] ?? []);
  return [...new Set([...pinned, ...Object.values(ALGORITHMS).flat()])];
}
