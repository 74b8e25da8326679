/** Memory Limit where the kernel may hold a run to it: version 2 of control groups, delegated to n8n or to who runs the engine. */
import { join } from 'node:path';

import { onOwnKernel } from '../../support/ownKernel';

jest.setTimeout(300_000);
const KILLED = {
  status: 'killed',
  message: 'The run was ended: it took more than 120 MB, its Memory Limit.',
};

// The kernel that these need exists for this processor only.
const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('on a kernel of its own', () => {
  let said: Record<string, unknown>[];
  beforeAll(() => {
    said = onOwnKernel(join(__dirname, '../../support/memoryGroups.ts'));
  });
  const whatBecameOf = (name: string): unknown => said.find((one) => one.name === name);
  const own = expect.stringMatching(/^\/n8n\.service\/hot-deploy-run-\d+$/);

  test('a delegated group: the run gets one of its own below it', () => {
    expect(whatBecameOf('say')).toMatchObject({ status: 'succeeded', group: own });
  });

  test('what it takes for a moment, between two looks, counts', () => {
    expect(whatBecameOf('moment')).toMatchObject({ ...KILLED, group: own });
  });

  test('what children share with it counts once', () => {
    expect(whatBecameOf('shared')).toMatchObject({ status: 'succeeded', group: own });
  });

  test('what children take counts, and all of the run is ended', () => {
    expect(whatBecameOf('children')).toMatchObject({ ...KILLED, group: own });
  });

  test('no group is left, nor that of a supervisor that was killed', () => {
    expect(whatBecameOf('left')).toMatchObject({ left: [] });
  });

  test('a group that is delegated to another user than root is enough for that user', () => {
    const group = expect.stringMatching(/^\/theirs\.service\/hot-deploy-run-\d+$/);
    expect(whatBecameOf('of another user')).toMatchObject({ ...KILLED, group });
  });

  test.each([
    ['n8n in the delegated group itself', '/n8n.service/main'],
    ['of systemd', '/session.scope'],
    ['of a user’s systemd', '/user@1000.service/app.slice/n8n.service'],
  ])('%s: nothing is made there, and its memory is looked at twice a second', (name, group) => {
    expect(whatBecameOf(name)).toMatchObject({ status: 'succeeded', group });
  });
});

onX64('under a real systemd, as process 1 of a kernel of its own', () => {
  let said: Record<string, unknown>[];
  beforeAll(() => {
    said = onOwnKernel(join(__dirname, '../../support/memoryUnit.ts'), true);
  });
  const whatBecameOf = (unit: string, name: string): unknown =>
    said.find((one) => one.unit === unit && one.name === name);
  const own = expect.stringMatching(/^\/system\.slice\/n8n\.service\/hot-deploy-run-\d+$/);

  test('a unit with Delegate=memory: the kernel holds runs to their limit, and nothing is left of their groups', () => {
    expect(whatBecameOf('delegating', 'say')).toMatchObject({ status: 'succeeded', group: own });
    expect(whatBecameOf('delegating', 'moment')).toMatchObject({ ...KILLED, group: own });
    expect(whatBecameOf('delegating', 'children')).toMatchObject({ ...KILLED, group: own });
    expect(whatBecameOf('delegating', 'left')).toMatchObject({ left: [] });
  });

  test('a unit without: nothing is made there, and its memory is looked at', () => {
    const group = '/system.slice/n8n.service/main';
    expect(whatBecameOf('keeping', 'say')).toMatchObject({ status: 'succeeded', group });
    expect(whatBecameOf('keeping', 'children')).toMatchObject({ ...KILLED, group });
    expect(whatBecameOf('keeping', 'left')).toMatchObject({ left: [] });
  });
});
