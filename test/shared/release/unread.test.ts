/** P9: whether the version of a source is what is live, told without reading the source. */
import fc from 'fast-check';

import type { Probe } from '../../../nodes/shared/contract/facts';
import type { ReleaseRecord } from '../../../nodes/shared/contract/records';
import { NOTHING_WANTED } from '../../../nodes/shared/dependencies/wanted';
import { decideUnread } from '../../../nodes/shared/release/decide/unread';
import type { DeployOptions } from '../../../nodes/shared/release/options';
import type { Snapshot } from '../../../nodes/shared/release/snapshot';
import type { Version } from '../../../nodes/shared/release/version';
import { deployment, NOTHING_SEEN } from '../../support/arbitraries';
import { asCommit, asEntrypoint, asReleaseId } from '../../support/named';

const SOURCE = {
  type: 'git',
  repository: 'https://git.example.com/engine.git',
  commit: asCommit('c'.repeat(40)),
};
const RELEASE = asReleaseId('20261123-171501-3f2a9c1');

const [[SNAPSHOT, , OPTIONS]] = fc.sample(deployment, { numRuns: 1, seed: 1 }) as [
  [Snapshot, Version, DeployOptions],
];
const ASKED: DeployOptions = { ...OPTIONS, deployUnchanged: false };

interface Changes {
  record?: Partial<ReleaseRecord>;
  live?: Partial<NonNullable<Probe['live']>>;
  names?: Probe['names'];
  options?: Partial<DeployOptions>;
  version?: Parameters<typeof decideUnread>[1];
}

/** What is decided of the version that is live, but for what a case changes. */
function decided({ record = {}, live = {}, names = [], options = {}, ...changed }: Changes) {
  const made = {
    source: SOURCE,
    names: names.map(({ name }) => name),
    entrypoint: ASKED.entrypoint,
    include: [...ASKED.selection.include],
    exclude: [...ASKED.selection.exclude],
    digest: 'd'.repeat(64),
    ...record,
  } as unknown as ReleaseRecord;
  const probe = {
    ...SNAPSHOT.probe,
    current: RELEASE,
    names,
    live: { ...NOTHING_SEEN, record: made, ...live },
  };
  const version = 'version' in changed ? changed.version : SOURCE;
  return decideUnread({ ...SNAPSHOT, probe }, version, { ...ASKED, ...options });
}

const INSTALLED = { ...NOTHING_WANTED, mode: 'virtualEnvironment', installs: true, key: 'k' } as const;

test('the version that is live, with nothing edited, is nothing to do', () => {
  expect(decided({})).toMatchObject({ unchanged: true, release: RELEASE, steps: [], findings: [] });
});

test('so is another commit that was found to have the same content', () => {
  const other = { ...SOURCE, commit: asCommit('e'.repeat(40)) };
  expect(decided({ record: { source: other, sameContent: SOURCE } })).toMatchObject({ unchanged: true });
});

test.each<[string, Changes]>([
  ['the source does not tell its version', { version: undefined }],
  ['nothing is recorded', { live: { record: null } }],
  [
    'it was made from another commit',
    { record: { source: { ...SOURCE, commit: asCommit('e'.repeat(40)) } } },
  ],
  ['it was made from another folder of it', { version: { ...SOURCE, subdirectory: 'engine' } }],
  ['other patterns are asked for', { record: { include: ['**'] } }],
  ['another entrypoint is asked for', { record: { entrypoint: asEntrypoint('main.py') } }],
  ['it is to be deployed all the same', { options: { deployUnchanged: true } }],
  ['a plan is to be carried out', { options: { planDigest: 'p2-0' } }],
  ['a file was edited by hand', { live: { drift: { modified: ['src/a.py'], missing: [] } } }],
  ['a file is missing', { live: { drift: { modified: [], missing: ['src/a.py'] } } }],
  ['code was added by hand', { live: { extra: ['src/more.py'] } }],
  ['somebody put a plain file back', { names: [{ name: 'run.py', type: 'file' }] }],
  ['a name of the release is gone', { record: { names: ['run.py'] } }],
  ['packages are recorded that nobody asks for now', { record: { dependencies: INSTALLED } }],
])('the source is read where %s', (_where, changes) => {
  expect(decided(changes)).toBeUndefined();
});
