/** What is live after an operation that was stopped, as far as anybody can tell. */
import type { Ended } from '../contract/messages';
import type { ReleaseId } from '../contract/names';

/**
 * - `refused`: nothing of it stays. `live`: null where nothing is; undefined where nobody looked
 * - `takenBack`: the new release was live for a moment; `live`: null where plain files are again
 * - `kept`: it was kept, although the operation did not hear of it
 * - `unknown`: it was stopped while it was `confirming`; the engine's side is `unwinding` it by itself; or it was
 *   `abandoned`, with nobody left there who could
 */
export type End =
  | { readonly end: 'refused'; readonly live: ReleaseId | null | undefined; readonly plain?: true }
  | { readonly end: 'takenBack'; readonly live: ReleaseId | null }
  | { readonly end: 'kept'; readonly live: ReleaseId }
  | { readonly end: 'unknown'; readonly how: 'confirming' }
  | { readonly end: 'unknown'; readonly how: 'unwinding'; readonly before: ReleaseId | null }
  | {
      readonly end: 'unknown';
      readonly how: 'abandoned';
      readonly before: ReleaseId | null;
      readonly attempted: ReleaseId | undefined;
    };

/** All that tells how it ended. */
export interface Evidence {
  /** What was live before; undefined where nobody had looked yet. */
  readonly before: ReleaseId | null | undefined;
  /** Whether plain files were to become a release, with none live before. */
  readonly plain: boolean;
  /** The release that was to go live, once it has a name. */
  readonly attempted: ReleaseId | undefined;
  /** Whether the switch was taken back before the conversation ended. */
  readonly takenBack: boolean;
  /** Whether it was stopped while the switch was being confirmed. */
  readonly confirming: boolean;
  /** Whoever cancels is told that nothing has changed. */
  readonly cancelled: boolean;
  /** What the engine's side said as it left; undefined where nothing was heard. */
  readonly ended: Ended | undefined;
  /** Whether the executor was ended before it could put things right. */
  readonly abandoned: boolean;
}

/** How a stopped operation ended: for every evidence there is exactly one end. */
export function endOf(evidence: Evidence): End {
  const { before, attempted, confirming, ended } = evidence;
  if (evidence.abandoned) return { end: 'unknown', how: 'abandoned', before: before ?? null, attempted };
  // Where nothing was locked, the engine's side doesn't say what is live.
  const live = ended ? (ended.live ?? before) : undefined;
  const wasLive = evidence.takenBack || (ended?.reverted === true && !evidence.cancelled);
  if (wasLive && live) return { end: 'takenBack', live };
  if (evidence.plain && !live) return endOfPlain(evidence, wasLive);
  if (live && before !== undefined && live !== before) return { end: 'kept', live };
  if (live) return { end: 'refused', live };
  if (live === null || (before === null && !confirming)) return { end: 'refused', live: null };
  if (ended === undefined && confirming) return { end: 'unknown', how: 'confirming' };
  if (before === undefined || before === null) return { end: 'refused', live: before };
  return { end: 'unknown', how: 'unwinding', before };
}

/** How one ended that was to adopt plain files, where no release is known to be live now. */
function endOfPlain({ confirming, ended }: Evidence, wasLive: boolean): End {
  if (wasLive) return { end: 'takenBack', live: null };
  if (ended) return { end: 'refused', live: null, plain: true };
  return confirming
    ? { end: 'unknown', how: 'confirming' }
    : { end: 'unknown', how: 'unwinding', before: null };
}

/** The release that is live then; null: none; undefined: not known. */
export function liveAfter(end: End): ReleaseId | null | undefined {
  return end.end === 'unknown' ? undefined : end.live;
}

/** What is live then, in a sentence. `place` and `operation` as people call them. */
export function whatIsLive(end: End, operation: string, place: string): string {
  switch (end.end) {
    case 'takenBack':
      if (end.live === null)
        return `The switch was taken back: the plain files in ${place} are as they were.`;
      return `The switch was taken back: release ${end.live} is live in ${place} again.`;
    case 'kept':
      return `Release ${end.live} is live in ${place} now.`;
    case 'refused':
      if (end.live === undefined) return `The ${operation} changed nothing.`;
      if (end.plain) return `The plain files in ${place} are as they were; the ${operation} changed nothing.`;
      if (end.live === null) return `Nothing is live in ${place} yet; the ${operation} changed nothing.`;
      return `Release ${end.live} is live in ${place}; the ${operation} changed nothing.`;
    case 'unknown':
      return whatMayBeLive(end, operation, place);
  }
}

function whatMayBeLive(end: Extract<End, { end: 'unknown' }>, operation: string, place: string): string {
  switch (end.how) {
    case 'confirming':
      return `Whether the ${operation} to ${place} was kept is not known; Get Status shows what is live.`;
    case 'unwinding':
      return (
        (end.before === null
          ? `Plain files were live in ${place}; the engine's side puts them back by itself.`
          : `${end.before} was live in ${place}; the engine's side goes back to it by itself.`) +
        ' Get Status shows what is live.'
      );
    case 'abandoned':
      return leftBehind(end.before, end.attempted, place);
  }
}

function leftBehind(before: ReleaseId | null, attempted: ReleaseId | undefined, place: string): string {
  const old = before ? `${before} is live in ${place}` : `Nothing is live in ${place}`;
  if (attempted === undefined) return `${old}; the next operation removes what was half built.`;
  return (
    `${before ?? 'Nothing'} was live in ${place}, and ${attempted} may be now, unconfirmed: ` +
    'the next deployment or rollback runs its checks and decides. Get Status shows it.'
  );
}
