/** Values in what a run printed, banners around them or not. */
import { DeployError } from '../errors';
import type { JsonPlace } from './request';

/** As much of an output as a sentence quotes. */
const QUOTED = 200;

/** The JSON that a run printed. Throws `RUN` quoting what is there instead. */
export function jsonPrinted(text: string, place: Exclude<JsonPlace, { from: 'file' }>): unknown {
  if (place.from === 'marker') return valueBehind(text, place.marker);
  const given = place.from === 'lastLine' ? lastLine(text) : text.trim();
  const found = parsed(given);
  if (found) return found.value;
  throw place.from === 'lastLine'
    ? unreadable(
        'The last line of the output is no JSON',
        given,
        'Where the engine prints more behind the JSON, take JSON From: Marker or File.',
      )
    : unreadable(
        'The output is no JSON',
        given,
        'Where the engine prints more than the JSON, take JSON From: Last Line, Marker or File.',
      );
}

/** The JSON of each line that isn't empty. Throws `RUN` naming the first line that is none. */
export function jsonLinesPrinted(text: string): unknown[] {
  const values: unknown[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = parsed(line);
    if (!found) throw unreadable(`Line ${index + 1} of the output is no JSON`, line);
    values.push(found.value);
  }
  return values;
}

/** The JSON in a file that a run wrote, with or without a byte order mark. Throws `RUN` quoting what is there instead. */
export function jsonInFile(path: string, text: string): unknown {
  const given = text.replace(/^\ufeff/, '');
  const found = parsed(given);
  if (found) return found.value;
  throw unreadable(`The file ${path} is no JSON`, given);
}

/** What follows the marker on the last line that begins with it: JSON, or a word as it is. */
function valueBehind(text: string, marker: string): unknown {
  const begin = `${marker}:`;
  const line = text
    .split('\n')
    .map((each) => each.trim())
    .findLast((each) => each.startsWith(begin));
  if (line === undefined) {
    throw unreadable(
      `No line of the output begins with ${begin}`,
      text.trim(),
      'See that Marker is spelled as the engine prints it, without its colon.',
    );
  }
  const given = line.slice(begin.length).trim();
  const found = parsed(given);
  return found ? found.value : given;
}

function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .findLast((line) => line.trim() !== '')
      ?.trim() ?? ''
  );
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function unreadable(what: string, given: string, remedy?: string): DeployError {
  const shown = given === '' ? 'it is empty' : `it begins with ${JSON.stringify(given.slice(0, QUOTED))}`;
  return new DeployError('RUN', `${what}: ${shown}.`, { description: remedy });
}
