import type { ReleaseId } from '../contract/names';
import type { Rollout } from '../contract/rolloutFacts';
import { told } from '../verdict/verdict';
import { sentenceOfRollout } from './rolloutSentence';

/** A release on its way to being confirmed, or how that ended, as outputs have it. */
export interface RolloutResult {
  id: string;
  /** `superseded`: another release went live before it was decided. */
  state: Rollout['state'];
  release: ReleaseId;
  /** What it goes back to, or went. */
  fallback: ReleaseId;
  startedAt: string;
  until: string;
  endedAt: string | null;
  /** Who decided: `guard`, `person`, `next` or `switch`; null while nobody has. */
  decidedBy: string | null;
  /** Whether nobody is there any more who decides: the next operation does. */
  overdue: boolean;
  /** Whether it is decided even where n8n ends. */
  survivesN8n: boolean;
  /** Votes, one for each distinct input, of this release and of the one before, and runs that somebody stopped. */
  runs: { release: Rollout['candidate']; before: Rollout['control']; unknown: number };
  /** How likely it is that chance does as much to a release that is as good; null with nothing to compare with. */
  p: number | null;
  summary: string;
}

/** How an engine's side was reached. */
interface Reached {
  readonly connection: { readonly host: string };
  readonly container?: string | undefined;
}

/** Puts what the engine's side says of a rollout into the words of outputs. */
export function rolloutResult(reached: Reached, rollout: Rollout): RolloutResult {
  const { id, state, release, fallback, startedAt, until, ended, overdue, candidate, control } = rollout;
  const evidence = ended?.evidence ?? { candidate, control };
  return {
    id,
    state,
    release,
    fallback,
    startedAt,
    until,
    endedAt: ended?.at ?? null,
    decidedBy: ended?.by ?? null,
    overdue,
    survivesN8n: survivesN8n(reached, rollout),
    runs: { release: candidate, before: control, unknown: rollout.unknown },
    p: told(evidence, rollout.rule, 'inconclusive').p,
    summary: sentenceOfRollout(rollout),
  };
}

/** Whether what is started for an engine goes on when n8n's process, service or container ends. On another machine nothing is n8n's. */
export function survivesN8n(
  { connection, container }: Reached,
  { survives }: { survives: boolean },
): boolean {
  return connection.host !== 'localhost' || container !== undefined || survives;
}
