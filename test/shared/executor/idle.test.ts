import { connectLocal } from '../../../nodes/shared/connection/local';
import { ExecutorClient } from '../../../nodes/shared/executor/client';
import { Pulse } from '../../../nodes/shared/executor/pulse';
import { bring, lock, onHost } from '../../support/conversation';
import { temporaryDirectories } from '../../support/deployment';
import { thrownBy } from '../../support/thrown';
import { asBasePath, asReleaseId } from '../../support/named';

const make = temporaryDirectories();

const open = (idleTimeoutMs: number) =>
  ExecutorClient.open(connectLocal(), { interpreter: onHost(), idleTimeoutMs });

test('P5: an executor that stands still counts as lost after the idle timeout', async () => {
  const client = await open(5_000);
  process.kill(client.hello.processId, 'SIGSTOP');
  try {
    expect(await thrownBy(client.call('list', { basePath: asBasePath(await make()) }))).toMatchObject({
      code: 'LOST',
      message: 'The conversation with this machine broke off: nothing was heard for 5 s.',
    });
    expect(await thrownBy(client.call('list', { basePath: asBasePath('/') }))).toMatchObject({
      code: 'LOST',
    });
  } finally {
    await client.close();
  }
});

test('P5: a step that is longer than the idle timeout is no silence', async () => {
  const basePath = await make();
  const client = await open(5_000);
  await lock(client, basePath);
  const release = await bring(client, basePath, { 'run.py': 'print(1)\n' });
  const code = 'import time; time.sleep(17)';
  const result = await client.call('run', {
    release: asReleaseId(release),
    kind: 'python',
    code,
    timeoutSeconds: 60,
  });
  await client.close();
  expect(result).toMatchObject({ passed: true, exitCode: 0 });
});

test('a process that itself stood still has not listened: only its own beats count', () => {
  jest.useFakeTimers();
  const beats: number[] = [];
  const silences: number[] = [];
  const pulse = new Pulse(
    () => beats.push(1),
    (seconds) => silences.push(seconds),
    20_000,
  );
  pulse.start();
  jest.setSystemTime(Date.now() + 3_600_000);
  jest.advanceTimersByTime(20_000);
  expect([beats.length, silences]).toEqual([4, []]);
  pulse.heard();
  jest.advanceTimersByTime(20_000);
  expect([beats.length, silences]).toEqual([8, []]);
  jest.advanceTimersByTime(5_000);
  jest.advanceTimersByTime(60_000);
  expect([beats.length, silences]).toEqual([8, [20]]);
  jest.useRealTimers();
});
