import type { Package } from '../contract/facts';

/** How the packages of two environments differ; versions as installed. */
export interface PackageChanges {
  added: Array<{ name: string; version: string }>;
  removed: Array<{ name: string; version: string }>;
  changed: Array<{ name: string; from: string; to: string }>;
}

/** What has to change in `before` for it to be `after`. */
export function packageChanges(before: readonly Package[], after: readonly Package[]): PackageChanges {
  const changes: PackageChanges = { added: [], removed: [], changed: [] };
  const known = new Map(before.map(([name, version]) => [normalized(name), { name, version }]));
  for (const [name, version] of after) {
    const old = known.get(normalized(name));
    known.delete(normalized(name));
    if (!old) changes.added.push({ name, version });
    else if (old.version !== version) changes.changed.push({ name, from: old.version, to: version });
  }
  changes.removed = [...known.values()];
  return changes;
}

/** Two spellings of one distribution's name are one (PEP 503). */
function normalized(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
