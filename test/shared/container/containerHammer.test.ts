/** 1f.3, in a container: runs of the Run node over flips; none fails, none mixes, each is of the release that it names. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { type Container, startContainer } from '../../support/container';
import { type ConversationOptions, deployTo, rollBackTo } from '../../support/deployment';
import { jsonOf, nodeRuns } from '../../support/nodeRuns';
import { obedientEngine, there } from '../../support/runs';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';

jest.setTimeout(3_600_000);
const runs = nodeRuns();
const BASE = '/srv/app';
const PYTHON = '/usr/bin/python3';
const [RUNS, FLIPS, AT_ONCE] = [size(60, 1000), size(3, 50), 4];
let above: string;
let container: Container;
let within: ConversationOptions;

beforeAll(async () => {
  above = await runs.make('mounted');
  mkdirSync(join(above, 'app'));
  chmodSync(above, 0o755);
  container = startContainer([{ host: above, inside: '/srv' }]);
  const { name, command: containerCommand } = container;
  within = {
    interpreter: { python: PYTHON, become: 'none', runtime: 'container', container: name, containerCommand },
  };
  for (const version of ['one', 'two']) {
    const source = await runs.make('source');
    await writeTree(source, slowEngine(version));
    await deployTo(BASE, source, {}, within);
  }
});

afterAll(() => container.stop());

/** Says that it was started, and looks at its data some time later: a flip comes in between. */
function slowEngine(version: string): Record<string, string> {
  const files = obedientEngine(version);
  return {
    ...files,
    'run.py': `import time\nopen('/srv/started', 'w').close()\ntime.sleep(0.2)\n${files['run.py']}`,
  };
}

interface Said {
  version: string;
  data: string;
  release: string;
}

test('1f.3: many runs of the node in a container over many flips: 0 failed, 0 mixed, each of the release that it names', async () => {
  const parameters = {
    ...{ basePath: BASE, runtime: 'container', container: container.name },
    options: { python: PYTHON, containerCommand: container.command, concurrency: AT_ONCE, pin: 'run' },
  };
  const words = Array.from({ length: RUNS / FLIPS }, () => ['say']);
  const told: Array<{ status: unknown; release: unknown; said: Said }> = [];
  for (let flips = 0; flips < FLIPS; flips++) {
    // Each flip comes while a batch runs.
    rmSync(join(above, 'started'), { force: true });
    const [result] = await Promise.all([
      runs.run('ssh', words, parameters, { node: { onError: 'continueRegularOutput' } }),
      there(join(above, 'started')).then(() => rollBackTo(BASE, { target: 'previous' }, {}, within)),
    ]);
    for (const { status, release, output } of jsonOf(result))
      told.push({ status, release, said: output as unknown as Said });
  }
  const failed = told.filter(({ status }) => status !== 'succeeded');
  const mixed = told.filter(({ said }) => said.version !== said.data);
  const misnamed = told.filter(({ release, said }) => release !== said.release);
  const versions = [...new Set(told.map(({ said }) => said.version))].sort();
  process.stdout.write(
    `runs of the node in a container: ${told.length} over ${FLIPS} flips, ${failed.length} failed, ${mixed.length} mixed, ${misnamed.length} misnamed\n`,
  );
  expect({ failed, mixed, misnamed, versions, runs: told.length }).toEqual({
    ...{ failed: [], mixed: [], misnamed: [] },
    versions: ['one', 'two'],
    runs: RUNS,
  });
});
