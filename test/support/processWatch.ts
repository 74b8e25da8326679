import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** What was seen of all processes of this machine while it was watched. */
export interface Watched {
  /** How often everything was looked at. */
  rounds: number;
  /** Different command lines. */
  commands: string[];
  /** Where a text that was looked for stood: its index, and the whole argument or variable. */
  found: Array<{ secret: number; where: 'cmdline' | 'environ'; command: string; text: string }>;
}

/** Runs by itself, so that nothing it watches waits for it. What it looks for comes over its standard input. */
const WATCH = `
import json, os, select, sys
secrets = [each.encode() for each in json.loads(sys.stdin.readline())]
print("ready", flush=True)
commands, found, rounds = set(), {}, 0
while not select.select([sys.stdin], [], [], 0)[0]:
    rounds += 1
    for pid in os.listdir("/proc"):
        if not pid.isdigit():
            continue
        for where in ("cmdline", "environ"):
            try:
                with open("/proc/%s/%s" % (pid, where), "rb") as handle:
                    seen = handle.read()
            except OSError:
                continue
            if where == "cmdline":
                command = seen.replace(b"\\0", b" ").decode("utf-8", "replace")
                commands.add(command)
            for index, secret in enumerate(secrets):
                if secret in seen:
                    part = next(part for part in seen.split(b"\\0") if secret in part or len(part) > 4000)
                    key = (index, where, command[:200], part.decode("utf-8", "replace")[:300])
                    found[key] = True
found = [dict(zip(("secret", "where", "command", "text"), key)) for key in found]
print(json.dumps({"rounds": rounds, "commands": sorted(commands), "found": found}))
`;

/** Watches command lines and environments of all processes while `work` runs. Needs root to see all of them. */
export async function watchProcesses<T>(
  secrets: readonly string[],
  work: () => Promise<T>,
): Promise<[T, Watched]> {
  const watcher = spawn('python3', ['-I', '-S', '-c', WATCH], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ready = new Promise<void>((resolve) => watcher.stdout.once('readable', resolve));
  const output = ready.then(() => text(watcher.stdout));
  watcher.stdin.write(`${JSON.stringify(secrets)}\n`);
  await ready;
  try {
    const result = await work();
    watcher.stdin.end();
    return [result, JSON.parse((await output).replace(/^ready\n/, '')) as Watched];
  } finally {
    watcher.stdin.end();
  }
}
