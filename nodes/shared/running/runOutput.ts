import { jsonInFile, jsonLinesPrinted, jsonPrinted } from '../run/printed';
import { noFile, tooLong } from '../run/refusals';
import type { RunFacts } from '../run/ending';
import type { OutputFile, TakeFile } from '../run/runResult';
import { matcherOf } from '../source/patterns';
import type { OpenRun } from './runDirectory';

/** What was asked for of an output, and all of what was printed, where that was read. */
export interface Collected {
  readonly output: unknown;
  readonly text?: string | undefined;
}

/** Bytes that are asked for at once, and how many such answers are on their way. */
const PIECE = 384 * 1024;
const AHEAD = 8;
/** As much JSON as is read from a file. */
const MOST_JSON = 10 * 1024 * 1024;

/** Reads what was asked for of a run's output. Throws `RUN` where it isn't there, or is none. */
export async function collect(run: OpenRun, facts: RunFacts, takeFile: TakeFile): Promise<Collected> {
  const { wanted } = run.request;
  if (wanted.kind === 'files') return { output: await collectFiles(run, facts, wanted.patterns, takeFile) };
  if (wanted.kind === 'json' && wanted.place.from === 'file') {
    return { output: await jsonOfFile(run, facts, wanted.place.pattern) };
  }
  const text = await printedBy(run, facts);
  if (wanted.kind === 'text') return { output: text, text };
  if (wanted.kind === 'jsonLines') return { output: jsonLinesPrinted(text), text };
  return { output: wanted.place.from === 'file' ? null : jsonPrinted(text, wanted.place), text };
}

/** All that is kept of what a run printed, with a line where something was left out. */
export async function printedBy(run: OpenRun, { stdout }: RunFacts): Promise<string> {
  if (!stdout) return '';
  const { text = await read(run, stdout.bytes), head, left } = stdout;
  if (left === 0) return text;
  const content = Buffer.from(text);
  return `${content.subarray(0, head).toString()}\n… ${left} bytes left out …\n${content.subarray(head).toString()}`;
}

/** As many characters as an item has of what was printed, in UTF-8. */
const END_BYTES = 16 * 1024;

/** What a run printed, or its end where it is more than came with the result. */
export async function endPrinted(run: OpenRun, { stdout }: RunFacts): Promise<RunFacts['stdout']> {
  if (!stdout || stdout.text !== undefined) return stdout;
  const { bytes, left } = stdout;
  const length = Math.min(END_BYTES, bytes);
  const options = { oneOfMany: true };
  const what = { run: run.id, of: 'stdout' as const, offset: bytes - length, length };
  const { data } = await run.client.call('readRun', what, options);
  return {
    bytes: length,
    head: 0,
    left: left + bytes - length,
    text: Buffer.from(data, 'base64').toString(),
  };
}

async function read(run: OpenRun, bytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of contentOf(run, { of: 'stdout' }, bytes)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

async function collectFiles(
  run: OpenRun,
  facts: RunFacts,
  patterns: readonly string[],
  takeFile: TakeFile,
): Promise<OutputFile[]> {
  const found = filesOf(facts, patterns);
  for (const [index, file] of found.entries()) {
    await takeFile(file, contentOf(run, { of: 'file', path: file.path }, file.bytes), index);
  }
  return found;
}

function filesOf({ files = [] }: RunFacts, patterns: readonly string[]): OutputFile[] {
  const matches = matcherOf('Files', patterns);
  return files.map(([path, bytes]) => ({ path, bytes })).filter(({ path }) => matches(path));
}

async function jsonOfFile(run: OpenRun, facts: RunFacts, pattern: string): Promise<unknown> {
  const found = filesOf(facts, [pattern]);
  const [file] = found;
  if (!file || found.length > 1) throw noFile(pattern, found, facts.fileCount ?? 0);
  if (file.bytes > MOST_JSON) throw tooLong(file, MOST_JSON);
  const pieces: Buffer[] = [];
  for await (const piece of contentOf(run, { of: 'file', path: file.path }, file.bytes)) pieces.push(piece);
  return jsonInFile(file.path, Buffer.concat(pieces).toString('utf8'));
}

/** Content of the engine's side, piece by piece; the next ones are asked for before one is taken, and only so many. */
export async function* contentOf(
  { client, id: run }: OpenRun,
  what: { of: 'stdout' | 'file'; path?: string },
  bytes: number,
): AsyncGenerator<Buffer> {
  const asked: Array<Promise<Buffer>> = [];
  let offset = 0;
  const ask = () => {
    const length = Math.min(PIECE, bytes - offset);
    const options = { unawaited: asked.length > 0, oneOfMany: true };
    const answer = client.call('readRun', { run, ...what, offset, length }, options);
    const piece = answer.then(({ data }) => Buffer.from(data, 'base64'));
    // Whoever stops taking pieces does not wait for those that are on their way.
    piece.catch(() => undefined);
    asked.push(piece);
    offset += length;
  };
  while (offset < bytes || asked.length > 0) {
    while (offset < bytes && asked.length < AHEAD) ask();
    const piece = await asked.shift();
    if (piece && piece.length > 0) yield piece;
  }
}
