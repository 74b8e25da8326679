const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '<br>',
};

/** The editor shows descriptions and hints as HTML: what somebody else said must come out as its text, and be no link. */
export function asHtml(text: string): string {
  return text.replace(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character);
}
