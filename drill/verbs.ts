import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Verb } from '../nodes/shared/executor/protocol';

const SOURCE = join(__dirname, '../executor/hot_deploy/verbs.py');

/** The executor's verbs, read from its own table: a verb that is added there has to get a row here. */
export function executorVerbs(): Verb[] {
  const table = /^VERBS = \{$([\s\S]*?)^\}$/m.exec(readFileSync(SOURCE, 'utf8'));
  const verbs = [...(table?.[1] ?? '').matchAll(/^\s+"(\w+)":/gm)].map(([, verb]) => verb as Verb);
  if (verbs.length === 0) throw new Error(`No verbs were found in ${SOURCE}`);
  return verbs;
}
