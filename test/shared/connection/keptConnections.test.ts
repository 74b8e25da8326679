import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';

import { KeptConnections, type Keeping, type Taken } from '../../../nodes/shared/connection/keptConnections';
import { connectSsh, type SshOptions } from '../../../nodes/shared/connection/ssh';
import { drop } from '../../support/relayedSsh';
import { type Relay, startRelay, startSshd, type Sshd } from '../../support/sshd';
import { withKey } from '../../support/sshOptions';
import { thrownBy } from '../../support/thrown';

let sshd: Sshd;
let relay: Relay;
let kept: KeptConnections;

beforeAll(async () => {
  sshd = await startSshd();
});

beforeEach(async () => {
  relay = await startRelay(sshd.port);
  kept = new KeptConnections();
});

afterEach(async () => {
  jest.restoreAllMocks();
  await kept.closeAll();
  await relay.close();
});

afterAll(() => sshd.stop());

const [first, second] = [{ name: 'first' }, { name: 'second' }];

const take = (
  holder: object,
  key = 'a',
  keeping: Partial<Keeping> = {},
  changes: Partial<SshOptions> = {},
): Promise<Taken> =>
  kept.take(holder, key, (signal) => connectSsh(withKey(sshd, { port: relay.port, ...changes, signal })), {
    keepMs: 60_000,
    ...keeping,
  });

async function runs({ connection }: Taken): Promise<void> {
  expect(await drop(await connection.start(['true'])).exit).toEqual({ code: 0, signal: null });
}

describe('P7, P8: one connection for all who need the same', () => {
  test('one after the other', async () => {
    const one = await take(first);
    await runs(one);
    await kept.release(first);
    const two = await take(second);
    expect([one.shared, two.shared]).toEqual([false, true]);
    expect(two.connection).toBe(one.connection);
    await runs(two);
    await kept.release(second);
    expect(relay.connections).toBe(1);
  });

  test('at a time, also while it is being made; who releases it first takes it from nobody', async () => {
    const [one, two] = await Promise.all([take(first, 'a', { keepMs: 0 }), take(second, 'a', { keepMs: 0 })]);
    expect(two.connection).toBe(one.connection);
    await kept.release(first);
    await runs(two);
    await kept.release(second);
    await two.connection.gone;
    expect([relay.connections, kept.size]).toEqual([1, 0]);
  });

  test('P7: another key gets another connection', async () => {
    const one = await take(first);
    expect((await take(second, 'b')).connection).not.toBe(one.connection);
    expect(relay.connections).toBe(2);
  });
});

describe('how long', () => {
  test('P8: it is closed when nobody used it for as long as was said', async () => {
    const from = sshd.log().length;
    const { connection } = await take(first, 'a', { keepMs: 100 });
    await kept.release(first);
    expect(connection.usable).toBe(true);
    await connection.gone;
    expect(kept.size).toBe(0);
    await sshd.logged(/Disconnected from user/, from);
  });

  test('P8: that time begins anew with each use', async () => {
    const { connection } = await take(first, 'a', { keepMs: 50 });
    const other = await take(first, 'b', { keepMs: 50 });
    await kept.release(first);
    expect((await take(second, 'a', { keepMs: 60_000 })).connection).toBe(connection);
    await other.connection.gone;
    expect(connection.usable).toBe(true);
  });

  test('P7: none is given to anybody when it is older than ten minutes', async () => {
    const { connection } = await take(first);
    await kept.release(first);
    const now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => now + 601_000);
    expect((await take(second)).shared).toBe(false);
    await kept.release(second);
    jest.restoreAllMocks();
    expect(connection.usable).toBe(true);
    expect(relay.connections).toBe(2);
  });

  test('P8: of those that nobody uses 20 are kept, and the one that was used last stays longest', async () => {
    const holders = Array.from({ length: 22 }, (_, index) => ({ index }));
    const taken = await Promise.all(
      holders.map((holder) => take(holder, String(holder.index), {}, { port: sshd.port })),
    );
    expect(kept.size).toBe(22);
    for (const holder of [...holders.slice(1), holders[0]]) await kept.release(holder);
    expect(kept.size).toBe(20);
    expect(taken.map(({ connection }) => connection.usable)).toEqual([
      true,
      false,
      false,
      ...Array.from({ length: 19 }, () => true),
    ]);
  });

  test('P8: closing all leaves those that are used to their holders, and nobody else gets them', async () => {
    const one = await take(first);
    await kept.closeAll();
    await runs(one);
    expect((await take(second)).connection).not.toBe(one.connection);
    await kept.release(first);
    expect(one.connection.usable).toBe(false);
  });
});

