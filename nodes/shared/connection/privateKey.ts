import { DeployError } from '../errors';
import { upTo, withoutEnd } from '../scan';

const BEGIN = '-----BEGIN ';
/** What a PEM block of a private key is labelled. */
const LABEL = /^(?:[A-Z0-9]+ ){0,4}PRIVATE KEY$/;
/** Some characters more than the longest label in use, `OPENSSH PRIVATE KEY`. */
const LONGEST_LABEL = 64;
const LEGACY_HEADERS = /Proc-Type:\s*4\s*,\s*ENCRYPTED\s+DEK-Info:\s*([\w-]+)\s*,\s*([0-9A-Fa-f]+)\s/;

/** What people paste instead of a private key, and what to do then. First match counts. */
const LOOKALIKES: ReadonlyArray<[pattern: RegExp, advice: string]> = [
  [/^$/, 'is empty: paste the private key, with its BEGIN and END lines'],
  [
    /^PuTTY-User-Key-File-/,
    'holds a PuTTY key (.ppk): open it in PuTTYgen, choose Conversions > Export OpenSSH key, and paste that',
  ],
  [
    /^(?:ssh-|ecdsa-|sk-)\S+\s+AAAA|BEGIN (?:SSH2 |RSA |EC )?PUBLIC KEY/,
    'holds a public key: paste the private one, from the file without .pub',
  ],
  [/BEGIN CERTIFICATE/, 'holds a certificate: paste the private key that belongs to it'],
  [/PRIVATE KEY-----/, 'holds a private key that is cut off: paste it up to its END line'],
  [/^[~./][^\n]*$/, 'holds the path of a file: paste the content of that file'],
];

function refuse(advice: string): DeployError {
  return new DeployError('INPUT', `"Private Key" ${advice}.`);
}

/** Undoes what forms, JSON and shells do to text: escaped or foreign line breaks, quotes around it, a byte order mark. */
function unwrap(text: string): string {
  const unescaped = text.replace(/\\r\\n|\\n|\\r|\r\n|\r/g, '\n').replace(/^[\s\uFEFF"']+/, '');
  return withoutEnd(unescaped.trimEnd(), '"\' \t\n\u00A0\uFEFF');
}

/** The first block of a private key, from its BEGIN to its END line. */
function findBlock(text: string): { label: string; content: string } | undefined {
  for (let begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + BEGIN.length)) {
    const start = begin + BEGIN.length;
    const label = upTo(text.slice(start, start + LONGEST_LABEL), '-----');
    if (!LABEL.test(label)) continue;
    const content = start + label.length + '-----'.length;
    const end = text.indexOf(`-----END ${label}-----`, content);
    return end < 0 ? undefined : { label, content: text.slice(content, end) };
  }
  return undefined;
}

/**
 * Brings a pasted private key back into the shape that parsers expect: one PEM block with lines of 64 characters.
 * Line breaks may have become blanks, `\n` or CRLF, or be missing; lines may be indented.
 *
 * @param text an OpenSSH, PKCS#1, SEC1 or PKCS#8 key
 * @throws INPUT saying what the text is instead; never quoting it
 */
export function normalisePrivateKey(text: string): string {
  const pasted = unwrap(text);
  const block = findBlock(pasted);
  if (!block) {
    const lookalike = LOOKALIKES.find(([pattern]) => pattern.test(pasted));
    throw refuse(lookalike?.[1] ?? 'holds no private key: paste one, with its BEGIN and END lines');
  }
  const { label, content } = block;
  const [, cipher, iv] = LEGACY_HEADERS.exec(content) ?? [];
  const headers = cipher && iv ? `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${cipher},${iv.toUpperCase()}\n\n` : '';
  const base64 = content.replace(LEGACY_HEADERS, '').replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
    throw refuse('holds a private key with characters that do not belong there: paste it again, unchanged');
  }
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${headers}${lines.join('\n')}\n-----END ${label}-----\n`;
}
