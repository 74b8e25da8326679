/** A table without padding, so that one longer cell changes one line. A cell may hold Markdown, but no line break. */
export function markdownTable(header: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A sentence of a description as a cell: what Markdown would take for a mark is shown as it is. */
export function cell(text: string): string {
  return text
    .replace(/\n/g, ' ')
    .replace(/[|*]|__|~(?=~)/g, (mark) => [...mark].map((character) => `\\${character}`).join(''));
}

/** Text in the shape of code, as a cell. */
export function code(text: string): string {
  return `\`${text.replace(/\|/g, '\\|')}\``;
}
