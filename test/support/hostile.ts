/** Values that somebody who means harm says, whatever he was asked for. */

/** A file that a command in one of the values would make. */
export const canaryCommand = (canary: string): string => `touch ${canary}`;

/** Texts that would be an option, a command, a reference, a path, a key, markup or an order to a terminal. */
export function hostileTexts(canary: string): string[] {
  const command = canaryCommand(canary);
  return [
    `--upload-pack=${command};:`,
    `-c core.sshCommand=${command}`,
    `--exec=${command}`,
    `$(${command})`,
    `\`${command}\``,
    `'; ${command}; '`,
    `ext::sh -c ${command.replaceAll(' ', '% ')}`,
    '--',
    '-',
    'main',
    '+main',
    '+refs/heads/*:refs/heads/*',
    'refs/heads/main',
    '^main',
    '0'.repeat(40),
    'f'.repeat(40),
    'F'.repeat(64),
    '../../../../etc/passwd',
    '/etc/passwd',
    '..',
    '.',
    '',
    '__proto__',
    'constructor',
    'x\u0000y',
    'x\ny\r\nz',
    '\u001b[2J\u001b]0;title\u0007',
    '\u009b31m',
    'abc\u202edcba\u2066',
    '\u2028\u2029',
    '\ud800',
    'x\udc00',
    '<img src=x onerror=alert(1)>',
    '</script><script>alert(1)</script>',
    'postgres://user:hunter22@db/app',
    '%00%0a%2e%2e%2f',
    '9'.repeat(400),
    'x'.repeat(5000),
    'file:///etc',
    '2026-11-23T17:15:01.250Z\nforged line',
  ];
}

/** Values that are no text, where a text is expected, or the other way round. */
export const HOSTILE_OTHERS: readonly unknown[] = [
  -1,
  1.5,
  1e308,
  2 ** 53,
  -0,
  true,
  null,
  [],
  {},
  [[[]]],
  JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
];

/** What a terminal, a log or a reader of a page acts on without showing it. */
export const UNPRINTABLE = /(?!\n|\t)[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u;
