/** What plans do for services, over every engine and version. */
import fc from 'fast-check';

import type { RunningService } from '../../../nodes/shared/contract/serviceVerbs';
import type { Check } from '../../../nodes/shared/release/checks';
import { decideDetachment } from '../../../nodes/shared/release/decide/detach';
import { decideDeployment } from '../../../nodes/shared/release/decide/deploy';
import { digestOfPlan } from '../../../nodes/shared/release/decide/planDigest';
import { decideRestore, restorable } from '../../../nodes/shared/release/decide/restore';
import { decideRollback, keptDestination } from '../../../nodes/shared/release/decide/rollback';
import { catchingUp } from '../../../nodes/shared/release/decide/services';
import { decideSettling } from '../../../nodes/shared/release/decide/settle';
import type { ServiceOptions } from '../../../nodes/shared/release/servicePolicy';
import { refuseUnreachableService } from '../../../nodes/shared/release/preconditions';
import type { Plan } from '../../../nodes/shared/release/steps';
import { deployment, deployOptions, snapshot as snapshots } from '../../support/arbitraries';
import { DETACHING } from '../../support/detachOptions';
import { asReleaseId } from '../../support/named';
import { holds } from '../../support/property';

const TIMES = { readySeconds: 60, drainSeconds: 30, keepOldSeconds: 0 };
const AUTO: ServiceOptions = { method: 'auto', ...TIMES };
const RELOAD: ServiceOptions = {
  method: 'reload',
  reload: { by: 'unit', unit: 'engine.service', unitAction: 'restart', timeoutSeconds: 9 },
};
const RUNNING: RunningService[] = [
  { name: 'serve', listen: ['127.0.0.1:8000'], handOvers: 0, abandoned: 0, generations: [] },
];
const HTTP: Check = {
  type: 'http',
  name: 'answers',
  when: 'after',
  timeoutSeconds: 9,
  environment: {},
  http: { url: 'https://[::1]/health', method: 'GET', headers: {}, statuses: [[200, 200]], verify: true },
};
const services = fc.constantFrom<ServiceOptions | undefined>(undefined, { method: 'none' }, AUTO, RELOAD, {
  ...AUTO,
  method: 'handOver',
});

const kindsOf = ({ steps }: Plan) => steps.map(({ step }) => step);
const withRunning = <S extends { probe: object }>(seen: S, running: RunningService[]): S =>
  running.length > 0 ? { ...seen, probe: { ...seen.probe, services: running } } : seen;

/** What a plan with a flip does around it. */
function around(plan: Plan): string[] {
  const kinds = kindsOf(plan);
  const flip = kinds.indexOf('flip');
  return flip < 0 ? [] : kinds.slice(flip - 2, flip + 2);
}

function expected(service: ServiceOptions | undefined, running: RunningService[], checks: Check[]): string[] {
  if (service?.method === 'reload') return ['flip', 'switchService'];
  if (service === undefined || service.method === 'none') return ['flip', 'check'];
  if (service.method === 'auto' && running.length === 0) return ['flip', 'check'];
  const asked = checks.some(({ type }) => type === 'http');
  return [...(asked ? ['prepareService', 'check'] : ['prepareService']), 'flip', 'switchService'];
}

test('a service that runs a release goes over to the plain names before they are exchanged, and no other one', () => {
  const generation = (release: RunningService['generations'][number]['release']) =>
    ({ release, state: 'live', pinning: 'place' }) as const;
  const running = fc.constantFrom<RunningService[]>(
    [],
    [{ ...RUNNING[0]!, generations: [generation(null)] }],
    [{ ...RUNNING[0]!, generations: [generation(asReleaseId('20261121-171501-0000001'))] }],
  );
  holds(fc.tuple(snapshots, running, deployOptions), ([seen, services, options]) => {
    const { current, releasesInUse } = seen.probe;
    fc.pre(current !== null);
    const runsRelease = services.some(({ generations }) =>
      generations.some(({ release }) => release !== null),
    );
    const plan = () =>
      decideDetachment(
        withRunning(seen, services),
        { needed: [], missing: [] },
        { ...options, ...DETACHING },
      );
    if (!runsRelease && releasesInUse.length > 0) {
      expect(plan).toThrow(/run/);
      return;
    }
    const { steps } = plan();
    const before = runsRelease ? ['prepareService', 'switchService'] : [];
    expect(kindsOf({ steps })).toEqual([...before, 'detach', 'dismantle']);
    if (!runsRelease) return;
    expect(steps).toMatchObject([
      { release: null },
      { alone: true },
      { servedBefore: { release: current }, waitSeconds: 35 },
      {},
    ]);
  });
});

