import type { KeyObject } from 'node:crypto';

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function string(value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number(bytes.length), bytes]);
}

/**
 * Writes an ed25519 private key in OpenSSH's own format, unencrypted, as OpenSSH's `PROTOCOL.key` describes it.
 * It is the only format in which ssh2 reads this type of key, and Node can't write it.
 */
export function encodeEd25519(key: KeyObject): string {
  const { d, x } = key.export({ format: 'jwk' });
  const seed = Buffer.from(d ?? '', 'base64url');
  const point = Buffer.from(x ?? '', 'base64url');
  const type = string('ssh-ed25519');
  // Two equal numbers tell a reader that decryption worked; nothing is encrypted here, so any pair does.
  const secret = Buffer.concat([
    number(0),
    number(0),
    type,
    string(point),
    string(Buffer.concat([seed, point])),
    string(''),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    string('none'),
    string('none'),
    string(''),
    number(1),
    string(Buffer.concat([type, string(point)])),
    string(Buffer.concat([secret, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines.join('\n')}\n-----END OPENSSH PRIVATE KEY-----\n`;
}
