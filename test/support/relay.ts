import { createServer, connect, type AddressInfo, type Socket } from 'node:net';

/** A TCP relay on loopback in front of a port of this machine. */
export interface Relay {
  port: number;
  /** The port that further connections lead to. */
  target: number;
  /** Bytes that went through so far. */
  bytes: { toServer: number; toClient: number };
  /** How many connections were accepted so far. */
  connections: number;
  /** Resets the connections that are open; new ones are accepted. */
  cut(): void;
  /** From now on nothing goes through, and nobody is told: a network that fell silent. */
  freeze(): void;
  close(): Promise<void>;
}

/**
 * Starts a relay to `127.0.0.1:<port>` for tests of lost and slow connections, and for counting bytes.
 * `delayMs` holds every chunk back by so many milliseconds in each direction.
 */
export async function startRelay(port: number, options: { delayMs?: number } = {}): Promise<Relay> {
  const { delayMs = 0 } = options;
  const sockets = new Set<Socket>();
  let frozen = false;

  const pass = (from: Socket, to: Socket, count: (length: number) => void): void => {
    const later = (action: () => void): void => {
      if (delayMs === 0) action();
      else setTimeout(action, delayMs);
    };
    from.on('data', (chunk) => {
      if (frozen) return;
      count(chunk.length);
      later(() => {
        if (to.writable && !to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    });
    from.on('end', () => later(() => to.end()));
    from.on('close', () => {
      sockets.delete(from);
      later(() => to.destroy());
    });
    from.on('error', () => undefined);
    from.setNoDelay(true);
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    const target = connect({ port: relay.target, host: '127.0.0.1', allowHalfOpen: true });
    relay.connections += 1;
    for (const socket of [client, target]) sockets.add(socket);
    pass(client, target, (length) => (relay.bytes.toServer += length));
    pass(target, client, (length) => (relay.bytes.toClient += length));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const relay: Relay = {
    port: (server.address() as AddressInfo).port,
    target: port,
    bytes: { toServer: 0, toClient: 0 },
    connections: 0,
    cut,
    freeze: () => {
      frozen = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return relay;
}
