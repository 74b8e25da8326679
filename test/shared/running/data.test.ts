/** What goes into runs and comes out of them, and whom they run as: items 1, 3 and 8 of the node. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import type { ExecutorClient } from '../../../nodes/shared/executor/client';
import type { RunInput, RunRequest, Wanted } from '../../../nodes/shared/run/request';
import type { TakeFile } from '../../../nodes/shared/run/runResult';
import { deployTo, openClient, temporaryDirectories } from '../../support/deployment';
import { AS_TEXT, leftOfRuns, obedientEngine, runIn } from '../../support/runs';
import { createSystemUser, type SystemUser } from '../../support/systemUser';
import { thrownBy } from '../../support/thrown';
import { writeTree } from '../../support/tree';

jest.setTimeout(120_000);
const make = temporaryDirectories();
let base: string;
let client: ExecutorClient;

beforeAll(async () => {
  base = join(await make(), 'app');
  const source = await make('source');
  await writeTree(source, obedientEngine('one'));
  await deployTo(base, source);
  client = await openClient();
});

afterAll(() => client.close());

function content(
  name: string,
  pieces: Iterable<Buffer>,
  pass: 'file' | 'stdin' = 'file',
): { input: RunInput } {
  return {
    input: {
      kind: 'content',
      pass,
      name,
      open: async () =>
        (async function* () {
          yield* pieces;
        })(),
    },
  };
}

/** Files as they come out. */
function taken(): { files: Record<string, Buffer>; take: TakeFile } {
  const files: Record<string, Buffer> = {};
  return {
    files,
    take: async ({ path }, pieces) => {
      const all: Buffer[] = [];
      for await (const piece of pieces) all.push(piece);
      files[path] = Buffer.concat(all);
    },
  };
}

const wantedFiles = (...patterns: string[]): { wanted: Wanted } => ({ wanted: { kind: 'files', patterns } });

test('1f.8: a file goes in under its own name and comes out byte for byte, and nothing is left', async () => {
  const bytes = Buffer.from(Array.from({ length: 1_500_000 }, (_, index) => (index * 7) & 255));
  const { files, take } = taken();
  const words = ['copy', '{inputFile}', '{outputDirectory}'];
  const changes = {
    ...content('-a b;$(x).pdf', [bytes.subarray(0, 10), bytes.subarray(10)]),
    ...wantedFiles('**'),
  };
  const { output } = await runIn(client, base, words, changes, take);
  expect(output).toEqual([{ path: '-a b;$(x).pdf', bytes: bytes.length }]);
  expect(files['-a b;$(x).pdf'].equals(bytes)).toBe(true);
  expect(leftOfRuns(base)).toEqual([]);
});

test('input on standard input', async () => {
  const pieces = [Buffer.from([1, 2, 3]), Buffer.alloc(3_000_000)];
  const { output } = await runIn(client, base, ['stdin'], content('x', pieces, 'stdin'));
  expect(output).toEqual({ bytes: 3_000_003, sum: 6 });
});

test('an input that breaks off starts nothing, and the conversation goes on', async () => {
  const breaking = content('x', []);
  const input: RunInput = {
    ...(breaking.input as Extract<RunInput, { kind: 'content' }>),
    open: async () =>
      (async function* () {
        yield Buffer.from('half');
        throw new Error('n8n lost it');
      })(),
  };
  const refused = await thrownBy(runIn(client, base, ['say'], { input }));
  expect(refused.message).toBe('n8n lost it');
  expect(leftOfRuns(base)).toEqual([]);
  expect(await runIn(client, base)).toMatchObject({ status: 'succeeded' });
});

test('files by globs, from directories; links are never followed', async () => {
  const secret = join(await make(), 'secret.txt');
  writeFileSync(secret, 'secret');
  const { files, take } = taken();
  await runIn(
    client,
    base,
    ['files', '{outputDirectory}', 'a.txt', 'b/c.txt', 'b/d.json'],
    wantedFiles('a*', 'b/*.txt'),
    take,
  );
  expect(Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, bytes.toString()]))).toEqual({
    'a.txt': 'in a.txt',
    'b/c.txt': 'in b/c.txt',
  });
  const linked = taken();
  await runIn(client, base, ['link', '{outputDirectory}', secret], wantedFiles('**'), linked.take);
  expect(linked.files).toEqual({});
});

