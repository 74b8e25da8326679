const MARK = /["'#\n]/g;

/**
 * Python text without its comments and docstrings: a third of what each conversation would send. Lines keep their numbers, so
 * that a traceback leads to the right place.
 */
export function withoutComments(text: string): string {
  let kept = '';
  let at = 0;
  // What decides whether a string is a docstring: the last character before it, and whether a line began since.
  let last = ':';
  let isFirst = true;
  for (const { 0: mark, index } of text.matchAll(MARK)) {
    if (index < at) continue;
    const code = text.slice(at, index);
    if (code.trim() !== '') [last, isFirst] = [code.trimEnd().slice(-1), false];
    at = mark === '#' ? endOfLine(text, index) : isQuote(mark) ? endOfString(text, index) : index + 1;
    const piece = text.slice(index, at);
    kept += code;
    if (mark === '\n') [isFirst, kept] = [true, kept + piece];
    else if (isQuote(mark) && isFirst && last === ':') kept += `""${piece.replace(/[^\n]/g, '')}`;
    else if (mark !== '#') [last, isFirst, kept] = [mark, false, kept + piece];
  }
  return kept + text.slice(at);
}

function isQuote(character: string): boolean {
  return character === '"' || character === "'";
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

/** Behind the quote, or the three, that end the string which begins here. */
function endOfString(text: string, from: number): number {
  const quote = text.charAt(from);
  const mark = text.startsWith(quote.repeat(3), from) ? quote.repeat(3) : quote;
  for (let at = from + mark.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(mark, at)) return at + mark.length;
  }
  return text.length;
}
