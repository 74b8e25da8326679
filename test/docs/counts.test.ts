/** Numbers that the documentation says, beside what they count: the code's own constants, and recorded results. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { sshWayFields } from '../../credentials/sshWayFields';
import { OPERATIONS } from '../../nodes/operations';
import {
  LISTED_PATHS,
  LONGEST_WORDS,
  MANY,
  MOST_CHANGES,
  MOST_RUNS,
} from '../../nodes/shared/contract/limits';
import { READING_VERBS, VERBS } from '../../nodes/shared/contract/verbs';
import { LONGEST_MESSAGE } from '../../nodes/shared/contract/wire';
import { NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import { SILENCE_SECONDS } from '../../nodes/shared/executor/program';
import { DEFAULT_LIMITS } from '../../nodes/shared/source/bundle';
import { SIMPLIFIED } from '../../nodes/n8n/switchItem';
import { readRecorded, type Recorded } from '../../scripts/documents/measurementTable';
import { productFiles, ROOT } from '../support/productFiles';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** A page as one line, so that it does not matter where its lines end and how wide its tables are. */
const said = (path: string) => read(path).replace(/\s+/g, ' ');

/** The number that a line of the sources gives to a name, such as `MOST = 1000`; products are multiplied. */
function constant(path: string, name: string): number {
  const [, value] = new RegExp(`\\b${name}(?:: \\w+)? = ([\\d_*\\s]+)`).exec(read(path)) ?? [];
  if (value === undefined) throw new Error(`${path} has no number ${name}`);
  return value
    .replaceAll('_', '')
    .split(/\*\*/)
    .map((part) => part.split('*').reduce((product, factor) => product * Number(factor), 1))
    .reduce((base, exponent) => base ** exponent);
}

const number = (value: number) => value.toLocaleString('en');

/** The numbers of the lines of an option's field. */
function optionOf(name: string): { default: unknown; typeOptions?: { maxValue?: number } } {
  const all = Object.values(OPERATIONS).flatMap((operations) =>
    operations.flatMap(({ fields, options }) => [...fields, ...options]),
  );
  const found = all.find(({ property }) => property.name === name)?.property;
  if (!found) throw new Error(`There is no parameter ${name}`);
  return found;
}

const usual = (name: string) => number(optionOf(name).default as number);

