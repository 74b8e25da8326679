import { Header } from 'tar';

import type { DeployError } from '../errors';
import type { ByteReader } from './bytes';
import { cutOff, damaged, unreadableArchive } from './damage';
import type { LimitCounter } from './bundleLimits';
import { parsePax, type PaxRecords } from './pax';

const BLOCK_BYTES = 512;
const MAX_META_BYTES = 1024 * 1024;
/** Headers that may precede one member: pax, GNU long name, GNU long link and a global one, and some to spare. */
const MAX_META_HEADERS = 8;

/** One member of a tar archive, to be dealt with before the next one is asked for. */
export interface TarMember {
  /** As written in the archive. */
  path: string;
  type: 'file' | 'link' | 'hardLink' | 'directory' | 'other';
  /** What a member of type `other` is called in messages. */
  typeName: string;
  mode: number;
  /** Bytes of content; 0 for everything but files and `other`. */
  size: number;
  /** The text of a symbolic link, or the path of the earlier member that a hard link is another name of. */
  target: string;
  /** The content. May be read once, partly, or not at all. */
  body(): AsyncIterable<Buffer>;
}

/** What the headers in front of a member say about it. */
type Overrides = Partial<PaxRecords>;

const TYPES: Readonly<Record<string, TarMember['type']>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  SymbolicLink: 'link',
  Link: 'hardLink',
  Directory: 'directory',
};

const TYPE_NAMES: Readonly<Record<string, string>> = {
  CharacterDevice: 'device',
  BlockDevice: 'device',
  FIFO: 'FIFO',
};

const META_TYPES: ReadonlySet<string> = new Set([
  'ExtendedHeader',
  'OldExtendedHeader',
  'GlobalExtendedHeader',
  'NextFileHasLongPath',
  'OldGnuLongPath',
  'NextFileHasLongLinkpath',
]);

/**
 * Reads a tar stream member by member, at the pace of whoever asks, holding one header and one chunk at a time.
 *
 * Blocks are decoded by node-tar's `Header`. Its `Parser` is not used: it unpacks gzip on the event loop, goes on
 * after a missing end, and misreads some pax records (see `parsePax`). Everything that is not exactly a tar archive is
 * `INPUT`, naming the member that was reached: readers that guess would disagree with each other.
 */
export class TarReader {
  /** The member whose header was read last. */
  private reached = '';
  /** Bytes of the current member that nobody has taken yet: content, and padding up to a whole block. */
  private content = 0;
  private padding = 0;

  /** `archive`: how messages call it. */
  constructor(
    private readonly bytes: ByteReader,
    private readonly limits: LimitCounter,
    private readonly archive: string,
  ) {}

  /** Yields every member; throws `INPUT` where the archive is damaged, cut off, or passes a limit. */
  async *members(): AsyncGenerator<TarMember> {
    let overrides: Overrides = {};
    let metaHeaders = 0;
    for (let header = await this.header(); header; header = await this.header()) {
      if (META_TYPES.has(header.type)) {
        metaHeaders += 1;
        if (metaHeaders > MAX_META_HEADERS) throw this.damaged('has too many extended headers in a row');
        overrides = { ...overrides, ...(await this.meta(header)) };
        continue;
      }
      const member = this.member(header, overrides);
      overrides = {};
      metaHeaders = 0;
      yield member;
      await this.skipBody();
    }
    await this.drain();
  }

  /** The next header, or undefined at the end, which two blocks of zeros mark. */
  private async header(): Promise<Header | undefined> {
    let zeroBlocks = 0;
    for (;;) {
      const block = await this.guard(this.bytes.take(BLOCK_BYTES));
      if (block.length < BLOCK_BYTES) throw this.cutOff();
      const header = this.decode(block);
      if (header.nullBlock) {
        zeroBlocks += 1;
        if (zeroBlocks === 2) return undefined;
        continue;
      }
      if (zeroBlocks > 0) throw this.damaged('has a block of zeros in the middle');
      if (!header.cksumValid) throw this.damaged('has a header whose checksum does not match');
      return header;
    }
  }

