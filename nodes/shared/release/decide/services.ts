import type { RunningService } from '../../contract/serviceVerbs';
import type { Check } from '../checks';
import type { ServiceOptions } from '../servicePolicy';
import type { PrepareService, Subject, SwitchService } from '../steps';

/** What is known of an engine's services, and what is wanted for them. */
export interface ServiceSwitching {
  readonly service: ServiceOptions | undefined;
  /** Those that `serve.py` runs. */
  readonly running: readonly RunningService[] | undefined;
}

/** What a switch does for a service: steps before its flip, and those that follow it. */
export interface ServiceSteps {
  readonly before: readonly PrepareService[];
  readonly after: readonly SwitchService[];
}

const NONE: ServiceSteps = { before: [], after: [] };

/** Decides what a switch to a release, or to plain files, does for the engine's services. */
export function decideService(
  release: Subject | null,
  checks: readonly Check[],
  { service, running = [] }: ServiceSwitching,
): ServiceSteps {
  if (service === undefined || service.method === 'none') return NONE;
  if (service.method === 'reload') {
    const { reload } = service;
    return { before: [], after: [{ step: 'switchService', reload, ...addressIn(checks) }] };
  }
  const { method, ...times } = service;
  if (method === 'auto' && running.length === 0) return NONE;
  return {
    before: [{ step: 'prepareService', release, ...times }],
    after: [{ step: 'switchService' }],
  };
}

/** The checks that ask a service, which are made of what waits for the switch, too. */
export function waitingChecks({ before }: ServiceSteps, checks: readonly Check[]): readonly Check[] {
  return before.length > 0 ? checks.filter(({ type }) => type === 'http') : [];
}

/** Where the service answers, as the first check that asks one has it. */
function addressIn(checks: readonly Check[]): Pick<SwitchService, 'address'> {
  const url = checks.find(({ type }) => type === 'http')?.http?.url;
  if (url === undefined) return {};
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return { address: { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) } };
}
