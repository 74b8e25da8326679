import { readFileSync } from 'node:fs';

import { deploy } from '../../../nodes/shared/operations/deploy';
import {
  bundleOf,
  checkOf,
  deployOptions,
  deployTo,
  engineVersions,
  openClient,
  temporaryDirectories,
} from '../../support/deployment';
import { liveTree, treeOf } from '../../support/snapshot';
import { thrownBy } from '../../support/thrown';

const make = temporaryDirectories();

/** Stands still, as a frozen n8n does, until a child of this process has ended. */
function freezeUntilEnded(processId: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (!/\) Z /.test(readFileSync(`/proc/${processId}/stat`, 'utf8'))) Atomics.wait(never, 0, 0, 50);
}

test('P5: an n8n that was frozen for too long is told why, and what became of the switch', async () => {
  const [v1, v2] = await engineVersions(make, 'base', 'v2');
  const base = await make();
  const { release } = await deployTo(base, v1);
  const client = await openClient({ silenceSeconds: 1 });
  const options = deployOptions(base, {
    checks: [checkOf({ when: 'after', command: 'sleep 60', timeoutSeconds: 120 })],
    onStep: ({ step, phase }) => {
      if (step === 'check after the switch' && phase === 'start')
        setImmediate(() => freezeUntilEnded(client.hello.processId));
    },
  });
  const error = await thrownBy(deploy(client, await bundleOf(v2, options), options));
  expect(error).toMatchObject({
    code: 'LOST',
    message:
      'The conversation with this machine broke off: the engine’s side left, since nothing was heard for 1 s. ' +
      `The switch was taken back: release ${release} is live in ${base} again.`,
  });
  expect(liveTree(base)).toEqual(treeOf(v1));
});