  private decode(block: Buffer): Header {
    try {
      return new Header(block);
    } catch (thrown) {
      throw this.damaged("has a header that can't be decoded", thrown);
    }
  }

  private async meta(header: Header): Promise<Overrides> {
    const size = header.size ?? -1;
    if (size < 0 || size > MAX_META_BYTES) throw this.damaged('has an extended header of no sensible size');
    this.limits.addBytes(this.reached, size);
    const padded = await this.guard(this.bytes.take(Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES));
    if (padded.length < size) throw this.cutOff();
    const body = padded.subarray(0, size);
    if (header.type === 'NextFileHasLongLinkpath') return { linkpath: untilNul(body) };
    if (!header.type.endsWith('ExtendedHeader')) return { path: untilNul(body) };

    const records = parsePax(body);
    if (!records) throw this.damaged('has a malformed extended header');
    if (header.type !== 'GlobalExtendedHeader') return records;
    const { path, linkpath, size: bytes, sparse } = records;
    if (sparse || [path, linkpath, bytes].some((value) => value !== undefined)) {
      throw this.damaged('has a global header that gives all members the same path or size');
    }
    return {};
  }

  private member(header: Header, overrides: Overrides): TarMember {
    const path = overrides.path ?? header.path ?? '';
    this.reached = path;
    const size = overrides.size === undefined ? header.size : decimal(overrides.size);
    if (size === undefined) throw this.damaged('declares no valid size');
    let type = overrides.sparse ? 'other' : (TYPES[header.type] ?? 'other');
    if (type === 'file' && path.endsWith('/')) type = 'directory';
    if (size > 0 && (type === 'link' || type === 'hardLink'))
      throw this.damaged('declares content for a link');

    this.limits.addEntry(path);
    this.limits.addBytes(path, size);
    const hasBody = header.type !== 'Directory';
    this.content = hasBody ? size : 0;
    this.padding = (BLOCK_BYTES - (this.content % BLOCK_BYTES)) % BLOCK_BYTES;
    return {
      path,
      type,
      typeName: overrides.sparse
        ? 'sparse file'
        : (TYPE_NAMES[header.type] ?? `member of type "${header.type}"`),
      mode: header.mode ?? 0,
      size: type === 'directory' ? 0 : size,
      target: overrides.linkpath ?? header.linkpath ?? '',
      body: () => this.body(),
    };
  }

  private async *body(): AsyncGenerator<Buffer> {
    for (let chunk = await this.chunk(); chunk; chunk = await this.chunk()) yield chunk;
  }

  private async skipBody(): Promise<void> {
    this.content += this.padding;
    this.padding = 0;
    while (await this.chunk());
  }

  /** The next piece of the current member's content, undefined after the last. */
  private async chunk(): Promise<Buffer | undefined> {
    if (this.content === 0) return undefined;
    const chunk = await this.guard(this.bytes.some(this.content));
    if (!chunk) throw this.cutOff();
    this.content -= chunk.length;
    return chunk;
  }

  /** Reads what follows the end, so that the checksum at a gzip file's end is compared too. */
  private async drain(): Promise<void> {
    for (;;) {
      const chunk = await this.guard(this.bytes.some(Infinity));
      if (!chunk) return;
      this.limits.addBytes(this.reached, chunk.length);
    }
  }

  private async guard<T>(reading: Promise<T>): Promise<T> {
    try {
      return await reading;
    } catch (thrown) {
      throw unreadableArchive(this.archive, this.reached, thrown);
    }
  }

  private cutOff(): DeployError {
    return cutOff(this.archive, this.reached);
  }

  private damaged(reason: string, cause?: unknown): DeployError {
    return damaged(this.archive, reason, this.reached, cause);
  }
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('utf8', 0, end < 0 ? body.length : end);
}

function decimal(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}
