/** `service: reload` of units, with a real systemd as process 1. */
import { join } from 'node:path';

import { onOwnKernel } from '../../support/ownKernel';

jest.setTimeout(300_000);

// The kernel that these need exists for this processor only.
const onX64 = process.arch === 'x64' ? describe : describe.skip;

onX64('systemd on a kernel of its own', () => {
  let said: Record<string, unknown>[];
  beforeAll(() => {
    said = onOwnKernel(join(__dirname, '../../support/systemdUnits.ts'), true);
  });
  const whatBecameOf = (name: string): unknown => said.find((one) => one.name === name);

  test('a unit is restarted, and answers with the new version', () => {
    expect(whatBecameOf('restart')).toMatchObject({
      status: 'deployed',
      answer: 'version 4',
      service: { method: 'reload', gapMs: expect.any(Number) },
    });
  });

  test('a version that does not come up: the unit is restarted with the old one', () => {
    expect(whatBecameOf('broken')).toMatchObject({ code: 'CHECK', answer: 'version 1' });
  });

  test('a unit that is not there is said in systemctl’s words, and the old version goes on', () => {
    expect(whatBecameOf('missing')).toMatchObject({
      message: expect.stringContaining('systemctl could not be told of the new version (exit code 5)'),
      description: expect.stringContaining('nothing.service not found'),
      answer: 'version 1',
    });
  });

  test('a unit is reloaded as its ExecReload says', () => {
    expect(whatBecameOf('reload')).toMatchObject({ status: 'deployed', told: 'reloaded' });
  });

  test('a unit of the user’s own systemd', () => {
    expect(whatBecameOf('user unit')).toMatchObject({ status: 'deployed', answer: 'version 6' });
  });
});
