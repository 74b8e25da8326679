/** Runs with a Memory Limit under a systemd that delegates, on a kernel of its own; the argument `n8n`: within its unit. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

import { layEngine, limitedRun } from './memoryRuns';
import { say } from './ownKernel';

const TOLD = '/run/told';
const UNIT = 'n8n.service';
const GROUP = `/sys/fs/cgroup/system.slice/${UNIT}`;

/** Before version 254, which has DelegateSubgroup=, what is started moves itself into a group of its own. */
const INTO_SUBGROUP = `mkdir ${GROUP}/main && echo $$$$ >${GROUP}/main/cgroup.procs`;

function startUnit(...settings: string[]): void {
  const command = [process.execPath, ...process.execArgv, __filename, 'n8n'].join(' ');
  const lines = [
    '[Service]',
    ...['Type=oneshot', `WorkingDirectory=${process.cwd()}`, 'Environment=TMPDIR=/run/tmp HOME=/run/tmp'],
    ...[`Environment=PATH=${process.env.PATH}`, `ExecStart=/bin/sh -c '${INTO_SUBGROUP}; exec ${command}'`],
    ...settings,
  ];
  writeFileSync(`/run/systemd/system/${UNIT}`, `${lines.join('\n')}\n`);
  execFileSync('systemctl', ['daemon-reload']);
  execFileSync('systemctl', ['start', UNIT], { stdio: 'inherit' });
}

async function within(): Promise<void> {
  for (const what of ['say', 'moment', 'children'])
    appendFileSync(TOLD, `${JSON.stringify(await limitedRun(what, what))}\n`);
  const left = readdirSync(GROUP).filter((name) => name.startsWith('hot-deploy'));
  appendFileSync(TOLD, `${JSON.stringify({ name: 'left', left })}\n`);
}

function main(): void {
  layEngine();
  for (const [unit, settings] of [
    ['delegating', ['Delegate=memory']],
    ['keeping', []],
  ] as const) {
    writeFileSync(TOLD, '');
    startUnit(...settings);
    const lines = readFileSync(TOLD, 'utf8').trim().split('\n');
    for (const line of lines) say({ unit, ...(JSON.parse(line) as object) });
  }
}

if (process.argv[2] === 'n8n') void within();
else main();
