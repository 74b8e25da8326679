import { Readable } from 'node:stream';

const BLOCK_BYTES = 512;

/** One member of a hand-made archive. Whatever is not given is what an ordinary file would have. */
export interface RawMember {
  /** Written as it is into the 100-byte field, cut off if longer. */
  path: string | Buffer;
  /** The type flag: `0` file, `1` hard link, `2` symbolic link, `3` device, `5` directory, `6` FIFO, `x`/`g` pax. */
  type?: string;
  mode?: number;
  content?: string | Buffer;
  linkpath?: string;
  /** The size field, when it is to differ from the content's size. */
  size?: number | string;
  /** Written in place of the right checksum. */
  checksum?: string;
}

/** An ordinary file. */
export function file(path: string, content: string | Buffer = `${path}\n`, mode = 0o644): RawMember {
  return { path, content, mode };
}

/** A pax extended header (`g`: a global one) with these records. */
export function pax(records: Record<string, string>, type: 'x' | 'g' = 'x'): RawMember {
  const lines = Object.entries(records).map(([keyword, value]) => paxRecord(keyword, value));
  return { path: type === 'g' ? 'pax_global_header' : 'PaxHeaders/x', type, content: lines.join('') };
}

/** The bytes of an archive with these members, closed by two blocks of zeros unless `end` is false. */
export function tarball(members: readonly RawMember[], { end = true } = {}): Buffer {
  const blocks = members.flatMap((member) => {
    const content = Buffer.from(member.content ?? '');
    return [rawHeader(member, content.length), content, Buffer.alloc(-content.length & (BLOCK_BYTES - 1))];
  });
  if (end) blocks.push(Buffer.alloc(2 * BLOCK_BYTES));
  return Buffer.concat(blocks);
}

/** An `open` for `openArchive` that serves these bytes in chunks of a size that fits no block. */
export function opener(bytes: Buffer, chunkBytes = 1000): () => Promise<Readable> {
  return async () =>
    Readable.from(
      (function* chunks() {
        for (let start = 0; start < bytes.length; start += chunkBytes) {
          yield bytes.subarray(start, start + chunkBytes);
        }
      })(),
      { objectMode: false },
    );
}

/** One header block in the ustar format. */
export function rawHeader(member: RawMember, contentBytes: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const size = member.size ?? contentBytes;
  Buffer.from(member.path).copy(header, 0, 0, 100);
  header.write(octal(member.mode ?? 0o644, 7), 100, 'latin1');
  header.write(octal(0, 7), 108, 'latin1');
  header.write(octal(0, 7), 116, 'latin1');
  header.write(typeof size === 'string' ? size : octal(size, 11), 124, 'latin1');
  header.write(octal(0, 11), 136, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write(member.type ?? '0', 156, 'latin1');
  header.write(member.linkpath ?? '', 157, 100, 'utf8');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(member.checksum ?? `${octal(sum, 6)}\0 `, 148, 'latin1');
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function paxRecord(keyword: string, value: string): string {
  const rest = Buffer.byteLength(` ${keyword}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${keyword}=${value}\n`;
}
