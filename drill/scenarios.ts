import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import type { Verb } from '../nodes/shared/contract/verbs';
import type { ExecutorClient } from '../nodes/shared/executor/client';
import type { Check } from '../nodes/shared/release/checks';
import type { DeployOptions } from '../nodes/shared/release/options';
import { expected } from '../nodes/shared/errors';
import { endRollout } from '../nodes/shared/operations/endRollout';
import { returnToPlain } from '../nodes/shared/operations/detach';
import { planDeployment } from '../nodes/shared/operations/plan';
import { repairEngine } from '../nodes/shared/operations/repair';
import { DEFAULT_SELECTION } from '../nodes/shared/source/bundle';
import {
  bundleOf,
  checkOf,
  type ConversationOptions,
  deployOptions,
  deployTo,
  inConversation,
  rollBackTo,
} from '../test/support/deployment';
import { writeTree } from '../test/support/tree';
import { offline, writeKeywords } from '../test/support/wheels';
import { asBasePath } from '../test/support/named';
import { replayCheck } from '../test/support/replayed';
import { DETACHING } from '../test/support/detachOptions';
import { SERVICE } from './served';

/** Directories with the versions that scenarios deploy, and the packages that one of them needs. */
export interface Material {
  one: string;
  two: string;
  needing: string;
  many: string;
  wheelhouse: string;
}

/** An operation that makes the executor carry out certain steps. */
export interface Scenario {
  /** Puts an engine into a base path, as it is before the operation. */
  prepare(base: string, material: Material): Promise<unknown>;
  /** The operation. Rejects when it did not go well. */
  run(base: string, material: Material, conversation: ConversationOptions): Promise<unknown>;
  /** Which of the two versions may be live afterwards, whatever goes wrong in between. */
  old: keyof Material;
  next: keyof Material;
  /** Whether a service runs meanwhile, which `serve.py` runs. */
  serves?: true;
  /** What else may be live when the executor itself was killed, until the next operation has decided by these checks. */
  undecided?: { live: keyof Material; checks: Check[] };
}

const PROGRAM = `import json, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'src'))
import engine
print(engine.VERSION, json.load(open('config/engine.json'))['version'], end='')
`;

/** Checks that both run a process, so that there is something to be cut off. */
const passing = checkOf({ when: 'both', command: 'python -c "print(1)"' });

const failing = checkOf({ when: 'after', command: 'false' });

const failingBefore = checkOf({ when: 'before', command: 'false' });

/** Both versions say another number. */
const replaying = replayCheck({
  ...{ inputDirectory: 'src', arguments: ['{inputFile}'], maxInputs: 1, onDifferent: 'accept' },
});

const options = (changes: Partial<DeployOptions> = {}): Partial<DeployOptions> => ({
  keepReleases: 1,
  keepBackups: 1,
  checks: [passing],
  // Each version has a file of its own, which the first one takes away.
  removeOldCode: true,
  ...changes,
});

const withDependencies = ({ wheelhouse }: Material) => options({ dependencies: offline(wheelhouse) });

export const HANDING_OVER = { method: 'auto', readySeconds: 20, drainSeconds: 5, keepOldSeconds: 0 } as const;

const WAITING = { ...DETACHING, extractionWaitSeconds: 10 };

/** Two releases and two backups, so that the next deployment has something to remove. */
/** For as long as one fault takes: the process that watches ends with its engine. */
const WATCH = { watchSeconds: 60, minimumRuns: 1, checkSeconds: 30, logs: [] };

async function deployTwice(base: string, { one, two }: Material): Promise<void> {
  await deployTo(base, two);
  await deployTo(base, one);
}

