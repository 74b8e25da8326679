/**
 * Passwords in addresses, such as `postgres://user:password@host/db`, masked wherever they stand in a text. The engine's
 * side does the same with what programs print: `executor/hot_deploy/masking.py`, tested against the same file of cases.
 *
 * By hand rather than by a regular expression: each character is looked at once, whatever the text is.
 */

/** Stands for a secret. */
const MASK = '***';
const SCHEME_END = '://';
/** None of these is in the part of an address that a password can be in. */
const AFTER_AUTHORITY = /[\s/\\?#"'`<>\p{Cc}]/gu;

/** The text with every password in an address masked, and every token that stands alone before a web host. */
export function withoutPasswords(text: string): string {
  let shown = '';
  let copied = 0;
  let next: number;
  for (let found = text.indexOf(SCHEME_END); found >= 0; found = text.indexOf(SCHEME_END, next)) {
    const start = found + SCHEME_END.length;
    const end = endOfAuthority(text, start);
    // The colon of another one may be the last character of this one.
    next = Math.max(start, end - 1);
    const authority = text.slice(start, end);
    const at = authority.lastIndexOf('@');
    const colon = authority.indexOf(':');
    const named = colon >= 0 && colon < at;
    const from = named ? colon + 1 : 0;
    if (from >= at || (!named && !isWeb(text, found))) continue;
    shown += text.slice(copied, start + from) + MASK;
    copied = start + at;
  }
  return shown + text.slice(copied);
}

function endOfAuthority(text: string, start: number): number {
  AFTER_AUTHORITY.lastIndex = start;
  return AFTER_AUTHORITY.exec(text)?.index ?? text.length;
}

/** What stands alone before the host of `http://` or `https://` is no user's name but a token. */
function isWeb(text: string, end: number): boolean {
  return /https?$/i.test(text.slice(Math.max(0, end - 5), end));
}
