import { printableLines } from '../text/printable';

/** Markup that holds no value as it came: only {@link html} makes it, and it escapes whatever is put in. */
export class Markup {
  private constructor(readonly text: string) {}

  /** @internal for {@link html} */
  static of(text: string): Markup {
    return new Markup(text);
  }
}

/** What may stand in a template: text and numbers are escaped, nothing is left out. */
export type Content = Markup | string | number | null | undefined | false | readonly Content[];

/** Template tag: the literal parts are markup, each value comes out as its text. */
export function html(literals: TemplateStringsArray, ...values: Content[]): Markup {
  const pieces = literals.map((literal, index) => literal + rendered(values[index]));
  return Markup.of(pieces.join(''));
}

function rendered(content: Content): string {
  if (content === undefined || content === null || content === false) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'object') return content.map(rendered).join('');
  return escapeText(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text for an element or a quoted attribute. What can't be seen but changes what is seen is shown by its number. */
export function escapeText(text: string): string {
  return printableLines(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? character);
}
