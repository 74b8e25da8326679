import { Readable } from 'node:stream';
import { createDeflate } from 'node:zlib';

import { expected, toDeployError } from '../../errors';
import type { ExecutorClient } from '../../executor/client';
import type { Content } from '../bundleContent';

const PIECE_BYTES = 128 * 1024;

export type Encoding = 'identity' | 'deflate';

/**
 * Sends the content that a release needs, for as long as it is `wanted`.
 *
 * When the source can't be read to its end, the conversation is ended: the executor removes what it had started.
 */
export async function sendContent(
  client: ExecutorClient,
  content: Content,
  encoding: Encoding,
  wanted: Promise<unknown>,
): Promise<void> {
  let refused = false;
  wanted.catch(() => (refused = true));
  const pieces = contentOf(content, () => refused);
  try {
    await client.sendContent(encoding === 'deflate' ? compressed(pieces) : pieces);
  } catch (error) {
    // Not awaited: what is told is why, and not that the conversation has ended then.
    void client.close();
    throw toDeployError(error);
  }
}

/** The needed files' content in one stream, in pieces that are worth a frame. */
async function* contentOf(
  { bundle, entries, needed }: Content,
  refused: () => boolean,
): AsyncGenerator<Uint8Array> {
  const wanted = new Set(needed.map((index) => expected(entries[index], 'a needed entry').path));
  if (wanted.size === 0) return;
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const file of bundle.read(wanted)) {
    for await (const chunk of file.chunks) {
      if (refused()) return;
      pieces.push(chunk);
      length += chunk.length;
      if (length < PIECE_BYTES) continue;
      yield Buffer.concat(pieces);
      pieces = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(pieces);
}

function compressed(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const deflate = createDeflate({ level: 3 });
  const source = Readable.from(content, { objectMode: false });
  source.on('error', (error) => deflate.destroy(error));
  return source.pipe(deflate);
}
