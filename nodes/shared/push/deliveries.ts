import { createHash } from 'node:crypto';

import { at, listAt, textAt } from './payload';
import type { Push } from './push';

/** As many references of deliveries as are remembered: weeks of pushes, and some 50 kB. */
const MAX_REMEMBERED = 200;

/** As many signed bodies as are told again: years of pushes, and some 50 kB. */
const MAX_BODIES = 2500;

/** Of a digest, in base64url: 96 bits. */
const DIGEST_CHARACTERS = 16;

/** Stands for no commit, before a reference was created and after it was deleted. */
const NONE = '';

/** One delivery of a forge. */
export interface Delivery {
  /** The forge's own identifier, which nobody signs; empty when it gave none. */
  id: string;
  /** The bytes that were signed. */
  body: Buffer;
}

/** A reference that a delivery moved, as it is kept. */
interface Remembered {
  /** The forge's own identifier of the delivery; empty when it gave none. */
  delivery: string;
  /** The repository's key and the reference. */
  reference: string;
  before: string;
  commit: string;
}

/** Where deliveries are kept: an object whose fields are kept from one request to the next. */
export type DeliveryStore = Record<string, unknown>;

/**
 * Remembers the last deliveries that were acted on, to tell those that come again.
 *
 * What counts is the body: it is signed, and whoever recorded a request can put another identifier before it, but not
 * change a byte. A body that was acted on is never acted on again while it is remembered. A forge may word one push anew,
 * so identifiers and the moves of each reference are compared too: a push starts where the reference is, and one that
 * was seen before and doesn't start where the last one ended is not a new one.
 *
 * It is no lock: two processes may read before either writes. What gets through then, or long after, only says that
 * there is something to look at: the reference is deployed as it is by that time.
 */
export class Deliveries {
  constructor(private readonly store: DeliveryStore) {}

  has(delivery: Delivery, repository: string, push: Push): boolean {
    const move = moveOf(delivery, repository, push);
    if (this.bodies().includes(digestOf(delivery, move))) return true;
    const sameReference = this.read().filter(({ reference }) => reference === move.reference);
    if (delivery.id && sameReference.some((seen) => seen.delivery === delivery.id)) return true;
    const isKnown = sameReference.some(
      ({ before, commit }) => before === move.before && commit === move.commit,
    );
    return isKnown && sameReference.at(-1)?.commit !== move.before;
  }

  add(delivery: Delivery, repository: string, push: Push): void {
    const move = moveOf(delivery, repository, push);
    this.store.deliveries = [...this.read(), move].slice(-MAX_REMEMBERED);
    this.store.bodies = [...this.bodies(), digestOf(delivery, move)].slice(-MAX_BODIES);
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

  private bodies(): string[] {
    return listAt(this.store, 'bodies').filter(
      (digest): digest is string => typeof digest === 'string' && digest.length === DIGEST_CHARACTERS,
    );
  }
}

function moveOf({ id }: Delivery, repository: string, push: Push): Remembered {
  const { reference, before, commit } = push;
  return {
    delivery: id,
    reference: `${repository} ${reference}`,
    before: before ?? NONE,
    commit: commit ?? NONE,
  };
}

/** Of a body as far as it is about one reference: what it says of another may have been left for later. */
function digestOf({ body }: Delivery, { reference }: Remembered): string {
  const digest = createHash('sha256').update(`${reference}\n`).update(body).digest('base64url');
  return digest.slice(0, DIGEST_CHARACTERS);
}
