const SHORT: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value as Python shows it: a text in single quotes, with what can't be seen written out. */
export function quoted(value: unknown): string {
  if (typeof value === 'string') return quotedText(value);
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(quoted).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  const fields = Object.entries(value).map(([name, each]) => `${quotedText(name)}: ${quoted(each)}`);
  return `{${fields.join(', ')}}`;
}

function quotedText(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const shown = text.replace(/[\\'\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return character;
    if (character === "'") return mark === "'" ? "\\'" : character;
    return SHORT[character] ?? escaped(character.codePointAt(0) ?? 0);
  });
  return `${mark}${shown}${mark}`;
}

function escaped(code: number): string {
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
