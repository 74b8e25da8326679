import { recordedSelection } from '../../../nodes/shared/release/recordedSelection';

const PATHS = Array.from({ length: 5_000 }, (_, index) => `src/${'a'.repeat(200)}${index}`);

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

test.each([
  ['stars', Array<string>(1000).fill('src/*a*a*a*a*a*a*a*b')],
  ['loops in loops', Array<string>(1000).fill('src/+(+(+(+(a|aa))))b')],
  ['negations', Array<string>(1000).fill('src/!(!(!(*a*)))b')],
])(
  'P8: patterns that a host recorded and that take long are given up soon, and all is selected: %s',
  (_, include) => {
    const before = process.cpuUsage();
    const { includes } = recordedSelection({ include });
    const selected = PATHS.filter(includes);
    const { user } = process.cpuUsage(before);
    process.stderr.write(`${Math.round(user / 1000)} ms of processor time\n`);
    // Backtracking takes minutes for the first of them.
    expect(user).toBeLessThan(2_000_000);
    expect(selected.length).toBeGreaterThan(PATHS.length - 10);
  },
);