describe('in doubt', () => {
  test('P3: one over which something still runs is not kept', async () => {
    const { connection } = await take(first);
    const channel = drop(await connection.start(['sleep', '20']));
    await kept.release(first);
    expect(connection.usable).toBe(false);
    expect(await channel.exit).toEqual({ code: null, signal: null });
  });

  test('P5: one that ended while nobody used it is not given to anybody', async () => {
    const { connection } = await take(first);
    await kept.release(first);
    relay.cut();
    await connection.gone;
    expect(kept.size).toBe(0);
    await runs(await take(second));
    expect(relay.connections).toBe(2);
  });

  test('P5: a network that fell silent meanwhile is noticed within 10 s of the first use', async () => {
    const { connection } = await take(first);
    await kept.release(first);
    relay.freeze();
    await take(second);
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance', 'hrtime'],
    });
    try {
      const starting = thrownBy(connection.start(['true']));
      jest.advanceTimersByTime(10_000);
      expect(await starting).toMatchObject({
        code: 'LOST',
        message: expect.stringContaining('did not answer'),
      });
    } finally {
      jest.useRealTimers();
    }
  });

  test('P7: a host that can’t be reached is tried again, and a host whose key is not pinned is refused each time', async () => {
    const refused = { hostKeyFingerprint: `SHA256:${'A'.repeat(43)}` };
    for (const holder of [first, second]) {
      expect((await thrownBy(take(holder, 'a', {}, refused))).message).toContain('is pinned in');
    }
    expect([relay.connections, kept.size]).toEqual([2, 0]);
  });
});

describe('giving up', () => {
  /** A way to sshd that is accepted at once, and open when somebody opens it. */
  async function gate() {
    const closed: Array<Promise<unknown>> = [];
    let open = (): void => undefined;
    const server = createServer((socket) => {
      closed.push(once(socket, 'close'));
      socket.on('error', () => undefined);
      open = () => void socket.pipe(connect(sshd.port, '127.0.0.1')).pipe(socket);
      server.emit('reached');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { server, closed, open: () => open(), changes: { port, connectTimeoutMs: 600_000 } };
  }

  test('P8: who is cancelled while connecting waits no longer; who is not gets the connection', async () => {
    const { server, closed, open, changes } = await gate();
    const abort = new AbortController();
    const reached = once(server, 'reached');
    const cancelled = thrownBy(take(first, 'a', { signal: abort.signal }, changes));
    const taken = take(second, 'a', {}, changes);
    await reached;
    abort.abort();
    expect(await cancelled).toMatchObject({ code: 'CANCELLED' });
    open();
    await runs(await taken);
    expect(closed).toHaveLength(1);
    await kept.release(second);
    server.close();
  });

  test('P8: when all have given up, with one signal or their own, the attempt ends', async () => {
    const { server, closed, changes } = await gate();
    const [one, two] = [new AbortController(), new AbortController()];
    const reached = once(server, 'reached');
    const taken = [one, one, two].map(({ signal }) => thrownBy(take({}, 'a', { signal }, changes)));
    await reached;
    two.abort();
    one.abort();
    for (const each of taken) expect(await each).toMatchObject({ code: 'CANCELLED' });
    await closed[0];
    expect(kept.size).toBe(0);
    server.close();
  });

  test('P8: one that is cancelled before gets nothing, and one that stands is not bound to a signal', async () => {
    expect(await thrownBy(take(first, 'a', { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'CANCELLED',
    });
    const abort = new AbortController();
    const taken = await take(first, 'a', { signal: abort.signal });
    abort.abort();
    await runs(taken);
    await kept.release(first);
    expect((await take(second)).shared).toBe(true);
  });
});
