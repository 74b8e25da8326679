/**
 * Whether a name is what a glob says, in time that grows with the name: all ways to read it are followed side by side,
 * as in K. Thompson, “Regular Expression Search Algorithm” (1968), where a regular expression would try one after the
 * other. Names come from repositories, archives and hosts, and n8n has one event loop.
 */
import { ANYTHING, type GlobNode, type Group, type UnitSet } from './globNodes';
import { exceeds, type Meter } from './meter';

interface Take {
  readonly kind: 'take';
  readonly set: UnitSet;
  readonly next: State;
}

/** Goes on with all of these; filled in where it is a loop. */
interface Split {
  readonly kind: 'split';
  readonly to: State[];
}

/** Goes on wherever none of what `inner` reads from here ends. */
interface Not {
  readonly kind: 'not';
  readonly inner: State;
  readonly next: State;
}

interface End {
  readonly kind: 'end';
}

type State = Take | Split | Not | End;

const END: End = { kind: 'end' };

/** Where a glob's reading begins. */
export class NameGlob {
  private readonly start: State;

  constructor(nodes: readonly GlobNode[]) {
    this.start = sequence(nodes, END);
  }

  /** Whether the whole name is read. Says no where `meter` runs out. */
  matches(name: string, meter?: Meter): boolean {
    return ends(this.start, name, 0, meter).has(name.length);
  }
}

function sequence(nodes: readonly GlobNode[], next: State): State {
  return nodes.reduceRight<State>((after, node) => build(node, after), next);
}

function build(node: GlobNode, next: State): State {
  if (node.kind === 'set') return { kind: 'take', set: node, next };
  if (node.kind === 'group') return group(node, next);
  const loop: Split = { kind: 'split', to: [next] };
  loop.to.push({ kind: 'take', set: ANYTHING, next: loop });
  return loop;
}

function group({ repeat, alternatives }: Group, next: State): State {
  const choice = (after: State): Split => ({
    kind: 'split',
    to: alternatives.map((nodes) => sequence(nodes, after)),
  });
  if (repeat === 'one') return choice(next);
  if (repeat === 'optional') return { kind: 'split', to: [next, ...choice(next).to] };
  if (repeat === 'not') return { kind: 'not', inner: choice(END), next };
  const loop: Split = { kind: 'split', to: [next] };
  const again = choice(loop);
  loop.to.push(again);
  return repeat === 'any' ? loop : again;
}

/** Where a reading that begins at `from` may end: places of the name. */
function ends(start: State, name: string, from: number, meter?: Meter): Set<number> {
  const found = new Set<number>();
  /** Of each place that is still ahead, the states to go on with there. */
  const ahead = new Map<number, State[]>([[from, [start]]]);
  for (let at = from; at <= name.length && ahead.size > 0; at += 1) {
    const reached = new Set<State>();
    const open = ahead.get(at) ?? [];
    ahead.delete(at);
    const later = (place: number, state: State) => {
      const states = ahead.get(place);
      if (states) states.push(state);
      else ahead.set(place, [state]);
    };
    for (let state = open.pop(); state; state = open.pop()) {
      if (reached.has(state)) continue;
      reached.add(state);
      if (exceeds(meter, workOf(state, name.length - at))) return new Set();
      if (state.kind === 'end') found.add(at);
      else if (state.kind === 'split') open.push(...state.to);
      else if (state.kind === 'not') {
        const taken = ends(state.inner, name, at, meter);
        for (let place = at; place <= name.length; place += 1)
          if (!taken.has(place)) {
            if (place === at) open.push(state.next);
            else later(place, state.next);
          }
      } else if (at < name.length && isIn(state.set, name.charCodeAt(at))) later(at + 1, state.next);
    }
  }
  return found;
}

/** How much is looked at in a state when so many units are left. */
function workOf(state: State, left: number): number {
  if (state.kind === 'take') return 1 + state.set.ranges.length;
  return state.kind === 'not' ? 1 + left : 1;
}

/** Whether a set has a UTF-16 unit. */
export function isIn({ negated, ranges }: UnitSet, unit: number): boolean {
  return ranges.some(([from, to]) => from <= unit && unit <= to) !== negated;
}