test('P6: a service is taken along right behind the flip, by deployments, rollbacks and repairs alike', () => {
  const cases = fc.tuple(
    deployment,
    services,
    fc.constantFrom<RunningService[]>([], RUNNING),
    fc.constantFrom<Check[]>([], [HTTP]),
  );
  holds(cases, ([[seen, version, options], service, running, checks]) => {
    const snapshot = withRunning(seen, running);
    const asked = { ...options, service, checks };
    const wanted = expected(service, running, checks);
    const plans: Plan[] = [decideDeployment(snapshot, version, asked)];
    for (const { release } of snapshot.listed.releases.slice(0, 2)) {
      plans.push(decideRollback(snapshot, keptDestination(snapshot, release, asked), asked));
    }
    for (const record of restorable(snapshot.listed).slice(0, 1)) {
      plans.push(decideRestore(snapshot.side, record, asked, { service, running }));
    }
    for (const plan of plans.filter((each) => kindsOf(each).includes('flip'))) {
      expect(around(plan).slice(-wanted.length)).toEqual(wanted);
    }
  });
});

test('P2: an interrupted switch is kept with its service, or not at all', () => {
  const release = asReleaseId('20261123-171501-3f2a9c1');
  const settled = (service: ServiceOptions) =>
    kindsOf(
      decideSettling(
        { to: release, operation: 'deploy' },
        { checks: [HTTP], entrypoint: '' as never },
        { service, running: RUNNING },
      ),
    );
  expect(settled(AUTO)).toEqual(['check', 'prepareService', 'check', 'switchService', 'check', 'confirm']);
  expect(settled(RELOAD)).toEqual(['check', 'switchService', 'check', 'confirm']);
});

test('where nobody answers is measured at the address of the first check that asks', () => {
  holds(deployment, ([seen, version, options]) => {
    const plan = decideDeployment(seen, version, { ...options, service: RELOAD, checks: [HTTP] });
    const reload = plan.steps.find(({ step }) => step === 'switchService');
    if (reload) expect(reload).toMatchObject({ address: { host: '::1', port: 443 } });
  });
});

test('P10: a plan that does something else for a service is not the one that was approved', () => {
  holds(deployment, ([seen, version, options]) => {
    const digest = (service?: ServiceOptions) => {
      const plan = decideDeployment(seen, version, { ...options, service });
      return { plan, digest: digestOfPlan(plan, seen.side, options) };
    };
    const without = digest();
    if (!kindsOf(without.plan).includes('flip')) return;
    expect(digest({ method: 'none' }).digest).toBe(without.digest);
    expect(digest(AUTO).digest).toBe(without.digest);
    expect(digest(RELOAD).digest).not.toBe(without.digest);
  });
});

test('what can’t be done from where the engine’s side is, is refused before anything is changed', () => {
  holds(fc.tuple(snapshots, services), ([seen, service]) => {
    const refused = (container?: string, running: RunningService[] = []): string => {
      const { side, probe } = withRunning(seen, running);
      const inside = { side: { ...side, ...(container && { container }) }, probe };
      try {
        refuseUnreachableService(inside, { basePath: side.basePath, service });
        return '';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(refused()).toBe(
      service?.method === 'handOver' ? 'Service is Hand Over, and no serve.py answers in /app.' : '',
    );
    expect(refused(undefined, RUNNING)).toBe('');
    expect(refused('engine', RUNNING)).toContain(
      service?.method === 'reload' ? 'inside the container engine' : '',
    );
  });
});

test('a service that went back by itself is not handed to the version that crashed', () => {
  const [one, other] = ['20261123-171501-3f2a9c1', '20261123-171502-3f2a9c2'].map(asReleaseId);
  const [live, before] = [one!, other!];
  const plan = (release: typeof live, reverted?: RunningService['reverted']) =>
    catchingUp(
      live,
      { checks: [], entrypoint: '' as never },
      {
        service: AUTO,
        running: [
          {
            ...RUNNING[0]!,
            generations: [{ release, state: 'live', pinning: 'place' }],
            ...(reverted && { reverted }),
          },
        ],
      },
    ).map(({ step }) => step);
  expect(plan(live)).toEqual([]);
  expect(plan(before)).toEqual(['prepareService', 'switchService']);
  expect(plan(before, { from: live, to: before, at: '2026-11-23T17:15:02Z' })).toEqual([]);
});
