import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a reader saw. */
export interface Readings {
  opens: number;
  /** Opens of a file that wasn't there. */
  failed: number;
  /** How often the two files that belong together were read, and how often they were of different versions. */
  pairs: number;
  mixed: number;
}

/**
 * Reads the two labelled files as fast as it can, until its input ends: through the base path as given, or, with `pin`,
 * in the release that `current` names when a pair is started, as the launcher does for an extraction.
 */
const READER = `import os, re, sys
base, pin = sys.argv[1], sys.argv[2] == 'pin'
seen = {'opens': 0, 'failed': 0, 'pairs': 0, 'mixed': 0}
label = re.compile(rb'[0-9]+')
def version(root, path):
    seen['opens'] += 1
    try:
        fd = os.open(root + path, os.O_RDONLY)
    except OSError:
        seen['failed'] += 1
        return None
    found = label.search(os.read(fd, 100))
    os.close(fd)
    return found and found.group()
os.set_blocking(0, False)
print('reading', flush=True)
while True:
    for _ in range(50):
        root = base + '/' + os.readlink(base + '/current') if pin else base
        code, config = version(root, '/src/engine.py'), version(root, '/config/engine.json')
        if code and config:
            seen['pairs'] += 1
            seen['mixed'] += code != config
    try:
        if os.read(0, 1) == b'':
            break
    except BlockingIOError:
        pass
import json
print(json.dumps(seen))
`;

/** A process that opens files through a base path as fast as it can. */
export class Reader {
  private constructor(
    private readonly child: ChildProcess,
    private readonly lines: AsyncIterator<string>,
  ) {}

  /** Resolves when it has started to read. */
  static async start(python: string, basePath: string, pin: boolean): Promise<Reader> {
    const child = spawn(python, ['-c', READER, basePath, pin ? 'pin' : 'through'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    await lines.next();
    return new Reader(child, lines);
  }

  /** Ends it and resolves with what it saw. */
  async stop(): Promise<Readings> {
    this.child.stdin?.end();
    const { value } = await this.lines.next();
    return JSON.parse(value as string) as Readings;
  }
}
