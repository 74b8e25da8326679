/** Every field of every answer and record, with every value of somebody who means harm; sources from Git, too. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Form } from '../../../nodes/shared/contract/shape';
import { ended, hello } from '../../../nodes/shared/contract/messages';
import { recordOfRelease } from '../../../nodes/shared/contract/records';
import { parseResult, type Verb, VERBS } from '../../../nodes/shared/contract/verbs';
import { DeployError } from '../../../nodes/shared/errors';
import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import { openGit } from '../../../nodes/shared/git/commitSource';
import {
  hintsFor,
  moreRunsHints,
  planHints,
  statusHints,
  stopRunsHints,
  unseenRunsHints,
} from '../../../nodes/n8n/hints';
import { detailsOf } from '../../../nodes/n8n/nodeError';
import { deploy } from '../../../nodes/shared/operations/deploy';
import { listReleases } from '../../../nodes/shared/operations/list';
import { getHistory } from '../../../nodes/shared/operations/getHistory';
import { planDeployment } from '../../../nodes/shared/operations/plan';
import { repairEngine } from '../../../nodes/shared/operations/repair';
import { rollBack } from '../../../nodes/shared/operations/rollback';
import { getRuns } from '../../../nodes/shared/operations/getRuns';
import { getStatus } from '../../../nodes/shared/operations/status';
import { stopRuns } from '../../../nodes/shared/operations/stopRuns';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import { deployOptions, inConversation, temporaryDirectories } from '../../support/deployment';
import { changedAt, exampleOf, placesOf } from '../../support/forms';
import { ENGINE, gitOptions } from '../../support/git';
import { type GitHttp, startGitHttp } from '../../support/gitHttp';
import { GitRepository } from '../../support/gitRepositories';
import { HOSTILE_OTHERS, hostileTexts, UNPRINTABLE } from '../../support/hostile';
import { drawn } from '../../support/drawn';
import { size } from '../../support/size';
import { lyingHost, type Said } from '../../support/lyingHost';
import { type RecordedGit, recordGit } from '../../support/recordedGit';

jest.setTimeout(600_000);
const make = temporaryDirectories();
let canary: string, cache: string;
let repository: GitRepository;
let http: GitHttp;
let git: RecordedGit;
/** An engine that was deployed from each kind of address. */
const engines: Array<{ url: string; basePath: string }> = [];
let texts: string[];

beforeAll(async () => {
  const root = await make('repositories');
  cache = await make('cache');
  canary = join(root, 'canary');
  texts = hostileTexts(canary);
  repository = GitRepository.create(join(root, 'engine.git'));
  repository.commit(ENGINE);
  http = await startGitHttp({ root, config: ['uploadpack.allowFilter=true'] });
  for (const url of [repository.url, `${http.url}engine.git`]) {
    const basePath = await make('app');
    await withSource(url, (offered) =>
      inConversation((client) => deploy(client, offered, deployOptions(basePath))),
    );
    engines.push({ url, basePath });
  }
  git = await recordGit(await make('recorded'));
});
afterAll(async () => {
  git.stop();
  await http.close();
});

