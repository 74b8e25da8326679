import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

import ts from 'typescript';

import { productFiles, ROOT } from '../support/productFiles';

/** What each file imports of ours, types included: the linter follows values only. */
function importsOf(files: readonly string[]): Map<string, string[]> {
  const known = new Set(files);
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(ROOT, file), 'utf8'));
      const paths = importedFiles
        .filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => normalize(join(dirname(file), fileName)))
        .map((path) => [`${path}.ts`, `${path}/index.ts`].find((each) => known.has(each)) ?? path);
      return [file, paths];
    }),
  );
}

/** The first way that leads back to where it came from. */
function cycleIn(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const follow = (file: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(file)) return [...way.slice(way.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const next of imports.get(file) ?? []) {
      const found = follow(next, [...way, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of imports.keys()) {
    const found = follow(file, []);
    if (found) return found;
  }
  return undefined;
}

describe('imports', () => {
  it('go round in no circle, not even for types', () => {
    expect(cycleIn(importsOf(productFiles()))).toBeUndefined();
  });

  it('would be seen to', () => {
    const circle = new Map([['a', ['b']], ['b', ['c', 'd']], ['c', []], ['d', ['b']]]); // prettier-ignore
    expect(cycleIn(circle)).toEqual(['b', 'd', 'b']);
  });

  it('are all found', () => {
    const files = productFiles();
    const known = new Set(files);
    const unknown = [...importsOf(files)].flatMap(([file, paths]) =>
      paths.filter((path) => !known.has(path) && !path.endsWith('.json')).map((path) => `${file}: ${path}`),
    );
    expect(unknown).toEqual([]);
  });
});
