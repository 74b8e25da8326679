import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { allowedVerbs, checkAccess } from '../../../nodes/shared/executor/access';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { Verb } from '../../../nodes/shared/executor/protocol';
import { programText } from '../../../nodes/shared/executor/program';
import { connectLocal } from '../../../nodes/shared/connection/local';
import { onHost, RawConversation } from '../../support/conversation';
import { temporaryDirectories } from '../../support/deployment';
import { statusOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
const READING = ['probe', 'list', 'digest'];

/** Every step that the executor knows, from its own table. */
function everyVerb(): Verb[] {
  const file = join(__dirname, '../../../nodes/shared/executor/python/hot_deploy/verbs.py');
  const [, table] = readFileSync(file, 'utf8').split('\nVERBS = {\n');
  return [...table.matchAll(/^ {4}"(\w+)": \w+,$/gm)].map(([, name]) => name as Verb);
}

const changing = everyVerb().filter((verb) => !READING.includes(verb));

test('there is a table to go by', () => {
  expect(everyVerb()).toEqual(expect.arrayContaining([...READING, 'lock', 'flip', 'run', 'record']));
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
    expect(answer).toMatchObject({ ok: false, failure: { message: expect.stringContaining(`'${verb}'`) } });
  }
  expect(await raw.ask({ verb: 'list', args: { basePath } })).toMatchObject({ ok: true });
  raw.channel.stdin.end();
  expect(await raw.ended()).toMatchObject({ reverted: false });
  expect(statusOf(basePath)).toEqual(before);
});

test('P7: the allow-list is written in one place only, and the program is told of it', () => {
  expect(allowedVerbs('full')).toBeUndefined();
  expect(allowedVerbs('readOnly')).toEqual(READING);
  expect(programText(60, 'full')).toMatch(/\npackage\.main\.main\(60, None\)$/);
  expect(programText(60, 'readOnly')).toMatch(/\npackage\.main\.main\(60, \["probe","list","digest"\]\)$/);
  const places = execFileSync('grep', ['-rlE', '[\'"]probe[\'"], *[\'"]list[\'"]', 'nodes'], {
    cwd: join(__dirname, '../../..'),
  });
  expect(places.toString().trim()).toBe('nodes/shared/executor/access.ts');
});
