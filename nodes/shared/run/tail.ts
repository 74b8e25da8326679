import type { RunFacts } from './ending';

/** The end of what a run printed, as an item shows it: at most so many characters, and how many bytes are left out. */
export function tail(printed: RunFacts['stdout'], most: number): string {
  if (!printed) return '';
  const { text, bytes, left } = printed;
  if (text === undefined) return `[${bytes + left} bytes]`;
  if (text.length <= most && left === 0) return text;
  const end = text.slice(-most);
  const cut = Buffer.byteLength(text) - Buffer.byteLength(end) + left;
  return `[${cut} bytes left out]\n${end}`;
}
