import { recordedSelection } from '../../../nodes/shared/release/recordedSelection';

const PATHS = Array.from({ length: 5_000 }, (_, index) => `src/${'a'.repeat(200)}${index}`);
/** As long as a host can say. */
const DEEP = Array.from({ length: 500 }, (_, index) => `src/${'a/'.repeat(2_000)}${index}`);
const LONG = Array.from({ length: 500 }, (_, index) => `src/${'a'.repeat(4_000)}${index}`);

test('what was recorded selects', () => {
  const { includes } = recordedSelection({ include: ['src/**', 'run.py'], exclude: ['src/tmp'] });
  expect(['src/a.py', 'run.py', 'src/tmp/x', 'data/x', 'src/a.pyc'].filter(includes)).toEqual([
    'src/a.py',
    'run.py',
  ]);
});

test.each([
  ['nothing', undefined],
  ['no pattern', { include: ['src/['] }],
  ['more than anybody writes', { include: Array<string>(1000).fill(`src/${'x'.repeat(200)}`) }],
  ['ranges by the hundred', { include: Array<string>(500).fill('src/{1..1000}') }],
])('where %s was recorded, all is selected', (_, record) => {
  expect(PATHS.every(recordedSelection(record).includes)).toBe(true);
});

const times = (count: number, pattern: string) => Array<string>(count).fill(pattern);

test.each([
  ['stars', times(1000, 'src/*a*a*a*a*a*a*a*b'), PATHS],
  ['loops in loops', times(1000, 'src/+(+(+(+(a|aa))))b'), PATHS],
  ['negations', times(1000, 'src/!(!(!(*a*)))b'), PATHS],
  ['globstars in a row', times(20, `src/${'**/'.repeat(1_300)}x`), DEEP],
  ['globstars and stars', times(20, `src/${'**/*/'.repeat(800)}x`), DEEP],
  ['globstars and alternatives', times(20, `src/${'**/@(a)/'.repeat(500)}x`), DEEP],
  ['a negation at every place', times(20, 'src/*!(x)b'), LONG],
  ['long sets', times(20, `src/*[${'b'.repeat(4_000)}]`), LONG],
  ['long sets in alternatives', times(20, `src/*(@([${'b'.repeat(4_000)}a]))b`), LONG],
])(
  'P8: patterns that a host recorded and that take long are given up soon, and all is selected: %s',
  (what, include, paths) => {
    const before = process.cpuUsage();
    const { includes } = recordedSelection({ include });
    const selected = paths.filter(includes);
    const { user } = process.cpuUsage(before);
    process.stderr.write(`${what}: ${Math.round(user / 1000)} ms of processor time\n`);
    // Backtracking takes minutes for the first of them.
    expect(user).toBeLessThan(2_000_000);
    expect(selected.length).toBeGreaterThan(paths.length - 10);
  },
);
