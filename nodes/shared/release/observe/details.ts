/** What is looked at of a version beside how it differs. */
import { entrypointNames } from '../../contract/names';
import { filesOfBundle } from '../../dependencies/texts';
import type { Bundle } from '../../source/bundle';
import { sparedBy } from '../checks';
import type { AdoptionPreview, Live } from '../live';
import type { DeployOptions } from '../options';
import { type PlainShares, SourceTree } from '../plainTree';
import { directoriesOf, isWithin, sharingOf } from '../sharing';
import type { Snapshot } from '../snapshot';
import type { Version } from '../version';

type Looked = Live | AdoptionPreview | undefined;

/** What checks do not look at, what runs have torn apart, and scripts that a shell would not read. */
export async function detailsOf(
  bundle: Bundle,
  live: Looked,
  { snapshot, options }: { snapshot: Snapshot; options: DeployOptions },
): Promise<Pick<Version, 'torn' | 'spared' | 'windowsScripts'>> {
  const { extra = [], shared = [] } = snapshot.probe.live ?? {};
  const hosts = new Set(shared);
  const paths = () => [...bundle.entries.map(({ path }) => path), ...(live?.keep ?? [])];
  return {
    torn: extra.filter((path) => hosts.has(path)),
    spared: sparedBy(options.checks, paths),
    windowsScripts: await withWindowsLineEnds(bundle, options),
  };
}

/** A shell takes a carriage return for a part of the last word; Python does not mind. */
async function withWindowsLineEnds(bundle: Bundle, { entrypoint }: DeployOptions): Promise<string[]> {
  const scripts = entrypointNames(entrypoint).filter((name) => !name.endsWith('.py'));
  if (scripts.length === 0) return [];
  const texts = await filesOfBundle(bundle).readTexts(scripts);
  return scripts.filter((name) => texts.get(name)?.includes('\r\n'));
}

/** What is shared with a version and in a first release before it, and what of the version is the host's already. */
export function sharesOf(
  { entries }: Bundle,
  { probe }: Snapshot,
  { selection: { shared: patterns = [] } }: DeployOptions,
  live: Looked,
  plain: PlainShares | undefined,
): Pick<Version, 'sharing' | 'adoptedSharing' | 'sharedToo'> {
  const hosts = [...(plain?.hosts ?? []), ...(probe.live?.shared ?? [])];
  const found = [...hosts, ...(live?.shared ?? [])];
  // Of most engines nothing is: their thousands of files need not be looked at for it.
  if (patterns.length + found.length === 0) return { sharing: {}, adoptedSharing: {}, sharedToo: [] };
  const deployed = new SourceTree(entries).directories;
  const directories = new Set([...deployed, ...directoriesOf(found), ...(plain?.directories ?? [])]);
  const { folders = [], ...asked } = sharingOf({ patterns, found, directories });
  const needed = folders.filter((folder) => deployed.has(folder));
  const before = new Set([...(plain?.directories ?? []), ...(probe.live?.record?.folders ?? [])]);
  const neededBefore = folders.filter((folder) => before.has(folder));
  const [known, above] = [new Set(hosts), directoriesOf(hosts)];
  return {
    adoptedSharing: { ...asked, ...(neededBefore.length > 0 && { folders: neededBefore }) },
    sharing: { ...asked, ...(needed.length > 0 && { folders: needed }) },
    sharedToo: entries
      .filter(({ path, type }) => type !== 'directory' && (isWithin(path, known) || above.has(path)))
      .map(({ path }) => path),
  };
}
