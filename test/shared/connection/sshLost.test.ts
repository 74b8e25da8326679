import { once } from 'node:events';

import { drop, RelayedSsh } from '../../support/relayedSsh';
import { thrownBy } from '../../support/thrown';

const MIB = 1024 * 1024;

const ssh = RelayedSsh.forEachTest();

describe('a lost connection', () => {
  it('P5: cut in the middle of commands: every exit is unknown, outputs end, writers learn it', async () => {
    const reader = await ssh.start('echo started; exec sleep 20');
    const writer = drop(await ssh.start('sleep 20'));
    const waiting = new Promise((resolve) => writer.stdin.write(Buffer.alloc(8 * MIB), resolve));
    const unread = await ssh.start('echo never read; exec sleep 20');
    reader.stderr.resume();
    let output = '';
    reader.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output === 'started\n') ssh.relay.cut();
    });
    const gone = { code: null, signal: null };
    expect(await Promise.all([reader.exit, writer.exit, unread.exit])).toEqual([gone, gone, gone]);
    expect(await waiting).toMatchObject({ code: 'EPIPE' });
    if (!reader.stdout.readableEnded) await once(reader.stdout, 'end');
    expect(output).toBe('started\n');
    const thrown = await thrownBy(ssh.start('true'));
    expect(thrown.code).toBe('LOST');
    expect(thrown.message).toMatch(
      new RegExp(
        `^The connection to ${ssh.sshd.username}@127.0.0.1:${ssh.relay.port} is gone \\(.+\\); run the operation again\\.$`,
      ),
    );
  });

  it('P5: cut while a command is being started', async () => {
    const starting = thrownBy(ssh.start('true'));
    ssh.relay.cut();
    expect((await starting).code).toBe('LOST');
  });

  it('P5: writing after the cut neither throws nor hangs', async () => {
    const channel = drop(await ssh.start('sleep 20'));
    ssh.relay.cut();
    await channel.exit;
    const written = new Promise((resolve) => channel.stdin.write('late', resolve));
    expect(await written).toHaveProperty('code');
  });

  it('P5: a network that falls silent is noticed by keepalives', async () => {
    await ssh.connection.close();
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
      ssh.connection = await ssh.connectTo(ssh.relay.port);
      const channel = drop(await ssh.start('exec sleep 20'));
      let ended = false;
      void channel.exit.then(() => {
        ended = true;
      });
      ssh.relay.freeze();
      jest.advanceTimersByTime(60_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(false);
      jest.advanceTimersByTime(15_000);
      expect(await channel.exit).toEqual({ code: null, signal: null });
      expect((await thrownBy(ssh.start('true'))).message).toContain('(Keepalive timeout)');
    } finally {
      jest.useRealTimers();
    }
  });

  it('P5: a server that goes away by itself', async () => {
    const channel = drop(await ssh.start('kill -9 "$PPID"; exec sleep 5'));
    expect(await channel.exit).toEqual({ code: null, signal: null });
  });
});

describe('close', () => {
  it('ends running channels and may be called twice', async () => {
    const channel = drop(await ssh.start('exec sleep 20'));
    await Promise.all([ssh.connection.close(), ssh.connection.close()]);
    await ssh.connection.close();
    expect(await channel.exit).toEqual({ code: null, signal: null });
    expect((await thrownBy(ssh.start('true'))).code).toBe('LOST');
  });

  it('takes no longer than 2 s when nobody answers', async () => {
    ssh.relay.freeze();
    const began = performance.now();
    await ssh.connection.close();
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
