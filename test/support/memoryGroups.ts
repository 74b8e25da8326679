/** Runs with a Memory Limit in control groups of several kinds, on a kernel of its own: says what became of each. */
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { layEngine, limitedRun } from './memoryRuns';
import { say } from './ownKernel';

const GROUPS = '/sys/fs/cgroup';
const NOBODY = 65534;

function group(path: string, ...inside: string[]): void {
  for (const name of ['', ...inside]) mkdirSync(join(GROUPS, path, name), { recursive: true });
}

function delegate(path: string): void {
  const set = 'import os, sys; os.setxattr(sys.argv[1], "user.delegate", b"1")';
  execFileSync('python3', ['-c', set, join(GROUPS, path)]);
}

/** This process, and with it all executors that it starts from now on. */
function enter(path: string): void {
  writeFileSync(join(GROUPS, path, 'cgroup.procs'), String(process.pid));
}

async function run(name: string, what: string, python?: string): Promise<void> {
  say({ ...(await limitedRun(name, what, python)) });
}

async function main(): Promise<void> {
  layEngine();
  writeFileSync(
    '/run/asNobody',
    '#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups python3 "$@"\n',
    {
      mode: 0o755,
    },
  );
  // As systemd makes it for a service with Delegate= and DelegateSubgroup=, with the controllers that it has been given.
  writeFileSync(join(GROUPS, 'cgroup.subtree_control'), '+memory');
  mkdirSync('/run/systemd/system', { recursive: true });
  group('n8n.service', 'main');
  delegate('n8n.service');
  enter('n8n.service/main');
  mkdirSync(join(GROUPS, 'n8n.service/hot-deploy-run-4194303'));
  for (const what of ['say', 'moment', 'shared', 'children']) await run(what, what);
  const left = readdirSync(join(GROUPS, 'n8n.service')).filter((name) => name.startsWith('hot-deploy'));
  say({ name: 'left', left });

  group('theirs.service', 'main');
  delegate('theirs.service');
  for (const file of ['', 'cgroup.procs', 'cgroup.subtree_control', 'main', 'main/cgroup.procs'])
    chownSync(join(GROUPS, 'theirs.service', file), NOBODY, NOBODY);
  enter('theirs.service/main');
  await run('of another user', 'moment', '/run/asNobody');

  delegate('n8n.service/main');
  enter('n8n.service/main');
  await run('n8n in the delegated group itself', 'say');

  group('session.scope');
  enter('session.scope');
  await run('of systemd', 'say');
  group('user@1000.service', 'app.slice/n8n.service');
  delegate('user@1000.service');
  writeFileSync(join(GROUPS, 'user@1000.service/cgroup.subtree_control'), '+memory');
  enter('user@1000.service/app.slice/n8n.service');
  await run('of a user’s systemd', 'say');
}

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
