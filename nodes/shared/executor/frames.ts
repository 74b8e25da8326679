/** Frames of the conversation with an executor: one byte of kind, four bytes of length (big-endian), a payload. */
import { FRAME_DATA, FRAME_JSON, LONGEST_MESSAGE, MARKER_TEXT } from '../contract/wire';

export { FRAME_DATA, FRAME_JSON };

/** What the executor writes before its first frame; anything before it, such as a greeting of the shell, is skipped. */
export const MARKER = Buffer.from(MARKER_TEXT, 'latin1');

const HEADER_BYTES = 5;
/** More than this before the marker isn't an executor. */
const MAX_PREAMBLE = 256 * 1024;
const KEPT_PREAMBLE = 4096;

export interface Frame {
  kind: number;
  payload: Buffer;
}

/** The bytes of one frame. */
export function encodeFrame(kind: number, payload: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

/** The bytes of one JSON frame. */
export function encodeMessage(message: unknown): Buffer {
  return encodeText(JSON.stringify(message));
}

/** As {@link encodeMessage}, of what is JSON already. */
export function encodeText(text: string): Buffer {
  const length = Buffer.byteLength(text);
  // Written where it is sent from: a list of many files is not copied once more.
  const frame = Buffer.allocUnsafe(HEADER_BYTES + length);
  frame.writeUInt8(FRAME_JSON, 0);
  frame.writeUInt32BE(length, 1);
  frame.write(text, HEADER_BYTES);
  return frame;
}

/** Takes bytes as they come and gives out whole frames, at a cost that grows with the bytes and not with the chunks. */
export class FrameReader {
  private pending: Buffer[] = [];
  private length = 0;
  private started = false;
  private dropped = 0;
  private before: Buffer = Buffer.alloc(0);
  private given = 0;

  /** @param longest bytes of a frame's payload */
  constructor(private readonly longest = LONGEST_MESSAGE) {}

  /** What came before the marker: for the message when no executor ever answers. At most its last 4 KiB. */
  get preamble(): string {
    return this.before.toString('utf8');
  }

  /** The number of the frame that has started and not ended, once all others were taken; undefined where none has. */
  get unfinished(): number | undefined {
    return this.started && this.length > 0 ? this.given : undefined;
  }

  /** Adds bytes. Throws a RangeError when what comes before the frames can't be an executor's. */
  push(chunk: Buffer): void {
    this.pending.push(chunk);
    this.length += chunk.length;
    if (!this.started) this.skipPreamble();
  }

  private skipPreamble(): void {
    const bytes = this.joined();
    const at = bytes.indexOf(MARKER);
    // Without a marker, all but the last bytes are certainly not part of one.
    const before = at < 0 ? bytes.length - MARKER.length + 1 : at;
    if (this.dropped + before > MAX_PREAMBLE) {
      throw new RangeError(`more than ${MAX_PREAMBLE} bytes came before it`);
    }
    this.before = bytes.subarray(0, at < 0 ? bytes.length : at).subarray(-KEPT_PREAMBLE);
    this.started = at >= 0;
    const rest = this.started
      ? bytes.subarray(at + MARKER.length)
      : bytes.subarray(-KEPT_PREAMBLE - MARKER.length);
    this.dropped += bytes.length - rest.length;
    this.reset(rest);
  }

  /**
   * The next whole frame, or undefined where there is none yet. What was not taken stays where it came.
   *
   * @throws RangeError for one that is announced as longer than any is
   */
  next(): Frame | undefined {
    if (!this.started || this.length < HEADER_BYTES) return undefined;
    const [first] = this.pending;
    const header = first && first.length >= HEADER_BYTES ? first : this.joined();
    if (header !== first) this.reset(header);
    const size = header.readUInt32BE(1);
    if (size > this.longest) throw new RangeError(`a frame of ${size} bytes was announced`);
    if (this.length < HEADER_BYTES + size) return undefined;
    const bytes = this.joined();
    this.reset(bytes.subarray(HEADER_BYTES + size));
    this.given += 1;
    return { kind: bytes.readUInt8(0), payload: bytes.subarray(HEADER_BYTES, HEADER_BYTES + size) };
  }

  private joined(): Buffer {
    const [first] = this.pending;
    return first && this.pending.length === 1 ? first : Buffer.concat(this.pending);
  }

  private reset(rest: Buffer): void {
    this.pending = rest.length ? [rest] : [];
    this.length = rest.length;
  }
}
