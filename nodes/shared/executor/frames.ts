/** Frames of the conversation with an executor: one byte of kind, four bytes of length (big-endian), a payload. */
export const FRAME_JSON = 1;
export const FRAME_DATA = 2;

/** What the executor writes before its first frame; anything before it, such as a greeting of the shell, is skipped. */
export const MARKER = Buffer.from('\x01hot-deploy-1\x01', 'latin1');

const HEADER_BYTES = 5;
/** More than this before the marker isn't an executor. */
const MAX_PREAMBLE = 256 * 1024;
const MAX_FRAME = 64 * 1024 * 1024;

/** The bytes of one frame. */
export function encodeFrame(kind: number, payload: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

/** The bytes of one JSON frame. */
export function encodeMessage(message: unknown): Buffer {
  return encodeFrame(FRAME_JSON, Buffer.from(JSON.stringify(message)));
}

/** Takes bytes as they come and gives out whole frames. */
export class FrameReader {
  private pending: Buffer[] = [];
  private length = 0;
  private started = false;

  /** What came before the marker: for the message when no executor ever answers. At most its last 4 KiB. */
  preamble = '';

  /** Adds bytes and returns the frames they complete. Throws a RangeError when this can't be an executor. */
  push(chunk: Buffer): Array<{ kind: number; payload: Buffer }> {
    this.pending.push(chunk);
    this.length += chunk.length;
    if (!this.started && !this.skipPreamble()) return [];
    const frames = [];
    for (let frame = this.next(); frame; frame = this.next()) frames.push(frame);
    return frames;
  }

  private skipPreamble(): boolean {
    const bytes = this.joined();
    const at = bytes.indexOf(MARKER);
    this.preamble = bytes
      .subarray(0, at < 0 ? bytes.length : at)
      .toString('utf8')
      .slice(-4096);
    if (at < 0) {
      if (bytes.length > MAX_PREAMBLE) throw new RangeError('no executor answered');
      return false;
    }
    this.started = true;
    this.reset(bytes.subarray(at + MARKER.length));
    return true;
  }

  private next(): { kind: number; payload: Buffer } | undefined {
    if (this.length < HEADER_BYTES) return undefined;
    if (this.pending[0].length < HEADER_BYTES) this.reset(this.joined());
    const size = this.pending[0].readUInt32BE(1);
    if (size > MAX_FRAME) throw new RangeError(`a frame of ${size} bytes was announced`);
    if (this.length < HEADER_BYTES + size) return undefined;
    const bytes = this.joined();
    this.reset(bytes.subarray(HEADER_BYTES + size));
    return { kind: bytes[0], payload: bytes.subarray(HEADER_BYTES, HEADER_BYTES + size) };
  }

  private joined(): Buffer {
    return this.pending.length === 1 ? this.pending[0] : Buffer.concat(this.pending);
  }

  private reset(rest: Buffer): void {
    this.pending = rest.length ? [rest] : [];
    this.length = rest.length;
  }
}
