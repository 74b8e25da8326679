import type { GlobNode, UnitSet } from './globNodes';
import { isIn } from './globStates';
import { exceeds, type Meter } from './meter';

/** A name's glob without alternatives: units and stars. */
export type FlatGlob = ReadonlyArray<UnitSet | { readonly kind: 'star' }>;

/** Whether there are no alternatives in it, as in nearly all globs. */
export function isFlat(nodes: readonly GlobNode[]): nodes is FlatGlob {
  return nodes.every(({ kind }) => kind !== 'group');
}

/**
 * Whether the whole name is what a flat glob says. Each star takes as little as it can, and only the last one is ever asked
 * to take more: what stands before it fits already. So it takes at most the name's length times the glob's.
 */
export function matchesFlat(nodes: FlatGlob, name: string, meter?: Meter): boolean {
  let [at, node] = [0, 0];
  /** The last star, and up to where it takes the name. */
  let [star, taken] = [-1, 0];
  while (at < name.length) {
    const wanted = nodes[node];
    if (exceeds(meter, wanted?.kind === 'set' ? 1 + wanted.ranges.length : 1)) return false;
    if (wanted?.kind === 'star') {
      [star, taken] = [node, at];
      node += 1;
    } else if (wanted && isIn(wanted, name.charCodeAt(at))) {
      at += 1;
      node += 1;
    } else if (star >= 0) {
      taken += 1;
      at = taken;
      node = star + 1;
    } else return false;
  }
  while (nodes[node]?.kind === 'star') node += 1;
  return node === nodes.length;
}
