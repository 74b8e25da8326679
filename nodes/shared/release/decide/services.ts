import type { ReleaseId } from '../../contract/names';
import type { RunningService } from '../../contract/serviceVerbs';
import type { Check } from '../checks';
import type { HandOverTimes, ServiceOptions } from '../servicePolicy';
import type { SwitchOptions } from '../options';
import type { Look, PrepareService, Step, Subject, SwitchService } from '../steps';

/** What is known of an engine's services, and what is wanted for them. */
export interface ServiceSwitching {
  readonly service: ServiceOptions | undefined;
  /** Those that `serve.py` runs. */
  readonly running: readonly RunningService[] | undefined;
}

/** What a switch does for a service: steps before its flip, and those that follow it. */
export interface ServiceSteps {
  readonly before: ReadonlyArray<PrepareService | Look>;
  readonly after: readonly SwitchService[];
}

const NONE: ServiceSteps = { before: [], after: [] };

/**
 * Decides what a switch to a release does for the engine's services. What waits for the switch is asked by the checks that
 * ask a service.
 */
export function decideService(
  release: Subject,
  { checks, entrypoint }: Pick<SwitchOptions, 'checks' | 'entrypoint'>,
  { service, running = [] }: ServiceSwitching,
): ServiceSteps {
  if (service === undefined || service.method === 'none') return NONE;
  if (service.method === 'reload') {
    const { reload } = service;
    return { before: [], after: [{ step: 'switchService', reload, ...addressIn(checks) }] };
  }
  const { method, ...times } = service;
  if (method === 'auto' && running.length === 0) return NONE;
  const asking = checks.filter(({ type }) => type === 'http');
  const look: Look = { step: 'check', release, phase: 'before', checks: asking, entrypoint, waiting: true };
  return {
    before: [{ step: 'prepareService', release, ...times }, ...(asking.length > 0 ? [look] : [])],
    after: [{ step: 'switchService' }],
  };
}

/**
 * For what is live already, where a service answers with another version: it was started in the moment of a switch, or was told
 * nothing of one. One that went back by itself is left alone: the version crashed.
 */
export function catchingUp(
  release: ReleaseId | null,
  looked: Pick<SwitchOptions, 'checks' | 'entrypoint'>,
  { service, running = [] }: ServiceSwitching,
): Step[] {
  const isBehind = ({ generations, reverted }: RunningService) =>
    reverted?.from !== release &&
    !generations.some((each) => each.state === 'live' && each.release === release);
  if (release === null || !running.some(isBehind) || service?.method === 'reload') return [];
  const { before, after } = decideService(release, looked, { service, running });
  return [...before, ...after.map((step) => ({ ...step, alone: true }))];
}

/** For what becomes plain: services that run a release start from the plain names, which lead to that release until then. */
export function leavingReleases(
  running: readonly RunningService[] | undefined,
  times: HandOverTimes,
): Step[] {
  const runsRelease = ({ generations }: RunningService) =>
    generations.some(({ release }) => release !== null);
  if (!running?.some(runsRelease)) return [];
  return [
    { step: 'prepareService', release: null, ...times },
    { step: 'switchService', alone: true },
  ];
}

/** Where the service answers, as the first check that asks one has it. */
function addressIn(checks: readonly Check[]): Pick<SwitchService, 'address'> {
  const url = checks.find(({ type }) => type === 'http')?.http?.url;
  if (url === undefined) return {};
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { address: { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) } };
}
