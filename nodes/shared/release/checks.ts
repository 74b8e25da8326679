import type { ArgumentsOf } from '../contract/verbs';
import { DeployError } from '../errors';
import type { ReplayResult, ReplaySettings } from '../replay/replaySettings';
import { matcherOf } from '../source/patterns';

export type CheckType = 'compile' | 'json' | 'python' | 'command' | 'engine' | 'http' | 'replay';
export type CheckPhase = 'before' | 'after';
/** What is asked of a service, and what its answer has to be. */
export type HttpRequest = NonNullable<ArgumentsOf<'run'>['http']>;

/** Something that must hold for a release to go live. */
export interface Check {
  type: CheckType;
  name: string;
  /** For `python`: the code. */
  code?: string;
  /** For `command`: program and arguments, split like a shell would but run without one. */
  command?: string;
  /** For `engine`: what follows the entrypoint; without one, the whole command, which is started behind the prefix. */
  arguments?: readonly string[];
  /** For `http`: asked again and again until the answer is right, or the time limit is over. */
  http?: HttpRequest;
  /** For `http`: the command that starts a release aside before the switch, `{port}` standing for the port where it is asked. */
  start?: readonly string[];
  /** For `replay`: what is run through what is live and through the new release, and how that is compared. */
  replay?: ReplaySettings;
  /** For `compile` and `json`: globs of the files that are not looked at. */
  leaveOut?: readonly string[];
  when: CheckPhase | 'both';
  timeoutSeconds: number;
  /** Added to the environment of the check's process. */
  environment: Record<string, string>;
}

/** How one check went. */
export interface CheckResult {
  name: string;
  type: CheckType;
  when: CheckPhase;
  passed: boolean;
  durationMs: number;
  /** What it printed, with what was left out said in the middle. */
  output: string;
  /**
   * For `engine`, and `http` with a start command: `live`, or how a release that was not live yet was shown to it. Only in place is as the workflow starts it;
   * then it is started once more after the switch, whatever was asked for.
   */
  startedAs?: 'live' | 'place' | 'code' | 'release';
  /** For `replay`: what it found. */
  replay?: ReplayResult;
  /** Why it did not pass, such as `exit code 1`, `ModuleNotFoundError: No module named 'x' (exit code 1)` or `no end within 60 s`; absent when it passed. */
  reason?: string;
}

const ALWAYS_BEFORE: Check[] = [
  { type: 'compile', name: 'Python files compile', when: 'before', timeoutSeconds: 600, environment: {} },
  { type: 'json', name: 'JSON files are well-formed', when: 'before', timeoutSeconds: 600, environment: {} },
];

/** Those that compare with what is live: the last ones before the switch, whose results are waited for. */
export function replaysOf(listed: readonly Check[]): Check[] {
  return listed.filter(({ type }) => type === 'replay');
}

/** The other checks of one phase in their order: `compile` and `json` come first, before the switch, even when none is listed. */
export function checksFor(phase: CheckPhase, listed: readonly Check[]): Check[] {
  const isChosen = ({ type, when }: Check) => type !== 'replay' && (when === phase || when === 'both');
  if (phase === 'after') return listed.filter((check) => isChosen(check) || isRepeated(check));
  const chosen = listed.filter(isChosen);
  const missing = ALWAYS_BEFORE.filter((always) => !chosen.some(({ type }) => type === always.type));
  return [...missing, ...chosen];
}

/** Of a release's files, those that its checks of each kind do not look at: in its record, for whoever looks again. */
export interface Spared {
  readonly compile?: readonly string[];
  readonly json?: readonly string[];
}

/** What the checks say of some paths. */
export function sparedBy(checks: readonly Check[], paths: () => readonly string[]): Spared {
  const spared = (kind: keyof Spared, ending: string): Spared => {
    const patterns = checks.flatMap(({ type, leaveOut = [] }) => (type === kind ? leaveOut : []));
    if (patterns.length === 0) return {};
    const matches = matcherOf('Leave Out', patterns);
    const found = paths().filter((path) => path.endsWith(ending) && matches(path));
    return found.length > 0 ? { [kind]: found } : {};
  };
  return { ...spared('compile', '.py'), ...spared('json', '.json') };
}

/** Whether a check can be made again and again of what is live: it starts something, or asks a service. */
export function isGuarded({ type }: Check): boolean {
  return type === 'python' || type === 'command' || type === 'engine' || type === 'http';
}

/** Whether a check is to be made after the switch, too, unless it was shown in place before what workflows will start. */
export function isRepeated({ type, when }: Check): boolean {
  return type === 'engine' && when === 'before';
}

/** `CHECK`: the check that did not pass. */
export class CheckFailed extends DeployError {
  constructor(readonly check: CheckResult) {
    super('CHECK', `Check “${check.name}” did not pass ${check.when} the switch: ${check.reason}`, {
      description: check.output,
      details: { check },
    });
  }

  /** What the engine's history says of it. */
  get inHistory(): string {
    return `check ${this.check.name} did not pass`;
  }
}
