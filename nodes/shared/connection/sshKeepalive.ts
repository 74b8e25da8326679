import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';

/** What ssh2 has for its own keepalives, whose timer would keep n8n from exiting while a connection waits unused. */
interface Requests {
  /** Called one after the other, as answers come. */
  _callbacks: Array<() => void>;
  _protocol: { ping(): void };
}

/** As many may stay unanswered; the next one is not sent. */
const UNANSWERED = 4;

/**
 * Asks the host every `milliseconds` whether it is there, for as long as the connection lasts. After four questions
 * without an answer the connection ends with an error. Never keeps the process from exiting.
 */
export function keepAlive(client: Client, socket: Duplex, milliseconds: number): void {
  const requests = client as unknown as Requests;
  let unanswered = 0;
  const timer = setInterval(() => {
    if (!socket.writable) return;
    if (unanswered === UNANSWERED) {
      client.emit('error', new Error('Keepalive timeout'));
      socket.destroy();
      return;
    }
    unanswered += 1;
    requests._callbacks.push(() => {
      unanswered = 0;
    });
    requests._protocol.ping();
  }, milliseconds);
  timer.unref();
  client.once('close', () => clearInterval(timer));
}
