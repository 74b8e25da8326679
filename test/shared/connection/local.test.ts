import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { connectLocal } from '../../../nodes/shared/connection/local';
import { thrownBy } from '../../support/thrown';

it('describes itself as this machine', () => {
  expect(connectLocal()).toMatchObject({ description: 'this machine', host: 'localhost', remote: false });
});

it('P7: starts an argument vector without a shell', async () => {
  const args = ['$(echo x)', "it's", 'a\nb', '*', ''];
  const channel = await connectLocal().start(['printf', '%s\\0', ...args]);
  channel.stderr.resume();
  expect(await text(channel.stdout)).toBe(args.map((arg) => `${arg}\0`).join(''));
  expect(await channel.exit).toEqual({ code: 0, signal: null });
});

it('passes input, both outputs and the exit code', async () => {
  const channel = await connectLocal().start(['sh', '-c', 'cat; echo told >&2; exit 7']);
  const outputs = Promise.all([text(channel.stdout), text(channel.stderr)]);
  channel.stdin.end('given');
  expect(await outputs).toEqual(['given', 'told\n']);
  expect(await channel.exit).toEqual({ code: 7, signal: null });
});

it('tells the signal that ended a process', async () => {
  const channel = await connectLocal().start(['sh', '-c', 'kill -TERM $$']);
  channel.stdout.resume();
  channel.stderr.resume();
  expect(await channel.exit).toEqual({ code: null, signal: 'SIGTERM' });
});

it('exit waits until the output was read', async () => {
  const channel = await connectLocal().start(['sh', '-c', 'echo last']);
  channel.stderr.resume();
  const order: string[] = [];
  const exit = channel.exit.then(() => order.push('exit'));
  await once(channel.stdout, 'readable');
  order.push(await text(channel.stdout));
  await exit;
  expect(order).toEqual(['last\n', 'exit']);
});

it('P5: a process that ends without reading its input harms nobody', async () => {
  const channel = await connectLocal().start(['sh', '-c', 'exit 0']);
  channel.stdout.resume();
  channel.stderr.resume();
  const written = new Promise((resolve) => channel.stdin.write(Buffer.alloc(8 * 1024 * 1024), resolve));
  expect(await channel.exit).toEqual({ code: 0, signal: null });
  expect(await written).toHaveProperty('code');
});

it('destroy kills the process', async () => {
  const channel = await connectLocal().start(['sleep', '60']);
  channel.destroy();
  expect(await channel.exit).toEqual({ code: null, signal: 'SIGKILL' });
});

it('P5: close hangs up: running processes see the end of their input, and exit is unknown', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-local-'));
  const { watch } = await import('node:fs');
  try {
    const connection = connectLocal();
    const seen = new Promise<void>((resolve) => {
      const watcher = watch(directory, (_event, name) => {
        if (name !== 'seen') return;
        watcher.close();
        resolve();
      });
    });
    const channel = await connection.start([
      'sh',
      '-c',
      'cat > /dev/null; : > "$1"',
      'sh',
      join(directory, 'seen'),
    ]);
    await connection.close();
    await connection.close();
    expect(await channel.exit).toEqual({ code: null, signal: null });
    await seen;
  } finally {
    await rm(directory, { recursive: true });
  }
});

it('names the program that is missing or not executable, and what helps', async () => {
  const whenMissing = { remedy: 'name another one', description: 'It may be elsewhere.' };
  expect(await thrownBy(connectLocal().start(['no-such-python'], { whenMissing }))).toMatchObject({
    code: 'CONNECTION',
    message: 'The program "no-such-python" was not found on this machine; name another one.',
    description: 'It may be elsewhere.',
  });
  const directory = await mkdtemp(join(tmpdir(), 'hot-deploy-local-'));
  try {
    const file = join(directory, 'python3');
    await writeFile(file, '');
    await chmod(file, 0o644);
    expect((await thrownBy(connectLocal().start([file]))).message).toContain("can't be started (EACCES)");
  } finally {
    await rm(directory, { recursive: true });
  }
  expect(await thrownBy(connectLocal().start([]))).toMatchObject({ code: 'INPUT' });
});

describe('environment of local processes', () => {
  it("P7: n8n's own settings and secrets stay with n8n, everything else is passed on", async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      N8N_ENCRYPTION_KEY: 'a-secret',
      DB_POSTGRESDB_PASSWORD: 'a-secret',
      QUEUE_BULL_REDIS_PASSWORD: 'a-secret',
      ENGINE_SETTING: 'kept',
    });
    const connection = connectLocal();
    try {
      const channel = await connection.start(['env']);
      channel.stderr.resume();
      const text = (await channel.stdout.toArray()).join('');
      expect(text).toContain('ENGINE_SETTING=kept');
      expect(text).not.toContain('a-secret');
    } finally {
      process.env = before;
      await connection.close();
    }
  });
});
