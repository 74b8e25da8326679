import { execFileSync } from 'node:child_process';

import { changedPython } from '../support/changedPython';
import { deployTo, engineVersions, temporaryDirectories } from '../support/deployment';
import { keptNames, liveTree, treeOf } from '../support/snapshot';

const make = temporaryDirectories();

/**
 * An interpreter whose user has used up a quota from the `at`-th write to a file on, counted from 1: this kernel may have
 * no quotas to mount a disk with.
 */
async function pythonWithQuota(directory: string, at: number): Promise<string> {
  return changedPython(
    directory,
    `python-quota-${at}`,
    `import errno, stat
left = ${at}
write = os.write
def limited(descriptor, data):
    global left
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        left -= 1
        if left <= 0:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
    return write(descriptor, data)
os.write = limited`,
  );
}

test('P3, P5: a quota that is used up in the middle leaves the old release live, and says what it was', async () => {
  const [v1, v2] = await engineVersions(make, 'base', 'v2');
  const [template, pythons] = [await make(), await make('pythons')];
  await deployTo(template, v1);
  const before = { live: liveTree(template), releases: keptNames(template).releases };
  let refused = 0;
  for (let at = 1; ; at++) {
    const base = await make('quota');
    execFileSync('cp', ['-a', `${template}/.`, base]);
    const python = await pythonWithQuota(pythons, at);
    const outcome = await deployTo(base, v2, { createBackup: false }, { python }).catch(
      (error: unknown) => error,
    );
    if (!(outcome instanceof Error)) break;
    refused++;
    expect({ at, ...outcome, message: outcome.message }).toMatchObject({
      code: 'STEP',
      message: expect.stringContaining('Disk quota exceeded'),
    });
    expect({ at, live: liveTree(base), releases: keptNames(base).releases }).toEqual({ at, ...before });
    await deployTo(base, v2, { createBackup: false });
    expect(liveTree(base)).toEqual(treeOf(v2));
  }
  expect(refused).toBeGreaterThan(3);
}, 240_000);
