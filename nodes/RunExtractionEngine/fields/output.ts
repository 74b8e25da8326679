import { basename } from 'node:path';
import { Readable } from 'node:stream';

import { choice, type ReadParameter, trimmed } from '../../n8n/field';
import type { ItemContext } from '../../n8n/item';
import { patterns } from '../../n8n/selectionFields';
import { DeployError } from '../../shared/errors';
import type { JsonPlace, Wanted } from '../../shared/run/request';
import type { TakeFile } from '../../shared/run/runResult';

const output = choice(['json', 'jsonLines', 'text', 'files'], {
  displayName: 'Output',
  name: 'output',
  options: [
    { name: 'Files', value: 'files', description: 'Files of {outputDirectory}, as binary data' },
    { name: 'JSON', value: 'json', description: 'One value, from what it prints or from a file' },
    { name: 'JSON Lines', value: 'jsonLines', description: 'A list of what each line that it prints holds' },
    { name: 'Text', value: 'text', description: 'What it prints, as it is' },
  ],
  default: 'json',
  description: 'What comes out of the run',
});

const jsonFrom = choice(['stdout', 'lastLine', 'marker', 'file'], {
  displayName: 'JSON From',
  name: 'jsonFrom',
  options: [
    {
      name: 'All That It Prints',
      value: 'stdout',
      description: 'Its standard output is JSON and nothing else',
    },
    { name: 'File', value: 'file', description: 'A file of {outputDirectory}' },
    { name: 'Last Line', value: 'lastLine', description: 'Whatever it prints before' },
    { name: 'Marker', value: 'marker', description: 'What follows NAME: on the last line that begins so' },
  ],
  default: 'stdout',
  description: 'Where the JSON is',
  displayOptions: { show: { output: ['json'] } },
});

const marker = trimmed({
  displayName: 'Marker',
  name: 'marker',
  default: '',
  required: true,
  placeholder: 'RESULT',
  description: 'The word before the colon, as in RESULT:{"pages": 3}',
  displayOptions: { show: { output: ['json'], jsonFrom: ['marker'] } },
});

const outputFile = trimmed({
  displayName: 'Output File',
  name: 'outputFile',
  default: '*.json',
  required: true,
  placeholder: '*_extraction.json',
  description: 'The one file of {outputDirectory} that holds the JSON: a name or a glob',
  displayOptions: { show: { output: ['json'], jsonFrom: ['file'] } },
});

const outputFiles = patterns({
  displayName: 'Output Files',
  name: 'outputFiles',
  default: '**',
  placeholder: '*.xlsx, charts/**',
  description: 'Which files of {outputDirectory} come out: names and globs, separated by commas or lines',
  displayOptions: { show: { output: ['files'] } },
});

const outputBinaryField = trimmed({
  displayName: 'Put Output Files in Field',
  name: 'outputBinaryField',
  default: 'data',
  required: true,
  description: 'Name of the output field for the first file; the others get a number behind it, as in data_1',
  displayOptions: { show: { output: ['files'] } },
});

/** What comes out. */
export const outputFields = [output, jsonFrom, marker, outputFile, outputFiles, outputBinaryField];

/** What the item's parameters ask for. Throws `INPUT` naming the field that is empty. */
export function readWanted(read: ReadParameter): Wanted {
  const kind = output.read(read);
  if (kind === 'files') return { kind, patterns: outputFiles.read(read) };
  return kind === 'json' ? { kind, place: placeOf(read) } : { kind };
}

function placeOf(read: ReadParameter): JsonPlace {
  const from = jsonFrom.read(read);
  if (from === 'marker') return { from, marker: filled('Marker', marker.read(read).replace(/:$/, '')) };
  if (from === 'file') return { from, pattern: filled('Output File', outputFile.read(read)) };
  return { from };
}

function filled(called: string, value: string): string {
  if (value !== '') return value;
  throw new DeployError('INPUT', `${called} is empty. Fill it in, or choose another JSON From.`);
}

/** Puts files into the item's binary data, as they come, instead of what is in it by now. */
export function filesInto({ node, binary, read }: ItemContext): TakeFile {
  for (const field of Object.keys(binary)) delete binary[field];
  return async ({ path }, content, index) => {
    const field = outputBinaryField.read(read) || 'data';
    const stream = Readable.from(content, { objectMode: false });
    const data = await node.helpers.prepareBinaryData(stream, basename(path));
    binary[index === 0 ? field : `${field}_${index}`] = data;
  };
}
