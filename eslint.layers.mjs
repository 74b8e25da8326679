import { join } from 'node:path';

/*
 * What may import what. Nobody may import what is not listed: neither another layer nor a package. `parts` are single
 * files that others than the layer's own neighbours may know.
 */
const parts = {
  'dependencies/wanted': 'nodes/shared/dependencies/wanted.*',
  'git/address': 'nodes/shared/git/address.*',
  'replay/replaySettings': 'nodes/shared/replay/replaySettings.*',
};

const node = ['node:[a-z_/]+'];

/** @type {Record<string, { files: string, imports: string[], packages: string[] }>} */
export const layers = {
  text: { files: 'nodes/shared/text/**', imports: [], packages: [] },
  errors: { files: 'nodes/shared/errors.*', imports: ['text'], packages: [] },
  scan: { files: 'nodes/shared/scan.*', imports: [], packages: [] },
  contract: { files: 'nodes/shared/contract/**', imports: ['errors'], packages: [] },
  connection: {
    files: 'nodes/shared/connection/**',
    imports: ['contract', 'errors', 'scan'],
    packages: [...node, 'ssh2'],
  },
  source: {
    files: 'nodes/shared/source/**',
    imports: ['contract', 'errors', 'scan'],
    packages: [...node, 'tar'],
  },
  git: {
    files: 'nodes/shared/git/**',
    imports: ['connection', 'contract', 'errors', 'scan', 'source'],
    packages: node,
  },
  push: {
    files: 'nodes/shared/push/**',
    imports: ['contract', 'errors', 'git/address', 'scan', 'source'],
    packages: ['node:crypto'],
  },
  executor: {
    files: 'nodes/shared/executor/**',
    imports: ['connection', 'contract', 'errors', 'scan'],
    packages: node,
  },
  dependencies: {
    files: 'nodes/shared/dependencies/**',
    imports: ['contract', 'errors', 'executor', 'scan', 'source'],
    packages: ['node:crypto', 'node:path'],
  },
  // What the phases hand to one another, as values.
  release: {
    files: 'nodes/shared/release/*.*',
    imports: ['contract', 'dependencies', 'errors', 'replay/replaySettings', 'rollout', 'source', 'text'],
    packages: [],
  },
  'release/observe': {
    files: 'nodes/shared/release/observe/**',
    imports: ['contract', 'dependencies', 'errors', 'executor', 'release', 'source'],
    packages: ['node:timers/promises'],
  },
  // Nothing that reads, waits or asks: see `pure`.
  'release/decide': {
    files: 'nodes/shared/release/decide/**',
    imports: ['contract', 'dependencies/wanted', 'errors', 'release', 'source'],
    packages: ['node:crypto'],
  },
  'release/apply': {
    files: 'nodes/shared/release/apply/**',
    imports: ['contract', 'dependencies', 'errors', 'executor', 'release', 'replay', 'rollout'],
    packages: ['node:stream', 'node:zlib'],
  },
  // What a run is asked for and how it ended, as values.
  run: {
    files: 'nodes/shared/run/**',
    imports: ['contract', 'errors', 'release', 'text'],
    packages: [],
  },
  // A run, carried out: what it is given, its end, what it put out.
  running: {
    files: 'nodes/shared/running/**',
    imports: ['contract', 'errors', 'executor', 'run', 'source'],
    packages: ['node:crypto'],
  },
  // The same inputs through two releases, and what that tells.
  replay: {
    files: 'nodes/shared/replay/**',
    imports: ['contract', 'errors', 'executor', 'run', 'running', 'source', 'text', 'verdict'],
    packages: ['node:crypto', 'node:timers/promises'],
  },
  // A release that is watched after its switch, as values and in words.
  rollout: { files: 'nodes/shared/rollout/**', imports: ['contract', 'text', 'verdict'], packages: [] },
  // Counts in, a decision and its reasons out: see `pure`.
  verdict: { files: 'nodes/shared/verdict/**', imports: [], packages: [] },
  operations: {
    files: 'nodes/shared/operations/**',
    imports: [
      ...['contract', 'dependencies', 'errors', 'executor', 'source'],
      ...['release', 'release/observe', 'release/decide', 'release/apply'],
      ...['replay', 'rollout', 'run', 'running'],
    ],
    packages: ['node:crypto', 'node:timers/promises'],
  },
  report: {
    files: 'nodes/shared/report/**',
    imports: ['dependencies', 'errors', 'release', 'replay/replaySettings', 'rollout', 'text'],
    packages: ['node:crypto'],
  },
  n8n: {
    files: 'nodes/n8n/**',
    imports: [
      ...['connection', 'contract', 'dependencies', 'errors', 'executor', 'git'],
      ...['operations', 'release', 'replay/replaySettings', 'report', 'rollout', 'run', 'source', 'text'],
    ],
    packages: [...node, 'n8n-workflow'],
  },
  HotDeploy: {
    files: 'nodes/HotDeploy/**',
    imports: [
      ...['all operations', 'contract', 'dependencies', 'errors', 'executor', 'git', 'n8n'],
      ...['operations', 'release', 'source'],
    ],
    packages: [...node, 'n8n-workflow'],
  },
  HotDeployTrigger: {
    files: 'nodes/HotDeployTrigger/**',
    imports: ['errors', 'git', 'n8n', 'push', 'source'],
    packages: [...node, 'n8n-workflow'],
  },
  RollbackExtractionEngine: {
    files: 'nodes/RollbackExtractionEngine/**',
    imports: ['all operations', 'errors', 'n8n', 'operations', 'release', 'text'],
    packages: [...node, 'n8n-workflow'],
  },
  RunExtractionEngine: {
    files: 'nodes/RunExtractionEngine/**',
    imports: [
      ...['all operations', 'contract', 'errors', 'executor', 'n8n', 'operations'],
      ...['release', 'rollout', 'run', 'running', 'text'],
    ],
    packages: [...node, 'n8n-workflow'],
  },
  // One node tells agents of the others' operations.
  'all operations': {
    files: 'nodes/operations.*',
    imports: ['HotDeploy', 'RollbackExtractionEngine', 'RunExtractionEngine', 'n8n'],
    packages: [],
  },
  credentials: { files: 'credentials/**', imports: [], packages: ['n8n-workflow'] },
};

