import type { EntryRow, RecordedRow } from '../contract/facts';
import { DeployError } from '../errors';
import { OrderedDigest } from '../source/digest';
import type { CompiledSelection } from '../source/patterns';

/** An entry as the engine's side tells it. */
export type ToldEntry = EntryRow | RecordedRow;

/** As much as may be kept of one tree's entries, in bytes; and what takes one beside its texts. */
const MOST_KEPT = 32 * 1024 * 1024;
const KEPT_ENTRY = 100;

/** A list that stays bounded, whoever fills it: what is too much is left out, and told when the list is read. */
export class BoundedList<T> {
  private readonly list: T[] = [];
  private kept = 0;

  /** @param what completes “more than N …” in the message, when there is too much */
  constructor(private readonly what: string) {}

  /** Adds an item whose texts are so long, in UTF-16 units. */
  add(item: T, length: number): void {
    this.kept += 2 * length + KEPT_ENTRY;
    if (this.kept <= MOST_KEPT) this.list.push(item);
  }

  /**
   * All that was added.
   *
   * @throws DeployError `STEP` where that was too much to be kept
   */
  all(): readonly T[] {
    if (this.kept <= MOST_KEPT) return this.list;
    throw new DeployError('STEP', `There are more than ${this.list.length} ${this.what}.`, {
      description:
        'That is more than can be held here. Keep what is no part of the engine in another directory.',
    });
  }
}

/**
 * Sorts entries as they come from the engine's side, and keeps of them what is needed: the digest of those that the
 * patterns own, and the paths of the others.
 */
export class Ownership {
  private readonly owned = new OrderedDigest();
  private readonly others = new BoundedList<string>('files that the patterns leave out');

  constructor(private readonly compiled: Pick<CompiledSelection, 'includes'>) {}

  /** Takes some entries, in the order of {@link OrderedDigest}. */
  readonly add = (rows: readonly ToldEntry[]): void => {
    for (const [path, type, mode, , digest] of rows) {
      if (this.compiled.includes(path)) this.owned.add({ path, type, mode, digest });
      else this.others.add(path, path.length);
    }
  };

  /**
   * What came of it, once all entries were added: the digest of what the patterns own, and the paths of what they don't.
   *
   * @throws DeployError `STEP` where those are too many
   */
  result(): { digest: string; keep: readonly string[] } {
    return { digest: this.owned.digest(), keep: this.others.all() };
  }
}
