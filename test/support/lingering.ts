import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { processEnd } from './conversation';
import { PYTHON } from './deployment';

/** Says who stays, in a way that needs no descriptor of the one who does. */
const SAY = `
import os, signal, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
def say(pid):
    os.write(1, b"%d\\n" % pid)
def close_all(first=3):
    os.closerange(first, 4096)
def stay():
    time.sleep(600)
`;

/** What the engine does, by its first argument: each leaves one process that has no lease. */
const KINDS: Record<string, string> = {
  'and waits': `
say(os.getpid())
stay()`,
  'which closes every descriptor': `
say(os.getpid())
close_all()
stay()`,
  'as a daemon by PEP 3143': `
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.chdir("/")
say(os.getpid())
close_all(0)
stay()`,
  'in a worker by subprocess': `
import subprocess
worker = subprocess.Popen([sys.executable, os.path.join(HERE, "src", "worker.py")], cwd="/")
say(worker.pid)`,
  ...Object.fromEntries(
    ['fork', 'spawn', 'forkserver'].map((method) => [
      `in a child by ${method} that outlives its parent`,
      `
import multiprocessing
from src import worker
if __name__ == "__main__":
    multiprocessing.set_start_method("${method}")
    child = multiprocessing.Process(target=worker.close_and_stay)
    child.start()
    say(child.pid)
    worker.until_gone_from("fd", child.pid, os.path.dirname(HERE))
    os._exit(0)`,
    ]),
  ),
};

const WORKER = `import os, time
def close_and_stay():
    os.chdir("/")
    os.closerange(0, 4096)
    time.sleep(600)
def until_gone_from(kind, pid, base):
    def held():
        links = "/proc/%d/%s" % (pid, kind)
        return [name for name in os.listdir(links) if os.path.lexists(os.path.join(links, name))]
    while held():
        time.sleep(0.01)
if __name__ == "__main__":
    close_and_stay()
`;

/** An engine that leaves processes behind, in the ways that {@link lingeringKinds} names. */
export function lingeringEngine(label: string): Record<string, string> {
  const cases = Object.entries(KINDS)
    .map(([name, code]) => `if sys.argv[1] == ${JSON.stringify(name)}:${code.replaceAll('\n', '\n    ')}`)
    .join('\n');
  return {
    'run.py': `# ${label}\n${SAY}\n${cases}\n`,
    'src/__init__.py': '',
    'src/worker.py': WORKER,
    'config/engine.json': '{}',
    'requirements.txt': '',
  };
}

/** Other users can't reach a Python below root's home. */
const interpreter = (before: string[]) => [before.includes('setpriv') ? '/usr/bin/python3' : PYTHON];

/** The ways in which the engine can leave a process behind. */
export const lingeringKinds = Object.keys(KINDS).filter((kind) => kind !== 'and waits');

/** Who was started, to be ended with the test. */
export class Lingerers {
  private readonly pids: number[] = [];

  /** Runs the engine through its launcher; resolves with the process that stays, without a lease. */
  async fromEngine(base: string, kind: string, before: string[] = []): Promise<number> {
    const [command, ...args] = [...before, ...interpreter(before), 'run.py', kind];
    return this.first(command, args, base);
  }

  /**
   * Starts Python with an empty environment and from elsewhere; the code gets a path as `path` from its standard input,
   * so that nothing but what it does with that tells. Resolves with its id once it has done so.
   */
  async elsewhere(code: string, path: string, before: string[] = []): Promise<number> {
    const program = `import os, sys, time\npath = sys.stdin.readline()[:-1]\n${code}\nos.write(1, b"%d\\n" % os.getpid())\nos.closerange(0, 3)\ntime.sleep(600)`;
    const [command, ...args] = [...before, ...interpreter(before), '-c', program];
    return this.first(command, args, '/', `${path}\n`, {});
  }

  /** Ends one and waits until it is gone. */
  async end(pid: number): Promise<void> {
    process.kill(pid, 'SIGKILL');
    await processEnd(pid);
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

  private async first(
    command: string,
    args: string[],
    cwd: string,
    input = '',
    env = process.env,
  ): Promise<number> {
    const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(input);
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const pid = Number(line);
    this.pids.push(pid);
    return pid;
  }
}
