import { DeployError } from '../errors';
import type { BundleEntry } from './bundle';
import { quote } from './quote';
import { atOnce, type Steps, withPauses } from './turns';

type TreeEntry = Pick<BundleEntry, 'path' | 'type' | 'target'>;

/** Links that Linux follows at most while it resolves one path (`ELOOP` after that). */
const MAX_HOPS = 40;
const MAX_TARGET_BYTES = 4095;

/** A name on the way to a link, in the tree that all links of a bundle span. */
interface Place {
  parent?: Place;
  children: Map<string, Place>;
  link?: { path: string; target: string };
}

/** Where following a link ends: `beyond` names below a place, in a part of the tree without links. */
interface Resolution {
  place: Place;
  beyond: number;
  hops: number;
}

/**
 * Checks that no symbolic link of a bundle leads out of it and that nothing would be written through one.
 *
 * A link's target has to stay inside at every step, twice over: as text, from the link's own directory, and as the
 * kernel would walk it, through the bundle's other links. An entry can't lie below a link or a file of the same bundle.
 * A target that doesn't exist is fine. Throws `INPUT` with the entry's name and the target.
 */
export function checkLinks(entries: readonly TreeEntry[]): void {
  atOnce(checkLinksInSteps(entries));
}

/** {@link checkLinks}, bit by bit. */
export function* checkLinksInSteps(entries: readonly TreeEntry[]): Steps<void> {
  const types = new Map<string, string>();
  yield* withPauses(entries, ({ path, type }) => void types.set(path, type));
  const checkedDirectories = new Set<string>();
  yield* withPauses(entries, ({ path }) => checkParents(path, types, checkedDirectories));

  const root: Place = { children: new Map() };
  const places: Place[] = [];
  yield* withPauses(entries, ({ path, type, target = '' }) => {
    if (type !== 'link') return;
    checkTarget(path, target);
    const place = addPlace(root, path);
    place.link = { path, target };
    places.push(place);
  });
  const resolved = new Map<Place, Resolution>();
  yield* withPauses(places, (place) => void follow(place, 1, resolved));
}

function checkParents(path: string, types: ReadonlyMap<string, string>, checked: Set<string>): void {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    const directory = path.slice(0, slash);
    if (checked.has(directory)) return;
    const type = types.get(directory);
    if (type === 'link' || type === 'file') {
      const what = type === 'link' ? 'symbolic link' : 'file';
      throw new DeployError(
        'INPUT',
        `The source's entry ${quote(path)} lies below ${quote(directory)}, which is a ${what} in the same source ` +
          '(a write through a link); leave one of the two out.',
      );
    }
    checked.add(directory);
  }
}

function checkTarget(path: string, target: string): void {
  if (target === '') throw refused(path, target, 'has an empty target');
  if (target.startsWith('/')) throw refused(path, target, 'has an absolute target');
  if (target.includes('\0')) throw refused(path, target, 'has a NUL character in its target');
  if (/[\uFFFD\p{Surrogate}]/u.test(target))
    throw refused(path, target, 'has a target that is not valid UTF-8');
  if (Buffer.byteLength(target) > MAX_TARGET_BYTES) {
    throw refused(path, target, `has a target of more than ${MAX_TARGET_BYTES} bytes`);
  }
  let depth = path.split('/').length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) throw refused(path, target, 'leads out of the source');
  }
}

function addPlace(root: Place, path: string): Place {
  let place = root;
  for (const name of path.split('/')) {
    let child = place.children.get(name);
    if (!child) {
      child = { parent: place, children: new Map() };
      place.children.set(name, child);
    }
    place = child;
  }
  return place;
}

/**
 * Follows a link name by name as the kernel does. Every link is walked once, so that a bundle full of long chains
 * takes no longer than its text. `depth`: how many links are being followed to get here, this one included.
 */
function follow(from: Place, depth: number, resolved: Map<Place, Resolution>): Resolution {
  const known = resolved.get(from);
  if (known) return known;
  const { path, target } = from.link!;
  let place = from.parent!;
  let beyond = 0;
  let hops = 1;
  for (const name of target.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (beyond > 0) beyond -= 1;
      else if (place.parent) place = place.parent;
      else throw refused(path, target, 'leads out of the source through other links');
      continue;
    }
    const child = beyond > 0 ? undefined : place.children.get(name);
    if (!child) beyond += 1;
    else if (!child.link) place = child;
    else {
      if (depth >= MAX_HOPS) throw endless(path, target);
      const next = follow(child, depth + 1, resolved);
      hops += next.hops;
      ({ place, beyond } = next);
    }
  }
  if (hops > MAX_HOPS) throw endless(path, target);
  const resolution = { place, beyond, hops };
  resolved.set(from, resolution);
  return resolution;
}

function endless(path: string, target: string): DeployError {
  return refused(path, target, `leads in a circle or through more than ${MAX_HOPS} links`);
}

function refused(path: string, target: string, reason: string): DeployError {
  return new DeployError(
    'INPUT',
    `The source's symbolic link ${quote(path)} -> ${quote(target)} ${reason}; point it at a relative path inside ` +
      'the source, or leave it out with an exclude pattern.',
  );
}
