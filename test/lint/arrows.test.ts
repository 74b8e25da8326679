import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import picomatch from 'picomatch';

import { productFiles, ROOT } from '../support/productFiles';

/** A file of ours that may be there or not, and what it would say. */
interface Case {
  why: string;
  filePath: string;
  text: string;
}

/** `[from, to, what they are]`: `to` is a path below `nodes`, or a package. */
const FORBIDDEN_ARROWS: ReadonlyArray<[string, string, string]> = [
  ['shared/source/x.ts', 'n8n/item', 'core to n8n'],
  ['shared/report/x.ts', 'HotDeploy/outputs', 'core to a node'],
  ['shared/operations/x.ts', 'RollbackExtractionEngine/target', 'core to the other node'],
  ['n8n/x.ts', 'HotDeploy/outputs', 'what nodes share to a node'],
  ['n8n/x.ts', 'RollbackExtractionEngine/target', 'what nodes share to the other node'],
  ['n8n/x.ts', 'shared/release/decide/rollback', 'n8n to a phase'],
  ['HotDeploy/x.ts', 'RollbackExtractionEngine/target', 'a node to another'],
  ['HotDeployTrigger/x.ts', 'HotDeploy/outputs', 'the trigger to a node'],
  ['RollbackExtractionEngine/x.ts', 'shared/release/decide/detach', 'a node to a phase'],
  ['RunExtractionEngine/x.ts', 'RollbackExtractionEngine/target', 'a node to another'],
  ['RunExtractionEngine/x.ts', 'shared/release/decide/stopRuns', 'a node to a phase'],
  ['shared/contract/x.ts', 'shared/source/paths', 'contract to the core'],
  ['shared/errors.ts', 'shared/contract/names', 'errors to anything'],
  ['shared/source/x.ts', 'shared/release/options', 'source to release'],
  ['shared/source/x.ts', 'shared/git/address', 'source to git'],
  ['shared/git/x.ts', 'shared/release/options', 'git to release'],
  ['shared/git/x.ts', 'shared/operations/deploy', 'git to operations'],
  ['shared/git/x.ts', 'shared/executor/client', 'git to executor'],
  ['shared/push/x.ts', 'shared/executor/client', 'push to executor'],
  ['shared/push/x.ts', 'shared/git/runProgram', 'push to what runs git'],
  ['shared/connection/x.ts', 'shared/executor/client', 'connection to executor'],
  ['shared/connection/x.ts', 'shared/operations/begin', 'connection to operations'],
  ['shared/executor/x.ts', 'shared/release/options', 'executor to release'],
  ['shared/dependencies/x.ts', 'shared/release/options', 'dependencies to release'],
  ['shared/dependencies/x.ts', 'shared/operations/deploy', 'dependencies to operations'],
  ['shared/release/x.ts', 'shared/release/apply/apply', 'what phases share to a phase'],
  ['shared/release/x.ts', 'shared/executor/client', 'what phases share to executor'],
  ['shared/release/decide/x.ts', 'shared/release/apply/apply', 'decide to apply'],
  ['shared/release/decide/x.ts', 'shared/release/observe/engine', 'decide to observe'],
  ['shared/release/decide/x.ts', 'shared/executor/client', 'decide to executor'],
  ['shared/release/decide/x.ts', 'shared/connection/connection', 'decide to connection'],
  ['shared/release/decide/x.ts', 'shared/dependencies/install', 'decide to what installs'],
  ['shared/release/observe/x.ts', 'shared/release/apply/apply', 'observe to apply'],
  ['shared/release/observe/x.ts', 'shared/release/decide/deploy', 'observe to decide'],
  ['shared/release/apply/x.ts', 'shared/release/observe/engine', 'apply to observe'],
  ['shared/release/apply/x.ts', 'shared/release/decide/deploy', 'apply to decide'],
  ['shared/report/x.ts', 'shared/operations/deploy', 'report to operations'],
  ['shared/release/apply/x.ts', 'shared/operations/deploy', 'a phase to operations'],
];

const ALLOWED_ARROWS: typeof FORBIDDEN_ARROWS = [
  ['shared/operations/x.ts', 'shared/release/decide/deploy', 'operations to decide'],
  ['shared/operations/x.ts', 'shared/release/apply/apply', 'operations to apply'],
  ['shared/operations/x.ts', 'shared/operations/begin', 'within a layer'],
  ['shared/release/decide/x.ts', 'shared/release/steps', 'decide to what phases share'],
  ['shared/release/decide/x.ts', 'shared/dependencies/wanted', 'decide to what is pure'],
  ['shared/git/x.ts', 'shared/source/paths', 'git to source'],
  ['shared/push/x.ts', 'shared/git/address', 'push to addresses'],
  ['shared/contract/x.ts', 'shared/errors', 'contract to errors'],
  ['HotDeploy/x.ts', 'shared/operations/deploy', 'a node to operations'],
  ['n8n/x.ts', 'shared/report/document', 'n8n to the core'],
];

