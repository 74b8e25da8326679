/** What is said of runs that could not be started, or put out something else than was asked for. */
import type { RunFacts } from '../../../nodes/shared/run/ending';
import { noFile, notStarted, otherRun, runFailed, tooLong } from '../../../nodes/shared/run/refusals';
import type { RunRequest } from '../../../nodes/shared/run/request';
import type { RunResult } from '../../../nodes/shared/run/runResult';
import { tail } from '../../../nodes/shared/run/tail';

const request = {
  start: { kind: 'script', name: 'scripts/report.py' },
  basePath: '/app',
  workingDirectory: 'jobs',
} as RunRequest;

type Failed = NonNullable<RunFacts['failed']>;

test.each<[Failed, string, RegExp]>([
  [
    { failed: 'workingDirectory', said: 'No such file', path: '/app/jobs' },
    'INPUT',
    /^Working Directory "jobs" can't be entered: No such file\.$/,
  ],
  [{ failed: 'programMissing' }, 'NOT_FOUND', /^scripts\/report\.py is not in \/app\.$/],
  [
    { failed: 'notStartable', program: 'pdftotext', said: 'No such file' },
    'NOT_FOUND',
    /^pdftotext can't be started: No such file\.$/,
  ],
  [{ failed: 'launcherSaid', said: 'it is gone' }, 'STEP', /^The engine can't be started: it is gone\.$/],
  [{ failed: 'unusable', said: 'embedded null byte' }, 'INPUT', /can't be passed on: embedded null byte\.$/],
  [
    { failed: 'system', said: 'No space left', path: '/app' },
    'STEP',
    /^The run could not be started: No space left \/app$/,
  ],
  [{ failed: 'constructor', said: 'x' }, 'STEP', /^The run could not be started: x$/],
])('%j is %s: %s', (failed, code, message) => {
  const refusal = notStarted(failed, request);
  expect(refusal.code).toBe(code);
  expect(refusal.message).toMatch(message);
});

test('a key that was used for something else is named, and what belongs to a key', () => {
  const { code, message, description } = otherRun('job 1');
  expect({ code, message }).toEqual({ code: 'INPUT', message: 'Run Key "job 1" was used for another run.' });
  expect(description).toContain('arguments');
});

test('one file is wanted: none and several are said with what is there', () => {
  expect(noFile('*.json', [], 2).message).toBe(
    'No file of the output directory matches *.json; there are 2 files in it.',
  );
  const two = ['a.json', 'b.json'].map((path) => ({ path, bytes: 1 }));
  expect(noFile('*.json', two, 2).message).toBe(
    'File *.json matches 2 files of the output directory: a.json and b.json.',
  );
  expect(tooLong({ path: 'a.json', bytes: 11 }, 10).message).toBe(
    'a.json has 11 bytes. As JSON at most 10 are read.',
  );
});

test('a run that did not succeed says what it said last, and its details are the result', () => {
  const result = { status: 'failed', stderr: `${'x\n'.repeat(30)}the end\n`, stdout: 'out' } as RunResult;
  const {
    code,
    message,
    description = '',
    details,
  } = runFailed({ status: 'failed', why: 'It did not.' }, result);
  expect({ code, message }).toEqual({ code: 'RUN', message: 'It did not.' });
  expect(description.split('\n')).toHaveLength(16);
  expect(description).toMatch(/the end$/);
  expect(details).toMatchObject({ status: 'failed', stdout: 'out' });
});

test('the end of what was printed is cut with how much is left out', () => {
  expect(tail(undefined, 10)).toBe('');
  expect(tail({ bytes: 3, head: 3, left: 0, text: 'abc' }, 10)).toBe('abc');
  expect(tail({ bytes: 6, head: 3, left: 4, text: 'äbcde' }, 3)).toBe('[7 bytes left out]\ncde');
  expect(tail({ bytes: 6, head: 3, left: 4 }, 3)).toBe('[10 bytes]');
});
