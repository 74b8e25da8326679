import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import { drop, RelayedSsh } from '../../support/relayedSsh';
import { startRelay, startSshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

const MIB = 1024 * 1024;

const ssh = RelayedSsh.forEachTest();

it('describes where it leads', () => {
  expect(ssh.connection).toMatchObject({
    description: `${ssh.sshd.username}@127.0.0.1:${ssh.relay.port}`,
    host: '127.0.0.1',
    remote: true,
  });
});

it('P7: the program gets exactly the arguments given', async () => {
  const args = ['$(echo x)', "it's", '*', '', 'ä ö', '\\', '~'];
  const channel = await ssh.connection.start(['printf', '%s\\0', ...args]);
  channel.stderr.resume();
  expect(await text(channel.stdout)).toBe(args.map((arg) => `${arg}\0`).join(''));
});

it('passes input, both outputs and the exit code', async () => {
  const channel = await ssh.start('cat; echo told >&2; exit 7');
  channel.stdin.end('given');
  expect(await Promise.all([text(channel.stdout), text(channel.stderr), channel.exit])).toEqual([
    'given',
    'told\n',
    { code: 7, signal: null },
  ]);
});

it('P5: tells the signal that ended a process, without an exit code', async () => {
  expect(await drop(await ssh.start('kill -TERM $$')).exit).toEqual({ code: null, signal: 'SIGTERM' });
});

it('P5: keeps the exit code of a process that closed its outputs early', async () => {
  const channel = drop(await ssh.start('exec >&- 2>&-; cat; sleep 0.3; exit 4'));
  channel.stdin.end();
  await once(channel.stdout, 'end');
  expect(await channel.exit).toEqual({ code: 4, signal: null });
});

it('a program that is missing ends as the shell of the host reports it', async () => {
  const channel = await ssh.connection.start(['no-such-program']);
  channel.stdout.resume();
  expect(await text(channel.stderr)).toContain('no-such-program');
  expect(await channel.exit).toEqual({ code: 127, signal: null });
});

it('runs many channels at once on one connection', async () => {
  const numbers = Array.from({ length: 30 }, (_, index) => index);
  const answers = await Promise.all(
    numbers.map(async (number) => {
      const channel = await ssh.start('read line; echo "$line"; exit "$1"', `${number}`);
      channel.stderr.resume();
      channel.stdin.end(`line ${number}\n`);
      return [await text(channel.stdout), (await channel.exit).code];
    }),
  );
  expect(answers).toEqual(numbers.map((number) => [`line ${number}\n`, number]));
  expect(ssh.relay.connections).toBe(1);
});

it('P8: carries 64 MiB both ways, and runs no more than the window ahead of a reader', async () => {
  const size = 64 * MIB;
  const block = Buffer.alloc(64 * 1024, 'abcdefg');
  const sent = createHash('sha256');
  const source = Readable.from(
    (function* blocks() {
      for (let done = 0; done < size; done += block.length) {
        sent.update(block);
        yield block;
      }
    })(),
  );
  const channel = await ssh.start('cat');
  channel.stderr.resume();
  const writing = pipeline(source, channel.stdin);
  // Nobody reads yet: cat blocks, so the sender has to stop as well.
  await once(channel.stdout, 'readable');
  const received = createHash('sha256');
  let length = 0;
  let ahead = 0;
  for await (const chunk of channel.stdout) {
    ahead = Math.max(ahead, channel.stdout.readableLength);
    length += (chunk as Buffer).length;
    received.update(chunk as Buffer);
  }
  await writing;
  expect(await channel.exit).toEqual({ code: 0, signal: null });
  expect(length).toBe(size);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
  expect(ahead).toBeLessThanOrEqual(2 * MIB);
});

it('P8: stops sending while the process does not read', async () => {
  const channel = drop(await ssh.start('sleep 20'));
  const block = Buffer.alloc(MIB);
  let accepted = 0;
  for (let offered = 0; offered < 16; offered += 1) {
    channel.stdin.write(block, (error) => {
      if (!error) accepted += 1;
    });
  }
  // Only an answer that comes back after the writes shows that the connection has carried what it can.
  await drop(await ssh.start('true')).exit;
  expect(accepted).toBeLessThan(4);
  channel.destroy();
});

it('P5: a process that ends without reading its input harms nobody, and the writer learns it', async () => {
  const channel = drop(await ssh.start('exit 3'));
  const written = new Promise((resolve) => channel.stdin.write(Buffer.alloc(8 * MIB), resolve));
  expect(await channel.exit).toEqual({ code: 3, signal: null });
  expect(await written).toMatchObject({ code: 'EPIPE' });
  expect(channel.stdin.destroyed).toBe(true);
});

it('P5: exit does not come before the output was read', async () => {
  const channel = await ssh.start('echo last');
  channel.stderr.resume();
  let ended = false;
  void channel.exit.then(() => {
    ended = true;
  });
  await once(channel.stdout, 'readable');
  await drop(await ssh.start('true')).exit;
  expect(ended).toBe(false);
  expect(await text(channel.stdout)).toBe('last\n');
  expect(await channel.exit).toEqual({ code: 0, signal: null });
});

it('destroy drops the process: it loses its streams, and exit comes without anybody reading', async () => {
  const channel = await ssh.start('yes');
  await once(channel.stdout, 'readable');
  channel.destroy();
  // Killed by SIGPIPE as the shell tells it, unless the channel closed before it could.
  expect([141, null]).toContain((await channel.exit).code);
  expect(await drop(await ssh.start('exit 5')).exit).toEqual({ code: 5, signal: null });
});

it('a host that allows no more sessions is named as such', async () => {
  const strict = await startSshd({ config: ['MaxSessions 1'] });
  try {
    const one = await connectSsh(withKey(strict));
    drop(await one.start(['sleep', '20']));
    expect(await thrownBy(one.start(['true']))).toMatchObject({
      code: 'CONNECTION',
      message: expect.stringMatching(
        / refused to start a command \(.*open failed\); look into the log of sshd there\.$/,
      ) as string,
    });
    await one.close();
  } finally {
    await strict.stop();
  }
});

it('a delaying relay holds every answer back', async () => {
  const slow = await startRelay(ssh.sshd.port, { delayMs: 20 });
  const far = await ssh.connectTo(slow.port);
  try {
    const began = performance.now();
    const channel = await far.start(['true']);
    expect(performance.now() - began).toBeGreaterThanOrEqual(40);
    await drop(channel).exit;
    expect(slow.bytes.toServer).toBeGreaterThan(1000);
    expect(slow.bytes.toClient).toBeGreaterThan(1000);
  } finally {
    await far.close();
    await slow.close();
  }
});
