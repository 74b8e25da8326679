/** Engines, versions and options of every kind, as plain data: for deciders, which need nothing else. */
import fc from 'fast-check';

import type { ListedRelease, Listing, Probe, TreeChanges } from '../../nodes/shared/contract/facts';
import type { ReleaseId } from '../../nodes/shared/contract/names';
import type { RecordedDependencies } from '../../nodes/shared/contract/records';
import { NO_DEPENDENCIES } from '../../nodes/shared/dependencies/installOptions';
import { NOTHING_WANTED } from '../../nodes/shared/dependencies/wanted';
import type { Check } from '../../nodes/shared/release/checks';
import { ADOPTED } from '../../nodes/shared/release/live';
import type { DeployOptions } from '../../nodes/shared/release/options';
import type { Snapshot } from '../../nodes/shared/release/snapshot';
import type { Version } from '../../nodes/shared/release/version';
import { DEFAULT_SELECTION } from '../../nodes/shared/source/bundle';
import { asBasePath, asEntrypoint, asReleaseId } from './named';
import { TOLD_PYTHON } from './toldPython';

const RELEASES = Array.from({ length: 8 }, (_, index) =>
  asReleaseId(`2026112${index}-171501-000000${index}`),
);

const digest = fc.constantFrom('a', 'b', 'c').map((digit) => digit.repeat(64));
const releaseId = fc.constantFrom(...RELEASES);
const paths = fc.uniqueArray(fc.constantFrom('run.py', 'src/a.py', 'config/x.json', 'notes.txt'), {
  maxLength: 3,
});

export const dependencies: fc.Arbitrary<RecordedDependencies> = fc.oneof(
  fc.constant(NOTHING_WANTED),
  fc
    .record({ mode: fc.constantFrom('virtualEnvironment' as const, 'interpreter' as const), key: digest })
    .map(({ mode, key }) => ({
      ...NOTHING_WANTED,
      mode,
      file: 'requirements.txt',
      installs: true,
      files: [['requirements.txt', key] as [string, string]],
      key: key.slice(0, 16),
    })),
);

function backupOf(day: number): string {
  return `hot-backup-202611${String(day).padStart(2, '0')}-171501.tar.gz`;
}

function listed(release: ReleaseId, sequence: number): fc.Arbitrary<ListedRelease> {
  return fc
    .record({
      state: fc.constantFrom('ready', 'candidate'),
      processes: fc.nat(2),
      environment: fc.option(fc.constantFrom('e'.repeat(16), 'f'.repeat(16))),
      digest,
      dependencies: fc.option(dependencies, { nil: undefined }),
    })
    .map((facts) => ({
      ...facts,
      release,
      sequence,
      createdAt: '2026-11-23T17:15:01.250Z',
      source: { type: 'directory', reference: '/engine' },
      names: ['run.py', 'src'],
      files: 2,
      bytes: 100,
      entrypoint: asEntrypoint('run.py'),
      include: [...DEFAULT_SELECTION.include],
      exclude: [],
    }));
}

const listing: fc.Arbitrary<Listing> = fc
  .record({
    releases: fc
      .uniqueArray(releaseId, { maxLength: 8 })
      .chain((ids) => fc.tuple(...ids.map((id, index) => listed(id, index + 1)))),
    backups: fc.uniqueArray(fc.nat(30), { maxLength: 5 }),
    current: fc.option(fc.nat(7)),
    previous: fc.option(fc.nat(7)),
  })
  .map(({ releases, backups, current, previous }) => ({
    current: releases[current ?? 99]?.release ?? null,
    previous: releases[previous ?? 99]?.release ?? null,
    liveSince: null,
    unconfirmed: null,
    wereLive: releases.map(({ release }) => release),
    releases,
    backups: backups.map((day) => ({
      name: backupOf(day),
      bytes: 10,
      createdAt: '2026-11-23T17:15:01Z',
    })),
    environments: ['e', 'f'].map((letter) => ({ environment: letter.repeat(16) })),
    counts: { releases: releases.length, backups: backups.length, environments: 2, bytes: 100 },
    prunable: {
      releases: releases
        .map(({ release, environment, processes }, index) => ({ release, environment, processes, index }))
        .filter(({ processes, index }) => processes === 0 && index !== current)
        .map(({ release, environment, index }): [ReleaseId, number, string | null] => [
          release,
          releases.length - 1 - index,
          environment,
        ]),
      backups: [...backups]
        .sort((one, other) => one - other)
        .map((day, index): [string, number] => [backupOf(day), backups.length - 1 - index]),
      environments: ['e', 'f'].map((letter): [string, number] => [
        letter.repeat(16),
        releases.filter(({ environment }) => environment === letter.repeat(16)).length,
      ]),
    },
  }));

/** A live release of which a look told nothing. */
export const NOTHING_SEEN: NonNullable<Probe['live']> = {
  record: null,
  drift: { modified: [], missing: [] },
  extra: [],
  kept: [],
  shared: [],
  environment: { name: null, problem: null },
};

