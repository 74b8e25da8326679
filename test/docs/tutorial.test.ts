/** Goes through docs/tutorial.md: its commands in a shell, its nodes in n8n's own engine, and what it says of both. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { IDataObject } from 'n8n-workflow';

import { PYTHON, temporaryDirectories } from '../support/deployment';
import type { ExportedWorkflow, N8n, RunResult } from '../support/n8n';
import { onlyJson, openN8n } from '../support/nodes';
import { ROOT } from '../support/productFiles';

const TUTORIAL = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');
const PLACE = '/tmp/hot-deploy-tutorial';

const make = temporaryDirectories();
let place: string;
let n8n: N8n;

beforeAll(async () => {
  place = join(await make('tutorial'), 'hot-deploy-tutorial');
  process.env.N8N_HOT_DEPLOY_LOCAL_PATHS = join(place, 'app');
  n8n = await openN8n();
});

afterAll(async () => {
  delete process.env.N8N_HOT_DEPLOY_LOCAL_PATHS;
  await n8n.close();
});

/** The blocks of one kind, in their order, for a place of this test's own. */
function blocks(kind: string): string[] {
  const found = [...TUTORIAL.matchAll(new RegExp(`^\`\`\`${kind}\\n([^]*?)^\`\`\`$`, 'gm'))];
  return found.map(([, text = '']) => text.replaceAll(PLACE, place));
}

/** Runs one of the tutorial's blocks of commands; returns what it prints. */
function carryOut(block: number): string {
  return shell(blocks('bash')[block] ?? 'exit 1').trim();
}

function shell(commands: string): string {
  return execFileSync('bash', ['-euo', 'pipefail', '-c', commands], { cwd: ROOT, encoding: 'utf8' });
}

async function run(block: number, parameters: IDataObject = {}): Promise<RunResult> {
  const workflow = JSON.parse(blocks('json')[block] ?? '') as ExportedWorkflow;
  const [, node] = workflow.nodes;
  Object.assign(node?.parameters ?? {}, parameters, { options: { python: PYTHON } });
  return n8n.run(workflow);
}

/** The tutorial says it in so many words, wherever its lines end. */
function says(words: string): void {
  expect(TUTORIAL.replace(/\n> /g, ' ').replace(/\s+/g, ' ')).toContain(words);
}

test('the tutorial’s commands and nodes do what it says', async () => {
  expect(blocks('bash')).toHaveLength(5);
  carryOut(0);
  says(`It prints \`${carryOut(1)}\`. ## 3.`);

  const deployed = onlyJson(await run(0));
  says(`the status \`${deployed.status as string}\`, and under \`changes\` the two files`);
  expect((deployed.changes as { counts: IDataObject }).counts).toMatchObject({
    added: 0,
    modified: 2,
    removed: 0,
  });
  says(`Run it again: \`${onlyJson(await run(0)).status as string}\`.`);
  says(`It prints \`${carryOut(2)}\`. Look at`);
  expect(carryOut(3)).toMatch(
    / config -> current\/config\n[^]* current -> releases\/[^]* src -> current\/src$/,
  );

  says(`Set _Source Directory_ to \`${PLACE}/versions/3\``);
  const stopped = (await run(0, { sourceDirectory: join(place, 'versions/3') })).error('Hot Deploy');
  const release = deployed.release as string;
  says(stopped?.message.replace(release, '…').replaceAll(place, PLACE) ?? '');
  says(`Call the engine again: it prints \`${carryOut(1)}\`.`);

  says(`The status is \`${onlyJson(await run(1), 'Rollback Extraction Engine').status as string}\``);
  says(`and the engine prints \`${carryOut(1)}\` again`);
  await run(1);
  expect(carryOut(1)).toBe('7');

  await run(1, { operation: 'detach' });
  expect(lstatSync(join(place, 'app/src')).isDirectory()).toBe(true);
  expect(carryOut(1)).toBe('7');
  carryOut(4);
  expect(existsSync(place)).toBe(false);
}, 120_000);

test('what it shows without running it here is run elsewhere', () => {
  const [demo, start = '', ...more] = blocks('sh').map((text) => text.trim());
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(demo).toBe('npm run demo');
  expect(scripts.demo).toContain('tsx scripts/demo.ts');
  // A whole n8n is started in the same way by the live suite.
  const live = readFileSync(join(ROOT, 'test/live/support/live.ts'), 'utf8');
  expect([...start.matchAll(/(\w+)=/g)].map(([, name]) => live.includes(`${name}:`))).toEqual([true, true]);
  expect(more).toEqual([]);
});
