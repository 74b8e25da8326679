/**
 * Asks a server which names it has, of some. Over version 2 of Git's protocol (gitprotocol-v2(5), `ls-refs`) the server
 * is told which ones are wanted, and sends no others: `git ls-remote` asks for all of them and sorts them out itself,
 * which with a million branches takes seconds and hundreds of megabytes. What comes is looked at as it comes, and only
 * what was asked for is kept; older servers send all they have, whatever they are asked.
 */
import type { Writable } from 'node:stream';

import { asCommitId } from '../contract/names';
import { upTo } from '../scan';
import { command, type Packet, PacketReader } from './packets';
import type { AdvertisedReference } from './reference';

/** A server's answer, and where it is asked. */
export interface Talk {
  stdin: Writable;
  stdout: AsyncIterable<Buffer>;
}

/** In bytes of an answer, about a million names. */
export const LONGEST_ANSWER = 64 * 1024 * 1024;
/** An id of nothing: of a branch without commits. */
const NOTHING = /^0+$/;
const OBJECT_FORMAT = /^object-format=(?:sha1|sha256)$/;
const REFUSAL = 'ERR ';

/** There is no answer. */
class NoAnswer extends Error {}
/** It ended before its end: the program that was talked to knows why. */
export class CutOff extends NoAnswer {}
/** It is longer than {@link LONGEST_ANSWER}. */
export class TooLong extends NoAnswer {}
/** The server refuses in words of its own. */
export class Refused extends NoAnswer {}

/**
 * The names that a server has, of those that are wanted, and the commits they lead to.
 *
 * @throws CutOff, TooLong, Refused
 */
export async function advertised(
  { stdin, stdout }: Talk,
  names: readonly string[],
): Promise<AdvertisedReference[]> {
  const reader = new PacketReader();
  const answer = new Answer(names);
  let length = 0;
  let none: NoAnswer = new CutOff();
  try {
    for await (const chunk of stdout) {
      length += chunk.length;
      for (const packet of reader.push(chunk)) {
        const question = answer.take(packet);
        if (question !== undefined) stdin.write(question);
        if (answer.complete) return answer.found;
      }
      if (length > LONGEST_ANSWER) throw new TooLong();
    }
  } catch (error) {
    // What isn't understood, or can't be read any more, is no answer either.
    if (error instanceof NoAnswer) none = error;
  }
  throw none;
}

/** One answer, packet by packet. */
class Answer {
  readonly found: AdvertisedReference[] = [];
  complete = false;
  private part: 'greeting' | 'capabilities' | 'names' = 'greeting';
  private readonly wanted: ReadonlySet<string>;
  private format: string[] = [];

  constructor(names: readonly string[]) {
    this.wanted = new Set(names);
  }

  /** Takes a packet; gives what to ask then. */
  take(packet: Packet): string | undefined {
    const line = packet?.toString('utf8').replace(/\n$/, '');
    if (line?.startsWith(REFUSAL)) throw new Refused(line.slice(REFUSAL.length));
    if (this.part === 'capabilities') return this.capability(line);
    if (line === undefined) {
      // Nothing more is wanted, and nothing more is said: git's helper for HTTP would make a question of it.
      this.complete = true;
      return undefined;
    }
    if (this.part === 'greeting' && /^version \d+$/.test(line)) {
      if (line === 'version 2') this.part = 'capabilities';
      return undefined;
    }
    this.part = 'names';
    this.name(line);
    return undefined;
  }

  private capability(line: string | undefined): string | undefined {
    if (line !== undefined) {
      if (OBJECT_FORMAT.test(line)) this.format = [line];
      return undefined;
    }
    this.part = 'names';
    const bare = [...this.wanted].filter((name) => !name.endsWith('^{}'));
    return command('ls-refs', this.format, ['peel', ...bare.map((name) => `ref-prefix ${name}`)]);
  }

  /** `id name`, then capabilities behind a NUL in the first line of old servers, or what an annotated tag leads to. */
  private name(line: string): void {
    const space = line.indexOf(' ');
    const [name = '', ...attributes] = upTo(line.slice(space + 1), '\0').split(' ');
    this.add(line.slice(0, space), name);
    const peeled = attributes.find((attribute) => attribute.startsWith('peeled:'));
    if (peeled) this.add(peeled.slice('peeled:'.length), `${name}^{}`);
  }

  private add(given: string, name: string): void {
    const id = this.wanted.has(name) && !NOTHING.test(given) ? asCommitId(given) : undefined;
    if (id !== undefined && this.found.every((one) => one.name !== name)) this.found.push({ id, name });
  }
}