const FORBIDDEN_PACKAGES: ReadonlyArray<[string, string]> = [
  ['shared/source/x.ts', 'n8n-workflow'],
  ['shared/operations/x.ts', 'n8n-workflow'],
  ['shared/executor/x.ts', 'n8n-core'],
  ['n8n/x.ts', 'n8n-core'],
  ['shared/contract/x.ts', 'node:fs'],
  ['shared/git/x.ts', 'ssh2'],
  ['shared/release/decide/x.ts', 'node:fs/promises'],
  ['shared/release/decide/x.ts', 'node:child_process'],
  ['shared/release/decide/x.ts', 'node:net'],
  ['shared/release/decide/x.ts', 'node:timers/promises'],
];

const ALLOWED_PACKAGES: typeof FORBIDDEN_PACKAGES = [
  ['shared/source/x.ts', 'node:fs/promises'],
  ['shared/source/x.ts', 'tar'],
  ['shared/connection/x.ts', 'ssh2'],
  ['n8n/x.ts', 'n8n-workflow'],
];

const IMPURE_TEXTS = [
  'export async function decide() {}',
  'export const decide = async () => 1;',
  'export async function decide(x: unknown) { await x; }',
  'export function decide(): Promise<void> { return undefined as never; }',
  'export const decide = () => new Date();',
  'export const decide = () => Date.now();',
  'export const decide = () => performance.now();',
  'export const decide = () => Math.random();',
  'export const decide = () => crypto.randomUUID();',
  'export const decide = () => setTimeout(() => undefined, 1);',
  "export const decide = () => import('../steps');",
];

function importing([from, to, why = to]: readonly [string, string, string?], types = false): Case {
  const isPackage = /^(?:n8n-|node:)|^(?:tar|ssh2)$/.test(to);
  const up = '../'.repeat(from.split('/').length - 1) || './';
  const text = `import ${types ? 'type ' : ''}{ x } from '${isPackage ? to : up + to}';\nexport const y = x;\n`;
  return { why, filePath: `nodes/${from}`, text };
}

const decider = (text: string): Case => ({ why: text, filePath: 'nodes/shared/release/decide/x.ts', text });

const hashing = (name: string): Case =>
  decider(`import { ${name} } from 'node:crypto';\nexport const decide = ${name};\n`);

/** `patterns.ts` is imported by `directory.ts`, which is on the disk: that is where a cycle is followed. */
const patternsImporting = (name: string, file: string): Case => ({
  why: `a cycle through ${file}`,
  filePath: 'nodes/shared/source/patterns.ts',
  text: `import { ${name} } from '${file}';\nexport const x = ${name};\n`,
});

/** What breaks a rule, and what does not. */
const RULES: Readonly<Record<string, { rule: string; broken: Case[]; kept: Case[] }>> = {
  'arrows that are not in the table, for types, too': {
    rule: 'import-x/no-restricted-paths',
    broken: FORBIDDEN_ARROWS.flatMap((arrow) => [importing(arrow), importing(arrow, true)]),
    kept: ALLOWED_ARROWS.map((arrow) => importing(arrow)),
  },
  'packages that a layer has no business with': {
    rule: 'no-restricted-imports',
    broken: [...FORBIDDEN_PACKAGES.map((arrow) => importing(arrow)), hashing('randomUUID')],
    kept: [...ALLOWED_PACKAGES.map((arrow) => importing(arrow)), hashing('createHash')],
  },
  'deciders that wait, look at a clock or throw dice': {
    rule: 'no-restricted-syntax',
    broken: IMPURE_TEXTS.map(decider),
    kept: [decider('export const decide = (x: number) => Math.max(x, 1);')],
  },
  cycles: {
    rule: 'import-x/no-cycle',
    broken: [patternsImporting('openDirectory', './directory')],
    kept: [patternsImporting('quote', './quote')],
  },
};

describe('the linter', () => {
  const said = new Map<Case, string[]>();

  /** One run for all, since it takes seconds to start. */
  beforeAll(() => {
    const cases = Object.values(RULES).flatMap(({ broken, kept }) => [...broken, ...kept]);
    const program = join(ROOT, 'test/support/lintTexts.mjs');
    const printed = node([program], JSON.stringify(cases)) as string[][];
    cases.forEach((each, index) => said.set(each, printed[index]));
  });

  describe.each(Object.entries(RULES))('reports %s', (_, { rule, broken, kept }) => {
    const isReported = (each: Case) => said.get(each)?.some((message) => message.startsWith(`${rule}:`));

    it('wherever there are some', () => {
      expect(broken.filter((each) => !isReported(each))).toEqual([]);
    });

    it('and nothing else', () => {
      expect(kept.filter((each) => isReported(each))).toEqual([]);
    });
  });

  it('knows the layer of every file', () => {
    const text = `import { layers } from './eslint.layers.mjs';
      console.log(JSON.stringify(Object.values(layers).map(({ files }) => files)));`;
    const globs = node(['--input-type=module', '--eval', text]) as string[];
    const matchers = globs.map((glob) => picomatch(glob));
    const layersOf = (path: string) => matchers.filter((matches) => matches(path)).length;
    expect(productFiles().filter((path) => layersOf(path) !== 1)).toEqual([]);
  });
});

/** What a program prints as JSON. Jest's sandbox can load no ES modules. */
function node(parameters: readonly string[], input = ''): unknown {
  return JSON.parse(execFileSync(process.execPath, parameters, { cwd: ROOT, input, encoding: 'utf8' }));
}
