import { PassThrough, type Writable } from 'node:stream';

import { connectLocal } from '../../nodes/shared/connection/local';
import type { Channel, Connection } from '../../nodes/shared/connection/connection';
import { FRAME_JSON } from '../../nodes/shared/contract/wire';
import { encodeMessage, FrameReader, MARKER } from '../../nodes/shared/executor/frames';
import { framesOf } from './frames';

const HEADER_BYTES = 5;

/** A message as an executor sends it. */
export type Said = Record<string, unknown>;

/**
 * A connection to a real executor whose every message goes through `tell`, which may say several others instead. `heard`
 * is told of every step that is asked for.
 */
export function lyingHost(
  tell: (message: Said) => readonly unknown[],
  heard: (asked: Said) => void = () => undefined,
): Connection {
  const honest = connectLocal();
  return {
    description: 'this machine',
    host: 'localhost',
    remote: false,
    close: () => honest.close(),
    start: async (argv) => lying(await honest.start(argv), tell, heard),
  };
}

function lying(
  channel: Channel,
  tell: (message: Said) => readonly unknown[],
  heard: (asked: Said) => void,
): Channel {
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
  const { stderr } = channel;
  const stdin = listened(channel.stdin, heard);
  const exit = channel.exit.then(async (ended) => {
    if (!stdout.readableEnded && !stdout.destroyed) stdout.resume();
    return ended;
  });
  return { stdin, stdout, stderr, exit, destroy: () => channel.destroy() };
}

/** Passes everything on, and tells of the steps in it: frames follow the program, each written in one piece. */
function listened(stdin: Writable, heard: (asked: Said) => void): Writable {
  const through = new PassThrough();
  through.on('data', (chunk: Buffer) => {
    if (chunk[0] === FRAME_JSON && chunk.length === HEADER_BYTES + chunk.readUInt32BE(1)) {
      heard(JSON.parse(chunk.toString('utf8', HEADER_BYTES)) as Said);
    }
  });
  through.pipe(stdin);
  return through;
}
