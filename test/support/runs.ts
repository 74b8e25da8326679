/** Runs of an engine that does what its arguments say, for tests. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { processEnd } from './conversation';
import { isRunning } from './startedRuns';

export { AS_TEXT, requestOf, runIn } from './runRequests';

/** An engine whose runs do what they are told, and say of which version they are. */
export function obedientEngine(version: string): Record<string, string> {
  return {
    'run.py': `import json, os, sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "src"))
import deeds
deeds.do(sys.argv[1:], ${JSON.stringify(version)})
`,
    'src/deeds.py': DEEDS,
    'src/late.py': `VERSION = ${JSON.stringify(version)}\n`,
    'src/tool/__init__.py': '',
    'src/tool/__main__.py': 'import sys\nprint("module", sys.argv[1:])\n',
    'scripts/report.py': 'import sys\nprint("script", sys.argv[1:])\n',
    'scripts/report.sh': '#!/bin/sh\necho shell "$@"\n',
    'config/version.json': JSON.stringify({ version }),
    'requirements.txt': '',
  };
}

const DEEDS = `
import json, os, signal, subprocess, sys, time

def do(words, version):
    what, rest = (words or ["say"])[0], words[1:]
    globals()["_" + what](rest, version)

def _say(words, version):
    with open("config/version.json") as file:
        data = json.load(file)["version"]
    release = os.path.basename(os.environ.get("HOT_DEPLOY_RELEASE", "")) or None
    print(json.dumps({"version": version, "data": data, "release": release, "words": words, "cwd": os.getcwd()}))

def _given(words, version):
    """As above, with a module that it imports late and the data that an argument names."""
    import late
    with open(words[0]) as file:
        data = json.load(file)["version"]
    release = os.path.basename(os.environ["HOT_DEPLOY_RELEASE"])
    print(json.dumps({"version": version, "late": late.VERSION, "data": data, "release": release}))

def _words(words, version):
    sys.stdout.write(json.dumps([list(os.fsencode(word)) for word in words]))

def _exit(words, version):
    print("going", file=sys.stderr)
    sys.exit(int(words[0]))

def _kill(words, version):
    os.kill(os.getpid(), getattr(signal, words[0]))
    time.sleep(10)

def _print(words, version):
    print(words[0].encode().decode("unicode_escape"), end="")

def _flood(words, version):
    piece = "x" * 1023 + "\\n"
    for _ in range(int(words[0])):
        sys.stdout.write(piece)
    print("the end")

def _wait(words, version):
    print(os.getpid(), flush=True)
    time.sleep(float(words[0]))
    print("waited")

def _stubborn(words, version):
    """Itself, a worker, and one that forked twice to get away: none heeds SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    worker = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"])
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.setsid()
        daemon = os.fork()
        if daemon:
            os.write(writing, b"%d" % daemon)
            os._exit(0)
        os.closerange(0, 3)
        time.sleep(600)
    away = int(os.read(reading, 20))
    with open(words[0], "w") as file:
        file.write("%d %d %d" % (os.getpid(), worker.pid, away))
    if words[1:] != ["leave"]:
        time.sleep(600)

def _eat(words, version):
    kept = [b"x" * 1000000 for _ in range(int(words[0]))]
    time.sleep(float(words[1]))

def _split(words, version):
    """Half of it in a child."""
    child = subprocess.Popen([sys.executable, "-c", "x = [b'x' * 1000000 for _ in range(%d)]; import time; time.sleep(60)" % int(words[0])])
    _eat(words, version)

def _burn(words, version):
    until = time.process_time() + float(words[0])
    while time.process_time() < until:
        pass

def _copy(words, version):
    """What it reads, into the output directory, under the input's name."""
    name, target = (words + [""])[:2]
    content = open(name, "rb").read()
    with open(os.path.join(target, os.path.basename(name)), "wb") as file:
        file.write(content)

def _stdin(words, version):
    content = sys.stdin.buffer.read()
    print(json.dumps({"bytes": len(content), "sum": sum(content[:100])}))

def _read(words, version):
    print(json.dumps({"name": words[0], "text": open(words[0]).read()}))

def _files(words, version):
    for word in words[1:]:
        path = os.path.join(words[0], word)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("in " + word)

def _link(words, version):
    os.symlink(words[1], os.path.join(words[0], "link.txt"))
    os.symlink(os.path.dirname(words[1]), os.path.join(words[0], "directory"))

def _who(words, version):
    print(json.dumps({"uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "home": os.environ.get("HOME")}))

def _secret(words, version):
    value = os.environ[words[0]]
    print(json.dumps({"said": value, "line": open("/proc/self/cmdline").read()}))
    print("error with " + value, file=sys.stderr)
    sys.exit(int(words[1]))

def _once(words, version):
    with open(words[0], "a") as file:
        file.write("%d\\n" % os.getpid())
    time.sleep(float(words[1]))
    print(json.dumps({"done": True}))

def _gate(words, version):
    """Tells that it is there, and says what it is once a file is."""
    open(words[0] + ".there", "w").close()
    while not os.path.exists(words[0]):
        time.sleep(0.01)
    _say(words, version)

def _falter(words, version):
    """Fails the first time, with other files than it has then."""
    directory, file, *names = words
    first = not os.path.exists(file)
    open(file, "a").close()
    _files([directory] + (names if first else ["last.txt"]), version)
    sys.exit(3 if first else 0)

def _lines(words, version):
    """Lines as they come: on both outputs, and the rest once a file is there."""
    print("to stdout", flush=True)
    print("to stderr", file=sys.stderr, flush=True)
    while not os.path.exists(words[0]):
        time.sleep(0.01)
    print('"the end"', end="")

def _tell(words, version):
    """What it was given on standard input, and in a variable."""
    text = sys.stdin.read()
    print(json.dumps({"text": text, "variable": os.environ.get(words[0])}))
    print("read " + text, file=sys.stderr)
    sys.exit(int(words[1]))

def _weigh(words, version):
    """How many bytes it reads."""
    read = 0
    with open(words[0], "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            read += len(piece)
    print(read)

def _zeros(words, version):
    """A file of so many megabytes."""
    with open(words[0], "wb") as file:
        for _ in range(int(words[1])):
            file.write(bytes(1000000))

def _count(words, version):
    """Fails until it was started so often."""
    with open(words[0], "a+") as file:
        file.write("x")
        file.seek(0)
        sys.exit(0 if len(file.read()) >= int(words[1]) else 3)
`;

/** What runs have on disk. */
export function leftOfRuns(base: string): string[] {
  try {
    return readdirSync(join(base, '.hot-deploy/runs')).filter((name) => /^[0-9a-f]{16}$/.test(name));
  } catch {
    return [];
  }
}

/** Resolves once a file is there. */
export async function there(file: string): Promise<void> {
  for (const end = Date.now() + 20_000; !existsSync(file); await pause(10)) {
    if (Date.now() > end) throw new Error(`${file} never came`);
  }
}

/** Resolves once a file is there that is not empty, with the process ids in it. */
export async function toldIn(file: string): Promise<number[]> {
  await there(file);
  for (;;) {
    const words = readFileSync(file, 'utf8').trim();
    if (words !== '') return words.split(/\s+/).map(Number);
    await pause(10);
  }
}

/** Expects processes to have ended within so many milliseconds from now. */
export async function allGone(pids: readonly number[], withinMs: number): Promise<void> {
  const started = performance.now();
  for (const pid of pids) await processEnd(pid, withinMs);
  expect(performance.now() - started).toBeLessThan(withinMs);
  expect(pids.map(isRunning)).toEqual(pids.map(() => false));
}
