import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Header } from 'tar';

import { DeployError } from '../errors';
import { ByteReader } from './bytes';
import { capitalize, unreadableArchive } from './damage';

const BLOCK_BYTES = 512;
const INFLATED_CHUNK_BYTES = 64 * 1024;

/** How the files begin that people take for archives we read. */
const SIGNATURES: ReadonlyArray<[signature: Buffer, what: string]> = [
  [Buffer.from('PK\x03\x04'), 'a zip file'],
  [Buffer.from('PK\x05\x06'), 'an empty zip file'],
  [Buffer.from('BZh'), 'a bzip2 file'],
  [Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]), 'an xz file'],
  [Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), 'a zstd file'],
  [Buffer.from([0x37, 0x7a, 0xbc, 0xaf]), 'a 7z file'],
  [Buffer.from('Rar!'), 'a rar file'],
  [Buffer.from('%PDF'), 'a PDF document'],
  [Buffer.from('<'), 'an HTML or XML page'],
  [Buffer.from('{'), 'JSON'],
];

/**
 * The tar stream inside a source that is tar or tar.gz, told apart by how it begins. Decompression runs outside the
 * event loop. `archive`: how messages call it. Throws `INPUT` for anything else, saying what it looks like.
 */
export async function openTarStream(source: Readable, archive: string): Promise<ByteReader> {
  const raw = new ByteReader(source);
  const head = await beginning(raw, archive);
  if (head[0] !== 0x1f || head[1] !== 0x8b) {
    if (!isTarHeader(head)) throw notTar(archive, head);
    return raw;
  }
  const gunzip = createGunzip({ chunkSize: INFLATED_CHUNK_BYTES });
  // What goes wrong reaches whoever reads from `gunzip`.
  pipeline(raw.rest(), gunzip, () => {});
  const inflated = new ByteReader(gunzip);
  const inside = await beginning(inflated, archive);
  if (!isTarHeader(inside)) throw notTar(`the content of ${archive}`, inside);
  return inflated;
}

async function beginning(bytes: ByteReader, archive: string): Promise<Buffer> {
  try {
    return await bytes.peek(BLOCK_BYTES);
  } catch (thrown) {
    throw unreadableArchive(archive, '', thrown);
  }
}

function isTarHeader(block: Buffer): boolean {
  if (block.length < BLOCK_BYTES) return false;
  try {
    const header = new Header(block);
    return header.cksumValid || header.nullBlock;
  } catch {
    return false;
  }
}

function notTar(archive: string, head: Buffer): DeployError {
  const known = SIGNATURES.find(([signature]) => head.subarray(0, signature.length).equals(signature));
  const looks = head.length === 0 ? 'is empty' : `looks like ${known?.[1] ?? 'something else'}`;
  const sentence = `${archive} ${looks}, where a tar or tar.gz archive is needed; pack the source with "tar -czf".`;
  return new DeployError('INPUT', capitalize(sentence));
}