describe('docs/reference/limits.md says the limit of', () => {
  const processes = 'executor/hot_deploy/processes.py';
  const cache = 'nodes/shared/git/cache.ts';
  const keptOutput = 'executor/hot_deploy/kept_output.py';
  const steps = 'nodes/shared/executor/stepLimits.ts';
  const least = constant('nodes/n8n/executors.ts', 'LEAST_COMMAND_SECONDS');
  const parts = 'nodes/shared/contract/parts.ts';
  const health = 'nodes/n8n/n8nProcess.ts';
  const MIB = 1024 ** 2;
  const idle = sshWayFields.find(({ name }) => name === 'idleTimeoutSeconds')?.default as number;
  test.each([
    ['files, links and empty directories of a source', number(DEFAULT_LIMITS.maxEntries)],
    ['content of a source, unpacked', `${number(DEFAULT_LIMITS.maxBytes / 1024 ** 2)} MB`],
    ['depth of directories', number(constant('executor/hot_deploy/layout.py', 'MAX_DEPTH'))],
    ['paths that an output lists of each kind', number(LISTED_PATHS)],
    [
      'links of a release to names beside, where runs are not started in it',
      number(constant('executor/hot_deploy/beside.py', 'MOST_NAMES')),
    ],
    [
      'output of a check in the item',
      `the first ${constant(processes, 'HEAD_BYTES') / 1024} KiB and the last ${constant(processes, 'TAIL_BYTES') / 1024} KiB`,
    ],
    [
      'output of a check that is shown live',
      `${constant('executor/hot_deploy/shown.py', 'STREAMED_BYTES') / 1024} KiB`,
    ],
    [
      'changes that _Get History_ returns',
      `${number(MOST_CHANGES)}; ${usual('limit')} unless _Limit_ says otherwise`,
    ],
    ['time that a check may take', `${usual('commandTimeoutSeconds')} seconds`],
    ['time that installing packages may take', `${NO_DEPENDENCIES.timeoutSeconds} seconds`],
    [
      'a step on the engine’s side, as n8n waits for it',
      `what it was told to wait, and ${constant(steps, 'LONG')} times _Command Timeout_; at least ${(constant(steps, 'LONG') * least) / 60} minutes`,
    ],
    ['releases, backups and environments that a list names', `the newest ${number(MANY)}`],
    [
      'runs that _Get Many Runs_ lists and _Stop Runs_ ends at once',
      `the oldest ${number(MOST_RUNS)}; commands are cut after ${number(constant('executor/hot_deploy/run_facts.py', 'LONGEST_SHOWN'))} characters`,
    ],
    ['time that a run may take', `${usual('timeoutSeconds')} seconds`],
    [
      'items of an execution that run at once',
      `${usual('concurrency')}; the option _Concurrency_, at most ${optionOf('concurrency').typeOptions?.maxValue}`,
    ],
    ['runs that _Engine Limit_ may allow', number(optionOf('engineLimit').typeOptions?.maxValue ?? 0)],
    [
      'what is kept of a run’s standard output',
      `${constant(keptOutput, 'MOST_STDOUT') / MIB} MiB: the first ${constant(keptOutput, 'HEAD_BYTES') / 1024} KiB, and the end`,
    ],
    [
      'what is kept of a run’s standard error',
      `${constant(keptOutput, 'MOST_STDERR') / 1024} KiB: the first ${constant(keptOutput, 'STDERR_HEAD_BYTES') / 1024} KiB, and the end`,
    ],
    [
      'files of a run’s output directory that are listed',
      number(constant('executor/hot_deploy/run_directories.py', 'MOST_FILES')),
    ],
    [
      'outcomes of runs with a Run Key that are kept',
      `${number(constant('executor/hot_deploy/run_leftovers.py', 'KEPT_OUTCOMES'))} of an engine, each for 7 days`,
    ],
    [
      'what is read of the history',
      `its last ${constant('executor/hot_deploy/history.py', 'LONGEST_READ') / MIB} MiB`,
    ],
    [
      'one message from the engine’s side',
      `${LONGEST_MESSAGE / MIB} MiB; long lists come in parts, ${constant(parts, 'LONGEST_LISTS') / MIB} MiB for an answer, ${constant(parts, 'LONGEST_MANIFEST') / MIB} MiB for one`,
    ],
    [
      'answer of n8n’s health URL',
      `its first line, within ${constant(health, 'ANSWER_MS') / 1000} seconds and ${constant(health, 'MOST_REDIRECTS')} redirects`,
    ],
    [
      'single-line texts, patterns in a list',
      `${number(LONGEST_WORDS)} characters; ${number(constant('nodes/n8n/selectionFields.ts', 'MOST_PATTERNS'))} patterns`,
    ],
    ['silence of n8n until the engine’s side takes things back', `${SILENCE_SECONDS} seconds`],
    ['silence of the host until n8n takes it for lost', `${idle} seconds`],
    ['releases and backups that are kept', `${usual('keepReleases')} of each`],
    [
      'repositories in the Git cache, and the size of each',
      `${constant(cache, 'MOST_REPOSITORIES')}, and ${constant(cache, 'LARGEST_REPOSITORY') / 1024 ** 3} GiB`,
    ],
    [
      'deliveries that the trigger remembers',
      `${constant('nodes/shared/push/deliveries.ts', 'MAX_REMEMBERED')}; of ${number(constant('nodes/shared/push/deliveries.ts', 'MAX_BODIES'))} the digest of the body`,
    ],
    [
      'age of a push that GitLab signed with a signing token',
      `${constant('nodes/shared/push/signature.ts', 'MAX_AGE_SECONDS') / 60} minutes`,
    ],
  ])('%s: %s', (what, limit) => {
    expect(said('docs/reference/limits.md').replaceAll("'", '’')).toContain(`| ${what} | ${limit}`);
  });

  test('and no other', () => {
    expect(optionOf('limit').typeOptions?.maxValue).toBe(MOST_CHANGES);
    expect(usual('keepBackups')).toBe(usual('keepReleases'));
    expect(read('docs/reference/limits.md').match(/^\| [a-z]/gm)).toHaveLength(30);
  });
});

describe('numbers in sentences', () => {
  const drain = constant('nodes/shared/release/decide/switching.ts', 'DRAIN_SECONDS');
  const remembered = constant('nodes/shared/push/deliveries.ts', 'MAX_REMEMBERED');
  const listAll = constant('nodes/shared/release/observe/comparison.ts', 'LIST_ALL_BELOW');
  const streamed = constant('executor/hot_deploy/shown.py', 'STREAMED_BYTES') / 1024;
  test.each([
    [
      'docs/explanation/how-it-works.md',
      `the _verbs_ of the contract: ${Object.keys(VERBS).length} of them, ${READING_VERBS.length} of which change nothing`,
    ],
    ['docs/explanation/how-it-works.md', `(above ${listAll} files) digests of the directories`],
    ['docs/explanation/limits.md', `The switch waits up to ${drain} s for them`],
    ['docs/reference/checks.md', `at most ${streamed} KiB of it are sent`],
    ['docs/reference/hot-deploy-trigger.md', `the moves of the last ${remembered} that started something`],
    ['docs/reference/hot-deploy.md', `Lists of paths hold at most ${number(LISTED_PATHS)}`],
  ])('%s: %s', (page, sentence) => {
    expect(said(page)).toContain(sentence);
  });

  test('ten releases are kept, and ten fields are in a simplified output', () => {
    expect([SIMPLIFIED.length, usual('keepReleases')]).toEqual([10, '10']);
    expect(said('docs/reference/hot-deploy.md')).toContain('keeps ten fields of it');
    expect(said('docs/how-to/prune.md')).toContain('keeps ten releases and ten backups');
  });
});

