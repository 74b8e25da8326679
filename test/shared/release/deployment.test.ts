import fc from 'fast-check';

import type { Check } from '../../../nodes/shared/release/checks';
import { decideDeployment, type DeploymentPlan } from '../../../nodes/shared/release/decide/deploy';
import { digestOfPlan, refuseOtherDigest } from '../../../nodes/shared/release/decide/planDigest';
import type { Plan, Step } from '../../../nodes/shared/release/steps';
import { deployment } from '../../support/arbitraries';
import { frozen } from '../../support/frozen';
import { holds } from '../../support/property';
import { size } from '../../support/size';

const kindsOf = ({ steps }: Plan) => steps.map(({ step }) => step);

/** The release that a step is about, where it is about one. */
function subjectsOf(step: Step): unknown[] {
  const { release, live, against } = step as { release?: unknown; live?: unknown; against?: unknown };
  return [release, live, against].filter((each) => typeof each === 'string');
}

test('a plan is plain data, made of nothing but what is given: the same again, and nothing given is changed', () => {
  holds(deployment, ([snapshot, version, options]) => {
    const plan = decideDeployment(frozen(snapshot), frozen(version), frozen(options));
    const again = decideDeployment(snapshot, version, options);
    expect(again).toEqual(plan);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});

test('P2: a release goes live after its checks, is looked at afterwards, and only then is kept', () => {
  holds(deployment, ([snapshot, version, options]) => {
    const plan = decideDeployment(snapshot, version, options);
    const flips = plan.steps.filter(({ step }) => step === 'flip');
    expect(flips.length).toBe(plan.unchanged ? 0 : 1);
    if (plan.unchanged) return;
    const at = kindsOf(plan).indexOf('flip');
    const adopting = version.adopts.length > 0 ? [{ step: 'adopt' }, { step: 'drain' }] : [];
    const around = plan.steps.slice(at - adopting.length - 2, at + 3);
    expect(around).toMatchObject([
      { step: 'check', release: 'new', phase: 'before' },
      { step: 'describe', release: 'new', fields: { state: 'ready' } },
      ...adopting,
      { step: 'flip', release: 'new' },
      { step: 'check', release: 'new', phase: 'after' },
      { step: 'confirm' },
    ]);
    const [first] = around;
    const types = first.step === 'check' ? first.checks.map(({ type }) => type) : [];
    expect(types).toEqual(expect.arrayContaining(['compile', 'json']));
  });
});

test('no step names a release before it is made', () => {
  holds(deployment, ([snapshot, version, options]) => {
    const known = new Set<unknown>(snapshot.listed.releases.map(({ release }) => release));
    for (const step of decideDeployment(snapshot, version, options).steps) {
      for (const subject of subjectsOf(step)) expect(known).toContain(subject);
      if (step.step === 'copyPlain') known.add('adopted');
      if (step.step === 'bring') known.add('new');
    }
  });
});

test('P9: what is live already is not deployed again, unless somebody wants that', () => {
  holds(deployment, ([snapshot, version, options]) => {
    const plan = decideDeployment(snapshot, version, options);
    const { live } = version;
    if (options.deployUnchanged) expect(plan.unchanged).toBe(false);
    if (!plan.unchanged) return;
    expect(live).toMatchObject({ digest: version.digest, drifted: false });
    const changing = kindsOf(plan).filter((kind) => kind !== 'copyPlain' && kind !== 'describe');
    expect(changing).toEqual(version.adopts.length > 0 ? ['adopt', 'confirm'] : []);
  });
});

test('P3: plain files are copied first, and adopted as a part of the switch, and only where there are some', () => {
  holds(deployment, ([snapshot, version, options]) => {
    const plan = decideDeployment(snapshot, version, options);
    const adopts = version.adopts.length > 0;
    expect(kindsOf(plan)[0] === 'copyPlain').toBe(adopts);
    expect(kindsOf(plan).filter((kind) => kind === 'adopt').length).toBe(adopts ? 1 : 0);
    const after = kindsOf(plan).slice(kindsOf(plan).indexOf('adopt') + 1);
    if (adopts) expect(['drain flip check confirm', 'confirm']).toContain(after.slice(0, 4).join(' '));
    if (adopts) expect(plan.before).toBe('adopted');
  });
});

test('P4: what is live, was live before or is in use is never pruned, and as many stay as were asked for', () => {
  holds(deployment, ([snapshot, version, options]) => {
    const plan = decideDeployment(snapshot, version, options);
    for (const step of plan.steps) {
      if (step.step !== 'prune') continue;
      const { releases } = snapshot.listed;
      const inUse = releases.filter(({ processes }) => processes > 0).map(({ release }) => release);
      for (const spared of [plan.before, ...inUse]) expect(step.releases).not.toContain(spared);
      expect(releases.length + 1 - step.releases.length).toBeGreaterThanOrEqual(
        Math.min(options.keepReleases, releases.length + 1),
      );
      const removed = new Set<string>(step.releases);
      for (const { release, environment } of releases) {
        if (step.environments.includes(environment ?? '')) expect(removed).toContain(release);
      }
    }
  });
});

test('P10: a plan’s digest is the same for the same plan, and tells what is another one', () => {
  holds(fc.tuple(deployment, deployment), ([one, other]) => {
    const planned = [one, other].map(([snapshot, version, options]) => ({
      plan: decideDeployment(snapshot, version, options),
      side: snapshot.side,
      options,
    }));
    const [first, second] = planned.map(({ plan, side, options }) => digestOfPlan(plan, side, options));
    const shown = planned.map(({ plan }) => [
      plan.unchanged,
      plan.release,
      plan.source.digest,
      plan.changes,
      plan.adopts,
      plan.dependencies,
      plan.checks,
      plan.drift,
    ]);
    if (JSON.stringify(shown[0]) !== JSON.stringify(shown[1])) expect(first).not.toBe(second);
    expect(() => refuseOtherDigest(first, first)).not.toThrow();
    if (first !== second) expect(() => refuseOtherDigest(first, second)).toThrow(/changed since\.$/);
  });
});

const ONE_MORE: Check = {
  name: 'one more',
  type: 'compile',
  when: 'both',
  timeoutSeconds: 60,
  environment: {},
};
const more = (paths: readonly string[]): string[] => [...paths, 'one more.py'];

test.each<[string, (plan: DeploymentPlan) => Partial<DeploymentPlan>]>([
  ['the new version', ({ source }) => ({ source: { ...source, digest: `${source.digest}0` } })],
  ['the changes', ({ unchanged }) => ({ unchanged: !unchanged })],
  ['the changes', ({ changes }) => ({ changes: { ...changes, added: more(changes.added) } })],
  ['the changes', ({ changes }) => ({ changes: { ...changes, modified: more(changes.modified) } })],
  ['the changes', ({ changes }) => ({ changes: { ...changes, removed: more(changes.removed) } })],
  ['the checks or the service', ({ checks }) => ({ checks: checks.length > 0 ? [] : [ONE_MORE] })],
  ['edits by hand', ({ drift }) => ({ drift: { ...drift, modified: more(drift.modified) } })],
  ['edits by hand', ({ drift }) => ({ drift: { ...drift, missing: more(drift.missing) } })],
  ['edits by hand', ({ drift }) => ({ drift: { ...drift, added: more(drift.added) } })],
  ['what is adopted', ({ adopts }) => ({ adopts: more(adopts) })],
])('P10: a plan with another value of %s is not the one that was approved (%#)', (part, other) => {
  holds(
    deployment,
    ([snapshot, version, options]) => {
      const plan = decideDeployment(snapshot, version, options);
      const approved = digestOfPlan(plan, snapshot.side, options);
      const now = digestOfPlan({ ...plan, ...other(plan) }, snapshot.side, options);
      expect(() => refuseOtherDigest(approved, now)).toThrow(
        expect.objectContaining({ code: 'PLAN_CHANGED' }),
      );
      expect(() => refuseOtherDigest(approved, now)).toThrow(part);
    },
    size(50, 2000),
  );
});

test('a plan that was approved under version 0.1.0 is asked for again', () => {
  const earlier = ['0'.repeat(64), ...Array<string>(8).fill('0'.repeat(8))].join('-');
  expect(() => refuseOtherDigest(earlier, 'p2-x')).toThrow(
    'The plan was approved under an earlier version of this node, which planned in another way.',
  );
});
