import { PassThrough } from 'node:stream';

import type { Channel, Connection } from '../../nodes/shared/connection/connection';

/**
 * A connection over which an executor hears nothing until `isAll` holds of all that was written to it; then it gets that in
 * one piece. Whoever waits for its greeting before that waits in vain.
 */
export function heldBack(honest: Connection, isAll: (written: Buffer) => boolean): Connection {
  return {
    description: honest.description,
    host: honest.host,
    remote: honest.remote,
    close: () => honest.close(),
    start: async (...what) => holding(await honest.start(...what), isAll),
  };
}

function holding(channel: Channel, isAll: (written: Buffer) => boolean): Channel {
  const stdin = new PassThrough();
  let held: Buffer | undefined = Buffer.alloc(0);
  stdin.on('data', (chunk: Buffer) => {
    if (held) held = Buffer.concat([held, chunk]);
    else channel.stdin.write(chunk);
    if (held && isAll(held)) {
      channel.stdin.write(held);
      held = undefined;
    }
  });
  stdin.on('end', () => channel.stdin.end());
  const { stdout, stderr, exit } = channel;
  return { stdin, stdout, stderr, exit, destroy: () => channel.destroy() };
}
