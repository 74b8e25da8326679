/** Finding out what a new version is, beside what is live. */
import type { RecordedRow } from '../../contract/facts';
import { filesOfBundle } from '../../dependencies/texts';
import { wantedDependencies } from '../../dependencies/wanted';
import { entrypointNames } from '../../contract/names';
import type { ExecutorClient } from '../../executor/client';
import type { Bundle } from '../../source/bundle';
import { topLevelOf } from '../../source/paths';
import { type CompiledSelection, createSelection } from '../../source/patterns';
import type { Content } from '../bundleContent';
import { ADOPTED, type AdoptionPreview, type Live, liveOf, plainNames, sameSelection } from '../live';
import type { DeployOptions } from '../options';
import { Ownership, type ToldEntry } from '../ownership';
import type { Snapshot } from '../snapshot';
import type { StepLog } from '../stepLog';
import { isUnchanged, NOTHING_COMPARED, type Version } from '../version';
import { askedAbout, compare, difference } from './comparison';
import { type PlainShares, PlainTree, SourceTree } from '../plainTree';
import { SharedPaths, sharingOf } from '../sharing';
import { detailsOf, sharesOf } from './details';

/** What a version is looked at with; `sizes`: those of the files that change are asked for, too. */
export interface Looking {
  readonly client: ExecutorClient;
  readonly snapshot: Snapshot;
  readonly options: DeployOptions;
  readonly log: StepLog;
  readonly sizes?: boolean | undefined;
}

/** Reads what a bundle needs, and compares it with what is live. */
export async function observeVersion(
  bundle: Bundle,
  { client, snapshot, options, log, sizes }: Looking,
): Promise<{ version: Version; content: Content }> {
  const selection = createSelection(options.selection);
  const names = new Set(bundle.entries.map(({ path }) => topLevelOf(path)));
  const looking = { client, snapshot, options };
  const plainOnes = plainNames(snapshot.probe, names);
  const found =
    plainOnes.length > 0
      ? await log.run('look at plain files', () => lookAtPlain(bundle, plainOnes, selection, looking))
      : undefined;
  // What only holds what is the host's need not become a release first.
  const adopts = found && found.copies.length > 0 ? plainOnes : [];
  const { live, plain, survey } =
    found && adopts.length > 0 ? found : { ...found, live: await seen(client, snapshot, options, selection) };
  const shares = sharesOf(bundle, snapshot, options, live, found);
  const wanted = await wantedDependencies(
    filesOfBundle(bundle),
    options.dependencies,
    snapshot.side.python,
    live?.dependencies,
  );
  const { source, digest, ignored, entries } = bundle;
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  const details = await detailsOf(bundle, live, looking);
  const looked = {
    names: [...names],
    beside: bundle.beside,
    adopts,
    copies: found?.copies ?? [],
    live,
    plain,
    survey,
    ...details,
    ...shares,
  };
  const version = { source, digest, ignored, bytes, wanted, ...looked, comparison: NOTHING_COMPARED };
  if (isUnchanged(snapshot, version, options)) {
    return { version, content: { bundle, entries: [], needed: [] } };
  }
  const asked = askedAbout(options.basePath, live);
  const { comparison, content } = await log.run('compare', async () =>
    compare(client, bundle, await difference(client, bundle, asked), { ...asked, sizes }),
  );
  return { version: { ...version, comparison }, content };
}

/** Looks at plain files, in one round trip: what adopting them would make live, which later questions are about. */
async function lookAtPlain(
  { entries }: Bundle,
  names: readonly string[],
  selection: CompiledSelection,
  { client, snapshot, options }: Pick<Looking, 'client' | 'snapshot' | 'options'>,
): Promise<{ live: AdoptionPreview } & PlainShares & Pick<Version, 'plain' | 'survey'>> {
  const { basePath, entrypoint } = options;
  const patterns = options.selection.shared ?? [];
  const { sharedPaths: shared } = sharingOf({ patterns, found: [], directories: [] });
  const tree = new PlainTree(selection, new SourceTree(entries), snapshot.probe.base, new Set(names));
  // What is a release's already, beside what is plain.
  const released = new SharedPaths((path) => selection.isShared(path) && !tree.isHosts(path));
  const ownership = new Ownership(tree);
  const onRows = {
    entries: (told: readonly unknown[]): void => {
      const rows = told as readonly RecordedRow[];
      ownership.add(rows.filter(([path]) => !tree.isHosts(path) && !selection.isShared(path)));
      for (const [path] of rows) released.add(path);
      tree.add(rows);
    },
  };
  const [, survey] = await Promise.all([
    client.call('previewAdoption', { basePath, names, entrypoint, shared }, { onRows }),
    client.call('survey', { basePath, names }),
  ]);
  const shares = tree.shares(patterns);
  const mine = { ...survey, others: survey.others.filter(({ path }) => !tree.isHosts(path)) };
  const left = tree.allHosts();
  const live = {
    release: null,
    ...ADOPTED,
    ...ownership.result(),
    shared: released.cover(),
    sharedToo: released.all(),
    left,
  };
  return { live, plain: tree.facts(), survey: mine, ...shares };
}

/**
 * What was found live, seen through the patterns of this deployment. When they are others than those the release was
 * made with, its entries are asked for and sorted anew.
 */
async function seen(
  client: ExecutorClient,
  { probe }: Snapshot,
  { basePath, selection, entrypoint }: DeployOptions,
  compiled: CompiledSelection,
): Promise<Live | undefined> {
  const found = liveOf(probe, compiled);
  const record = probe.live?.record;
  // The same files with other start scripts are another release: each keeps its own.
  const others = record?.entrypoint !== undefined && record.entrypoint !== entrypoint;
  const live = found && { ...found, drifted: found.drifted || others };
  if (!live || !record || sameSelection(record, selection)) return live;
  const engines = new Set(live.keep);
  const ownership = new Ownership({ includes: (path) => compiled.includes(path) && !engines.has(path) });
  const shared = new SharedPaths(compiled.isShared);
  const add = (told: readonly unknown[]): void => {
    const rows = told as readonly ToldEntry[];
    ownership.add(rows.filter(([path]) => !compiled.isShared(path)));
    for (const [path] of rows) shared.add(path);
  };
  await client.call('entries', { basePath, release: live.release }, { onRows: { entries: add } });
  const { digest, keep } = ownership.result();
  // A start script that is none any more would go on running, beside modules that it doesn't fit.
  const gone = new Set(record.entrypoint === undefined ? [] : entrypointNames(record.entrypoint));
  const known = new Set(probe.live?.kept);
  const dropped = keep.filter((path) => !gone.has(path) && !known.has(path));
  const kept = [...live.keep, ...keep].filter((path) => !gone.has(path));
  return {
    ...live,
    digest,
    keep: [...new Set(kept)],
    dropped: [...dropped, ...shared.all()],
    shared: shared.cover(),
  };
}
