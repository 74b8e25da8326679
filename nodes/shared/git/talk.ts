/**
 * The way to a server's own words: through git's helper for HTTP, which knows proxies, certificates and logins, through
 * the host's `git-upload-pack` over SSH, or through that of this machine.
 */
import type { Writable } from 'node:stream';

import type { Channel } from '../connection/connection';
import type { RepositoryAddress } from './address';
import type { Talk } from './advertised';
import { gitArguments } from './gitArguments';
import { FLUSH, packet } from './packets';
import { rowsIn } from './rows';
import { type ProgramOptions, type RunningProgram, startProgram } from './runProgram';

/** A conversation with a server; close it, whatever came of it. */
export interface ServerTalk extends Talk {
  /** Waits until it has ended that was talked to: how, and what it complained about. */
  ended(): Promise<{ code: number | null; said: string }>;
  /** Ends it. */
  close(): Promise<void>;
}

/** In KiB of address space: git holds what servers without version 2 say, however much that is. */
const MOST_MEMORY = 1024 * 1024;

/** What git's helpers are asked for, and how they agree. */
const CONNECT = 'stateless-connect git-upload-pack\n';
const FALLBACK = 'fallback';
const LIST = 'list\n';

/** Over `http://` and `https://`. The address is in the configuration of `options`. */
export function talkOverHttp(kind: 'http' | 'https', options: ProgramOptions): ServerTalk {
  const call = { command: `remote-${kind}`, options: ['origin'] } as const;
  const program = startProgram(['git', ...gitArguments(call)], { ...options, memory: MOST_MEMORY });
  program.stdin.write(CONNECT);
  return talkWith(program, agreed(program.stdout as AsyncIterable<Buffer>, program.stdin));
}

/** With a repository of this machine; of `options`, what is about another repository is left out. */
export function talkToDirectory(directory: string, options: ProgramOptions): ServerTalk {
  const ours = Object.entries(options.environment).filter(
    ([name]) => !/^GIT_(?:DIR|CONFIG_(?:COUNT|KEY_\d+|VALUE_\d+))$/.test(name),
  );
  const environment = { ...Object.fromEntries(ours), GIT_PROTOCOL: 'version=2' };
  const call = { command: 'upload-pack', options: ['--strict'], operands: [directory] } as const;
  const program = startProgram(['git', ...gitArguments(call)], {
    ...options,
    environment,
    memory: MOST_MEMORY,
  });
  return talkWith(program, program.stdout as AsyncIterable<Buffer>);
}

/** With what a host runs for it. `complaint`: what came from there beside the answer. */
export function talkOverSsh(
  channel: Channel,
  { path }: RepositoryAddress,
  complaint: () => string,
): ServerTalk {
  return {
    stdin: channel.stdin,
    stdout: channel.stdout as AsyncIterable<Buffer>,
    ended: async () => {
      channel.stdin.end();
      const { code } = await channel.exit;
      return { code, said: complaint() || `could not read from remote repository ${path}` };
    },
    close: async () => channel.destroy(),
  };
}

function talkWith(program: RunningProgram, stdout: AsyncIterable<Buffer>): ServerTalk {
  return {
    stdin: program.stdin,
    stdout,
    ended: async () => {
      program.stdin.end();
      program.stdout.destroy();
      const { code, stderr } = await program.ended;
      return { code, said: stderr };
    },
    close: async () => {
      program.stop();
      program.stdout.destroy();
      await program.ended.catch(() => undefined);
    },
  };
}

/**
 * What the server says once the helper has agreed to pass everything on. Of a server that speaks no version 2, the helper
 * itself has read the list by then, and gives it in lines of its own.
 */
async function* agreed(stdout: AsyncIterable<Buffer>, stdin: Writable): AsyncGenerator<Buffer> {
  const chunks = stdout[Symbol.asyncIterator]();
  let firstLine = '';
  for (;;) {
    const { done, value: chunk } = await chunks.next();
    if (done) return;
    const end = chunk.indexOf('\n');
    firstLine += chunk.toString('latin1', 0, end < 0 ? chunk.length : end);
    if (end < 0 && firstLine.length <= FALLBACK.length) continue;
    const rest = { [Symbol.asyncIterator]: () => chunks };
    if (firstLine === '') {
      yield chunk.subarray(end + 1);
      yield* rest;
    } else if (firstLine === FALLBACK) {
      stdin.write(LIST);
      yield* asPackets(rest);
    }
    return;
  }
}

/** The helper's list as a server of the old protocol sends it. Symbolic names and what is said of the format go. */
async function* asPackets(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const row of rowsIn(lines, '\n')) {
    if (row === '') yield Buffer.from(FLUSH);
    else if (/^[0-9a-f]/.test(row)) yield Buffer.from(packet(row));
  }
}
