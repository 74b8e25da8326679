const SHOWN_CHARACTERS = 300;

/** A path, pattern or link target as messages show it: in double quotes, on one line, at most 300 characters. */
export function quote(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return JSON.stringify(shown);
}
