import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import { encodeFrame, FRAME_JSON } from '../../../nodes/shared/executor/frames';
import { announce, bring, lock, RawConversation } from '../../support/conversation';
import { openClient, temporaryDirectories } from '../../support/deployment';
import { asBasePath, asEntrypoint, asReleaseId } from '../../support/named';

const make = temporaryDirectories();
const SILENCE = 1;

/** A client that stops hearing from us: its end of the conversation is closed, or it falls silent. */
const VANISHING: Array<[string, (raw: RawConversation) => void, string]> = [
  ['the input ends', (raw) => raw.channel.stdin.end(), 'the connection ended'],
  ['silence', () => undefined, `nothing was heard for ${SILENCE} s`],
  ['garbage', (raw) => raw.channel.stdin.write(Buffer.alloc(100, 'x')), 'the client sent a frame of'],
  ['a message that is no request', (raw) => raw.send([1]), 'the client sent something that is no request'],
  [
    'JSON deeper than a parser goes',
    (raw) => raw.channel.stdin.write(encodeFrame(FRAME_JSON, Buffer.alloc(200_000, '['))),
    'the input could not be read',
  ],
  [
    'JSON cut short',
    (raw) => raw.channel.stdin.write(Buffer.from('\x01\0\0\0\x02{"')),
    'the input could not be read',
  ],
];

/** What is left of releases in the base path, and what lies about aside. */
function left(basePath: string): { releases: string[]; staging: string[]; records: string[] } {
  const names = (...parts: string[]) => {
    const directory = join(basePath, ...parts);
    // Of a first deployment that came to nothing, directories that are empty go, too.
    return existsSync(directory) ? readdirSync(directory).sort() : [];
  };
  return {
    releases: names('releases'),
    staging: names('.hot-deploy', 'staging'),
    records: names('.hot-deploy', 'releases'),
  };
}

async function expectFreeLock(basePath: string): Promise<void> {
  const client = await openClient();
  try {
    const group = client.group();
    const [{ cleaned }, probe] = await Promise.all([
      client.call(
        'lock',
        { basePath: asBasePath(basePath), create: false, holder: {}, waitSeconds: 0 },
        { group },
      ),
      client.call('probe', { basePath: asBasePath(basePath), entrypoint: asEntrypoint('run.py') }, { group }),
    ]);
    expect({ cleaned, unconfirmed: probe.unconfirmed }).toEqual({ cleaned: [], unconfirmed: null });
  } finally {
    await client.close();
  }
}

describe.each(VANISHING)('P3: the controller vanishes (%s)', (_name, vanish, reason) => {
  const silence = _name === 'silence' ? SILENCE : 60;

  it('while a release is announced or built: it is removed', async () => {
    const basePath = await make();
    for (const step of ['announced', 'built']) {
      const raw = await RawConversation.open(silence);
      const stopBeating = raw.beat();
      await lock(raw, basePath);
      if (step === 'built') await bring(raw, basePath, { 'run.py': 'print(1)\n' });
      else await announce(raw, basePath, { 'run.py': 'print(1)\n' });
      stopBeating();
      vanish(raw);
      expect(await raw.ended()).toMatchObject({ reverted: false, live: null });
      await raw.channel.exit;
      expect(left(basePath)).toEqual({ releases: [], staging: [], records: [] });
      await expectFreeLock(basePath);
    }
  });

  it('P2: after the switch: it is taken back', async () => {
    const basePath = await make();
    const first = await RawConversation.open();
    await lock(first, basePath);
    const release = await bring(first, basePath, { 'run.py': 'print(1)\n' });
    await first.call('flip', {
      release: asReleaseId(release),
      operation: 'deploy',
      entrypoint: asEntrypoint('run.py'),
    });
    await first.call('confirm', {});
    first.channel.stdin.end();
    expect(await first.ended()).toMatchObject({ reverted: false, live: release });

    const raw = await RawConversation.open(silence);
    const stopBeating = raw.beat();
    await lock(raw, basePath);
    const second = await bring(raw, basePath, { 'run.py': 'print(2)\n', 'new/added.py': '' });
    await raw.call('flip', {
      release: asReleaseId(second),
      operation: 'deploy',
      entrypoint: asEntrypoint('run.py'),
    });
    expect(readlinkSync(join(basePath, 'current'))).toBe(`releases/${second}`);
    stopBeating();
    vanish(raw);
    const ended = await raw.ended();
    expect(ended).toMatchObject({ reverted: true, live: release });
    expect(ended.reason).toContain(reason);
    expect(ended.complaint).toBeUndefined();
    await raw.channel.exit;
    expect(readlinkSync(join(basePath, 'current'))).toBe(`releases/${release}`);
    expect(readdirSync(basePath).sort()).toEqual(['.hot-deploy', 'backups', 'current', 'releases', 'run.py']);
    expect(left(basePath)).toEqual({
      releases: [release],
      staging: [],
      records: [`${release}.json`, `${release}.manifest.json`],
    });
    await expectFreeLock(basePath);
  });
});

it('P3: after a first switch, what it put into the base path goes too', async () => {
  const basePath = await make();
  mkdirSync(join(basePath, 'data'));
  const raw = await RawConversation.open();
  await lock(raw, basePath);
  const release = await bring(raw, basePath, { 'run.py': 'print(1)\n', 'src/a.py': '' });
  await raw.call('flip', {
    release: asReleaseId(release),
    operation: 'deploy',
    entrypoint: asEntrypoint('run.py'),
  });
  raw.channel.stdin.end();
  expect(await raw.ended()).toMatchObject({ reverted: true, live: null });
  expect(readdirSync(basePath).sort()).toEqual(['.hot-deploy', 'data']);
});

it('P8: a client that no longer reads is taken for gone, and the lock is free again', async () => {
  const basePath = await make();
  const raw = await RawConversation.open(SILENCE);
  raw.beat();
  await lock(raw, basePath);
  const release = await bring(raw, basePath, { 'run.py': 'print(1)\n' });
  raw.channel.stdout.pause();
  try {
    const code = "import sys\nwhile True: sys.stdout.write('x' * 4096)";
    raw.send({ id: 'flood', verb: 'run', args: { release, kind: 'python', code, timeoutSeconds: 60 } });
    const other = await openClient();
    try {
      await other.call('lock', {
        basePath: asBasePath(basePath),
        create: false,
        holder: {},
        waitSeconds: 10,
      });
    } finally {
      await other.close();
    }
    expect(left(basePath).releases).toEqual([]);
  } finally {
    raw.channel.destroy();
  }
});

it('P5: heartbeats alone keep a conversation alive', async () => {
  const basePath = await make();
  const raw = await RawConversation.open(SILENCE);
  const stopBeating = raw.beat();
  await lock(raw, basePath);
  const release = await bring(raw, basePath, { 'run.py': 'print(1)\n' });
  const code = 'import time; time.sleep(1.5)';
  const result = await raw.call('run', {
    release: asReleaseId(release),
    kind: 'python',
    code,
    timeoutSeconds: 60,
  });
  stopBeating();
  expect(result).toMatchObject({ passed: true });
  expect(await raw.ended()).toMatchObject({ reverted: false, live: null });
});
