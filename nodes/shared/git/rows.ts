import { StringDecoder } from 'node:string_decoder';

/** No path is longer, and no row is much longer than its path. */
const LONGEST_ROW = 64 * 1024;

/** The rows of an output, each ended by `end`, as they come; a last one without its end is one, too. */
export async function* rowsIn(stdout: AsyncIterable<Buffer>, end: '\n' | '\0'): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stdout) {
    const rows = (rest + decoder.write(chunk)).split(end);
    rest = rows.pop() ?? '';
    if (rest.length > LONGEST_ROW) rest = rest.slice(0, LONGEST_ROW);
    yield* rows;
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
