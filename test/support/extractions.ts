import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { ENGINE_ENVIRONMENT, versionsIn } from './engine';
import { PYTHON } from './deployment';

/** How one extraction went: the versions that took part, or why there is no result. */
export type Extraction = { versions: string[] } | { failure: string };

/** Runs `cd <base path> && python3 run.py extract <pdf> --config config/default_config.json`, as workflows do. */
export async function extract(basePath: string, pdf: string, pauseSeconds = 0): Promise<Extraction> {
  const child = startExtraction(basePath, pdf, pauseSeconds);
  let output = '';
  let complaint = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code, signal] = await once(child, 'close');
  if (code !== 0) return { failure: `${code ?? signal}: ${complaint}` };
  try {
    return { versions: versionsIn(output) };
  } catch {
    return { failure: `no JSON: ${output}` };
  }
}

/** Starts an extraction that pauses between its stages and says so on stderr. */
export function startExtraction(basePath: string, pdf: string, pauseSeconds: number): ChildProcess {
  return spawn(PYTHON, ['run.py', 'extract', pdf, '--config', 'config/default_config.json'], {
    cwd: basePath,
    env: { ...process.env, ...ENGINE_ENVIRONMENT, ENGINE_PAUSE_SECONDS: String(pauseSeconds) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** What a crowd of extractions came to. */
export interface Tally {
  done: number;
  failed: string[];
  mixed: string[][];
  versions: Set<string>;
}

/**
 * Extractions, several at a time, until a number of them is done or somebody says stop. Whoever asks for something to
 * happen meanwhile stops it afterwards: how many end by then is up to the machine.
 */
export class Crowd {
  readonly tally: Tally = { done: 0, failed: [], mixed: [], versions: new Set() };
  private readonly finished: Promise<void>;
  private waiting: Array<{ from: number; resolve: () => void }> = [];
  private started = 0;

  constructor(
    private readonly options: {
      basePath: string;
      pdf: string;
      total: number;
      atOnce: number;
      pauseSeconds: number;
    },
  ) {
    this.finished = Promise.all(Array.from({ length: options.atOnce }, () => this.work())).then(
      () => undefined,
    );
  }

  /** Resolves when so many extractions are done, or all of them. */
  async reached(count: number): Promise<void> {
    if (this.tally.done >= count) return;
    await Promise.race([
      this.finished,
      new Promise<void>((resolve) => this.waiting.push({ from: count, resolve })),
    ]);
  }

  /** Starts no more extractions, and resolves with what came of all of them when the running ones have ended. */
  async stop(): Promise<Tally> {
    this.started = this.options.total;
    return this.end();
  }

  /** Resolves when all have ended. */
  async end(): Promise<Tally> {
    await this.finished;
    return this.tally;
  }

  private async work(): Promise<void> {
    const { basePath, pdf, total, pauseSeconds } = this.options;
    while (this.started < total) {
      this.started += 1;
      this.count(await extract(basePath, pdf, pauseSeconds));
    }
  }

  private count(extraction: Extraction): void {
    this.tally.done += 1;
    if ('failure' in extraction) this.tally.failed.push(extraction.failure);
    else if (extraction.versions.length !== 1) this.tally.mixed.push(extraction.versions);
    else this.tally.versions.add(extraction.versions[0]);
    for (const { from, resolve } of this.waiting) if (this.tally.done >= from) resolve();
    this.waiting = this.waiting.filter(({ from }) => this.tally.done < from);
  }
}

const READER = `
import glob, json, os, sys
os.chdir(sys.argv[1])
names = sorted(glob.glob("src/*.py") + glob.glob("src/pdf/*.py") + glob.glob("config/*.json") + ["run.py"])
opened, missing = 0, []
os.set_blocking(0, False)
print("reading", flush=True)
while True:
    for name in names:
        try:
            with open(name, "rb") as file:
                if not file.read():
                    missing.append(name + " is empty")
        except OSError as reason:
            missing.append("%s: %s" % (name, reason.strerror))
        opened += 1
    try:
        if os.read(0, 1) == b"":
            break
    except BlockingIOError:
        pass
print(json.dumps({"opened": opened, "missing": missing[:10]}))
`;

/** A process that opens every file of the engine, through the base path, over and over as fast as it can. */
export class Reader {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** Resolves when it has started to read. */
  static async start(basePath: string): Promise<Reader> {
    const child = spawn(PYTHON, ['-c', READER, basePath], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (!child.stdout) throw new Error('the reader has no output');
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    await lines.next();
    return new Reader(child, lines);
  }

  /** Ends it; resolves with how many files it opened and which were not there or empty. */
  async stop(): Promise<{ opened: number; missing: string[] }> {
    this.child.stdin?.end();
    const { value } = await this.lines.next();
    return JSON.parse(value) as { opened: number; missing: string[] };
  }
}

/** Ends both: these versions ran and no others, none failed, none mixed, and no file was missing meanwhile. */
export async function expectWhole(crowd: Crowd, reader: Reader, expected: readonly string[]): Promise<void> {
  const { failed, mixed, versions } = await crowd.stop();
  const { missing } = await reader.stop();
  expect({ failed, mixed, versions: [...versions].sort(), missing }).toEqual({
    failed: [],
    mixed: [],
    versions: expected,
    missing: [],
  });
}