const banners = 'banner\\n{"no": 1}\\nRESULT:{"pages": 3}\\nOUTPUT_EXCEL:/out/x.xlsx\\n{"last": true}\\n\\n';
test.each<[string, Wanted, unknown]>([
  ['the last line', { kind: 'json', place: { from: 'lastLine' } }, { last: true }],
  ['a marker with JSON', { kind: 'json', place: { from: 'marker', marker: 'RESULT' } }, { pages: 3 }],
  [
    'a marker with a word',
    { kind: 'json', place: { from: 'marker', marker: 'OUTPUT_EXCEL' } },
    '/out/x.xlsx',
  ],
])('1f.9: JSON from %s, amid banners', async (_name, wanted, value) => {
  expect((await runIn(client, base, ['print', banners], { wanted })).output).toEqual(value);
});

test('1f.9: JSON lines, and JSON from a file', async () => {
  const lines = await runIn(client, base, ['print', '{"a":1}\\n\\n[2]\\n'], {
    wanted: { kind: 'jsonLines' },
  });
  expect(lines.output).toEqual([{ a: 1 }, [2]]);
  const file = await runIn(client, base, ['copy', '{inputFile}', '{outputDirectory}'], {
    ...content('x_extraction.json', [Buffer.from('\ufeff{"blocks": 6}')]),
    wanted: { kind: 'json', place: { from: 'file', pattern: '*_extraction.json' } },
  });
  expect(file.output).toEqual({ blocks: 6 });
});

test('1f.9: an output beyond 10 MiB is cut, which is said, and its end is kept', async () => {
  const { output } = await runIn(client, base, ['flood', '12000'], AS_TEXT);
  expect(Buffer.byteLength(output as string)).toBeLessThan(10.1 * 1024 * 1024);
  expect(output).toMatch(/\n… [0-9]+ bytes left out …\n/);
  expect((output as string).endsWith('the end\n')).toBe(true);
  const short = await runIn(client, base, ['flood', '100'], AS_TEXT);
  expect(short.output).toBe(`${`${'x'.repeat(1023)}\n`.repeat(100)}the end\n`);
});

test('P7: a secret comes by the environment, and is in no output, error or command line', async () => {
  const value = 'sk-"quoted"-\\back-123';
  const secrets = { API_KEY: value };
  const { output } = await runIn(client, base, ['secret', 'API_KEY', '0'], { secrets });
  const { said, line } = output as Record<string, string>;
  expect(said).toBe('***');
  expect(line).not.toContain('sk-');
  const failed = await thrownBy(runIn(client, base, ['secret', 'API_KEY', '2'], { secrets }));
  const told = JSON.stringify([failed.message, failed.description, failed.details]);
  expect(told).toContain('***');
  expect(told).not.toContain('123');
});

test('P7: secrets on standard input are in no environment', async () => {
  const changes = { secrets: { API_KEY: 'sk-123456' }, secretsOnStdin: true };
  expect((await runIn(client, base, ['stdin'], changes)).output).toMatchObject({ bytes: 23 });
  const missing = await thrownBy(runIn(client, base, ['secret', 'API_KEY', '0'], changes));
  expect(missing.details.stderr).toContain('KeyError');
});

test('what it prints is data: a word that a variable has is not masked in it', async () => {
  const environment = { AUTHOR: 'Shakespeare' };
  const { output } = await runIn(client, base, ['print', 'by Shakespeare at https://a:b@c.d'], {
    ...AS_TEXT,
    environment,
  });
  expect(output).toBe('by Shakespeare at https://a:b@c.d');
});

