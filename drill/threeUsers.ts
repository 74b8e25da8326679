/**
 * Three users of one engine (root, its own user, another one of the group) do random operations at once, each through
 * an executor of theirs, while all three run extractions.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { returnToPlain } from '../nodes/shared/operations/detach';
import { planDeployment } from '../nodes/shared/operations/plan';
import { pruneReleases } from '../nodes/shared/operations/prune';
import { getStatus } from '../nodes/shared/operations/status';
import { DeployError } from '../nodes/shared/errors';
import { bundleOf, deployOptions, deployTo, inConversation, rollBackTo } from '../test/support/deployment';
import { DETACHING } from '../test/support/detachOptions';
import { makePdf, materialiseEngine, writeVersion } from '../test/support/engine';
import type { Tally } from '../test/support/extractions';
import { createSystemUser } from '../test/support/systemUser';
import { asUser, userPython } from '../test/support/userPython';
import { extractions } from './crowdOfUsers';

/** What came of it. */
export interface ThreeUsers {
  seed: number;
  tally: Tally;
  /** `operation: how it ended` -> how often. */
  operations: Record<string, number>;
}

const SYSTEM_PYTHON = '/usr/bin/python3';
const VERSIONS = ['1', '2', '3', '4'];

/** Numbers between 0 and 1 that are the same again for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Operator {
  base: string;
  sources: string[];
  python: string;
  random: () => number;
}

type Operation = (operator: Operator) => Promise<{ status?: string }>;

const one = <T>(random: () => number, choices: readonly T[]): T =>
  choices[Math.floor(random() * choices.length)];

const KEPT = { keepReleases: 1, keepBackups: 0 };

const OPERATIONS: Record<string, Operation> = {
  deploy: ({ base, sources, python, random }) =>
    deployTo(base, one(random, sources), { ...KEPT, createBackup: false, ...waiting(random) }, { python }),
  rollback: ({ base, python, random }) =>
    rollBackTo(base, { target: 'previous' }, { ...KEPT, ...waiting(random) }, { python }),
  prune: async ({ base, python, random }) => {
    const options = deployOptions(base, waiting(random));
    await inConversation((client) => pruneReleases(client, options, KEPT), { python });
    return { status: 'pruned' };
  },
  plan: async ({ base, sources, python, random }) => {
    const options = deployOptions(base);
    const bundle = await bundleOf(one(random, sources), options);
    await inConversation((client) => planDeployment(client, bundle, options), { python });
    return { status: 'planned' };
  },
  status: async ({ base, python }) => {
    const { state } = await inConversation((client) => getStatus(client, deployOptions(base)), { python });
    return { status: state };
  },
  detach: ({ base, python, random }) => {
    const asked = { ...DETACHING, extractionWaitSeconds: 20, withoutPackages: true };
    const options = { ...deployOptions(base, waiting(random)), ...asked };
    return inConversation((client) => returnToPlain(client, options), { python });
  },
};

/** The first deployment after `detach` adopts the engine again. */
const OFTEN = ['deploy', 'deploy', 'deploy', 'rollback', 'rollback', 'prune', 'plan', 'status', 'detach'];

const waiting = (random: () => number) => ({ lockWaitSeconds: Math.floor(random() * 5) });

/** Lets them work until so many extractions are done. Needs root. */
export async function threeUsers(seed: number, total: number): Promise<ThreeUsers> {
  const root = mkdtempSync(join(tmpdir(), 'hot-deploy-users-'));
  const [owner, member] = [createSystemUser(), createSystemUser()];
  const tally: Tally = { done: 0, failed: [], mixed: [], versions: new Set() };
  const operations: Record<string, number> = {};
  try {
    chmodSync(root, 0o755);
    execFileSync('usermod', ['-a', '-G', owner.username, member.username]);
    const { base, sources, pdf } = await material(root, owner.username);
    const people = [
      { python: SYSTEM_PYTHON, prefix: [] as string[] },
      ...[owner, member].map(({ username }) => ({
        python: userPython(root, username),
        prefix: asUser(username),
      })),
    ];
    // Whoever is first has the directories: root's would be for root alone.
    await deployTo(base, sources[0], KEPT, { python: people[1].python });
    const goesOn = () => tally.done < total;
    await Promise.all(
      people.flatMap(({ python, prefix }, index) => {
        const random = seeded(seed + index);
        const operator = { base, sources, python, random };
        return [
          operate(operator, goesOn, operations),
          extractions({ base, pdf, prefix, random: seeded(seed + 10 + index), goesOn }, tally),
        ];
      }),
    );
    return { seed, tally, operations };
  } finally {
    [member, owner].forEach((user) => user.remove());
    execFileSync('chmod', ['-R', 'u+rwX', root]);
    rmSync(root, { recursive: true });
  }
}

async function operate(
  operator: Operator,
  goesOn: () => boolean,
  operations: Record<string, number>,
): Promise<void> {
  while (goesOn()) {
    const name = one(operator.random, OFTEN);
    const ended = await OPERATIONS[name](operator).then(
      ({ status }) => status ?? 'done',
      (error: unknown) => {
        if (!(error instanceof DeployError)) throw error as Error;
        return `${error.code} ${error.message.split('\n')[0].replaceAll(operator.base, '…').slice(0, 160)}`;
      },
    );
    operations[`${name}: ${ended}`] = (operations[`${name}: ${ended}`] ?? 0) + 1;
  }
}

/** A plain engine that is its own user's and that its group may write to, versions to deploy, and something to extract. */
async function material(root: string, owner: string) {
  const sources = await Promise.all(
    VERSIONS.map(async (version) => {
      const directory = join(root, `version-${version}`);
      await materialiseEngine('base', directory);
      await writeVersion(directory, version);
      const program = join(directory, 'run.py');
      const closing = `if os.environ.get('DRILL_CLOSES_ALL'):\n    os.closerange(3, 256)\n`;
      const text = readFileSync(program, 'utf8');
      const changed = text.replace(/^(?=def )/m, `import os\n${closing}\n`);
      if (changed === text) throw new Error('the engine is another one');
      writeFileSync(program, changed);
      return directory;
    }),
  );
  const [base, pdf] = [join(root, 'app'), join(root, 'contract.pdf')];
  execFileSync('cp', ['-r', sources[0], base]);
  execFileSync('chown', ['-R', `${owner}:${owner}`, base]);
  execFileSync('chmod', ['-R', 'g+rwX', base]);
  writeFileSync(pdf, makePdf([['The contractor shall deliver. Total price: EUR 5.']]));
  execFileSync('chmod', ['-R', 'a+rX', root]);
  return { base, sources, pdf };
}
