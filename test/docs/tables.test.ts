import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import { OPERATIONS } from '../../nodes/operations';
import { markdownFiles } from '../../scripts/documents/markdownFiles';
import { unusedMeanings } from '../../scripts/documents/outputTable';
import { markersOf, withTables } from '../../scripts/documents/tables';
import { ROOT } from '../support/productFiles';

const pages = markdownFiles().map((path): [name: string, text: string] => [
  relative(ROOT, path),
  readFileSync(path, 'utf8'),
]);
const generated = pages.filter(([, text]) => markersOf(text).length > 0);

test.each(generated)('%s has the tables of today: else run “npm run docs”', (_, text) => {
  expect(text).toBe(withTables(text));
});

test('a table that was edited by hand is noticed', () => {
  const [, text] = generated.find(([name]) => name.endsWith('/engine.md')) ?? [];
  expect(withTables(text?.replace('Default: `/app`', 'Default: `/srv`') ?? '')).toBe(text);
});

test('a marker that names nothing is refused', () => {
  const part = (what: string) => `<!-- generated: ${what} -->\n<!-- end of generated -->`;
  expect(() => withTables(part('toString'))).toThrow('There is no generated part “toString”');
  expect(() => withTables(part('parameters HotDeploy gone'))).toThrow('HotDeploy has no operation gone');
});

test('every operation has a table of its parameters and one of its output', () => {
  const markers = generated.flatMap(([, text]) => markersOf(text));
  const wanted = Object.entries(OPERATIONS).flatMap(([node, operations]) =>
    operations.flatMap(({ value }) => [`parameters ${node} ${value}`, `output ${node} ${value}`]),
  );
  const missing = wanted.filter((what) => !markers.some((marker) => `${marker} `.startsWith(`${what} `)));
  expect(missing).toEqual([]);
});

test('no meaning is kept of a field that no output has any more', () => {
  expect(unusedMeanings()).toEqual([]);
});