async function withSource<T>(url: string, work: (source: Awaited<ReturnType<typeof openGit>>) => Promise<T>) {
  const source = await openGit(gitOptions(url, cache));
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

// -- what the contract lets through ----------------------------------------------------------------------------------

/**
 * Places whose text may be anything: it is shown to people, or given back to the host that said it, and is never a key,
 * an argument, a reference or a file's name on n8n's side. Whoever adds one says here why that holds.
 */
const FREE_TEXT =
  /\((?:path|paths|names|mount|added|modified|removed|missing|extra|strangers|kept|differing|left|needed|entries|adopt|current|texts|cleaned|files|file|requirements|constraints|indexUrl|extraIndexUrls|findLinks|include|exclude|reference|workflow|execution|operation|user|target|reason|complaint|ailment|problem|output|check|command|tool|done|base|executable|sizes|dangling|interpreter|place|shared|compile|json|data|text|said|program|lastLines)\)/;

/** What comes out of a shape for a value at one place of an honest answer: `[value]`, or nothing where it was refused. */
function takenAt(parse: (value: unknown) => unknown, honest: unknown, place: Place, value: unknown) {
  try {
    return [parse(changedAt(honest, place.path, value))];
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return [];
  }
}
type Place = ReturnType<typeof placesOf>[number];

const SHAPES: Array<[string, Form, (value: unknown) => unknown]> = [
  ['the greeting', hello.form, (value) => hello.parse(value, 'x')],
  ['the end', ended.form, (value) => ended.parse(value, 'x')],
  ['a record', recordOfRelease.form, (value) => recordOfRelease.parse(value, 'x')],
  ...(Object.keys(VERBS) as Verb[]).map((verb): [string, Form, (value: unknown) => unknown] => [
    `the result of ${verb}`,
    VERBS[verb].result.form,
    (value) => parseResult(verb, value),
  ]),
];

test.each(SHAPES)('P7: %s: no field takes what it has no shape for', (_title, form, parse) => {
  const honest = exampleOf(form);
  expect(parse(honest)).toEqual(honest);
  const values = drawn([...texts, ...HOSTILE_OTHERS], 20);
  for (const place of placesOf(form)) {
    const free = place.form[0] === 'text';
    if (free) expect(place.where).toMatch(FREE_TEXT);
    for (const value of values) {
      for (const taken of takenAt(parse, honest, place, value)) {
        // Taken as it is, or dropped; and where it is a text with a shape, nothing that could do harm.
        const left = JSON.stringify(taken);
        if (!free && typeof value === 'string' && left.includes(JSON.stringify(value))) {
          expect({ where: place.where, value }).toEqual({
            where: place.where,
            value: harmlessFor(place, value),
          });
        }
        expect(({} as Said).polluted).toBeUndefined();
      }
    }
  }
});

/** Names and paths are what a disk holds: they may be odd, and lead nowhere else. */
const PATHS = /\((?:name|names|subdirectory|entrypoint|base|folders|sharedPaths)\)/;

/** The value, where a text with that shape may be it; else what should have come instead. */
function harmlessFor({ form: [kind, ...words], where }: Place, value: string): string {
  const inert = PATHS.test(where) ? !/\0|(?:^|\/)\.\.(?:\/|$)/.test(value) : !UNPRINTABLE.test(value);
  const harmless = kind === 'oneOf' ? words.includes(value) : kind === 'matching' && inert;
  return harmless ? value : 'dropped or refused';
}

test.each(SHAPES)('P7: %s: what no shape names is dropped, wherever it stands', (_title, form, parse) => {
  const honest = exampleOf(form);
  for (const name of ['code', 'message', 'json', 'error', 'toString', '--upload-pack=x', '<b>']) {
    expect(parse(changedAt(honest, [], { ...(honest as object), [name]: 'x' }))).toEqual(honest);
  }
  for (const { path } of placesOf(form).filter(({ form: [kind] }) => kind === 'record')) {
    const inner = path.reduce<unknown>((value, step) => (value as Said)[step], honest) as object;
    expect(parse(changedAt(honest, path, { ...inner, foreign: 'x' }))).toEqual(honest);
  }
});

// -- what is done with what was let through --------------------------------------------------------------------------

/** What n8n does with a host, for an engine that came from Git. */
const OPERATIONS: Record<
  string,
  (url: string, options: DeployOptions) => (client: ExecutorClient) => Promise<unknown>
> = {
  plan: (url, options) => (client) =>
    withSource(url, async (source) => {
      const planned = await planDeployment(client, source, options);
      return { planned, hints: planHints(planned) };
    }),
  deploy: (url, options) => (client) =>
    withSource(url, async (source) => {
      const result = await deploy(client, source, { ...options, createBackup: false, deployUnchanged: true });
      return { result, hints: hintsFor(result) };
    }),
  status: (_, options) => async (client) => {
    const status = await getStatus(client, options);
    return { status, hints: statusHints(status) };
  },
  rollback: (_, options) => (client) => rollBack(client, { target: 'previous' }, options),
  repair: (_, options) => (client) => repairEngine(client, { ...options, dryRun: true }),
  list:
    (_, { basePath }) =>
    (client) =>
      listReleases(client, basePath),
  history:
    (_, { basePath }) =>
    (client) =>
      getHistory(client, basePath, 100),
  runs:
    (_, { basePath }) =>
    async (client) => {
      const found = await getRuns(client, basePath);
      const { runs, count, unseen } = found;
      return { found, hints: [...moreRunsHints(runs.length, count), ...unseenRunsHints(unseen)] };
    },
  stop:
    (_, { basePath, holder }) =>
    async (client) => {
      const wanted = { chosen: ['1'], includeLive: true, dryRun: false, graceSeconds: 0 };
      const result = await stopRuns(client, { basePath, holder, ...wanted });
      return { result, hints: stopRunsHints(result) };
    },
};

/** The words of ours that git was started with, and what is ours to say as an operand. */
const OPERAND =
  /^(?:origin|refs\/(?:heads|tags)\/main(?:\^\{\})?|HEAD|[0-9a-f]{40}(?:\^\{tree\}|:)?|[0-9a-f]{40}:refs\/hot-deploy\/(?:commits|whole)\/[0-9a-f]{40}|refs\/heads\/main:refs\/hot-deploy\/(?:names|whole)\/[0-9a-f]{40}|refs\/(?:heads|tags)\/\*:refs\/hot-deploy\/all\/(?:heads|tags)\/\*|\/\S+\.git)$/;

/** Nothing ran here, git heard nothing but what is ours, and what is said can be shown. */
async function expectUnharmed(outcome: unknown): Promise<void> {
  expect(existsSync(canary)).toBe(false);
  for (const run of await git.runs()) {
    const end = run.indexOf('--end-of-options');
    for (const operand of end < 0 ? [] : run.slice(end + 1)) expect(operand).toMatch(OPERAND);
    expect(run.slice(0, end < 0 ? run.length : end).join(' ')).not.toMatch(/canary|\+main|exec/);
  }
  await git.forget();
  expect(({} as Said).polluted).toBeUndefined();
  if (outcome instanceof Error) {
    expect(outcome).toBeInstanceOf(DeployError);
    const { message, description = '', code } = outcome as DeployError;
    expect(message + description).not.toMatch(UNPRINTABLE);
    expect(message).not.toMatch(/\n|undefined|is not a function|Cannot read|not iterable|hunter22/);
    expect(Object.keys(detailsOf(outcome as DeployError))[0]).toBe('code');
    expect(detailsOf(outcome as DeployError).code).toBe(code);
    return;
  }
  const { hints = [] } = (outcome ?? {}) as { hints?: Array<{ message: string }> };
  for (const { message } of hints) expect(message).not.toMatch(/<|hunter22/);
  for (const { message } of hints) expect(message).not.toMatch(UNPRINTABLE);
  expect(keysOf(outcome).filter((key) => texts.includes(key))).toEqual([]);
}

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : Object.keys(value);
  return [...own, ...Object.values(value).flatMap(keysOf)];
}