const absolute = (glob) => join(import.meta.dirname, glob);
const globOf = (name) => absolute(layers[name]?.files ?? parts[name]);

/** Which files of ours each layer may import, for `import-x/no-restricted-paths`. */
const zones = Object.entries(layers).map(([name, { files, imports }]) => ({
  target: absolute(files),
  from: ['nodes/**', 'credentials/**'].map(absolute),
  except: [name, ...imports].map(globOf),
  message: `"${name}" may import only: ${[name, ...imports].join(', ')} (eslint.layers.mjs).`,
}));

/** Which packages each layer may import. */
const packagesOf = ([name, { files, packages }]) => ({
  files: [files],
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            regex: `^(?!\\.|(?:${packages.join('|') || '\\.'})$)`,
            message: `"${name}" may import only these packages: ${packages.join(', ') || 'none'} (eslint.layers.mjs).`,
          },
        ],
        ...(name === 'release/decide' && {
          paths: [
            {
              name: 'node:crypto',
              allowImportNames: ['createHash'],
              message: 'A decider leaves nothing to chance.',
            },
          ],
        }),
      },
    ],
  },
});

/** What decides is told all that it decides from, and says the same whenever it is asked. */
const pure = {
  files: [layers['release/decide'].files, layers.verdict.files],
  rules: {
    'no-restricted-syntax': [
      'error',
      ...['AwaitExpression', 'ForOfStatement[await=true]', ':function[async=true]', 'ImportExpression'].map(
        (selector) => ({ selector, message: 'A decider waits for nothing.' }),
      ),
      {
        selector: 'Identifier[name=/^(?:Promise|queueMicrotask|setImmediate|setInterval|setTimeout)$/]',
        message: 'A decider waits for nothing.',
      },
      {
        selector: 'Identifier[name=/^(?:Date|performance|process|crypto)$/]',
        message: 'A decider knows no clock and no process; what it needs is in the snapshot.',
      },
      {
        selector: "MemberExpression[object.name='Math'][property.name='random']",
        message: 'A decider leaves nothing to chance.',
      },
    ],
  },
};

/** The rules for all of it. */
export const arrows = [
  {
    files: ['nodes/**/*.ts', 'credentials/**/*.ts'],
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      // Cycles of types alone are found by `test/lint/cycles.test.ts`.
      'import-x/no-cycle': 'error',
    },
  },
  ...Object.entries(layers).map(packagesOf),
  pure,
];
