/** Workflows with the node Run Extraction Engine, on this machine and over SSH, of engines that do what they are told. */
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ICredentialDataDecryptedObject, IDataObject, INode, INodeExecutionData } from 'n8n-workflow';

import { deployTo, temporaryDirectories } from './deployment';
import { chain, type ItemFixture, type N8n, type N8nOptions, type RunOptions, type RunResult } from './n8n';
import { ACCOUNT, CREDENTIAL, credentialFor, items, openN8n, runEngine } from './nodes';
import { obedientEngine } from './runs';
import { type Relay, startRelay, startSshd, type Sshd } from './sshd';
import { writeTree } from './tree';

export const WAYS = ['local', 'ssh'] as const;
export type Way = (typeof WAYS)[number];

export const SECRETS = 'hotDeployEngineSecretsApi';

/** What one test file has of its own. */
export interface NodeRuns {
  make(purpose?: string): Promise<string>;
  /** The base path of a new engine, with these versions deployed one after the other. */
  engine(...versions: string[]): Promise<string>;
  /** The directory of a version. */
  source(version: string): Promise<string>;
  readonly sshd: Sshd;
  readonly relay: Relay;
  /** Opens another n8n, which is closed with the others. */
  n8n(options?: Partial<N8nOptions>, secrets?: ICredentialDataDecryptedObject): Promise<N8n>;
  /** Runs the node once for each list of words, or for each item, which may have its words below `words`. */
  run(way: Way, given: Given, parameters?: IDataObject, rest?: Partial<Rest>): Promise<RunResult>;
}

type Given = ReadonlyArray<readonly string[] | ItemFixture>;

/** What else may be said of such a run. */
export interface Rest {
  node: Partial<INode>;
  options: RunOptions;
  n8n: N8n;
  /** Whether the credential with secrets is chosen. */
  secrets: boolean;
}

/** For a test file: an SSH server, an n8n that reaches engines over it and here, and what makes such engines. */
export function nodeRuns(): NodeRuns {
  const make = temporaryDirectories();
  const opened: N8n[] = [];
  let sshd: Sshd;
  let relay: Relay;
  let usual: N8n;

  async function n8n(options: Partial<N8nOptions> = {}, secrets: ICredentialDataDecryptedObject = {}) {
    const login = credentialFor(sshd, { port: relay.port });
    const credentials = { [CREDENTIAL]: login, [SECRETS]: secrets };
    const made = await openN8n(login, { credentials, ...options });
    opened.push(made);
    return made;
  }

  async function source(version: string) {
    const directory = await make('source');
    await writeTree(directory, obedientEngine(version));
    return directory;
  }

  beforeAll(async () => {
    process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = tmpdir();
    sshd = await startSshd();
    relay = await startRelay(sshd.port);
    usual = await n8n();
  });

  afterAll(async () => {
    delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
    for (const each of opened) await each.close();
    await relay.close();
    await sshd.stop();
  });

  return {
    make,
    source,
    n8n,
    engine: async (...versions) => {
      const basePath = join(await make(), 'app');
      await mkdir(basePath);
      for (const version of versions) await deployTo(basePath, await source(version));
      return basePath;
    },
    get sshd() {
      return sshd;
    },
    get relay() {
      return relay;
    },
    run: async (way, given, parameters = {}, rest = {}) => {
      const fixtures = given.map((each) => (isWords(each) ? { json: { words: [...each] } } : each));
      const credentials = {
        ...(way === 'ssh' && ACCOUNT),
        ...(rest.secrets && { [SECRETS]: { id: '3', name: 'Secrets' } }),
      };
      const all = { connection: way, operation: 'run', arguments: '={{ $json.words ?? [] }}', ...parameters };
      const node = runEngine(all, { credentials, ...rest.node });
      return (rest.n8n ?? usual).run(chain(items(...fixtures), node), rest.options);
    },
  };
}

function isWords(given: Given[number]): given is readonly string[] {
  return Array.isArray(given);
}

/** What came out of the node, or what ended it. */
export function outputOf(result: RunResult): INodeExecutionData[] {
  const error = result.error('Run');
  if (error) throw new Error(`Run failed: ${error.message} ${error.description ?? ''}`);
  return result.output('Run');
}

/** The `json` of what came out of the node. */
export function jsonOf(result: RunResult): IDataObject[] {
  return outputOf(result).map(({ json }) => json);
}
