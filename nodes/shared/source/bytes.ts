import { setImmediate as nextTurn } from 'node:timers/promises';

/** Bytes handed out before other work gets its turn: at most 128 tar headers, a few milliseconds' work. */
const BYTES_PER_TURN = 64 * 1024;

/**
 * Pulls bytes from a stream in pieces of the caller's choosing, never holding more than a chunk and a piece.
 *
 * A source that has everything in memory already would otherwise be worked through in one go, so every so often
 * the event loop gets its turn.
 */
export class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private buffered: Buffer = Buffer.alloc(0);
  private sinceTurn = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** The next bytes, without taking them: `count` of them, or fewer at the end of the source. */
  async peek(count: number): Promise<Buffer> {
    if (this.buffered.length >= count) return this.buffered.subarray(0, count);
    const pieces = [this.buffered];
    for (let length = this.buffered.length; length < count;) {
      const chunk = await this.pull();
      if (!chunk) break;
      pieces.push(chunk);
      length += chunk.length;
    }
    this.buffered = Buffer.concat(pieces);
    return this.buffered.subarray(0, count);
  }

  /** Takes `count` bytes, or fewer at the end of the source. */
  async take(count: number): Promise<Buffer> {
    const bytes = await this.peek(count);
    await this.advance(bytes.length);
    return bytes;
  }

  /** Takes at least one and at most `most` bytes; undefined at the end of the source. */
  async some(most: number): Promise<Buffer | undefined> {
    if (this.buffered.length === 0) this.buffered = (await this.pull()) ?? this.buffered;
    if (this.buffered.length === 0) return undefined;
    const bytes = this.buffered.subarray(0, Math.min(most, BYTES_PER_TURN));
    await this.advance(bytes.length);
    return bytes;
  }

  /** All remaining bytes. */
  async *rest(): AsyncGenerator<Buffer> {
    for (let bytes = await this.some(Infinity); bytes; bytes = await this.some(Infinity)) yield bytes;
  }

  private async pull(): Promise<Buffer | undefined> {
    for (;;) {
      const { done, value } = await this.chunks.next();
      if (done) return undefined;
      if (value.length > 0) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  }

  private async advance(count: number): Promise<void> {
    this.buffered = this.buffered.subarray(count);
    this.sinceTurn += count;
    if (this.sinceTurn < BYTES_PER_TURN) return;
    this.sinceTurn = 0;
    await nextTurn();
  }
}
