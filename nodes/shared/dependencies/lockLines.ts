import { LONGEST_LINE, type Reference, tooLong } from './requirementLines';

/**
 * What a lock (PEP 751) takes from files: every `path` of a package’s wheels, source distribution or directory.
 *
 * @throws DeployError `INPUT` naming file and line for one of more than {@link LONGEST_LINE} characters
 */
export function readLockReferences(text: string, file: string): Reference[] {
  const lines = text.split(/\r?\n/).map((line, at) => {
    if (line.length > LONGEST_LINE) throw tooLong(file, at + 1);
    return line.trimStart().startsWith('#') ? '' : line;
  });
  let table = 0;
  const numbered = lines.map((line, at) => {
    if (line.trimStart().startsWith('[')) table += 1;
    return { line, table, number: at + 1 };
  });
  // In the table of a directory, beside its path or on a line of its own.
  const editable = new Set(
    numbered.filter(({ line }) => /(?:^|[\s{,])editable\s*=\s*true\b/.test(line)).map((each) => each.table),
  );
  return numbered.flatMap(({ line, table: own, number }) =>
    [...line.matchAll(/(?:^|[\s{,])path\s*=\s*(?:"([^"]*)"|'([^']*)')/g)].map(([, double, single = '']) => ({
      kind: 'local' as const,
      target: double ?? single,
      line: number,
      editable: editable.has(own),
    })),
  );
}
