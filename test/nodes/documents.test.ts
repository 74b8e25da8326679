import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { HARMLESS, OPERATIONS } from '../../nodes/operations';
import { READING_VERBS } from '../../nodes/shared/contract/verbs';
import { markdownFiles } from '../../scripts/documents/markdownFiles';

const ROOT = join(__dirname, '..', '..');
const PAGES = markdownFiles().map((path) => relative(ROOT, path));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

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

test('every line of docs/reference/compatibility.md names tests that exist, or says that it was not run', () => {
  const rows = read('docs/reference/compatibility.md')
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

describe('the reference', () => {
  const PAGES: Readonly<Record<string, string>> = {
    HotDeploy: 'docs/reference/hot-deploy.md',
    RollbackExtractionEngine: 'docs/reference/rollback-extraction-engine.md',
    RunExtractionEngine: 'docs/reference/run-extraction-engine.md',
  };
  const named = Object.entries(OPERATIONS).flatMap(([node, operations]) =>
    operations.map(({ name }): [string, string] => [name, PAGES[node] ?? '']),
  );

  test.each(named)('explains the operation %s in %s', (name, page) => {
    for (const heading of [`## ${name}`, `### Parameters of ${name}`, `### Output of ${name}`])
      expect(read(page)).toContain(`\n${heading}\n\n`);
  });

  test.each(named)('and README says in a sentence what %s does', (name) => {
    const [, operations = ''] = read('README.md').split('\n## Operations\n');
    expect(operations.split('\n## ')[0]).toContain(`\n- **${name}** `);
  });

  test('names the operations that an agent may always call', () => {
    const page = read('docs/how-to/ai-agents.md').replace(/\s+/g, ' ');
    // Without the names of nodes, in which those of operations are.
    const [sentence = ''] = page.replace(/_[^_]+_/g, '').split('change nothing');
    expect(
      named
        .map(([name]) => name)
        .filter((name) => sentence.includes(name))
        .sort(),
    ).toEqual([...HARMLESS].sort());
  });
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
    expect(text).not.toMatch(/^## |^\[/m);
  });

  test('a version without one is refused, and what has no version yet', () => {
    expect(() => notes('9.9.9')).toThrow(/has nothing under the heading “## \[9.9.9\] - YYYY-MM-DD”/);
    expect(() => notes('Unreleased')).toThrow(/Write it first/);
    expect(() => notes()).toThrow(/Write it first/);
  });
});

test('the changelog has the form of Keep a Changelog', () => {
  const [, ...versions] = read('CHANGELOG.md').split(/^## /m);
  const [unreleased, ...released] = versions.map((text) => text.split('\n', 1)[0]);
  expect(unreleased).toBe('[Unreleased]');
  for (const heading of released) expect(heading).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  const kinds = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  for (const text of versions) {
    const found = [...text.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind);
    expect(found).toEqual(kinds.filter((kind) => found.includes(kind)));
  }
});

test.each(['CHANGELOG.md', 'docs/explanation/faults-found.md'])(
  'every fault in %s names a test that exists',
  (page) => {
    const [, ...faults] = read(page).replace(/\s+/g, ' ').split(' Cause: ');
    expect(faults.length).toBeGreaterThan(2);
    for (const fault of faults) {
      expect(fault).toMatch(/ Fix: [^]* Test: /);
      const [, shownBy = ''] = fault.split(' Test: ');
      const names = [...(/^(?:[^.]|\.(?! |$))*/.exec(shownBy)?.[0] ?? '').matchAll(/`([^`]+)`/g)];
      for (const [, name = ''] of names) {
        if (/^npm /.test(name)) continue;
        const places = ['', 'shared/'].map((folder) => join(ROOT, `test/${folder}${name}.test.ts`));
        expect([name, places.some((path) => existsSync(path))]).toEqual([name, true]);
      }
    }
  },
);

test('the pages give the number of set-ups for the least privilege as it is', () => {
  const numbers = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
  const setUps = (read('docs/least-privilege.md').match(/^## \d+\./gm) ?? []).length;
  const told = PAGES.flatMap((page) =>
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
  for (const page of PAGES.filter((name) => name !== 'CHANGELOG.md')) {
    const told = [
      ...read(page).matchAll(/\b(two|three|four|five|six|seven|eight|nine|\d+) (?:steps|verbs)\b[^.]*/gi),
    ];
    const ofReading = told.filter(([text]) => /read[- ]only|only reads|for reading/i.test(text));
    for (const [text, number] of ofReading) expect([page, text, number]).toEqual([page, text, String(count)]);
  }
});