/** An answer with the value at every place at which the contract takes it, and one for a few at which it doesn't. */
function lies(verb: Verb, honest: unknown, value: unknown): unknown[] {
  const { form } = VERBS[verb].result;
  const parse = (said: unknown) => parseResult(verb, said);
  const places = placesOf(form, honest).filter(({ form: [kind] }) => kind !== 'record' && kind !== 'list');
  const [taken, refused] = [[] as Place[], [] as Place[]];
  for (const place of places) (takenAt(parse, honest, place, value).length > 0 ? taken : refused).push(place);
  const all = taken.reduce((said, { path }) => changedAt(said, path, value), honest);
  const some = refused.filter((_, index) => index % 17 === String(value).length % 17).slice(0, 1);
  return [all, ...some.map(({ path }) => changedAt(honest, path, value))];
}

/**
 * In proof, what takes a source from Git meets all of them, the others, which use nothing here, one in three; elsewhere
 * drawn ones.
 */
function valuesFor(name: string): unknown[] {
  const at = Object.keys(OPERATIONS).indexOf(name);
  const all = [...texts, ...HOSTILE_OTHERS];
  if (at < 2) return drawn(all, 10);
  return drawn(
    all.filter((_, index) => index % 3 === at % 3),
    4,
  );
}

test.each(Object.keys(OPERATIONS))(
  'P7: %s of an engine from Git, with a host that says harmful things in all fields of all answers',
  async (name) => {
    let tries = 0;
    for (const [index, value] of valuesFor(name).entries()) {
      const { url, basePath } = engines[index % engines.length];
      const options = deployOptions(basePath);
      // One that is refused ends the conversation at once: a few are enough, each at another place.
      for (const which of index % 6 === 0 ? [0, 1] : [0]) {
        const asked = new Map<unknown, Verb>();
        const connection = lyingHost(
          (message) => {
            const verb = asked.get(message.id);
            if (message.ok !== true || verb === undefined) return [message];
            const told = lies(verb, message.result, value);
            return [{ ...message, result: told[Math.min(which, told.length - 1)] }];
          },
          ({ id, verb }) => void asked.set(id, verb as Verb),
        );
        const outcome = await inConversation(OPERATIONS[name](url, options), { connection }).catch(
          (error: unknown) => error,
        );
        await expectUnharmed(outcome);
        tries++;
      }
    }
    expect(tries).toBeGreaterThan(size(3, 15));
  },
);

