import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

import {
  checkOf,
  deployTo,
  engineVersions,
  rollBackTo,
  temporaryDirectories,
} from '../../support/deployment';
import { pythonWithoutExchange } from '../../support/changedPython';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();
const EXECUTOR = join(__dirname, '../../../executor/hot_deploy');

interface HistoryEntry {
  event: string;
  operation?: string;
  from: string | null;
  to: string;
}

function history(base: string): HistoryEntry[] {
  const lines = readFileSync(join(base, '.hot-deploy/history.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as HistoryEntry);
}

test('P6: one function changes “current”, and everything that switches calls it', () => {
  const naming: string[] = [];
  const flipping: string[] = [];
  const switching: string[] = [];
  for (const module of readdirSync(EXECUTOR).filter((name) => name.endsWith('.py'))) {
    const functions = readFileSync(join(EXECUTOR, module), 'utf8').split(/^(?=\s*def )/m);
    for (const text of functions) {
      const name = `${module} ${/def (\w+)/.exec(text)?.[1]}`;
      const changes = /os\.(rename|replace|symlink|unlink|remove|link)|replace_link|exchange\(|write_/.test(
        text,
      );
      if (/layout\.current\b/.test(text) && changes) naming.push(name);
      if (/(?<!def )\bflip\(layout/.test(text)) flipping.push(name);
      if (/\bswitching\.switch\(/.test(text)) switching.push(name);
    }
  }
  expect(naming).toEqual(['switching.py flip']);
  // There and back are one: what switches registers how it is undone.
  expect(flipping.sort()).toEqual(['detaching.py dismantle', 'switching.py revert', 'switching.py switch']);
  expect(switching.sort()).toEqual([
    'adoption.py adopt',
    'rollout_ending.py _go_back',
    'verbs_switching.py flip',
  ]);
});

test('P6: deploy, rollback, revert and adoption leave the same trail', async () => {
  const [base, v2, v4] = await engineVersions(make, 'base', 'v2', 'v4');
  const first = await deployTo(base, v2);
  const adopted = first.previousRelease;
  const failing = [checkOf({ when: 'after', command: 'false' })];
  await thrownBy(deployTo(base, v4, { checks: failing }));
  await rollBackTo(base, { target: 'previous' });
  const entries = history(base);
  const refused = entries[3].to;
  expect(entries.map(({ event, operation, from, to }) => [event, operation, from, to])).toEqual([
    ['flip', 'adopt', null, adopted],
    ['flip', 'deploy', adopted, first.release],
    ['confirmed', undefined, undefined, first.release],
    ['flip', 'deploy', first.release, refused],
    ['reverted', undefined, refused, first.release],
    ['flip', 'rollback', first.release, adopted],
    ['confirmed', undefined, undefined, adopted],
  ]);
  expect(readlinkSync(join(base, 'current'))).toBe(`releases/${adopted}`);
});

test('P6: a revert after a cut conversation is in the trail with its reason', async () => {
  const base = await make();
  const [v1, v2] = await engineVersions(make, 'base', 'v2');
  await deployTo(base, v1);
  const controller = new AbortController();
  await thrownBy(
    deployTo(
      base,
      v2,
      {
        checks: [checkOf({ when: 'after', command: 'sleep 30' })],
        onStep: ({ step }) => step === 'check after the switch' && controller.abort(),
      },
      { signal: controller.signal },
    ),
  );
  expect(history(base).at(-1)).toMatchObject({ event: 'reverted', reason: 'the connection ended' });
});

test('where names can’t be exchanged, an adoption says how long one was missing', async () => {
  const python = await pythonWithoutExchange(await make('python'));
  const [base, v2] = await engineVersions(make, 'base', 'v2');
  const { swap } = await deployTo(base, v2, {}, { python });
  expect(swap).toMatchObject({ adopted: true, atomic: false });
  expect(swap.gapMs).toBeGreaterThan(0);
  expect(swap.gapMs).toBeLessThan(100);
});
