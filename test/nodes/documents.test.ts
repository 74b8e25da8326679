import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

test('every defence in SECURITY.md is shown by tests that exist', () => {
  const [, table] = read('SECURITY.md').split('## What is defended');
  const rows = table.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Against|-)/.test(line));
  expect(rows.length).toBeGreaterThan(15);
  for (const row of rows) {
    const [, against, , shownBy] = row.split('|').map((cell) => cell.trim());
    const tests = [...shownBy.matchAll(/`([^`]+)`/g)].map(([, name]) => `test/${name}.test.ts`);
    expect([against, tests.length > 0]).toEqual([against, true]);
    for (const path of tests) {
      expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    }
  }
});

test.each(DOCUMENTS)('%s links to files that exist', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target);
  const missing = links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !existsSync(join(ROOT, dirname(document), target)));
  expect(missing).toEqual([]);
});
