import type { Algorithms, ParsedKey } from 'ssh2';
import { upTo } from '../scan';

/**
 * What is agreed on with every host, as a subtraction from ssh2's defaults: whatever a later version of it may offer,
 * nothing with SHA-1 or MD5, no CBC and no RC4. Host keys are chosen by the pins: see `hostKeyAlgorithms`. Nothing is
 * compressed before anybody has logged in.
 */
export const MODERN: Pick<Algorithms, 'kex' | 'cipher' | 'hmac' | 'compress'> = {
  kex: without(/sha1/),
  cipher: without(/cbc|arcfour|blowfish|cast128|3des/),
  hmac: without(/sha1|md5|ripemd|-96/),
  compress: ['none'],
};

/** ssh2 takes a pattern; its types don't say so. */
function without(pattern: RegExp): never {
  return { append: [], prepend: [], remove: pattern } as never;
}

const SUBJECTS: ReadonlyArray<[said: RegExp, heard: RegExp, subject: string, wanted: string]> = [
  [/key exchange algorithm/, /KEX method/, 'key exchange methods', 'curve25519-sha256'],
  [/host key format/, /Host key format/, 'kinds of host key signatures', 'ssh-ed25519'],
  [/cipher/, /C->S cipher/, 'ciphers', 'aes256-gcm@openssh.com'],
  [/MAC/, /C->S MAC/, 'message authentication codes', 'hmac-sha2-256'],
];

/** Marks of what a side can do, among the names of methods. */
const MARKS = /^\s*(kex-strict|ext-info)-/;

/** What the two sides have nothing in common of. */
export interface Mismatch {
  /** Such as `ciphers`. */
  subject: string;
  /** One that would be accepted. */
  wanted: string;
  /** What the host named, as it named it. */
  offered: string;
}

/** Listens to ssh2's account of a handshake, and remembers what the host offered. */
export class Offers {
  private readonly heard: string[] = [];

  /** Takes one line of ssh2's debug output. */
  readonly note = (line: string): void => {
    const offer = /^Handshake: \(remote\) (.+)$/s.exec(line)?.[1];
    // A host that lists names without end is not to fill our memory.
    if (offer && this.heard.length < 8) this.heard.push(offer.slice(0, 1000));
  };

  /** What `reason`, in ssh2's words, is about, and the host's offer of it; undefined when it is about something else. */
  explain(reason: string): Mismatch | undefined {
    const found = SUBJECTS.find(([said]) => /no matching/.test(reason) && said.test(reason));
    if (!found) return undefined;
    const [, heard, subject, wanted] = found;
    const offer = this.heard.find((line) => heard.test(upTo(line, ':'))) ?? '';
    const names = offer.slice(offer.indexOf(':') + 1).split(',');
    return {
      subject,
      wanted,
      offered: names
        .filter((name) => !MARKS.test(name))
        .join(',')
        .trim(),
    };
  }
}

/** What a signature that would need SHA-1 is refused with. */
export const SHA1_REFUSED = 'the host takes RSA keys only with SHA-1 signatures';

/**
 * The key itself, except that it signs nothing with SHA-1: an RSA key would, for a server that names no better way, and
 * such signatures can be forged.
 */
export function withoutSha1(key: ParsedKey): ParsedKey {
  const sign = key.sign.bind(key);
  key.sign = (data, algorithm) =>
    key.type === 'ssh-rsa' && !/sha(256|512)/.test(algorithm ?? '')
      ? (new Error(SHA1_REFUSED) as never)
      : sign(data, algorithm);
  return key;
}
