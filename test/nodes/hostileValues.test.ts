/** Whatever is entered for a parameter, what comes of it is a value or a sentence. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import type { Field, Option, Place } from '../../nodes/n8n/field';
import { within } from '../../nodes/n8n/field';
import { readChecks } from '../../nodes/n8n/checkFields';
import { OPERATIONS } from '../../nodes/operations';
import { DeployError } from '../../nodes/shared/errors';
import { deployTo, PYTHON, temporaryDirectories } from '../support/deployment';
import { hostileValue } from '../support/hostileTexts';
import { chain, type N8n } from '../support/n8n';
import { hotDeploy, openN8n, rollback, runEngine } from '../support/nodes';
import { holds } from '../support/property';
import { thrownBy } from '../support/thrown';

const make = temporaryDirectories();
const operations = Object.entries(OPERATIONS).flatMap(([node, all]) =>
  all.map((operation): [string, string, (typeof all)[number]] => [node, operation.value, operation]),
);
const FIELDS = [
  ...new Set<Field | Option>(operations.flatMap(([, , each]) => [...each.fields, ...each.options])),
].map((field): [string, Field<unknown, Place>] => [field.property.displayName.slice(0, 60), field]);

/** What no message may be: words of programs about themselves. */
const NO_SENTENCE =
  /Traceback|TypeError|Cannot read|Unicode\w*Error|ValueError|OverflowError|stopped unexpectedly|internal|undefined|is not a function/;
/** Scales the runs with a whole engine up. */
const RUNS = Number(process.env.HOT_DEPLOY_FUZZ_RUNS ?? 8);

/** By the node's folder, how one is made. An engine's run prints 1 and ends. */
const MADE: Readonly<Record<string, typeof hotDeploy>> = {
  HotDeploy: hotDeploy,
  RollbackExtractionEngine: rollback,
  RunExtractionEngine: runEngine,
};

function reading({ place, property, read }: Field<unknown, Place>, value: unknown): unknown {
  const entered = { [property.name]: value };
  return read(within(place === 'options' ? { options: entered } : entered));
}

/** Fails for whatever is thrown that isn't a refusal in a sentence. */
function refusesInWords(work: () => unknown, name?: string): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(DeployError);
    const { code, message } = error as DeployError;
    expect(code).toBe('INPUT');
    expect(message).not.toMatch(NO_SENTENCE);
    expect(message).not.toMatch(/[\0\ud800-\udfff]/u);
    if (name !== undefined) expect(message.toLowerCase()).toContain(name.toLowerCase());
  }
}

test.each(FIELDS)('%s: anything that is entered is a value or refused in words', (_name, field) => {
  holds(hostileValue, (value) => refusesInWords(() => reading(field, value)), 300);
});

test.each(FIELDS.filter(([, { property }]) => property.type === 'string'))(
  '%s: halves of characters and the character 0 are refused, with the name of the field',
  (name, field) => {
    for (const value of ['a\0b', '/a\ud800', '\udfff']) {
      expect(() => reading(field, value)).toThrow(DeployError);
      refusesInWords(() => reading(field, value), name);
    }
  },
);

test('rows of checks: anything that is entered is a check or refused in words', () => {
  const members = ['type', 'name', 'code', 'command', 'when', 'timeoutSeconds', 'environment'];
  const row = fc.dictionary(fc.constantFrom(...members), hostileValue);
  holds(fc.array(row, { maxLength: 2 }), (check) =>
    refusesInWords(() => readChecks(within({ checks: { check } }))),
  );
});

describe('with a real engine', () => {
  let n8n: N8n;
  let source: string, basePath: string;

  beforeAll(async () => {
    n8n = await openN8n();
    [source, basePath] = [await make('source'), await make()];
    process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = '/tmp';
    writeFileSync(join(source, 'run.py'), 'print(1)\n');
    await deployTo(basePath, source);
  });

  test('every parameter of every operation, with anything in it, ends in a result or a sentence', async () => {
    const cases = operations.flatMap(([node, value, { fields, options }]) =>
      [...fields, ...options].map(({ place, property }) => ({ node, value, place, name: property.name })),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cases), hostileValue, async (given, entered) => {
        const usual: IDataObject = { connection: 'local', basePath, operation: given.value };
        if (given.value !== 'detach') Object.assign(usual, { sourceDirectory: source, target: 'previous' });
        const yielding = { [given.name]: `={{ ${expressionOf(entered)} }}` };
        const parameters =
          given.place === 'options'
            ? { ...usual, options: { python: PYTHON, ...yielding } }
            : { ...usual, ...yielding };
        const made = MADE[given.node](parameters);
        // What n8n itself refuses before it runs anything is thrown.
        const error = await n8n.run(chain(made)).then(
          (ended) => ended.error(made.name),
          (thrown: Error) => thrown,
        );
        const { message = '', description = '' } = { description: '', ...error, message: error?.message };
        expect({ ...given, said: `${message}\n${description ?? ''}` }).toEqual({
          ...given,
          said: expect.not.stringMatching(NO_SENTENCE) as string,
        });
      }),
      { numRuns: RUNS, ...seed() },
    );
  });

  test('names that the locale of the engine’s side lacks are deployed as they are', async () => {
    const python = join(await make('python'), 'ascii-python');
    const start = `#!/bin/sh\nLC_ALL=C PYTHONIOENCODING=ascii exec ${PYTHON} "$@"\n`;
    writeFileSync(python, start, { mode: 0o755 });
    const named = await make('named');
    mkdirSync(join(named, 'src'));
    writeFileSync(join(named, 'run.py'), 'print(2)\n');
    writeFileSync(join(named, 'src/größe….py'), '');
    expect((await deployTo(basePath, named, {}, { python })).status).toBe('deployed');
    expect(existsSync(join(basePath, 'src/größe….py'))).toBe(true);
    expect((await deployTo(basePath, named)).status).toBe('unchanged');
  });

  test.each(['²', '99999999999999999999', 'nobody:²', '4294967295'])(
    'Owner %j is nobody, which is said in words',
    async (owner) => {
      const error = await thrownBy(deployTo(basePath, source, { owner }));
      expect(error.message).not.toMatch(NO_SENTENCE);
      expect(error.message).toContain(owner.replace('nobody:', ''));
    },
  );

  test.each([{ owner: 'a\0b' }, { owner: '\ud800' }])(
    'what got past everything else is refused by the engine’s side in words: %j',
    async (changes) => {
      const error = await thrownBy(deployTo(basePath, source, changes));
      expect(error.message).toMatch(/U\+0000|can’t be written on the engine’s side/);
    },
  );
});

/** JavaScript that n8n's expressions evaluate to a value. */
function expressionOf(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return JSON.stringify(value)
    .replace(/\}\}/g, '} }')
    .replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

function seed(): { seed: number } {
  const given = process.env.HOT_DEPLOY_FUZZ_SEED;
  const number = given === undefined ? Date.now() | 0 : Number(given);
  process.stderr.write(`engine: seed ${number}, ${RUNS} runs (HOT_DEPLOY_FUZZ_SEED=${number})\n`);
  return { seed: number };
}
