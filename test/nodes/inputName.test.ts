/** What the file is called that a run reads: as it was, unless that leads anywhere, hides, or stands for something else. */
import fc from 'fast-check';

import { safeName } from '../../nodes/n8n/itemFile';
import { hostileText } from '../support/hostileTexts';
import { holds } from '../support/property';

test.each([
  ['report 2026.pdf', 'report 2026.pdf'],
  ['Größe – 統計.pdf', 'Größe – 統計.pdf'],
  ['-rf.pdf', '-rf.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\inbox\\a.pdf', 'a.pdf'],
  ['.profile', 'profile'],
  ['..', 'input'],
  ['', 'input'],
  ['output', 'output_'],
  ['.output', 'output_'],
  ['a\nb\u202e.pdf', 'a_b_.pdf'],
  [`${'x'.repeat(300)}.pdf`, `${'x'.repeat(196)}.pdf`],
  [`${'.'.repeat(300)}a`, 'a'],
])('%j becomes %j', (given, name) => {
  expect(safeName(given)).toBe(name);
});

test('whatever it is called, the name is one in its directory, and no longer than a disk takes', () => {
  holds(fc.oneof(hostileText, fc.string({ unit: 'binary' })), (given) => {
    const name = safeName(given);
    expect(name).not.toMatch(/^\.|^$|^output$|[/\\\0\n]/);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
  });
});
