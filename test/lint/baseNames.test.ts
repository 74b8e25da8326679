import { basename } from 'node:path';

import { productFiles } from '../support/productFiles';

/** Files that may share a base name, and why nobody takes one for the other. */
const SAME_THING: ReadonlyArray<{ why: string; files: RegExp }> = [
  {
    why: 'an operation: its fields for n8n, what it does, and its phases, which the folders name',
    files:
      /^nodes\/(?:[^/]+\/operations|shared\/operations|shared\/release(?:\/(?:observe|decide|apply))?)\/[^/]+$/,
  },
  { why: 'a node tells what it is', files: /^nodes\/[^/]+\/description\.ts$/ },
  { why: 'the table of a folder', files: /\/index\.ts$/ },
];

/** What the engine's side may say of a domain has the domain's name. */
const FAILURES_OF_DOMAINS: Readonly<Record<string, string>> = {
  'archive.ts': 'nodes/shared/source/archive.ts',
  'wire.ts': 'nodes/shared/contract/wire.ts',
};
const FAILURES = 'nodes/shared/executor/failures/';

/** The files that share a base name with another without a reason. */
function confusing(files: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const file of files) groups.set(basename(file), [...(groups.get(basename(file)) ?? []), file]);
  return [...groups.entries()]
    .filter(([, group]) => group.length > 1)
    .filter(([, group]) => !SAME_THING.some(({ files: same }) => group.every((file) => same.test(file))))
    .filter(([name, group]) => {
      const rest = group.filter((file) => file !== FAILURES + name);
      return rest.length !== 1 || rest[0] !== FAILURES_OF_DOMAINS[name];
    })
    .flatMap(([, group]) => group);
}

describe('base names of files', () => {
  it('mean one thing each', () => {
    expect(confusing(productFiles())).toEqual([]);
  });

  it.each([
    ['nodes/shared/git/lock.ts', 'nodes/shared/executor/failures/lock.ts'],
    ['nodes/shared/push/types.ts', 'nodes/shared/connection/types.ts'],
    ['nodes/n8n/plan.ts', 'nodes/shared/operations/plan.ts'],
  ])('would be seen to be the same: %s and %s', (...files) => {
    expect(confusing(files)).toEqual(files);
  });

  it.each([
    ['nodes/HotDeploy/operations/plan.ts', 'nodes/shared/operations/plan.ts'],
    ['nodes/shared/release/decide/switching.ts', 'nodes/shared/release/apply/switching.ts'],
    ['nodes/shared/source/archive.ts', 'nodes/shared/executor/failures/archive.ts'],
  ])('may be the same in different phases: %s and %s', (...files) => {
    expect(confusing(files)).toEqual([]);
  });
});
