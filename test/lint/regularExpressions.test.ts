/**
 * No regular expression that the package ships takes more than linear time, whatever the text: they read what hosts,
 * repositories and forges send, and n8n has one event loop. `recheck` proves it, or shows a text that takes longer.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import '../support/alone';
import { type Expression, expressionsOf, looksFar, repeats } from '../support/expressions';
import { productFiles, ROOT } from '../support/productFiles';
import { pythonExpressions } from '../support/pythonExpressions';

jest.setTimeout(3_600_000);

/** Where expressions are put together at run time, and why that is safe. */
const BUILT: Readonly<Record<string, string>> = {
  'nodes/shared/contract/shape.ts': 'the contract’s patterns, which are looked at below',
  'nodes/shared/release/decide/planDigest.ts': 'of constants, and nothing in it repeats without end',
};

const written = productFiles().map((file) => ({ file, ...expressionsOf(file) }));

/** What is wrong with expressions, each with a text that it takes long for. */
function complaints(expressions: readonly Expression[]): string[] {
  const repeating = expressions.filter(({ source }) => repeats(source));
  const far = repeating.filter(({ source }) => looksFar(source));
  const proofs = execFileSync(process.execPath, [join(__dirname, '../support/recheckWorker.js')], {
    input: JSON.stringify(repeating),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const found: Array<string | null> = JSON.parse(proofs);
  return [
    ...far.map(({ at, source }) => `${at} /${source}/ looks ahead without end, at many places`),
    ...repeating.flatMap(({ at, source }, index) =>
      found[index] ? [`${at} /${source}/ ${found[index]}`] : [],
    ),
  ];
}

test('no expression of the nodes backtracks', () => {
  const expressions = written.flatMap(({ expressions: each }) => each);
  expect(expressions.length).toBeGreaterThan(100);
  expect(complaints(expressions)).toEqual([]);
});

test('expressions are put together at run time only where it is known how', () => {
  expect([...new Set(written.flatMap(({ built }) => built))].sort()).toEqual(Object.keys(BUILT));
});

test('the contract’s patterns don’t backtrack, in neither language', () => {
  const directory = 'nodes/shared/contract';
  const patterns = readdirSync(join(ROOT, directory)).flatMap((name) =>
    patternsIn(jest.requireActual(join(ROOT, directory, name))).map((source) => ({
      at: `${directory}/${name}`,
      source: `^(?:${source})$`,
      flags: '',
    })),
  );
  expect(patterns.length).toBeGreaterThan(4);
  expect(complaints(patterns)).toEqual([]);
});

test('the executor’s expressions don’t backtrack', () => {
  const modules = readdirSync(join(ROOT, 'executor/hot_deploy')).filter((name) => name.endsWith('.py'));
  const found = pythonExpressions(modules);
  expect(found.length).toBeGreaterThan(10);
  // One of the contract's patterns, of which the test above is.
  expect(found.filter(({ source }) => source === null).map(({ at }) => at.split(':')[0])).toEqual([
    'shapes.py',
  ]);
  const expressions = found.flatMap(({ at, source, ignoreCase }) =>
    source === null ? [] : [{ at, source, flags: ignoreCase ? 'i' : '' }],
  );
  expect(complaints(expressions)).toEqual([]);
});

test.each([
  ['a class that repeats before what it may be', '(?:-r)(?:\\s*=?\\s*)(.+)$'],
  ['a search for the end of a run', '\\s+$'],
  ['a loop in a loop', '^\\.(?:\\/+\\.?)*$'],
  ['a look ahead at many places', 'Collecting (?![\\s\\S]*Collecting)'],
  ['two parts with anything between', 'git clone\\b.* did not run'],
])('the lint sees %s', (_, source) => {
  expect(complaints([{ at: 'here', source, flags: '' }])).not.toEqual([]);
});

/** The sources of the patterns in a module's shapes, however deep. */
function patternsIn(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  if (Array.isArray(value) && value[0] === 'matching') return [String(value[1])];
  return Object.values(value).flatMap((inner) => patternsIn(inner, seen));
}
