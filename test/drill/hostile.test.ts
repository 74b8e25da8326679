import { readFileSync } from 'node:fs';

import type { RunResult } from '../../nodes/shared/contract/facts';
import type { ExecutorClient } from '../../nodes/shared/executor/client';
import { bring, lock, processEnd } from '../support/conversation';
import { openClient, temporaryDirectories } from '../support/deployment';
import { leastHeld } from '../support/memory';
import { asReleaseId } from '../support/named';

const MB = 1024 ** 2;
const make = temporaryDirectories();
let client: ExecutorClient;
let release: string;

beforeAll(async () => {
  client = await openClient();
  const basePath = await make();
  await lock(client, basePath);
  release = await bring(client, basePath, { 'run.py': 'print(1)\n' });
});
afterAll(() => client.close());

const check = (code: string, timeoutSeconds = 120): Promise<RunResult> =>
  client.call('run', { release: asReleaseId(release), kind: 'python', code, timeoutSeconds });

/** The most memory that a process ever had, in bytes. */
function peakOf(processId: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${processId}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

test('P8: a check that prints 1 GB adds little memory on either side', async () => {
  const executor = client.hello.processId;
  await check("print('warm' * 100_000)");
  const before = peakOf(executor);
  const most = await leastHeld(async () => {
    const result = await check("import os\nfor _ in range(1024): os.write(1, b'x' * (1 << 20))");
    expect(result).toMatchObject({ passed: true, omittedBytes: 1024 * MB - 32 * 1024 });
    expect(result.output.length).toBeLessThan(64 * 1024);
  });
  expect(peakOf(executor) - before).toBeLessThan(32 * MB);
  expect(most).toBeLessThan(64 * MB);
}, 180_000);

test('P8: one endless line without a line break, as a secret could be in it, does not gather', async () => {
  const executor = client.hello.processId;
  const before = peakOf(executor);
  const code = "import os\nfor _ in range(256): os.write(1, b'TOKEN=' + b'y' * (1 << 20))";
  const environment = { API_TOKEN: 'y'.repeat(64) };
  const result = await client.call('run', {
    release: asReleaseId(release),
    kind: 'python',
    code,
    timeoutSeconds: 120,
    environment,
  });
  expect(result.passed).toBe(true);
  expect(peakOf(executor) - before).toBeLessThan(32 * MB);
}, 180_000);

test('P5: one that prints nothing, ignores SIGTERM, closes its output and leaves children is ended with all of them', async () => {
  const code = `import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
children = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        os.close(1); os.close(2)
        time.sleep(600)
    children.append(child)
os.write(1, ' '.join(map(str, [os.getpid()] + children)).encode())
os.close(1)
os.close(2)
time.sleep(600)`;
  const result = await check(code, 1);
  expect(result).toMatchObject({ passed: false, timedOut: true, signal: 'SIGKILL' });
  const processes = result.output.trim().split(' ').map(Number);
  expect(processes).toHaveLength(6);
  for (const processId of processes) await processEnd(processId);
  // None stays behind as a zombie of the executor, either.
  const children = readFileSync(
    `/proc/${client.hello.processId}/task/${client.hello.processId}/children`,
    'utf8',
  );
  expect(children.trim()).toBe('');
});
