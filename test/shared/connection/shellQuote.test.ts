import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';

import { quoteForShell } from '../../../nodes/shared/connection/shellQuote';

/** Every shell present that reads POSIX words; sh and bash have to be. */
const SHELLS: ReadonlyArray<readonly string[]> = [
  ['sh'],
  ['bash'],
  ...[['dash'], ['busybox', 'sh'], ['zsh']].filter(([program]) => isInstalled(program)),
];

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program]);
    return true;
  } catch {
    return false;
  }
}

/** What a program gets as its arguments when `shell` runs the command made of `args`. */
function throughShell(shell: readonly string[], args: readonly string[]): string[] {
  const command = quoteForShell(['printf', '%s\\0', ...args]);
  const [program, ...options] = shell;
  const output = execFileSync(program, [...options, '-c', command], { encoding: 'utf8' });
  return output.split('\0').slice(0, -1);
}

const argument = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...'\'"\\$`!*?[]{}()<>|&;#~= \t\r%^-'), maxLength: 20 }),
  )
  .map((text) => text.replace(/[\0\n]/g, ''));

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('%s', (_name, shell) => {
  it('P7: gets exactly the arguments back, whatever text they are', () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 50, maxLength: 100 }), (args) => {
        expect(throughShell(shell, args)).toEqual(args);
      }),
      { numRuns: 15 },
    );
  });

  it('P7: runs nothing that an argument spells out', () => {
    const hostile = [
      '$(echo x)',
      '`echo x`',
      '; echo x',
      '&& echo x',
      "'; echo x; '",
      '$HOME',
      '~',
      '*',
      '=ls',
    ];
    expect(throughShell(shell, hostile)).toEqual(hostile);
  });
});

it.each([['A=1'], ['if'], ['time'], ['a b']])(
  'P7: takes %j for a program, not for shell syntax',
  (program) => {
    expect(quoteForShell([program, 'x'])).toBe(`'${program}' x`);
  },
);

it('leaves plain words readable', () => {
  expect(quoteForShell(['/usr/bin/python3', '-u', 'a@b:1,2+3%', 'K=v'])).toBe(
    '/usr/bin/python3 -u a@b:1,2+3% K=v',
  );
  expect(quoteForShell(['echo', '', "it's"])).toBe(`echo '' 'it'\\''s'`);
});

it.each(['a\nb', 'a\0b'])('P7: refuses %j, which no shell word over SSH can carry', (bad) => {
  expect(() => quoteForShell(['echo', bad])).toThrow(
    expect.objectContaining({
      code: 'INPUT',
      message:
        "Argument 1 of the command holds a line break or NUL, which can't be sent over SSH; remove it.",
    }),
  );
});

it.each([[[]], [['']]])('refuses %j, which names no program', (argv) => {
  expect(() => quoteForShell(argv)).toThrow('The command names no program; give one as its first word.');
});
