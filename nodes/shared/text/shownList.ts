/** As many items as a sentence names. */
const SHOWN = 3;

/** Some items as a sentence names them: all of a few, the first of many, such as “a, b, c and 4 more”. */
export function shownList(first: readonly string[], count = first.length): string {
  const shown = first.slice(0, SHOWN);
  const more = count - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more.toLocaleString('en')} more`;
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
