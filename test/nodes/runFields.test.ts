/** How the parameters of Run Extraction are read: defaults, and what can't be used, by its field and value. */
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';

import { within } from '../../nodes/n8n/field';
import { isPinnedAsBatch, readBounds, readLanes } from '../../nodes/RunExtractionEngine/fields/bounds';
import { readWanted } from '../../nodes/RunExtractionEngine/fields/output';
import { secretsIn } from '../../nodes/RunExtractionEngine/fields/secrets';
import { readStart } from '../../nodes/RunExtractionEngine/fields/start';
import { DeployError } from '../../nodes/shared/errors';

/** What is thrown by something that is read, which has to be a refusal of the input. */
function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof DeployError && error.code === 'INPUT') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

const options = (values: object) => within({ options: values });

test('a new node runs the entrypoint run.py of what is live, within ten minutes, one item after the other', () => {
  const read = within({});
  expect(readStart(read)).toEqual({
    start: { kind: 'entrypoint', name: 'run.py' },
    arguments: [],
    release: undefined,
  });
  expect(readBounds(read)).toEqual({
    workingDirectory: '',
    environment: {},
    timeoutSeconds: 600,
    memoryLimitMegabytes: 0,
    recordInputs: 0,
    engineLimit: 0,
    runAs: '',
    runKey: '',
    repeatable: false,
    successExitCodes: [0],
    rules: [],
    retries: 0,
    retryOn: ['failed', 'killed', 'timedOut', 'connection'],
  });
  expect(readWanted(read)).toEqual({ kind: 'json', place: { from: 'stdout' } });
  expect(readLanes(read)).toBe(1);
  expect(isPinnedAsBatch(read)).toBe(true);
});

test('what is started, and with which words', () => {
  const read = within({
    start: 'module',
    module: ' extractor.main ',
    arguments: ['--pages', 3],
    release: '20261123-171501-3f2a9c1',
  });
  expect(readStart(read)).toEqual({
    start: { kind: 'module', name: 'extractor.main' },
    arguments: ['--pages', '3'],
    release: '20261123-171501-3f2a9c1',
  });
});

test.each<[string, object, RegExp]>([
  ['nothing to start', { start: 'program', program: '  ' }, /^Program is empty\./],
  ['an option as a module', { start: 'module', module: '-c' }, /^Module "-c" can't be used\./],
  ['a script that leaves', { start: 'script', script: '../x.py' }, /^Script "\.\.\/x\.py" can't be used\./],
  ['an absolute entrypoint', { entrypoint: '/app/run.py' }, /^Entrypoint "\/app\/run\.py" can't be used\./],
  ['a release that is none', { release: 'latest' }, /^Release "latest" is not a release id/],
  ['arguments that are none', { arguments: [{}] }, /^Arguments holds something else than texts\./],
])('%s is refused by its field and value', (_name, values, message) => {
  expect(refusalOf(() => readStart(within(values)))).toMatch(message);
});

test.each<[string, object, RegExp]>([
  ['more at once than there may be', { concurrency: 33 }, /^Concurrency is 33\./],
  ['half an item', { concurrency: 1.5 }, /^Concurrency is 1\.5\./],
  ['a limit beyond all', { engineLimit: 1001 }, /^Engine Limit is 1001\./],
  ['no end of retries', { retries: 101 }, /^Retries is 101\./],
  ['an exit code that is none', { successExitCodes: '0, 300' }, /^Success Exit Codes/],
  ['a cause that is none', { retryOn: ['bad luck'] }, /^Retry On/],
  ['a rule that is none', { successRule: 'failed =' }, /^Success Rule: "failed ="/],
  ['a variable that is none', { environment: 'no variable' }, /^Environment: line 1/],
])('%s is refused by its field', (_name, values, message) => {
  expect(refusalOf(() => readBounds(options(values)))).toMatch(message);
});

test.each<[object, unknown]>([
  [
    { output: 'files', outputFiles: '*.xlsx, a/**' },
    { kind: 'files', patterns: ['*.xlsx', 'a/**'] },
  ],
  [{ output: 'jsonLines' }, { kind: 'jsonLines' }],
  [{ output: 'text' }, { kind: 'text' }],
  [
    { jsonFrom: 'marker', marker: 'RESULT:' },
    { kind: 'json', place: { from: 'marker', marker: 'RESULT' } },
  ],
  [
    { jsonFrom: 'file', outputFile: '*.json' },
    { kind: 'json', place: { from: 'file', pattern: '*.json' } },
  ],
])('%j asks for %j', (values, wanted) => {
  expect(readWanted(within(values))).toEqual(wanted);
});

test('a marker and a file have to be named', () => {
  expect(refusalOf(() => readWanted(within({ jsonFrom: 'marker', marker: '' })))).toMatch(
    /^Marker is empty\./,
  );
  expect(refusalOf(() => readWanted(within({ jsonFrom: 'file', outputFile: '' })))).toMatch(
    /^Output File is empty\./,
  );
});

test('P7: secrets are read from the credential, and a wrong line is not quoted', () => {
  const credential = (values: ICredentialDataDecryptedObject) => () => secretsIn(values);
  expect(credential({ secretVariables: 'API_KEY=a=b\n', pass: 'stdin' })()).toEqual({
    secrets: { API_KEY: 'a=b' },
    secretsOnStdin: true,
  });
  const refusal = refusalOf(credential({ secretVariables: 'sk-very-secret' }));
  expect(refusal).toMatch(/line 1 is not a variable/);
  expect(refusal).not.toContain('sk-');
});
