/** Writes the generated tables of the documentation anew: `npm run docs`. A test says when a page is stale. */
import { readFileSync, writeFileSync } from 'node:fs';

import { markdownFiles } from './documents/markdownFiles';
import { withTables } from './documents/tables';

for (const path of markdownFiles()) {
  const text = readFileSync(path, 'utf8');
  const current = withTables(text);
  if (current === text) continue;
  writeFileSync(path, current);
  console.log(path);
}
