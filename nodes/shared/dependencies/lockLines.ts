import type { Reference } from './requirementLines';

/** What a lock (PEP 751) takes from files: every `path` of a package’s wheels, source distribution or directory. */
export function readLockReferences(text: string): Reference[] {
  const lines = text.split(/\r?\n/).map((line) => line.replace(/^\s*#.*$/, ''));
  const tables = lines.map((line) => (/^\s*\[/.test(line) ? 1 : 0) as number);
  for (let at = 1; at < tables.length; at++) tables[at] += tables[at - 1];
  // In the table of a directory, beside its path or on a line of its own.
  const editable = new Set(tables.filter((_, at) => /(?:^|[\s{,])editable\s*=\s*true\b/.test(lines[at])));
  return lines.flatMap((line, at) =>
    [...line.matchAll(/(?:^|[\s{,])path\s*=\s*(["'])(.*?)\1/g)].map(([, , target]) => ({
      kind: 'local' as const,
      target,
      line: at + 1,
      editable: editable.has(tables[at]),
    })),
  );
}
