/** Runs that a test starts itself, in the ways in which people do, and ends with the file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { PYTHON } from './deployment';

/** Behaves as its arguments say, writes the ids of its processes, and stays until it is ended. */
const PROGRAM = `import os, signal, subprocess, sys, time
kinds = sys.argv[1].split("+")
pids = [os.getpid()]
def stay():
    while True:
        time.sleep(600)
if "stubborn" in kinds:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "parent" in kinds:
    # Nothing of it tells that it is of a release: only whose child it is.
    child = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
    pids.append(subprocess.Popen(child, env={}, cwd="/").pid)
if "daemon" in kinds:
    read, write = os.pipe()
    if os.fork() == 0:
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.write(write, b"%d" % os.getpid())
        stay()
    pids.append(int(os.read(read, 32)))
    os.wait()
if "late" in kinds:
    # Starts another one when it is asked to end.
    def fork(*_):
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            open(os.environ["TOLD"], "w").write(str(os.getpid()))
            stay()
        os._exit(0)
    signal.signal(signal.SIGTERM, fork)
if "busy" in kinds:
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    kept = b"x" * (64 << 20)
os.write(1, (" ".join(map(str, pids)) + "\\n").encode())
stay()
`;

/** An engine whose runs stay. */
export function stayingEngine(label: string): Record<string, string> {
  return {
    'run.py': `# ${label}\n${PROGRAM}`,
    'src/__init__.py': '',
    'src/stays.py': PROGRAM,
    'config/engine.json': '{}',
    'requirements.txt': '',
  };
}

/** How one is started. */
export interface Start {
  /** What stands in front of the interpreter, such as another user. */
  before?: string[];
  /** Instead of `run.py`. */
  program?: string[];
  more?: string[];
  env?: NodeJS.ProcessEnv;
  python?: string;
}

export class StartedRuns {
  private readonly pids: number[] = [];

  /** Starts the engine in the base path; resolves with the ids of its processes, the topmost first. */
  async start(base: string, kinds: string, how: Start = {}): Promise<[number, ...number[]]> {
    const { before = [], program = ['run.py'], more = [], env = {}, python = PYTHON } = how;
    const [command = '', ...args] = [...before, python, ...program, kinds, ...more];
    const child = spawn(command, args, {
      cwd: base,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await Promise.race([
      once(createInterface(child.stdout), 'line'),
      once(child, 'exit').then(([code]) => Promise.reject(new Error(`It ended with ${code}`))),
    ])) as [string];
    const pids = line.split(' ').map(Number);
    this.pids.push(...pids);
    return pids as [number, ...number[]];
  }

  /** Has others end, too, that were started otherwise. */
  add(...pids: number[]): void {
    this.pids.push(...pids);
  }

  /** Ends all that are left. */
  endAll(): void {
    for (const pid of this.pids.splice(0)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  }
}

/** Whether a process is there, and no zombie. */
export function isRunning(pid: number): boolean {
  const state = stateOf(pid);
  return state !== undefined && !'ZX'.includes(state);
}

/** The letter of a process's state, as in proc(5); undefined where it is gone. */
export function stateOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')[0];
  } catch {
    return undefined;
  }
}
