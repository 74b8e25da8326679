import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Verb } from '../../../nodes/shared/contract/verbs';
import { allowedVerbs, checkAccess } from '../../../nodes/shared/executor/access';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { programText } from '../../../nodes/shared/executor/program';
import { connectLocal } from '../../../nodes/shared/connection/local';
import { bring, lock, onHost, RawConversation } from '../../support/conversation';
import { temporaryDirectories } from '../../support/deployment';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asEntrypoint, asReleaseId } from '../../support/named';

const make = temporaryDirectories();
const READING = [
  'probe',
  'list',
  'history',
  'entries',
  'previewAdoption',
  'survey',
  'texts',
  'compareDirectories',
  'compare',
  'compareReleases',
  'runs',
  'inspect',
  'getRollout',
];

/** Every step that the executor knows, from its own table. */
function everyVerb(): Verb[] {
  const file = join(__dirname, '../../../executor/hot_deploy/verbs.py');
  const [, table] = readFileSync(file, 'utf8').split('\nVERBS = {\n');
  return [...table.matchAll(/^ {4}"(\w+)": "[\w.]+",$/gm)].map(([, name]) => name as Verb);
}

const changing = everyVerb().filter((verb) => !READING.includes(verb));

test('there is a table to go by', () => {
  expect(everyVerb()).toEqual(expect.arrayContaining([...READING, 'lock', 'flip', 'run', 'describe']));
  expect(changing.length).toBe(everyVerb().length - READING.length);
});

test.each([...changing, 'aStepThatComesLater' as Verb])(
  'P7: %s is not sent by a client that may only read',
  async (verb) => {
    expect(() => checkAccess('readOnly', verb)).toThrow('Access is Read Only');
    expect(() => checkAccess('full', verb)).not.toThrow();
    const client = await ExecutorClient.open(connectLocal(), { interpreter: onHost(), access: 'readOnly' });
    const { bytesSent } = client.stats;
    const thrown = await thrownBy(client.call(verb, {} as never));
    expect(client.stats.bytesSent).toBe(bytesSent);
    await client.close();
    expect(thrown).toMatchObject({ code: 'INPUT' });
  },
);

test('P7: an executor that may only read refuses every other step, whoever asks', async () => {
  const basePath = await make();
  const before = statusOf(basePath);
  const raw = await RawConversation.open(60, undefined, 'readOnly');
  for (const verb of changing) {
    const args = { basePath, create: true, holder: {}, waitSeconds: 0, release: '20261123-171501-3f2a9c1' };
    const answer = await raw.ask({ verb, args });
    expect(answer).toMatchObject({ ok: false, failure: { kind: 'stepUnknown', facts: { given: verb } } });
  }
  expect(await raw.ask({ verb: 'list', args: { basePath } })).toMatchObject({ ok: true });
  raw.channel.stdin.end();
  expect(await raw.ended()).toMatchObject({ reverted: false });
  expect(statusOf(basePath)).toEqual(before);
});

test('P7: an executor that may only read starts no interpreter of the engine’s', async () => {
  const basePath = await make();
  const mark = join(await make('mark'), 'mark');
  const full = await RawConversation.open();
  await lock(full, basePath);
  const release = await bring(full, basePath, { 'run.py': 'print(1)\n' });
  await full.call('flip', {
    release: asReleaseId(release),
    operation: 'deploy',
    entrypoint: asEntrypoint('run.py'),
  });
  await full.call('confirm', {});
  const python = join(basePath, 'environments/0123456789abcdef/bin/python');
  mkdirSync(dirname(python), { recursive: true });
  writeFileSync(python, `#!/bin/sh\ntouch ${mark}\necho 3.11.2\n`, { mode: 0o755 });
  const known = { python: { executable: python, version: '3.11.2' } };
  writeFileSync(join(dirname(python), '../hot-deploy.json'), JSON.stringify(known));
  chmodSync(join(basePath, 'releases', release), 0o755);
  symlinkSync('../../environments/0123456789abcdef', join(basePath, 'releases', release, '.venv'));

  const reading = await RawConversation.open(60, undefined, 'readOnly');
  const look = { basePath: asBasePath(basePath), entrypoint: asEntrypoint('run.py'), start: true };
  const environment = { name: '0123456789abcdef', problem: null };
  expect((await reading.call('probe', look)).live).toMatchObject({ environment });
  expect(existsSync(mark)).toBe(false);
  // Where more is allowed, it is started: so that the look above could have.
  expect((await full.call('probe', look)).live).toMatchObject({ environment });
  expect(existsSync(mark)).toBe(true);
});

test('P7: the allow-list is written in one place only, and the program is told of it', () => {
  expect(allowedVerbs('full')).toBeUndefined();
  expect(allowedVerbs('readOnly')).toEqual(READING);
  expect(programText(60, 'full')).toMatch(/\npackage\.main\.main\(60, None\)$/);
  expect(programText(60, 'readOnly').endsWith(`\npackage.main.main(60, ${JSON.stringify(READING)})`)).toBe(
    true,
  );
  // What changes nothing is said where each verb is: nobody has to keep a list beside it.
  const { stdout } = spawnSync('grep', ['-rlE', '[\'"]probe[\'"], *[\'"]list[\'"]', 'nodes', 'executor'], {
    cwd: join(__dirname, '../../..'),
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
});
