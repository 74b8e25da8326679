import { spawnSync } from 'node:child_process';
import fc from 'fast-check';

import { quoteForShell } from '../../../nodes/shared/connection/shellQuote';
import { DeployError } from '../../../nodes/shared/errors';
import {
  interpreterArguments,
  type InterpreterOptions,
  passwordLine,
} from '../../../nodes/shared/executor/interpreter';
import { ANNOUNCED_BOOTSTRAP, BOOTSTRAP } from '../../../nodes/shared/executor/program';
import { printable } from '../../../nodes/shared/text/printable';

type Field = 'python' | 'container' | 'containerCommand';

const FIELDS: Array<[Field, string, RegExp]> = [
  ['python', 'Python', /^[\w.+/][\w.+/-]*$/],
  ['container', 'Container', /^[A-Za-z0-9][\w.-]*$/],
  ['containerCommand', 'Container Command', /^[\w.+/][\w.+/-]*$/],
];

/** Names that are tried on purpose; what they would do if they got through is harmless. */
const HOSTILE = [
  '-c',
  '--privileged',
  '-',
  'python3 -c pass',
  'python3\tx',
  'python3\n',
  '\npython3',
  'a\nb',
  '$(id)',
  '`id`',
  "'; id; '",
  '"',
  'a;b',
  'a|b',
  'a&b',
  '~/python',
  'a=b',
  'a\\b',
  'a*',
  '#',
  '!',
  '\0',
  'pythön',
  '\u{1f600}',
];

function options(field: Field, value: string): InterpreterOptions {
  return { python: 'python3', become: 'none', runtime: 'container', container: 'engine', [field]: value };
}

/** The arguments, or the sentence in which they are refused. */
function attempt(field: Field, value: string): string[] | DeployError {
  try {
    return interpreterArguments(options(field, value));
  } catch (error) {
    return error as DeployError;
  }
}

/** Texts that come near the border between what is allowed and what is not. */
const nearly = fc.string({
  unit: fc.constantFrom(...'abzAZ059_.+-/', ' ', '\n', '$', "'", '"', '\\', '`', '\0', '=', '~', ';', 'é'),
  maxLength: 8,
});
const anyText = fc.oneof(nearly, fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE));

describe.each(FIELDS)('P7: %s', (field, label, allowed) => {
  it('any text is either refused, or is made of harmless characters and arrives as it is', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const argv = attempt(field, value);
        if (argv instanceof DeployError) {
          expect(argv.code).toBe('INPUT');
          const told = value ? `${label} ${printable(JSON.stringify(value))} can't` : `${label} is empty`;
          expect(argv.message.slice(0, told.length)).toBe(told);
          expect(allowed.test(value)).toBe(false);
          return;
        }
        expect(value).toMatch(allowed);
        const named = { python: 'python3', container: 'engine', containerCommand: 'docker', [field]: value };
        const { python, container, containerCommand } = named;
        expect(argv).toEqual([
          containerCommand,
          'exec',
          '-i',
          '--',
          container,
          python,
          '-I',
          '-S',
          '-X',
          'utf8',
          '-c',
          BOOTSTRAP,
        ]);
      }),
      { numRuns: 2000 },
    );
  });

  it.each(HOSTILE)('%j is refused', (value) => {
    expect(attempt(field, value)).toMatchObject({ code: 'INPUT' });
  });
});

it('P7: what is allowed passes a shell as it is', () => {
  const names = fc.stringMatching(/^[A-Za-z0-9_.+/][A-Za-z0-9_.+/-]{0,20}$/);
  fc.assert(
    fc.property(names, (python) => {
      const argv = interpreterArguments({ python, become: 'sudo', runtime: 'host' });
      const { stdout } = spawnSync('sh', ['-c', quoteForShell(['printf', '%s\\0', ...argv])], {
        encoding: 'utf8',
      });
      expect(stdout.split('\0').slice(0, -1)).toEqual(argv);
    }),
    { numRuns: 40 },
  );
});

it.each([
  ['none' as const, []],
  ['sudo' as const, ['sudo', '-n', '--']],
  ['sudoPassword' as const, ['env', 'LANGUAGE=en', 'sudo', '-k', '-S', '-p', '', '--']],
])('become %s comes first', (become, prefix) => {
  const bootstrap = become === 'sudoPassword' ? ANNOUNCED_BOOTSTRAP : BOOTSTRAP;
  const python = ['python3', '-I', '-S', '-X', 'utf8', '-c', bootstrap];
  expect(interpreterArguments({ python: 'python3', become, runtime: 'host' })).toEqual([
    ...prefix,
    ...python,
  ]);
  expect(
    interpreterArguments({
      python: 'python3',
      become,
      runtime: 'container',
      container: 'engine',
      containerCommand: 'podman',
    }),
  ).toEqual([...prefix, 'podman', 'exec', '-i', '--', 'engine', ...python]);
});

it('P7: a password that would end its line is refused, without being shown', () => {
  for (const password of [undefined, '']) {
    expect(() => passwordLine(password)).toThrow('Sudo Password is empty.');
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (password) => {
      try {
        expect(passwordLine(password)).toEqual(Buffer.from(`${password}\n`));
        expect(password).not.toMatch(/\p{Cc}/u);
      } catch (error) {
        if (!(error instanceof DeployError)) throw error;
        expect(password).toMatch(/\p{Cc}/u);
        expect(error.message).toMatch(/^Sudo Password holds a line break/);
      }
    }),
  );
});
