import { PassThrough } from 'node:stream';

import { connectLocal } from '../../nodes/shared/connection/local';
import type { Channel, Connection } from '../../nodes/shared/connection/connection';
import { encodeMessage, FrameReader, MARKER } from '../../nodes/shared/executor/frames';
import { framesOf } from './frames';

/** A message as an executor sends it. */
export type Said = Record<string, unknown>;

/** A connection to a real executor whose every message goes through `tell`, which may say several others instead. */
export function lyingHost(tell: (message: Said) => readonly unknown[]): Connection {
  const honest = connectLocal();
  return {
    description: 'this machine',
    host: 'localhost',
    remote: false,
    close: () => honest.close(),
    start: async (argv) => lying(await honest.start(argv), tell),
  };
}

function lying(channel: Channel, tell: (message: Said) => readonly unknown[]): Channel {
  const stdout = new PassThrough();
  const reader = new FrameReader();
  let started = false;
  channel.stdout.on('data', (chunk: Buffer) => {
    for (const { payload } of framesOf(reader, chunk)) {
      if (!started) stdout.write(MARKER);
      started = true;
      for (const message of tell(JSON.parse(payload.toString()) as Said)) {
        stdout.write(Buffer.isBuffer(message) ? message : encodeMessage(message));
      }
    }
  });
  channel.stdout.on('end', () => stdout.end());
  channel.stdout.on('close', () => stdout.end());
  const { stdin, stderr } = channel;
  const exit = channel.exit.then(async (ended) => {
    if (!stdout.readableEnded && !stdout.destroyed) stdout.resume();
    return ended;
  });
  return { stdin, stdout, stderr, exit, destroy: () => channel.destroy() };
}