export const SCENARIOS = {
  'first deployment': {
    prepare: (base) => writeVersion(base, '1'),
    run: (base, { two }, conversation) => deployTo(base, two, options(), conversation),
    old: 'one',
    next: 'two',
  },
  'first deployment as planned': {
    prepare: (base) => writeVersion(base, '1'),
    run: async (base, { two }, conversation) => {
      const bundle = await bundleOf(two, deployOptions(base));
      const { planDigest } = await inConversation(
        (client) => planDeployment(client, bundle, deployOptions(base, options())),
        conversation,
      );
      return deployTo(base, two, options({ planDigest }), conversation);
    },
    old: 'one',
    next: 'two',
  },
  deployment: {
    prepare: async (base, material) => {
      await deployTo(base, material.one, { deployUnchanged: true });
      await deployTwice(base, material);
    },
    run: (base, { two }, conversation) => deployTo(base, two, options(), conversation),
    old: 'one',
    next: 'two',
  },
  'deployment whose check does not pass': {
    prepare: deployTwice,
    run: async (base, { two }, conversation) => {
      await deployTo(base, two, options({ checks: [failing] }), conversation);
    },
    old: 'one',
    next: 'one',
    undecided: { live: 'two', checks: [failing] },
  },
  'deployment whose check before does not pass': {
    prepare: deployTwice,
    run: (base, { two }, conversation) =>
      deployTo(base, two, options({ checks: [failingBefore] }), conversation),
    old: 'one',
    next: 'one',
  },
  'deployment of a service': {
    prepare: deployTwice,
    run: (base, { two }, conversation) =>
      deployTo(base, two, options({ service: HANDING_OVER }), conversation),
    old: 'one',
    next: 'two',
    serves: true,
  },
  'deployment that waits for quiet': {
    prepare: deployTwice,
    run: (base, { two }, conversation) =>
      deployTo(base, two, options({ moment: { quietSeconds: 5, whenNotQuiet: 'giveUp' } }), conversation),
    old: 'one',
    next: 'two',
  },
  'deployment with other patterns': {
    prepare: deployTwice,
    run: (base, { two }, conversation) => {
      const include = [...DEFAULT_SELECTION.include, 'notes'];
      return deployTo(base, two, options({ selection: { include, exclude: [] } }), conversation);
    },
    old: 'one',
    next: 'two',
  },
  'deployment of many files': {
    prepare: deployTwice,
    run: (base, { many }, conversation) => deployTo(base, many, options(), conversation),
    old: 'one',
    next: 'many',
  },
  'deployment with dependencies': {
    prepare: deployTwice,
    run: (base, material, conversation) =>
      deployTo(base, material.needing, withDependencies(material), conversation),
    old: 'one',
    next: 'needing',
  },
  rollback: {
    prepare: deployTwice,
    run: (base, _material, conversation) =>
      rollBackTo(base, { target: 'previous' }, { checks: [passing] }, conversation),
    old: 'one',
    next: 'two',
  },
  'rollback to a backup': {
    prepare: async (base, material) => {
      await deployTo(base, material.needing, withDependencies(material));
      await deployTo(base, material.one, withDependencies(material));
    },
    run: (base, material, conversation) => {
      const [backup] = readdirSync(join(base, 'backups'));
      return rollBackTo(base, { target: 'backup', backup }, withDependencies(material), conversation);
    },
    old: 'one',
    next: 'needing',
  },
  'look at the history': {
    prepare: deployTwice,
    run: (base, _material, conversation) =>
      inConversation(
        (client) => client.call('history', { basePath: asBasePath(base), limit: 10 }),
        conversation,
      ),
    old: 'one',
    next: 'one',
  },
  'stop of runs': {
    prepare: deployTwice,
    run: (base, _material, conversation) =>
      inConversation((client) => {
        const gone: [number, number] = [2 ** 22, 1];
        const stop = { runs: [gone], includeLive: false, waitSeconds: 1, holder: {} };
        return client.call('stopRuns', { basePath: asBasePath(base), ...stop });
      }, conversation),
    old: 'one',
    next: 'one',
  },
  'deployment that replays inputs': {
    prepare: deployTwice,
    run: (base, { two }, conversation) => deployTo(base, two, options({ checks: [replaying] }), conversation),
    old: 'one',
    next: 'two',
  },
  'look at the runs': {
    prepare: deployTwice,
    run: (base, _material, conversation) =>
      inConversation((client) => client.call('runs', { basePath: asBasePath(base) }), conversation),
    old: 'one',
    next: 'one',
  },
  'deployment that is watched': {
    prepare: (base, { one }) => deployTo(base, one),
    run: (base, { two }, conversation) => deployTo(base, two, { watch: WATCH }, conversation),
    old: 'one',
    next: 'two',
  },
  'abort of a rollout': {
    prepare: async (base, { one, two }) => {
      await deployTo(base, one);
      await deployTo(base, two, { watch: WATCH });
    },
    run: (base, _material, conversation) =>
      inConversation((client) => endRollout(client, 'abort', deployOptions(base)), conversation),
    old: 'two',
    next: 'one',
  },
  'look at the rollout': {
    prepare: async (base, { one, two }) => {
      await deployTo(base, two);
      await deployTo(base, one, { watch: WATCH });
    },
    run: (base, _material, conversation) =>
      inConversation(async (client) => {
        const { rollout } = await client.call('getRollout', { basePath: asBasePath(base) });
        const release = expected(rollout?.release, 'a rollout');
        await client.call('countRun', { basePath: asBasePath(base), release, failed: false });
      }, conversation),
    old: 'one',
    next: 'one',
  },
  'run of the engine': {
    prepare: deployTwice,
    run: (base, _material, conversation) => inConversation((client) => runOnce(client, base), conversation),
    old: 'one',
    next: 'one',
  },
  repair: {
    prepare: async (base, material) => {
      await deployTwice(base, material);
      symlinkSync('current/gone', join(base, 'gone'));
    },
    run: (base, _material, conversation) =>
      inConversation(
        (client) => repairEngine(client, { ...deployOptions(base), dryRun: false }),
        conversation,
      ),
    old: 'one',
    next: 'one',
  },
  'return to a plain directory': {
    prepare: deployTwice,
    run: (base, _material, conversation) =>
      inConversation((client) => returnToPlain(client, { ...deployOptions(base), ...WAITING }), conversation),
    old: 'one',
    next: 'one',
  },
  'return that is taken back': {
    prepare: deployTwice,
    run: (base, _material, conversation) =>
      inConversation(async (client) => {
        const { holder, entrypoint } = deployOptions(base);
        await client.call('lock', { basePath: asBasePath(base), create: false, holder, waitSeconds: 0 });
        await client.call('detach', { entrypoint });
        await client.call('attach', {});
      }, conversation),
    old: 'one',
    next: 'one',
  },
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

/** A scenario by its name. */
export function scenarioOf(name: ScenarioName): Scenario {
  return SCENARIOS[name];
}

/** The operation in which each verb is drilled. */
export const ROWS: Record<Verb, ScenarioName> = {
  lock: 'deployment',
  probe: 'deployment',
  list: 'deployment',
  history: 'look at the history',
  entries: 'deployment with other patterns',
  previewAdoption: 'first deployment as planned',
  survey: 'first deployment as planned',
  texts: 'rollback to a backup',
  compareDirectories: 'deployment of many files',
  compare: 'deployment',
  compareReleases: 'rollback',
  receive: 'deployment',
  unpack: 'rollback to a backup',
  assemble: 'deployment',
  environment: 'deployment with dependencies',
  run: 'deployment',
  copyPlain: 'first deployment',
  adopt: 'first deployment',
  drain: 'first deployment',
  flip: 'deployment',
  prepareService: 'deployment of a service',
  switchService: 'deployment of a service',
  waitForQuiet: 'deployment that waits for quiet',
  confirm: 'deployment',
  revert: 'deployment whose check does not pass',
  archive: 'deployment',
  remove: 'deployment',
  describe: 'deployment',
  noteRefusal: 'deployment whose check before does not pass',
  runs: 'look at the runs',
  holdRelease: 'run of the engine',
  listInputs: 'deployment that replays inputs',
  openRun: 'run of the engine',
  receiveInput: 'run of the engine',
  runEngine: 'run of the engine',
  readRun: 'run of the engine',
  closeRun: 'run of the engine',
  stopRuns: 'stop of runs',
  inspect: 'repair',
  repair: 'repair',
  detach: 'return to a plain directory',
  missingPackages: 'return to a plain directory',
  attach: 'return that is taken back',
  dismantle: 'return to a plain directory',
  watch: 'deployment that is watched',
  getRollout: 'look at the rollout',
  endRollout: 'abort of a rollout',
  countRun: 'look at the rollout',
};

/** One run, with input and output. */
async function runOnce(client: ExecutorClient, base: string): Promise<void> {
  const [basePath, run] = [asBasePath(base), '0123456789abcdef'];
  const { holder } = deployOptions(base);
  await client.call('holdRelease', { basePath, release: null });
  await client.call('openRun', { basePath, run });
  const received = client.call('receiveInput', { run, name: 'input.txt' });
  const sent = client.sendContent(Readable.from([Buffer.from('text'), Buffer.alloc(0)]));
  await Promise.all([sent, received]);
  const start = { kind: 'program', name: 'cp' } as const;
  const words = ['{inputFile}', '{outputDirectory}'];
  const bounds = { timeoutSeconds: 20, graceSeconds: 1 };
  await client.call('runEngine', { basePath, run, start, arguments: words, holder, ...bounds });
  await client.call('readRun', { run, of: 'file', path: 'input.txt', offset: 0, length: 4 });
  await client.call('closeRun', { run });
}

/** Writes the versions into directories below `root`. */
export async function writeMaterial(root: string): Promise<Material> {
  const [one, two, needing, many, wheelhouse] = ['one', 'two', 'needing', 'many', 'wheelhouse'].map((name) =>
    join(root, name),
  );
  for (const directory of [one, two, needing, many, wheelhouse]) mkdirSync(directory);
  await writeVersion(one, '1');
  await writeVersion(two, '2');
  await writeVersion(needing, '3');
  await writeVersion(many, '4');
  const files = Array.from({ length: 300 }, (_, index) => [`src/data/${index}.txt`, `${index}\n`]);
  await writeTree(many, Object.fromEntries(files) as Record<string, string>);
  writeKeywords(wheelhouse, '1');
  await writeTree(needing, {
    'src/engine.py': "import keywords\nVERSION = '3'\n",
    'requirements.txt': 'keywords==1\n',
  });
  return { one, two, needing, many, wheelhouse };
}

async function writeVersion(directory: string, version: string): Promise<void> {
  await writeTree(directory, {
    'run.py': PROGRAM,
    'src/engine.py': `VERSION = '${version}'\n`,
    'src/service.py': SERVICE,
    [`src/only${version}.py`]: '',
    'config/engine.json': `{"version": "${version}"}`,
  });
}
