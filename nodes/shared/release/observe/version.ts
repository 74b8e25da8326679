/** Finding out what a new version is, beside what is live. */
import type { RecordedRow } from '../../contract/facts';
import { filesOfBundle } from '../../dependencies/texts';
import { wantedDependencies } from '../../dependencies/wanted';
import { entrypointNames } from '../../contract/names';
import type { CallOptions } from '../../executor/calls';
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
import { PlainTree, SourceTree } from '../plainTree';

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
  const adopts = plainNames(snapshot.probe, names);
  const { live, plain, survey } =
    adopts.length > 0
      ? await log.run('look at plain files', () =>
          lookAtPlain(bundle, adopts, selection, { client, snapshot, options }),
        )
      : { live: await seen(client, snapshot, options, selection) };
  const wanted = await wantedDependencies(
    filesOfBundle(bundle),
    options.dependencies,
    snapshot.side.python,
    live?.dependencies,
  );
  const { source, digest, ignored, entries } = bundle;
  const bytes = entries.reduce((sum, entry) => sum + entry.size, 0);
  const looked = { names: [...names], beside: bundle.beside, adopts, live, plain, survey };
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
): Promise<{ live: AdoptionPreview } & Pick<Version, 'plain' | 'survey'>> {
  const { basePath, entrypoint } = options;
  const tree = new PlainTree(selection, new SourceTree(entries), snapshot.probe.base);
  const ownership = new Ownership(tree);
  const onRows = {
    entries: (rows: readonly unknown[]): void => {
      ownership.add(rows as readonly ToldEntry[]);
      tree.add(rows as readonly RecordedRow[]);
    },
  };
  const [, survey] = await Promise.all([
    client.call('previewAdoption', { basePath, names, entrypoint }, { onRows }),
    client.call('survey', { basePath, names }),
  ]);
  return { live: { release: null, ...ADOPTED, ...ownership.result() }, plain: tree.facts(), survey };
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
  await client.call('entries', { basePath, release: live.release }, { onRows: entriesTo(ownership) });
  const { digest, keep } = ownership.result();
  // A start script that is none any more would go on running, beside modules that it doesn't fit.
  const gone = new Set(record.entrypoint === undefined ? [] : entrypointNames(record.entrypoint));
  const known = new Set(probe.live?.kept);
  const dropped = keep.filter((path) => !gone.has(path) && !known.has(path));
  const kept = [...live.keep, ...keep].filter((path) => !gone.has(path));
  return { ...live, digest, keep: [...new Set(kept)], dropped };
}

/** Gives the entries that an answer has to what sorts them. */
function entriesTo(ownership: Ownership): CallOptions['onRows'] {
  return { entries: (rows) => ownership.add(rows as readonly ToldEntry[]) };
}
