import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { makePdf, materialiseEngine, writeVersion as stampVersion } from '../../support/engine';
import { startGitHttp, type GitHttp } from '../../support/gitHttp';
import { GitRepository, type GitFiles } from '../../support/gitRepositories';
import { startSshd, type Sshd } from '../../support/sshd';

const run = promisify(execFile);

/** What the engine finds when an SSH session starts it; of this keyword, the first line counts alone. */
const ENGINE_ENVIRONMENT = `SetEnv PATH=${process.env.PATH} ANTHROPIC_API_KEY=test-key`;

/** What a deployment needs outside n8n: an SSH host with engines, and a forge with a repository. */
export interface Place {
  /** Everything of a test run is below it. */
  directory: string;
  sshd: Sshd;
  forge: GitHttp;
  repository: GitRepository;
  /** As a workflow names it. */
  repositoryUrl: string;
  /** Makes a plain directory with a version of the engine, as it is before its first deployment. */
  makeEngine(name: string, version: string): Promise<string>;
  /** Writes a version of the engine somewhere n8n can read it. */
  writeVersion(version: string): Promise<string>;
  /** Commits a version of the engine, a good one by default, with this label to `main`; gives the commit. */
  commitVersion(label: string, version?: string): Promise<string>;
  close(): Promise<void>;
}

/** Sets everything up below a temporary directory. */
export async function openPlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-live-'));
  const versions = join(directory, 'versions');
  const root = join(directory, 'repositories');
  await mkdir(join(root, 'acme'), { recursive: true });
  const repository = GitRepository.create(join(root, 'acme/engine.git'));
  const [sshd, forge] = await Promise.all([
    startSshd({ config: [ENGINE_ENVIRONMENT] }),
    startGitHttp({ root }),
  ]);
  const writeVersion = async (version: string): Promise<string> => {
    const target = join(versions, version);
    await materialiseEngine(version, target);
    return target;
  };
  return {
    directory,
    sshd,
    forge,
    repository,
    repositoryUrl: `${forge.url}acme/engine.git`,
    writeVersion,
    makeEngine: async (name, version) => {
      const engine = join(directory, name);
      await materialiseEngine(version, engine);
      await mkdir(join(engine, 'samples'));
      await writeFile(join(engine, 'samples/contract.pdf'), makePdf([['Contract between Alice and Bob']]));
      return engine;
    },
    commitVersion: async (label, version = 'v4') => {
      const target = join(versions, label);
      await materialiseEngine(version, target);
      await stampVersion(target, label);
      return repository.commit(await filesOf(target), { message: `Version ${label}` });
    },
    close: async () => {
      await Promise.all([sshd.stop(), forge.close()]);
      // Releases are read-only.
      await run('chmod', ['-R', 'u+rwX', directory]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function filesOf(directory: string): Promise<GitFiles> {
  const files: GitFiles = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(directory.length + 1)] = await readFile(path);
  }
  return files;
}