// -- records on the host's disk --------------------------------------------------------------------------------------

/** Fields of a record that could name something on n8n's side come with all that could be one, the others with one. */
const NAMING = /commit|repository/;
/** As many of the texts; the others are no words of git's. */
const OPTIONS_AND_REFERENCES = 17;

type Lie = [place: Place, value: string];

/** The lies about what names something, and those about all else: one in so many. */
function writtenLies(
  places: readonly Place[],
  every: number,
  number: number,
): [naming: Lie[], others: Lie[]] {
  const [naming, others] = [[] as Lie[], [] as Lie[]];
  for (const [at, place] of places.entries()) {
    const chosen = (index: number) => index % every === at % every;
    if (NAMING.test(place.where)) {
      const values = texts.slice(0, OPTIONS_AND_REFERENCES).filter((_, index) => chosen(index));
      naming.push(...values.map((value): Lie => [place, value]));
    } else if (chosen(at)) others.push([place, texts[(5 * at + number) % texts.length]]);
  }
  return [naming, others];
}

test.each(['plan', 'plan, read-only', 'deploy'])(
  'P7: %s from Git, where a release’s record on the host’s disk was written by somebody who means harm',
  async (name) => {
    for (const [number, { url, basePath }] of engines.entries()) {
      const records = join(basePath, '.hot-deploy/releases');
      const [file] = readdirSync(records).filter(
        (each) => /\d\.json$|[0-9a-f]\.json$/.test(each) && !each.includes('manifest'),
      );
      const path = join(records, file);
      const before = readFileSync(path, 'utf8');
      const honest = JSON.parse(before) as Said;
      const full = { ...honest, sameContent: honest.source };
      const places = placesOf(recordOfRelease.form, full).filter(
        ({ form: [kind] }) => kind !== 'record' && kind !== 'list',
      );
      const [naming, others] = writtenLies(places, name === 'plan' ? 1 : 4, number);
      const many = name === 'plan' ? 12 : 4;
      // The live commit has to be another one: only then is it asked for what changed since.
      for (const [place, value] of [...drawn(naming, many), ...drawn(others, many)]) {
        writeFileSync(path, JSON.stringify(changedAt(full, place.path, value)));
        const operation = OPERATIONS[name.split(',')[0]](url, deployOptions(basePath));
        const access = name.includes('read-only') ? 'readOnly' : 'full';
        const outcome = await inConversation(operation, { access }).catch((error: unknown) => error);
        await expectUnharmed(outcome);
      }
      writeFileSync(path, before);
    }
  },
);
