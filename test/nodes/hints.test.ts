import { hintsFor } from '../../nodes/n8n/hints';
import type { SwitchResult } from '../../nodes/shared/release/result';
import { asReleaseId } from '../support/named';

const RESULT: SwitchResult = {
  status: 'deployed',
  host: 'engine.example',
  basePath: '/app',
  release: asReleaseId('20261123-171501-3f2a9c1'),
  previousRelease: null,
  source: { type: 'directory', digest: '' },
  changes: {
    added: [],
    modified: [],
    removed: [],
    ignored: [],
    counts: { added: 0, modified: 0, removed: 0, ignored: 0 },
  },
  dependencies: { status: 'none', environment: null, durationMs: 0 },
  backup: null,
  checks: [],
  swap: { method: 'rename', atomic: true, adopted: false, gapMs: 0, milliseconds: 0.1, unpinned: 0 },
  releasesInUse: [],
  steps: [],
  durationMs: 1,
};

const warnings = (changes: Partial<SwitchResult>): string[] =>
  hintsFor({ ...RESULT, ...changes })
    .filter(({ type }) => type === 'warning')
    .map(({ message }) => message);

test('a first release has nothing to go back to', () => {
  expect(hintsFor(RESULT).map(({ message }) => message)).toEqual([
    '20261123-171501-3f2a9c1 is live in /app on engine.example. It is the first release here, so there is nothing to roll back to yet.',
  ]);
});

test('an engine in a container is named with it, and what its place lacks is said with the first release', () => {
  const inside = { container: 'engine', notices: ['Mount something there.'] };
  const [live, notice] = hintsFor({ ...RESULT, ...inside }).map(({ message }) => message);
  expect(live).toContain('is live in /app in the container engine on engine.example.');
  expect(notice).toBe('Mount something there.');
  expect(warnings({ ...inside, previousRelease: asReleaseId('r1') })).toEqual([]);
});

test.each<[string, Partial<SwitchResult>, RegExp]>([
  [
    'a gap while adopting',
    { swap: { ...RESULT.swap, atomic: false, gapMs: 0.4 } },
    /was missing for 0\.4 ms/,
  ],
  [
    'extractions that are not pinned',
    { swap: { ...RESULT.swap, unpinned: 2 } },
    /not pinned to a release: 2/,
  ],
  [
    'an interrupted switch before it',
    { settled: { release: asReleaseId('r1'), outcome: 'reverted' } },
    /to r1 was reverted/,
  ],
  ['what was not tidied up', { complaint: 'Backup x can’t be removed.' }, /tidied up: Backup x can’t/],
])('people are warned of %s', (_what, changes, message) => {
  expect(warnings(changes)).toEqual([expect.stringMatching(message)]);
});

test('P7: names in hints are text, which the editor shows as HTML', () => {
  const ignored = ['<img src=x onerror=y>\n\u001b[2J'];
  const counts = { ...RESULT.changes.counts, ignored: 1 };
  const changes = { ...RESULT.changes, ignored, counts, since: 'a'.repeat(40) };
  const messages = hintsFor({ ...RESULT, changes }).map(({ message }) => message);
  expect(messages[1]).toContain('&lt;img src=x onerror=y&gt;\\n\\u{1B}[2J. That part needs');
});