describe('as the base path’s owner', () => {
  let user: SystemUser;
  let owned: string;
  let uid: number;
  let over: ExecutorClient;

  beforeAll(async () => {
    user = createSystemUser();
    const home = await make();
    chmodSync(home, 0o755);
    owned = join(home, 'app');
    mkdirSync(owned);
    ({ uid } = ownerOf(user));
    chownSync(owned, uid, uid);
    const source = await make('source');
    await writeTree(source, obedientEngine('one'));
    // Other users can't reach a Python below root's home.
    await deployTo(owned, source, {}, { python: '/usr/bin/python3' });
    over = await openClient({ python: '/usr/bin/python3' });
  });

  afterAll(async () => {
    await over.close();
    user.remove();
  });

  test('root starts runs as whom the base path belongs to, in place, with its groups and home', async () => {
    const result = await runIn(over, owned, ['who']);
    expect(result).toMatchObject({
      user: user.username,
      pinning: 'place',
      output: { uid, gid: uid, groups: [uid], home: '/tmp' },
    });
  });

  test('files go in and out, and belong to it meanwhile', async () => {
    const { files, take } = taken();
    const changes = { ...content('x.txt', [Buffer.from('text')]), ...wantedFiles('**') };
    await runIn(over, owned, ['copy', '{inputFile}', '{outputDirectory}'], changes, take);
    expect(files['x.txt'].toString()).toBe('text');
    expect(leftOfRuns(owned)).toEqual([]);
  });

  test('P7: it has nothing of root’s: no capability, no descriptor, no group, nor its supervisor’s memory', async () => {
    const code = [
      'import json, os',
      'status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\\t" in line)',
      'def can(path):',
      '    try: open(path, "rb").close()',
      '    except OSError: return False',
      '    return True',
      'ids = [os.getresuid(), os.getresgid()]',
      'caps = [int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")]',
      'fds = sorted(fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > 2)',
      'held = [os.readlink("/proc/self/fd/%d" % fd) for fd in fds if os.path.exists("/proc/self/fd/%d" % fd)]',
      'above = "/proc/%d/" % os.getppid()',
      'print(json.dumps({"ids": ids, "caps": caps, "held": held, "above": [can(above + name) for name in ("mem", "environ")]}))',
    ].join('\n');
    const start = { kind: 'program', name: '/usr/bin/python3' } as const;
    const { output } = await runIn(over, owned, ['-c', code], { start });
    const { held, ...rest } = output as { held: string[] };
    expect(rest).toEqual({
      ids: [
        [uid, uid, uid],
        [uid, uid, uid],
      ],
      caps: [0, 0, 0, 0],
      above: [false, false],
    });
    expect(held.filter((path) => !/\/releases\/[^/]+$|^\/proc\//.test(path))).toEqual([]);
  });

  test('a home that the caller gives is its home', async () => {
    const { output } = await runIn(over, owned, ['who'], { environment: { HOME: '/elsewhere' } });
    expect(output).toMatchObject({ uid, home: '/elsewhere' });
  });

  test('P7: what it makes of its directory leads nobody elsewhere, and its outcome is kept', async () => {
    const elsewhere = await make('elsewhere');
    chmodSync(elsewhere, 0o755);
    const code = [
      'import os, sys',
      'work = os.path.dirname(sys.argv[1])',
      'for name in os.listdir(work):',
      '    os.rename(os.path.join(work, name), os.path.join(work, name + "-moved"))',
      '    os.symlink(sys.argv[2], os.path.join(work, name))',
      'run = os.path.dirname(work)',
      'os.rename(run, run + "-moved")',
      'os.symlink(sys.argv[2], run)',
      'print("done")',
    ].join('\n');
    const start = { kind: 'program', name: '/usr/bin/python3' } as const;
    const words = ['-c', code, '{outputDirectory}', elsewhere];
    const changes = { ...content('x', [Buffer.from('x')]), ...AS_TEXT, start, runKey: 'moves' };
    expect((await runIn(over, owned, words, changes)).output).toBe('done\n');
    expect(readdirSync(elsewhere)).toEqual([]);
    const runs = join(owned, '.hot-deploy/runs');
    for (const name of readdirSync(runs)) if (name !== 'slots') rmSync(join(runs, name), { recursive: true });
  });

  test('Run As decides: another user, or root', async () => {
    expect((await runIn(over, owned, ['who'], { runAs: 'root' })).output).toMatchObject({ uid: 0 });
    expect(await runIn(over, owned, ['who'], { runAs: '65534' })).toMatchObject({ output: { uid: 65534 } });
    const unknown = await thrownBy(runIn(over, owned, ['who'], { runAs: 'nobody-knows' }));
    expect(unknown).toMatchObject({ code: 'INPUT', message: expect.stringContaining('nobody-knows') });
  });

  test('a file that another user owns is not read for it', async () => {
    const { take } = taken();
    const changes: Partial<RunRequest> = { ...wantedFiles('**'), runAs: '65534' };
    await runIn(over, owned, ['files', '{outputDirectory}', 'a.txt'], changes, take);
    expect(existsSync(join(owned, '.hot-deploy/runs'))).toBe(true);
    expect(statSync(join(owned, '.hot-deploy/runs')).mode & 0o777).toBe(0o711);
    expect(readdirSync(join(owned, '.hot-deploy/runs')).filter((name) => name !== 'slots')).toEqual([]);
  });
});

function ownerOf({ username }: SystemUser): { uid: number } {
  return { uid: Number(execFileSync('id', ['-u', username]).toString()) };
}
