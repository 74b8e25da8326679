import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseBasePath } from '../../../nodes/shared/contract/names';
import { checkLocalPath as checkParsed } from '../../../nodes/shared/connection/localPaths';
import { thrownBy } from '../../support/thrown';

/** As n8n has it entered: through the one door for base paths. */
const checkLocalPath = async (given: string, allowed: string | undefined) =>
  checkParsed(parseBasePath(given), allowed);

let root: string;
let app: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'hot-deploy-paths-')));
  app = join(root, 'app');
  await mkdir(join(app, 'inner'), { recursive: true });
  await mkdir(join(root, 'app-other'));
  await mkdir(join(root, 'secret'));
  await writeFile(join(app, 'file'), '');
  await symlink(join(root, 'secret'), join(app, 'out'));
  await symlink(join(root, 'nowhere'), join(app, 'dangling'));
  await symlink(join(app, 'inner'), join(root, 'into'));
  await symlink(app, join(root, 'alias'));
  await symlink('loop', join(app, 'loop'));
});

afterAll(() => rm(root, { recursive: true }));

const outside = async (path: string, allowed = app): Promise<void> => {
  expect(await thrownBy(checkLocalPath(path, allowed))).toMatchObject({
    code: 'INPUT',
    message: `"Base Path" "${path}" is outside the directories that N8N_HOT_DEPLOY_LOCAL_PATHS allows (${allowed}); choose one of these, or have the administrator add it (separated by colons, read when n8n starts).`,
  });
};

it('P7: nothing is allowed until the administrator lists it, and the message says how', async () => {
  for (const unset of [undefined, '', ' : ']) {
    expect(await thrownBy(checkLocalPath('/app', unset))).toMatchObject({
      code: 'INPUT',
      message:
        '"Connection" is local, which is not allowed on this machine; its administrator allows it for "/app" by setting the environment variable N8N_HOT_DEPLOY_LOCAL_PATHS=/app for n8n, which reads it when it starts.',
    });
  }
});

it('P7: a listed directory, and what is or will be below it, is allowed', async () => {
  expect(await checkLocalPath(app, app)).toBe(app);
  expect(await checkLocalPath(`${app}/`, `${app}/`)).toBe(app);
  expect(await checkLocalPath(join(app, 'inner'), app)).toBe(join(app, 'inner'));
  expect(await checkLocalPath(join(app, 'new/deeper'), app)).toBe(join(app, 'new/deeper'));
  expect(await checkLocalPath(app, `/elsewhere: ${app}`)).toBe(app);
  expect(await checkLocalPath(app, '/')).toBe(app);
});

it('P7: a neighbour whose name starts alike is outside', async () => {
  await outside(join(root, 'app-other'));
  await outside(join(root, 'ap'));
  await outside(root);
});

it('P7: links are followed on both sides', async () => {
  await outside(join(app, 'out'));
  await outside(join(app, 'out/new'));
  expect(await checkLocalPath(join(root, 'into'), app)).toBe(join(app, 'inner'));
  expect(await checkLocalPath(app, join(root, 'alias'))).toBe(app);
  expect(await checkLocalPath(join(root, 'alias/new'), app)).toBe(join(app, 'new'));
});

it.each([
  ['dangling', 'ENOENT'],
  ['dangling/new', 'ENOENT'],
  ['loop', 'ELOOP'],
  ['file/new', 'ENOTDIR'],
])('P7: %s, which leads nowhere, is refused', async (name, code) => {
  const thrown = await thrownBy(checkLocalPath(join(app, name), app));
  expect(thrown.code).toBe('INPUT');
  expect(thrown.message).toContain(`can't be resolved on this machine (${code}); correct it.`);
});

it.each(['app', './app', '/app/../etc', '/app/..', '', '/app\0'])('P7: %j is no base path', async (path) => {
  expect(await thrownBy(checkLocalPath(path, '/'))).toMatchObject({
    code: 'INPUT',
    message: `Base Path ${JSON.stringify(path)} can't be used. Give the absolute path of the engine's directory, such as /app.`,
  });
});

it('P7: a list with a relative entry is named as unusable', async () => {
  expect((await thrownBy(checkLocalPath('/app', 'app'))).message).toBe(
    'N8N_HOT_DEPLOY_LOCAL_PATHS: "app" must be an absolute path without ".." parts, such as /app.',
  );
});