type Times = Recorded['times'][number];

/** The first times of a recorded result. */
function timesOf(name: string): Times {
  const [times] = readRecorded(name).times;
  if (!times) throw new Error(`${name} has no times`);
  return times;
}

describe('round trips', () => {
  const tests = read('test/shared/deployment/unchanged.test.ts');
  const atMost = [...tests.matchAll(/'a (deployment|rollback)[^']* takes at most (\d+)/g)].map(
    ([, , most]) => most,
  );

  test('are those that tests allow', () => {
    expect(atMost).toHaveLength(2);
    const [deploying = '', rollingBack = ''] = atMost;
    const both = `at most ${deploying} round trips after the handshake, and a rollback at most ${rollingBack}`;
    expect(said('docs/explanation/how-it-works.md')).toContain(both);
    const each = `at most ${deploying} for a deployment, at most ${rollingBack} for a rollback`;
    expect(said('docs/decisions/one-conversation.md')).toContain(each);
  });

  test('are those that were measured', () => {
    const rows = [...read('docs/explanation/how-it-works.md').matchAll(/^\| \d .*$/gm)].map(([row]) =>
      row.split('|'),
    );
    const always = rows.filter(
      ([, , deploying = '']) => deploying.trim() && !deploying.trim().startsWith('('),
    );
    const large = rows.filter(([, , deploying = '']) => deploying.includes('(above'));
    const back = rows.filter(([, , , rollingBack = '']) => rollingBack.trim());
    const [small, many] = [timesOf('2026-11-26'), timesOf('2026-11-29')];
    expect({ deploy: always.length, rollback: back.length }).toEqual(small.roundTrips);
    expect({ deploy: always.length + large.length, rollback: back.length }).toEqual(many.roundTrips);
  });
});

test('measured numbers in sentences are the recorded ones', () => {
  const [small, many, worn] = ['2026-11-26', '2026-11-29', '2026-11-29-worn'].map(timesOf) as [
    Times,
    Times,
    Times,
  ];
  const { memory } = readRecorded('2026-11-26');
  const ms = ({ median }: { median: number }) => `${number(Math.round(median))} ms`;
  const slower = (worn.ours.median / worn.rsync.median).toFixed(1);
  const sentences: Array<[string, string]> = [
    [
      'README.md',
      `one file of ${small.files} was deployed in ${ms(small.ours)} and taken back in ${ms(small.rollback)}`,
    ],
    [
      'docs/decisions/no-hard-links.md',
      `a deployment of ${number(many.files)} files took ${ms(many.ours)}, rsync with hard links ${ms(many.rsync)}`,
    ],
    ['docs/decisions/no-hard-links.md', `it took ${slower} times rsync's time`],
    ['docs/explanation/numbers.md', `took ${slower} times rsync's time`],
    [
      'docs/explanation/numbers.md',
      `${memory?.sourceMiB} MiB added ${memory?.archiveMiB} MiB to Node's memory as an archive, and ${memory?.directoryMiB} MiB`,
    ],
    [
      'docs/decisions/streamed-program.md',
      `Capistrano opened ${small.traffic.capistrano?.channels} sessions`,
    ],
  ];
  for (const [page, sentence] of sentences) expect(said(page)).toContain(sentence);
});

test('the environment variables are those that the code reads', () => {
  const files = [...productFiles().map(read), read('nodes/n8n/fileAccess.ts')];
  const known = new Set(
    files.flatMap((text) => text.match(/\bN8N_(?:HOT_DEPLOY_[A-Z_]+|RESTRICT_[A-Z_]+)/g) ?? []),
  );
  const listed = [...read('docs/reference/environment-variables.md').matchAll(/^\| `(N8N_\w+)`/gm)];
  expect(listed.map(([, name]) => name).sort()).toEqual([...known].sort());
});

test('the codes of errors are those of the code', () => {
  const [type] = /export type DeployErrorCode =[^;]*;/.exec(read('nodes/shared/errors.ts')) ?? [''];
  const codes = [...type.matchAll(/'(\w+)'/g)].map(([, code]) => code);
  const listed = [...read('docs/reference/statuses-and-errors.md').matchAll(/^\| `([A-Z_]+)`/gm)];
  expect(listed.map(([, code]) => code).sort()).toEqual(codes.sort());
});

test('README stays one page', () => {
  expect(read('README.md').split('\n').length).toBeLessThanOrEqual(150);
});
