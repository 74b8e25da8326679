/** What is seen of one run of a replay: how it ended, what it took, and what it put out. */
import { endingOf, type RunFacts, type RunStatus } from '../run/ending';
import { jsonInFile } from '../run/printed';
import { contentOf, printedBy } from '../running/runOutput';
import type { OpenRun } from '../running/runDirectory';
import { withoutStop } from '../text/withoutStop';

/** One of the things that a run puts out: what it prints, or a file. */
export type Part =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'lines'; readonly text: string }
  /** Nothing is compared but whether it is there, and its size. */
  | { readonly kind: 'file'; readonly bytes: number };

export interface Observed {
  readonly status: RunStatus;
  /** Why it did not succeed, in a sentence. */
  readonly why?: string;
  readonly durationMs: number;
  readonly peakMemoryBytes: number;
  readonly network?: 'on' | 'off';
  /** By name; `stdout` is what it printed. */
  readonly parts: ReadonlyMap<string, Part>;
}

const PRINTED = 'stdout';
/** As much of a file as is compared by what is in it, and of all files of a run together. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_OF_ALL = 16 * 1024 * 1024;

const LINES: ReadonlySet<string> = new Set(['txt', 'csv', 'tsv', 'md', 'jsonl', 'ndjson', 'xml', 'html']);

/** Reads what a run has put out, as far as it is compared by what is in it. */
export async function observe(run: OpenRun, facts: RunFacts): Promise<Observed> {
  const { status, why: ended } = endingOf(facts, run.request);
  const why = ended && withLastWords(ended, facts);
  const seen = {
    status,
    ...(why !== undefined && { why }),
    durationMs: facts.durationMs ?? 0,
    peakMemoryBytes: facts.peakMemoryBytes ?? 0,
    ...(facts.network && { network: facts.network }),
  };
  if (status !== 'succeeded') return { ...seen, parts: new Map() };
  const parts = new Map<string, Part>([[PRINTED, printedPart(await printedBy(run, facts))]]);
  let left = MOST_OF_ALL;
  for (const [path, bytes] of facts.files ?? []) {
    const readable = kindOf(path);
    const isRead = readable !== undefined && bytes <= Math.min(MOST_BYTES, left);
    if (isRead) left -= bytes;
    parts.set(
      path,
      isRead ? { kind: readable, text: await textOf(run, path, bytes) } : { kind: 'file', bytes },
    );
  }
  return { ...seen, parts };
}

/** Characters of what it said last. */
const LONGEST_SAID = 200;

/** Why a run did not succeed, with the last line that it wrote to its standard error. */
function withLastWords(why: string, { stderr }: RunFacts): string {
  const said = stderr?.text?.trimEnd().split('\n').at(-1)?.trim().slice(0, LONGEST_SAID) ?? '';
  return said === '' ? why : `${withoutStop(why)}: ${said}`;
}

/** Others, such as spreadsheets, have the time in them. */
function kindOf(path: string): 'json' | 'lines' | undefined {
  const suffix = path.slice(path.lastIndexOf('.') + 1).toLowerCase();
  return suffix === 'json' ? 'json' : LINES.has(suffix) ? 'lines' : undefined;
}

function printedPart(text: string): Part {
  return { kind: ['[', '{'].includes(text.trimStart().charAt(0)) ? 'json' : 'lines', text };
}

async function textOf(run: OpenRun, path: string, bytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of contentOf(run, { of: 'file', path }, bytes)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}

/** A part's value: JSON where it is some, or else its lines. */
export function valueOf(name: string, part: Part): unknown {
  if (part.kind === 'file') return part.bytes;
  if (part.kind === 'json') {
    try {
      return jsonInFile(name, part.text);
    } catch {
      // What begins like JSON and is none is compared as what it is.
    }
  }
  return Object.fromEntries(part.text.split('\n').map((line, index) => [`line ${index + 1}`, line]));
}
