import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { temporaryDirectories } from '../support/deployment';
import { leastDelay } from '../support/eventLoop';
import { leastHeld } from '../support/memory';
import { chain, type N8n } from '../support/n8n';
import { credentialFor, hotDeploy, items, onlyJson, openN8n } from '../support/nodes';
import { startSshd, type Sshd } from '../support/sshd';
import { file, rawHeader, tarball } from '../support/tarball';

const MB = 1024 ** 2;

const make = temporaryDirectories();
let sshd: Sshd;
let n8n: N8n;

beforeAll(async () => {
  sshd = await startSshd();
  n8n = await openN8n(credentialFor(sshd));
});

afterAll(async () => {
  await n8n.close();
  await sshd.stop();
});

/** An archive of an engine with one file of so many megabytes, which no compression makes smaller. */
async function archiveOf(megabytes: number): Promise<string> {
  const path = join(await make('archive'), 'engine.tar');
  const block = randomBytes(MB);
  function* content(): Generator<Buffer> {
    yield tarball([file('run.py', 'print("hello")\n')], { end: false });
    yield rawHeader({ path: 'src/model.bin', size: megabytes * MB }, 0);
    for (let index = 0; index < megabytes; index += 1) yield block;
    yield Buffer.alloc(1024);
  }
  await pipeline(Readable.from(content(), { objectMode: false }), createWriteStream(path));
  return path;
}

async function deploy(path: string): Promise<void> {
  const node = hotDeploy({ basePath: await make('app'), source: 'binary' });
  const result = await n8n.run(chain(items({ binary: { data: { path } } }), node));
  expect(onlyJson(result)).toMatchObject({ status: 'deployed' });
}

test('P8: an archive of 200 MB adds less than 64 MB of memory', async () => {
  // What every deployment needs once, however small.
  await deploy(await archiveOf(24));
  const archive = await archiveOf(200);
  expect(await leastHeld(() => deploy(archive))).toBeLessThan(64 * MB);
}, 240_000);

test('P8: an archive of 200 MB leaves the event loop free', async () => {
  const archive = await archiveOf(200);
  expect(await leastDelay(() => deploy(archive))).toBeLessThan(50);
}, 240_000);

test('P8: a directory of 5,000 files leaves the event loop free', async () => {
  const sourceDirectory = await make('source');
  await writeFile(join(sourceDirectory, 'run.py'), 'print("hello")\n');
  for (let folder = 0; folder < 50; folder += 1) {
    const path = join(sourceDirectory, 'src', `package${folder}`);
    await mkdir(path, { recursive: true });
    await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        writeFile(join(path, `m${index}.py`), `# ${folder} ${index}\n`),
      ),
    );
  }
  const basePath = await make('app');
  const workflow = chain(hotDeploy({ operation: 'plan', basePath, sourceDirectory }));
  const delay = await leastDelay(async () => {
    expect(onlyJson(await n8n.run(workflow))).toMatchObject({ changes: { counts: { added: 5001 } } });
  });
  expect(delay).toBeLessThan(50);
}, 240_000);
