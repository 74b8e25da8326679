import { existsSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutionError, IDataObject } from 'n8n-workflow';

import { engineVersions, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { checks, hotDeploy, onlyJson, openN8n } from '../support/nodes';

const make = temporaryDirectories();
let n8n: N8n;
let v2: string;
let root: string;
let refusals = 0;

beforeAll(async () => {
  n8n = await openN8n();
  [v2] = await engineVersions(make, 'v2');
  root = await make('engines');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = root;
});

afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  await n8n.close();
});

/** What a deployment with these parameters is refused with; nothing at all may have been made for it. */
async function refusal(parameters: IDataObject): Promise<ExecutionError> {
  const basePath = join(root, `refused-${(refusals += 1)}`);
  const node = hotDeploy({ connection: 'local', basePath, sourceDirectory: v2, ...parameters });
  const error = (await n8n.run(chain(node))).error('Hot Deploy');
  if (!error) throw new Error('It was not refused.');
  expect(existsSync(basePath)).toBe(false);
  return error;
}

/** An expression that yields `value`. */
const yields = (value: unknown) => `={{ ${JSON.stringify(value)} }}`;

test.each<[string, IDataObject, RegExp]>([
  ['Base Path is relative', { basePath: 'app' }, /^Base Path "app" can't be used\. Give the absolute path/],
  ['Base Path is /', { basePath: '/' }, /^Base Path "\/" can't be used\. Give the absolute path/],
  [
    'Base Path is an object',
    { basePath: yields({ path: '/app' }) },
    /^Base Path is \{"path":"\/app"\}\. Give text\./,
  ],
  ['Base Path is a number', { basePath: yields(5) }, /^Base Path "5" can't be used\. Give the absolute path/],
  ['Base Path is empty', { basePath: yields('') }, /^Base Path "" can't be used\. Give the absolute path/],
  [
    'Source Directory is relative',
    { sourceDirectory: 'engine' },
    /^Source Directory is "engine"\. Give the absolute/,
  ],
  [
    'Source Directory is a list',
    { sourceDirectory: yields(['/x']) },
    /^Source Directory is \["\/x"\]\. Give text\./,
  ],
  [
    'Source is unknown',
    { source: yields('ftp') },
    /^Source is "ftp"\. Choose one of: directory, binary, git\./,
  ],
  [
    'Entrypoint leaves',
    { entrypoint: 'src/../../run.py' },
    /^Entrypoint "src\/\.\.\/\.\.\/run\.py" can't be used\./,
  ],
  ['Entrypoint is an object', { entrypoint: yields({}) }, /^Entrypoint is \{\}\. Give text\./],
  [
    'the source holds more than Max Files',
    { options: { maxFiles: 3 } },
    /^The source holds more than 3 entries, the most that is deployed; the limit was passed at "/,
  ],
  [
    'Max Size is 0',
    { options: { maxSizeMegabytes: 0 } },
    /^Max Size \(MB\) is 0\. Give a number that is 1 or more\./,
  ],
  ['Include is empty', { include: yields('') }, /^(Include|The include)[^.]*empty/i],
  ['Include is a list', { include: yields(['src/**']) }, /^Include is \["src\/\*\*"\]\. Give text\./],
  [
    'Include begins with a globstar',
    { include: '**/*.py' },
    /^Include pattern "\*\*\/\*\.py" starts with "\*\*"/,
  ],
  ['Exclude is absolute', { exclude: '/src/tests' }, /^Exclude pattern "\/src\/tests" is absolute/],
  [
    'Keep Releases is text',
    { options: { keepReleases: yields('many') } },
    /^Keep Releases is "many"\. Give a number/,
  ],
  [
    'Keep Releases is 0',
    { options: { keepReleases: 0 } },
    /^Keep Releases is 0\. Give a number that is 1 or more\./,
  ],
  [
    'Keep Backups is a list',
    { options: { keepBackups: yields([3]) } },
    /^Keep Backups is \[3\]\. Give a number/,
  ],
  [
    'Lock Wait is below 0',
    { options: { lockWaitSeconds: -1 } },
    /^Lock Wait \(Seconds\) is -1\. Give a number/,
  ],
  [
    'Create Backup is text',
    { options: { createBackup: yields('no') } },
    /^Create Backup is "no"\. Give true or false\./,
  ],
  [
    'Entrypoint is not in the source',
    { entrypoint: 'main.py' },
    /^The source has no main\.py that the patterns include\./,
  ],
  ['Python is a command line', { options: { python: 'python3 -u' } }, /^Python "python3 -u" can't be used/],
  [
    'n8n Health URL is an object',
    { options: { n8nHealthUrl: yields({}) } },
    /^n8n Health URL is \{\}\. Give text\./,
  ],
])('P3: says so and touches nothing when %s', async (_title, parameters, message) => {
  const { message: shown } = await refusal(parameters);
  expect(shown).toMatch(message);
});

describe('checks', () => {
  const python = { type: 'python', name: 'imports', code: 'import extractor' };

  test.each<[string, IDataObject, string]>([
    [
      'a type is unknown',
      { type: yields('shell') },
      'Type of check 1 is "shell". Choose one of: compile, json, python, command, engine, http, replay.',
    ],
    [
      'a time is unknown',
      { ...python, when: yields('never') },
      'When of check “imports” is "never". Choose one of: before, after, both.',
    ],
    [
      'code is empty',
      { ...python, code: ' ' },
      'Code of check “imports” is empty. Fill it in, or remove the check.',
    ],
    [
      'code is an object',
      { ...python, code: yields({ a: 1 }) },
      'Code of check “imports” is {"a":1}. Give text.',
    ],
    [
      'a command is empty',
      { type: 'command', name: 'smoke' },
      'Command of check “smoke” is empty. Fill it in, or remove the check.',
    ],
    [
      'a command is for a shell',
      { type: 'command', name: 'smoke', command: 'python run.py --version && python src/selftest.py' },
      'Command of check “smoke” has && outside of quotes, which only a shell reads; commands run without one, in the release’s directory.',
    ],
    [
      'a command starts with cd',
      { type: 'command', name: 'smoke', command: 'cd src' },
      'Command of check “smoke” starts with cd, which is a shell’s own; commands run without one, in the release’s directory.',
    ],
    ['a name is an object', { ...python, name: yields({}) }, 'Name of check 1 is {}. Give text.'],
    [
      'a timeout is text',
      { ...python, timeoutSeconds: yields('soon') },
      'Timeout of check “imports” is "soon". Give a number that is 0 or more.',
    ],
    [
      'an environment line has no =',
      { ...python, environment: 'A=1\nsk-secret' },
      'Environment of check “imports”: line 2 is not a variable. Write one NAME=value a line.',
    ],
    [
      'an environment line is the middle of a key',
      { ...python, environment: 'KEY=a\nSecret/Rest==' },
      'Environment of check “imports”: line 2 is not a variable. Write one NAME=value a line.',
    ],
    [
      'an environment object has an object in it',
      { ...python, environment: yields({ A: '1', B: ['secret'] }) },
      'Environment of check “imports”: entry 2 is not a variable. Write one NAME=value a line.',
    ],
    [
      'an environment is a list',
      { ...python, environment: yields(['secret']) },
      'Environment of check “imports”: its value is not a variable. Write one NAME=value a line.',
    ],
  ])('P7: say so, without showing what may be a secret, when %s', async (_title, row, message) => {
    const error = await refusal({ checks: checks(row) });
    expect(error.message).toContain(message);
    expect(`${error.message} ${error.description}`).not.toMatch(/secret/i);
  });

  test('of all types run with their environment, before, after or both', async () => {
    const basePath = join(root, 'checked');
    const json = onlyJson(
      await n8n.run(
        chain(
          hotDeploy({
            connection: 'local',
            basePath,
            sourceDirectory: v2,
            checks: checks(
              { type: 'compile' },
              { type: 'json', name: 'settings', when: 'after' },
              {
                type: 'python',
                name: 'six blocks',
                code: SIX_BLOCKS,
                environment: 'ANTHROPIC_API_KEY=a=b \nB=',
              },
              {
                type: 'command',
                name: 'says hello',
                command: "python -c \"import os; print(os.environ['GREETING'], os.environ['COUNT'])\"",
                when: 'before',
                environment: yields({ GREETING: 'hello', COUNT: 3 }),
              },
            ),
          }),
        ),
      ),
    );
    const ran = (json.checks as IDataObject[]).map(({ name, when, passed }) => [name, when, passed]);
    expect(ran).toEqual([
      ['JSON files are well-formed', 'before', true],
      ['Python files compile (1)', 'before', true],
      ['six blocks', 'before', true],
      ['says hello', 'before', true],
      ['Python files compile (1)', 'after', true],
      ['settings', 'after', true],
      ['six blocks', 'after', true],
    ]);
    expect((json.checks as IDataObject[])[3].output).toBe('hello 3\n');
  });

  test.each([
    ['its own timeout', { timeoutSeconds: 1 }, {}],
    ['the Command Timeout, having none of its own', {}, { commandTimeoutSeconds: 1 }],
  ])('that take too long are ended after %s', async (_title, row, options) => {
    const check = { type: 'python', name: 'slow', code: 'import time; time.sleep(30)', ...row };
    const node = hotDeploy({
      connection: 'local',
      basePath: join(root, 'slow'),
      sourceDirectory: v2,
      checks: checks(check),
      options,
    });
    const error = (await n8n.run(chain(node))).error('Hot Deploy');
    expect(error?.message).toMatch(/^Check “slow” did not pass before the switch: no end within 1 s\./);
  });
});

const SIX_BLOCKS = `
import os
from extractor import EvidenceExtractor
assert os.environ['ANTHROPIC_API_KEY'] == 'a=b '
assert len(EvidenceExtractor('config/default_config.json').blocks) == 6
`;
