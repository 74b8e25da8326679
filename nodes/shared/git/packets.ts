/** Packets of Git's wire protocol: four hexadecimal digits of length, their own included, and a payload. */

/** What ends a part of a conversation, and what stands between two parts of a question. */
export const FLUSH = '0000';
const DELIMITER = '0001';
const HEADER_BYTES = 4;

/** A payload, or undefined for a packet that ends something. */
export type Packet = Buffer | undefined;

/** Takes bytes as they come and gives out whole packets. */
export class PacketReader {
  private rest: Buffer = Buffer.alloc(0);

  /** @throws RangeError for a length that is none */
  *push(chunk: Buffer): Generator<Packet> {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    let start = 0;
    while (bytes.length - start >= HEADER_BYTES) {
      const length = lengthOf(bytes.toString('latin1', start, start + HEADER_BYTES));
      if (length < HEADER_BYTES) {
        yield undefined;
        start += HEADER_BYTES;
        continue;
      }
      if (bytes.length - start < length) break;
      yield bytes.subarray(start + HEADER_BYTES, start + length);
      start += length;
    }
    this.rest = bytes.subarray(start);
  }
}

function lengthOf(digits: string): number {
  const length = /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : NaN;
  // 2: git's helper says that the answer is over.
  if (length <= 1 || length >= HEADER_BYTES) return length;
  throw new RangeError('a packet has no length');
}

/** A command of version 2 of the protocol with its capabilities and arguments, one line each. */
export function command(name: string, capabilities: readonly string[], args: readonly string[]): string {
  const lines = [`command=${name}`, ...capabilities].map(packet);
  return [...lines, DELIMITER, ...args.map(packet), FLUSH].join('');
}

/** A line as a packet. */
export function packet(line: string): string {
  const length = Buffer.byteLength(line) + HEADER_BYTES + 1;
  return `${length.toString(16).padStart(HEADER_BYTES, '0')}${line}\n`;
}
