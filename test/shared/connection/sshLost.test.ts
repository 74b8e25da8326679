import { once } from 'node:events';

import { connectSsh } from '../../../nodes/shared/connection/ssh';
import type { Channel, Connection } from '../../../nodes/shared/connection/connection';
import { startRelay, startSshd, type Relay, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

const MIB = 1024 * 1024;

let sshd: Sshd;
let relay: Relay;
let connection: Connection;

beforeAll(async () => {
  sshd = await startSshd();
});

afterAll(() => sshd.stop());

const connectTo = (port: number): Promise<Connection> => connectSsh(withKey(sshd, { port }));

beforeEach(async () => {
  relay = await startRelay(sshd.port);
  connection = await connectTo(relay.port);
});

afterEach(async () => {
  await connection.close();
  await relay.close();
});

/** Starts a shell script and drops what it writes, unless the test reads it. */
async function start(script: string, ...args: string[]): Promise<Channel> {
  return connection.start(['sh', '-c', script, 'sh', ...args]);
}

function drop(channel: Channel): Channel {
  channel.stdout.resume();
  channel.stderr.resume();
  return channel;
}

describe('a lost connection', () => {
  it('P5: cut in the middle of commands: every exit is unknown, outputs end, writers learn it', async () => {
    const reader = await start('echo begun; exec sleep 20');
    const writer = drop(await start('sleep 20'));
    const waiting = new Promise((resolve) => writer.stdin.write(Buffer.alloc(8 * MIB), resolve));
    const unread = await start('echo never read; exec sleep 20');
    reader.stderr.resume();
    let output = '';
    reader.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output === 'begun\n') relay.cut();
    });
    const gone = { code: null, signal: null };
    expect(await Promise.all([reader.exit, writer.exit, unread.exit])).toEqual([gone, gone, gone]);
    expect(await waiting).toMatchObject({ code: 'EPIPE' });
    if (!reader.stdout.readableEnded) await once(reader.stdout, 'end');
    expect(output).toBe('begun\n');
    const thrown = await thrownBy(start('true'));
    expect(thrown.code).toBe('LOST');
    expect(thrown.message).toMatch(
      new RegExp(
        `^The connection to ${sshd.username}@127.0.0.1:${relay.port} is gone \\(.+\\); run the operation again\\.$`,
      ),
    );
  });

  it('P5: cut while a command is being started', async () => {
    const starting = thrownBy(start('true'));
    relay.cut();
    expect((await starting).code).toBe('LOST');
  });

  it('P5: writing after the cut neither throws nor hangs', async () => {
    const channel = drop(await start('sleep 20'));
    relay.cut();
    await channel.exit;
    const written = new Promise((resolve) => channel.stdin.write('late', resolve));
    expect(await written).toHaveProperty('code');
  });

  it('P5: a network that falls silent is noticed by keepalives', async () => {
    await connection.close();
    jest.useFakeTimers({
      doNotFake: [
        'nextTick',
        'setImmediate',
        'clearImmediate',
        'setTimeout',
        'clearTimeout',
        'queueMicrotask',
        'Date',
        'performance',
        'hrtime',
      ],
    });
    try {
      connection = await connectTo(relay.port);
      const channel = drop(await start('exec sleep 20'));
      let ended = false;
      void channel.exit.then(() => {
        ended = true;
      });
      relay.freeze();
      jest.advanceTimersByTime(60_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(false);
      jest.advanceTimersByTime(15_000);
      expect(await channel.exit).toEqual({ code: null, signal: null });
      expect((await thrownBy(start('true'))).message).toContain('(Keepalive timeout)');
    } finally {
      jest.useRealTimers();
    }
  });

  it('P5: a server that goes away by itself', async () => {
    const channel = drop(await start('kill -9 "$PPID"; exec sleep 5'));
    expect(await channel.exit).toEqual({ code: null, signal: null });
  });
});

describe('close', () => {
  it('ends running channels and may be called twice', async () => {
    const channel = drop(await start('exec sleep 20'));
    await Promise.all([connection.close(), connection.close()]);
    await connection.close();
    expect(await channel.exit).toEqual({ code: null, signal: null });
    expect((await thrownBy(start('true'))).code).toBe('LOST');
  });

  it('takes no longer than 2 s when nobody answers', async () => {
    relay.freeze();
    const begun = performance.now();
    await connection.close();
    expect(performance.now() - begun).toBeLessThan(3_000);
  });
});
