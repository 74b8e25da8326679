import { DeployError } from '../errors';

export type CheckType = 'compile' | 'json' | 'python' | 'command';
export type CheckPhase = 'before' | 'after';

/** Something that must hold for a release to go live. */
export interface Check {
  type: CheckType;
  name: string;
  /** For `python`: the code. */
  code?: string;
  /** For `command`: program and arguments, split like a shell would but run without one. */
  command?: string;
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
  /** Why it did not pass, such as `exit code 1`, `ModuleNotFoundError: No module named 'x' (exit code 1)` or `no end within 60 s`; absent when it passed. */
  reason?: string;
}

const ALWAYS_BEFORE: Check[] = [
  { type: 'compile', name: 'Python files compile', when: 'before', timeoutSeconds: 600, environment: {} },
  { type: 'json', name: 'JSON files are well-formed', when: 'before', timeoutSeconds: 600, environment: {} },
];

/** The checks of one phase in their order: `compile` and `json` come first, before the switch, even when none is listed. */
export function checksFor(phase: CheckPhase, listed: readonly Check[]): Check[] {
  const chosen = listed.filter((check) => check.when === phase || check.when === 'both');
  if (phase === 'after') return chosen;
  const missing = ALWAYS_BEFORE.filter((always) => !chosen.some((check) => check.type === always.type));
  return [...missing, ...chosen];
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