function probeOf(listed: Listing): fc.Arbitrary<Probe> {
  const record = listed.releases.find(({ release }) => release === listed.current) ?? null;
  const live = fc.record({
    record: fc.constant(record),
    drift: fc.record({ modified: paths, missing: paths }),
    extra: paths,
    kept: paths,
    shared: paths,
    environment: fc.record({
      name: fc.constant(record?.environment ?? null),
      problem: fc.option(fc.constant('is gone')),
    }),
  });
  return fc.record({
    current: fc.constant(listed.current),
    previous: fc.constant(listed.previous),
    liveSince: fc.constant(null),
    unconfirmed: fc.constant(null),
    exists: fc.constant(true),
    base: fc.constant(asBasePath('/app')),
    identity: fc.constant(null),
    writable: fc.constant(true),
    filesystem: fc.constant({ type: 'ext4', mount: '/', mergesNames: false }),
    space: fc.record({ freeBytes: fc.nat(), totalBytes: fc.nat(), freeInodes: fc.option(fc.nat()) }),
    names: fc.constant([
      { name: 'run.py', type: listed.current ? ('launcher' as const) : ('file' as const) },
      { name: 'src', type: listed.current ? ('link' as const) : ('directory' as const) },
    ]),
    undone: fc.constant(null),
    sequence: fc.constant(listed.releases.length + 1),
    releasesInUse: fc.constant(
      listed.releases
        .filter(({ processes }) => processes > 0)
        .map(({ release, processes }) => ({ release, processes })),
    ),
    inUse: fc.constant(listed.releases.filter(({ processes }) => processes > 0).length),
    lost: fc.constant(null),
    live: listed.current === null ? fc.constant(null) : live,
  });
}

/** An engine at one moment. */
export const snapshot: fc.Arbitrary<Snapshot> = listing.chain((kept) =>
  probeOf(kept).map((probe) => ({
    side: {
      host: 'engine.example.com',
      basePath: asBasePath('/app'),
      machine: 'engine.example.com',
      user: 'engine',
      python: TOLD_PYTHON,
    },
    probe,
    listed: kept,
    repaired: [],
  })),
);

const changes: fc.Arbitrary<TreeChanges> = fc
  .record({ added: paths, modified: paths, removed: paths })
  .map((found) => ({
    paths: found,
    counts: { added: found.added.length, modified: found.modified.length, removed: found.removed.length },
  }));

/** A version beside what a snapshot has live. */
export function versionBeside({ probe }: Snapshot): fc.Arbitrary<Version> {
  return fc
    .record({
      adopts: fc.boolean(),
      digest,
      liveDigest: digest,
      keep: paths,
      wanted: dependencies,
      changes,
      drifted: fc.boolean(),
    })
    .map(({ adopts, digest: own, liveDigest, keep, wanted, changes: compared, drifted }) => {
      const environment = probe.live?.environment.name ?? null;
      const problem = probe.live?.environment.problem ?? null;
      const live =
        probe.current === null
          ? undefined
          : {
              release: probe.current,
              source: probe.live?.record?.source,
              digest: liveDigest,
              keep,
              drifted,
              dependencies: probe.live?.record?.dependencies,
              environment,
              problem,
            };
      return {
        source: { type: 'directory', reference: '/engine' },
        digest: own,
        ignored: { paths: [], count: 0 },
        bytes: 1000,
        names: ['run.py', 'src'],
        adopts: adopts ? ['run.py', 'src'] : [],
        copies: adopts ? ['run.py', 'src/a.py'] : [],
        adoptedSharing: {},
        sharing: adopts ? { folders: ['src'] } : {},
        sharedToo: [],
        torn: [],
        spared: {},
        windowsScripts: [],
        live: adopts
          ? { release: null, ...ADOPTED, digest: liveDigest, keep, left: [], sharedToo: [] }
          : live,
        wanted,
        comparison: { needed: [0], bytes: 10, changes: compared },
      };
    });
}

const check: fc.Arbitrary<Check> = fc.record({
  type: fc.constantFrom('python' as const, 'command' as const, 'compile' as const),
  name: fc.constantFrom('one', 'two'),
  code: fc.constant('print(1)'),
  command: fc.constant('true'),
  when: fc.constantFrom('before' as const, 'after' as const, 'both' as const),
  timeoutSeconds: fc.nat(60),
  environment: fc.constant({}),
});

/** What a deployment is asked for. */
export const deployOptions: fc.Arbitrary<DeployOptions> = fc.record({
  basePath: fc.constant(asBasePath('/app')),
  entrypoint: fc.constant(asEntrypoint('run.py')),
  lockWaitSeconds: fc.nat(5),
  holder: fc.constant({ workflow: 'Test' }),
  checks: fc.array(check, { maxLength: 3 }),
  keepReleases: fc.integer({ min: 1, max: 5 }),
  keepBackups: fc.nat(5),
  createBackup: fc.boolean(),
  deployUnchanged: fc.boolean(),
  dependencies: fc.constant(NO_DEPENDENCIES),
  selection: fc.constant(DEFAULT_SELECTION),
});

/** A snapshot, a version beside it, and what is asked for. */
export const deployment = snapshot.chain((seen) =>
  fc.tuple(fc.constant(seen), versionBeside(seen), deployOptions),
);
