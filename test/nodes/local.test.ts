import { existsSync, readdirSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkEngineMachine, type ProcessKind } from '../../nodes/shared/connection/localMachine';
import { engineVersions, PYTHON, temporaryDirectories } from '../support/deployment';
import { chain, type N8n } from '../support/n8n';
import { userFolder } from '../support/n8n/environment';
import { hotDeploy, onlyJson, openN8n, ROLLBACK } from '../support/nodes';

const make = temporaryDirectories();
let n8n: N8n;
let v2: string;
let allowed: string;

beforeAll(async () => {
  n8n = await openN8n();
  [v2] = await engineVersions(make, 'v2');
  allowed = await make('allowed');
});

beforeEach(() => {
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = allowed;
});

afterEach(() => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
});

afterAll(() => n8n.close());

async function deploy(basePath: string, sourceDirectory = v2, parameters = {}) {
  const node = hotDeploy({ connection: 'local', basePath, sourceDirectory, ...parameters });
  return n8n.run(chain({ ...node, credentials: undefined }));
}

describe('the connection Local', () => {
  test('P7: is refused unless the administrator allows it, and says how', async () => {
    delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
    const basePath = join(allowed, 'refused');
    const error = (await deploy(basePath)).error('Hot Deploy');
    expect(error?.message).toMatch(/not allowed on this machine/);
    expect(error?.message).toContain(`N8N_HOT_DEPLOY_LOCAL_PATHS=${basePath}`);
    expect(existsSync(basePath)).toBe(false);
  });

  test('works below an allowed directory, without a credential', async () => {
    expect(onlyJson(await deploy(join(allowed, 'app')))).toMatchObject({
      status: 'deployed',
      host: 'localhost',
    });
  });

  test('P7: refuses what lies elsewhere, also by a symbolic link or ".."', async () => {
    const elsewhere = await make('elsewhere');
    await symlink(elsewhere, join(allowed, 'link'));
    for (const path of [
      elsewhere,
      join(allowed, 'link'),
      join(allowed, 'link/app'),
      `${allowed}/../x`,
      '/',
    ]) {
      const error = (await deploy(path)).error('Hot Deploy');
      expect(error?.message).toMatch(/outside the directories|can't be used\. Give the absolute path/);
    }
    expect(readdirSync(elsewhere)).toEqual([]);
  });
});

describe('the connection Local in queue mode', () => {
  const SENTENCE = /^"Connection" is local and n8n runs in queue mode, but this machine isn’t marked/;

  afterEach(() => {
    delete process.env.EXECUTIONS_MODE;
    delete process.env.N8N_HOT_DEPLOY_ENGINE_MACHINE;
  });

  test('P7: is refused on a machine that is not marked as the engine’s, allowed paths or not', async () => {
    process.env.EXECUTIONS_MODE = 'queue';
    const basePath = join(allowed, 'queue');
    const error = (await deploy(basePath)).error('Hot Deploy');
    expect(error?.message).toMatch(SENTENCE);
    expect(error?.description).toContain('N8N_HOT_DEPLOY_ENGINE_MACHINE=true');
    expect(existsSync(basePath)).toBe(false);
    const listing = n8n.listSearch(ROLLBACK, 'searchReleases', {
      parameters: { basePath: allowed, connection: 'local', options: { python: PYTHON } },
    });
    await expect(listing).rejects.toThrow(SENTENCE);
    const container = { runtime: 'container', container: 'engine' };
    expect((await deploy(basePath, v2, container)).error('Hot Deploy')?.message).toMatch(SENTENCE);
  });

  test('works where it is marked, and still below the allowed paths only', async () => {
    process.env.EXECUTIONS_MODE = 'queue';
    process.env.N8N_HOT_DEPLOY_ENGINE_MACHINE = 'true';
    expect(onlyJson(await deploy(join(allowed, 'marked')))).toMatchObject({ status: 'deployed' });
    const error = (await deploy(await make('elsewhere'))).error('Hot Deploy');
    expect(error?.message).toMatch(/outside the directories/);
  });

  test.each<[Partial<ProcessKind>, boolean]>([
    [{}, true],
    [{ mode: 'regular', command: 'start' }, true],
    [{ command: 'execute' }, true],
    [{ mode: 'queue', command: 'start' }, false],
    [{ mode: ' Queue ' }, false],
    // Queue mode may be set in a file, too: these two exist in no other.
    [{ command: 'worker' }, false],
    [{ command: 'webhook' }, false],
    [{ command: 'worker', marked: 'false' }, false],
    [{ command: 'worker', marked: '1' }, false],
    [{ command: 'worker', marked: 'TRUE' }, true],
  ])('P7: %j is allowed: %s', (kind, allows) => {
    const check = () =>
      checkEngineMachine({ mode: undefined, command: undefined, marked: undefined, ...kind });
    if (allows) expect(check).not.toThrow();
    else expect(check).toThrow(SENTENCE);
  });
});

describe('n8n’s file access settings', () => {
  const closed = (path: string) => `Source Directory: n8n’s file access settings close ${path} to nodes.`;

  test('P7: keep the source out of directories that are not opened', async () => {
    const basePath = join(allowed, 'closed');
    const error = (await deploy(basePath, '/etc')).error('Hot Deploy');
    expect(error?.message).toBe(closed('/etc'));
    expect(error?.description).toContain('N8N_RESTRICT_FILE_ACCESS_TO');
    expect(existsSync(basePath)).toBe(false);
  });

  test('P7: are asked about what a link leads to', async () => {
    const link = join(await make('source'), 'link');
    await symlink('/etc', link);
    const error = (await deploy(join(allowed, 'closed'), link, { include: 'hosts' })).error('Hot Deploy');
    expect(error?.message).toBe(closed('/etc'));
  });

  test('P7: keep closed what lies inside an open directory', async () => {
    const folder = userFolder.slice(tmpdir().length + 1);
    const parameters = { include: `${folder}/.n8n/config`, entrypoint: 'config' };
    const error = (await deploy(join(allowed, 'closed'), tmpdir(), parameters)).error('Hot Deploy');
    expect(error?.message).toBe(closed(join(userFolder, '.n8n/config')));
    expect(existsSync(join(allowed, 'closed'))).toBe(false);
  });
});

test('a source directory behind a link is read where the link leads, and named as given', async () => {
  const link = join(await make('source'), 'current');
  await symlink(v2, link);
  expect(onlyJson(await deploy(join(allowed, 'linked'), link))).toMatchObject({
    source: { type: 'directory', reference: link },
  });
});
