import { at, listAt, textAt } from './payload';
import type { Push } from './push';

/** As many references of deliveries as are remembered: weeks of pushes, and some 50 kB. */
const MAX_REMEMBERED = 200;

/** Stands for no commit, before a reference was created and after it was deleted. */
const NONE = '';

/** A reference that a delivery moved, as it is kept. */
interface Remembered {
  /** The forge's own identifier of the delivery; empty when it gave none. */
  delivery: string;
  /** The repository's key and the reference. */
  reference: string;
  before: string;
  commit: string;
}

/** Where deliveries are kept: an object whose field `deliveries` is kept from one request to the next. */
export type DeliveryStore = Record<string, unknown>;

/**
 * Remembers the last deliveries that were acted on, to tell those that a forge sends again.
 *
 * The identifier alone is not enough: Gitea and GitLab give a new one to what is redelivered by hand. So the moves of
 * each reference are compared too: a push starts where the reference is, and one that was seen before and doesn't start
 * where the last one ended is not a new one. It is no lock: two processes may read before either writes. What then
 * gets through is a second deployment of the same commit, which changes nothing.
 */
export class Deliveries {
  constructor(private readonly store: DeliveryStore) {}

  has(delivery: string, repository: string, push: Push): boolean {
    const move = moveOf(delivery, repository, push);
    const sameReference = this.read().filter(({ reference }) => reference === move.reference);
    if (delivery && sameReference.some((seen) => seen.delivery === delivery)) return true;
    const isKnown = sameReference.some(
      ({ before, commit }) => before === move.before && commit === move.commit,
    );
    return isKnown && sameReference.at(-1)?.commit !== move.before;
  }

  add(delivery: string, repository: string, push: Push): void {
    this.store.deliveries = [...this.read(), moveOf(delivery, repository, push)].slice(-MAX_REMEMBERED);
  }

  /** What was stored, by whatever version of this package. */
  private read(): Remembered[] {
    return listAt(this.store, 'deliveries')
      .filter((stored) => typeof at(stored, 'reference') === 'string')
      .map((stored) => ({
        delivery: textAt(stored, 'delivery'),
        reference: textAt(stored, 'reference'),
        before: textAt(stored, 'before'),
        commit: textAt(stored, 'commit'),
      }));
  }
}

function moveOf(delivery: string, repository: string, push: Push): Remembered {
  const { reference, before, commit } = push;
  return {
    delivery,
    reference: `${repository} ${reference}`,
    before: before ?? NONE,
    commit: commit ?? NONE,
  };
}
