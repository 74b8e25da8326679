import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { HARMLESS, OPERATIONS } from '../../nodes/operations';
import { READING_VERBS } from '../../nodes/shared/contract/verbs';

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

test('every line of docs/compatibility.md names tests that exist, or says that it was not run', () => {
  const rows = read('docs/compatibility.md')
    .split('\n')
    .filter((line) => /^\| /.test(line) && !/Shown by +\|$|^\| -/.test(line));
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows) {
    const cells = row.split('|').map((cell) => cell.trim());
    const [what, shownBy] = [cells[1], cells[cells.length - 2]];
    if (shownBy.startsWith('not run')) continue;
    const paths = [...shownBy.matchAll(/`([\w./]+)`/g)].map(([, name]) => `test/${name}.test.ts`);
    expect([what, paths.length > 0]).toEqual([what, true]);
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  }
});

test('every fault in docs/faults.md is shown by tests that exist', () => {
  const rows = read('docs/faults.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Fault|-)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const tests = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    expect([row, tests.length > 0]).toEqual([row, true]);
    for (const name of tests)
      expect([name, existsSync(join(ROOT, `test/${name}.test.ts`))]).toEqual([name, true]);
  }
});

describe('README', () => {
  const part = (heading: string) => read('README.md').split(`\n## ${heading}\n`)[1].split('\n## ')[0];
  const names = Object.values(OPERATIONS)
    .flat()
    .map(({ name }) => name);

  test.each(names)('explains the operation %s', (name) => {
    const explained = part('Operations')
      .split('\n')
      .flatMap((line) => /^(?:### .*: |- \*\*)([^*]+)/.exec(line)?.[1] ?? []);
    // As `### Hot Deploy: …` or `- **…**: …`.
    expect(explained.map((each) => each.slice(0, name.length))).toContain(name);
  });

  test('names the operations that an agent may always call', () => {
    const [sentence] = part('AI agents').split('change nothing');
    expect(names.filter((name) => sentence.includes(name)).sort()).toEqual([...HARMLESS].sort());
  });
});

test.each(DOCUMENTS)('%s links to files that exist', (document) => {
  const links = [...read(document).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, target]) => target);
  const missing = links
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !existsSync(join(ROOT, dirname(document), target)));
  expect(missing).toEqual([]);
});

describe('what a release says', () => {
  const notes = (...versions: string[]) =>
    execFileSync(process.execPath, [join(ROOT, 'scripts/releaseNotes.js'), ...versions], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  test('is its part of the changelog, which has one for this version', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const text = notes(`v${version}`);
    expect(read('CHANGELOG.md')).toContain(text.trim());
    expect(text).not.toMatch(/^## /m);
  });

  test('a version without one is refused', () => {
    expect(() => notes('9.9.9')).toThrow(/has nothing under the heading “## 9.9.9”/);
    expect(() => notes()).toThrow(/Write it first/);
  });
});

test('the pages give the number of set-ups for the least privilege as it is', () => {
  const numbers = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
  const setUps = (read('docs/least-privilege.md').match(/^## \d+\./gm) ?? []).length;
  const told = DOCUMENTS.flatMap((page) =>
    [...read(page).matchAll(new RegExp(`\\b(${numbers.join('|')}) set-ups`, 'gi'))].map(([, number]) => [
      page,
      number.toLowerCase(),
    ]),
  );
  expect(told).toContainEqual(['docs/least-privilege.md', numbers[setUps - 1]]);
  expect(told.filter(([, number]) => number !== numbers[setUps - 1])).toEqual([]);
});

test('no page gives another number of steps that a key for reading takes than the contract has', () => {
  const count = READING_VERBS.length;
  for (const page of DOCUMENTS.filter((name) => name !== 'CHANGELOG.md')) {
    const told = [
      ...read(page).matchAll(/\b(two|three|four|five|six|seven|eight|nine|\d+) (?:steps|verbs)\b[^.]*/gi),
    ];
    const ofReading = told.filter(([text]) => /read[- ]only|only reads|for reading/i.test(text));
    for (const [text, number] of ofReading) expect([page, text, number]).toEqual([page, text, String(count)]);
  }
});
