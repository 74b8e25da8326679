/** As much of Markdown as it takes to find links and headings. */

/** A page without what is code: fenced blocks, and spans between backticks. */
function withoutFences(page: string): string {
  return page.replace(/^( *)(```+|~~~+).*\n[^]*?^ *\2`*$/gm, '');
}

/** The targets of a page's links and images: inline, by reference, and of HTML. */
export function linksOf(page: string): string[] {
  const text = withoutFences(page).replace(/(`+)[^`][^]*?\1/g, 'code');
  const inline = text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g);
  const references = text.matchAll(/^ {0,3}\[[^\]]+\]:\s+<?([^\s>]+)>?/gm);
  const html = text.matchAll(/<(?:a|img|source)\s[^>]*?(?:href|src|srcset)="([^"]*)"/g);
  return [...inline, ...references, ...html].map(([, target = '']) => target);
}

/** The anchors of a page's headings, as GitHub makes them: the second of the same name ends in `-1`. */
export function anchorsOf(page: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutFences(page).matchAll(/^#{1,6} +(.+?) *#*$/gm)].map(([, heading = '']) => {
    const slug = slugOf(heading);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
}

function slugOf(heading: string): string {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}
