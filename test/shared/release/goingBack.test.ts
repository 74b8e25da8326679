import fc from 'fast-check';

import { decideDetachment } from '../../../nodes/shared/release/decide/detach';
import { pruning } from '../../../nodes/shared/release/decide/prune';
import { lookedAgain, nextToRepair, triedOne } from '../../../nodes/shared/release/decide/repair';
import { decideRestore, restorable } from '../../../nodes/shared/release/decide/restore';
import { decideRollback, keptDestination } from '../../../nodes/shared/release/decide/rollback';
import { decideSettling } from '../../../nodes/shared/release/decide/settle';
import type { Plan } from '../../../nodes/shared/release/steps';
import { DeployError } from '../../../nodes/shared/errors';
import { deployOptions, snapshot } from '../../support/arbitraries';
import { DETACHING } from '../../support/detachOptions';
import { frozen } from '../../support/frozen';
import { asReleaseId } from '../../support/named';
import { holds } from '../../support/property';

const kindsOf = ({ steps }: Plan) => steps.map(({ step }) => step);

const NO_SERVICE = { service: undefined, running: undefined };

/** The last steps of every switch, in their order. */
const SWITCH = ['check', 'describe', 'flip', 'check', 'confirm'];

test('P6: rolling back goes through the same switch, and to nothing that is not kept', () => {
  const wanted = fc.option(fc.constantFrom('20261121-171501-0000001', '20261125-171501-0000005'), {
    nil: undefined,
  });
  holds(fc.tuple(snapshot, deployOptions, wanted), ([seen, options, release]) => {
    let destination;
    try {
      destination = keptDestination(frozen(seen), release, options);
    } catch (error) {
      expect(error).toMatchObject({ code: 'NOT_FOUND' });
      expect(seen.listed.releases.map((known) => known.release)).not.toContain(
        release ?? seen.listed.previous,
      );
      return;
    }
    const plan = decideRollback(seen, destination, options);
    expect(destination.release).toBe(release ?? seen.listed.previous);
    if (destination.release === seen.probe.current) {
      expect(plan).toMatchObject({ unchanged: true, steps: [] });
      return;
    }
    expect(kindsOf(plan).slice(-SWITCH.length)).toEqual(SWITCH);
    expect(plan.steps.find(({ step }) => step === 'flip')).toMatchObject({
      release: destination.release,
      operation: 'rollback',
      aside: false,
    });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

test('a name that is no release’s id is refused with what to do', () => {
  holds(
    fc.tuple(snapshot, deployOptions),
    ([seen, options]) => {
      expect(() => keptDestination(seen, '../x', options)).toThrow(
        'Release "../x" is not a release id such as 20261123-171501-3f2a9c1.',
      );
    },
    20,
  );
});

test('P6: what is made live again was live before, the last first, and goes through the same switch', () => {
  holds(fc.tuple(snapshot, deployOptions), ([seen, options]) => {
    const found = restorable(frozen(seen.listed));
    const order = found.map(({ release }) => seen.listed.wereLive.indexOf(release));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    for (const record of found) {
      const plan = decideRestore(seen.side, record, options, NO_SERVICE);
      expect(kindsOf(plan).slice(-SWITCH.length)).toEqual(SWITCH);
      expect(plan.steps.find(({ step }) => step === 'flip')).toMatchObject({
        release: record.release,
        operation: 'repair',
        aside: true,
      });
    }
  });
});

test('where no history tells what was live, a release that never passed its checks is not made live', () => {
  holds(snapshot, ({ listed }) => {
    const found = restorable({ ...listed, wereLive: [] });
    expect(found.every(({ state }) => state === 'ready')).toBe(true);
    expect(found.length).toBe(listed.releases.filter(({ state }) => state === 'ready').length);
  });
});

test('P2: an interrupted switch is looked at before it is kept, and never switched once more', () => {
  const operations = fc.constantFrom('deploy', 'rollback', 'repair', 'adopt');
  holds(fc.tuple(operations, deployOptions), ([operation, { checks, entrypoint }]) => {
    const to = asReleaseId('20261123-171501-3f2a9c1');
    const plan = decideSettling({ to, operation }, { checks: frozen(checks), entrypoint }, NO_SERVICE);
    expect(plan.settles).toBe(to);
    expect(kindsOf(plan)).toEqual(operation === 'adopt' ? ['takeBack'] : ['check', 'check', 'confirm']);
  });
});

test('P4: an engine becomes plain only when nobody runs a release, or somebody waits for that', () => {
  const waits = fc.record({
    extractionWaitSeconds: fc.nat(30),
    withoutPackages: fc.boolean(),
    removeHistory: fc.boolean(),
    missing: fc.boolean(),
  });
  holds(fc.tuple(snapshot, deployOptions, waits), ([seen, options, { missing, ...asked }]) => {
    const lacking = missing ? [{ name: 'x', version: '1', found: null }] : [];
    const packages = { needed: lacking.map(({ name, version }) => ({ name, version })), missing: lacking };
    const { current, releasesInUse } = seen.probe;
    try {
      const plan = decideDetachment(frozen(seen), packages, { ...options, ...DETACHING, ...asked });
      expect(kindsOf(plan)).toEqual(current === null ? ['dismantle'] : ['detach', 'dismantle']);
      if (current === null) return;
      expect(missing && !asked.withoutPackages).toBe(false);
      expect(releasesInUse.length > 0 && asked.extractionWaitSeconds === 0).toBe(false);
      expect(plan.steps[0]).toMatchObject({ waitSeconds: Math.max(10, asked.extractionWaitSeconds) });
    } catch (error) {
      if (!(error instanceof DeployError)) throw error as Error;
      expect(current).not.toBeNull();
      expect(error.code).toBe(missing && !asked.withoutPackages ? 'DEPENDENCIES' : 'LOCKED');
    }
  });
});

test('P4: pruning spares the live one, the previous one and those in use, and does nothing where nothing is too much', () => {
  const retention = fc.record({ keepReleases: fc.integer({ min: 1, max: 9 }), keepBackups: fc.nat(6) });
  holds(fc.tuple(snapshot, retention), ([{ listed }, kept]) => {
    const [step, ...others] = pruning(frozen(listed).prunable, kept, listed);
    expect(others).toEqual([]);
    const { releases, backups } = listed;
    const tooMany = releases.length > kept.keepReleases || backups.length > kept.keepBackups;
    const unneeded = listed.prunable?.environments.some(([, needing]) => needing === 0);
    if (!step) return;
    expect(tooMany || unneeded).toBe(true);
    expect(step.tidying).toBe(false);
    for (const removed of step.releases) {
      const record = releases.find(({ release }) => release === removed);
      expect(record?.processes).toBe(0);
      expect([listed.current, listed.previous]).not.toContain(removed);
      // Only what is older than all that are kept.
      const newer = releases.filter(({ sequence }) => sequence > (record?.sequence ?? 0));
      expect(newer.length).toBeGreaterThanOrEqual(kept.keepReleases);
    }
    expect(step.backups.length).toBe(Math.max(0, backups.length - kept.keepBackups));
  });
});

describe('repair', () => {
  const kinds = [
    'unconfirmedSwitch',
    'currentMissing',
    'staging',
    'linkMissing',
    'foreignLock',
    'orphanEnvironment',
  ];
  const finding = fc.record({
    kind: fc.constantFrom(...kinds),
    path: fc.constantFrom('a', 'environments/b', 'c'),
  });
  const findings = fc.array(
    finding.map(({ kind, path }) => ({
      kind,
      path,
      wasLive: null,
      from: null,
      to: '20261123-171501-3f2a9c1',
      operation: 'deploy',
      at: '',
      tool: 'Git',
    })),
    { maxLength: 6 },
  ) as fc.Arbitrary<Parameters<typeof lookedAgain>[1]>;

  test('nothing is tried twice, an interrupted switch comes first, and until something is live nothing else does', () => {
    holds(findings, (found) => {
      let cases = lookedAgain(new Map(), frozen(found));
      const tried: unknown[] = [];
      for (let rounds = 0; rounds < 10; rounds++) {
        const next = nextToRepair(cases);
        if (next.length === 0) break;
        const remedies = new Set(next.map(({ remedy }) => remedy));
        if (remedies.has('settle') || remedies.has('restore')) expect(remedies.size).toBe(1);
        expect(remedies).not.toContain('nothing');
        for (const one of next) {
          expect(tried).not.toContain(one.raw);
          tried.push(one.raw);
          cases = triedOne(cases, one, 'tried');
        }
      }
      expect(nextToRepair(cases)).toEqual([]);
    });
  });

  test('what is no longer found is done, and stays told', () => {
    holds(fc.tuple(findings, findings), ([before, after]) => {
      const cases = lookedAgain(lookedAgain(new Map(), before), after);
      for (const { raw, finding: told } of cases.values()) {
        const still = after.some(({ kind, path }) => kind === raw.kind && path === raw.path);
        expect(told.done).toBe(!still);
      }
      for (const raw of before) expect([...cases.keys()]).toContain(`${raw.kind} ${raw.path}`);
    });
  });
});
