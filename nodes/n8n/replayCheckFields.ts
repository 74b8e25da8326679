/** The fields of a check that runs inputs through what is live and through a new release. */
import { MOST_INPUTS } from '../shared/contract/limits';
import { DeployError } from '../shared/errors';
import type { ListKey, ReplaySettings } from '../shared/replay/replaySettings';
import { choice, count, field, flag, neverEmptied, type ReadParameter, trimmed } from './field';
import { patterns } from './selectionFields';
import { readText } from './values';

const displayOptions = { show: { type: ['replay'] } };

const inputDirectory = trimmed({
  displayName: 'Input Directory',
  name: 'inputDirectory',
  default: '',
  placeholder: 'samples',
  description:
    'Where inputs lie on the engine’s side, from the base path on or absolute. Its first files are run, in the order of their names.',
  displayOptions,
});

const maxInputs = count({
  displayName: 'Max Inputs',
  name: 'maxInputs',
  default: 20,
  typeOptions: { minValue: 1 },
  description:
    'How many of them. Each is run three times: by the live release, by the new one, and by the live one again, to learn what it varies by itself.',
  displayOptions,
});

const maxMinutes = count({
  displayName: 'Max Minutes',
  name: 'maxMinutes',
  default: 10,
  typeOptions: { minValue: 1 },
  description:
    'After so long no further input is started, and the check does not pass unless it was the last',
  displayOptions,
});

const onDifferent = choice(['fail', 'approve', 'accept'], {
  displayName: 'On Differences',
  name: 'onDifferent',
  options: [
    { name: 'Ask for Approval', value: 'approve', description: 'Exactly the Approved Differences go live' },
    { name: 'Fail', value: 'fail' },
    { name: 'Go Live', value: 'accept', description: 'They are listed in the output' },
  ],
  default: 'fail',
  description:
    'What is done about a release that puts something else out. One that fails, loses a file, or takes more time or memory never goes live.',
  displayOptions,
});

const differenceDigest = neverEmptied(
  trimmed({
    displayName: 'Approved Differences',
    name: 'differenceDigest',
    default: '',
    placeholder: '92a246c4807a7335',
    description: 'The differenceDigest of the replay that somebody looked at',
    displayOptions: { show: { type: ['replay'], onDifferent: ['approve'] } },
  }),
);

const ignore = patterns({
  displayName: 'Leave Out Fields',
  name: 'ignoreFields',
  default: '',
  placeholder: 'report.json/createdAt, **/elapsedMs',
  description:
    'What is not compared: paths and globs as differences name them. What the live release varies by itself is left out anyway.',
  displayOptions,
});

const listKeys = field(
  {
    displayName: 'List Keys',
    name: 'listKeys',
    type: 'string',
    typeOptions: { rows: 2 },
    default: '',
    placeholder: '**/evidence = id',
    description:
      'Lists whose order does not matter, and the field that tells their entries apart: “path = field”, one a line',
    displayOptions,
  },
  readListKeys,
);

const tolerance = field(
  {
    displayName: 'Tolerance',
    name: 'tolerance',
    type: 'string',
    default: '',
    placeholder: '0.001, 1 %',
    description: 'How far apart numbers may be: by so much, or by a part of the larger one',
    displayOptions,
  },
  readTolerance,
);

const engineLimit = count({
  displayName: 'Engine Limit',
  name: 'engineLimit',
  default: 0,
  typeOptions: { minValue: 0 },
  description:
    'How many runs of this engine may be in progress at once, those of the Run node with such a limit included; 0 for no limit',
  displayOptions,
});

const allowNetwork = flag({
  displayName: 'Allow Network',
  name: 'allowNetwork',
  default: false,
  description:
    'Whether runs may reach others, such as databases and paid services. Where that can’t be kept from them, the output says so.',
  displayOptions,
});

export const REPLAY_FIELDS = [
  ...[inputDirectory, maxInputs, maxMinutes, onDifferent, differenceDigest, ignore, listKeys, tolerance],
  ...[engineLimit, allowNetwork],
];

/** Reads them. `called` says how messages call a field. */
export function readReplay(
  row: ReadParameter,
  called: (label: string) => string,
  { words, timeoutSeconds }: { words: string[]; timeoutSeconds: number },
): ReplaySettings {
  const directory = inputDirectory.read(row, called('Input Directory'));
  if (directory === '') {
    throw new DeployError(
      'INPUT',
      `${called('Input Directory')} is empty. Name a directory on the engine’s side with inputs that runs have had.`,
    );
  }
  const inputs = maxInputs.read(row, called('Max Inputs'));
  if (inputs > MOST_INPUTS) {
    throw new DeployError('INPUT', `${called('Max Inputs')} is ${inputs}. Give ${MOST_INPUTS} at most.`);
  }
  return {
    inputDirectory: directory,
    arguments: withInput(words, called('Arguments')),
    maxInputs: inputs,
    maxMinutes: maxMinutes.read(row, called('Max Minutes')),
    timeoutSeconds,
    engineLimit: engineLimit.read(row, called('Engine Limit')),
    allowNetwork: allowNetwork.read(row, called('Allow Network')),
    ignore: ignore.read(row, called('Leave Out Fields')),
    listKeys: listKeys.read(row, called('List Keys')),
    tolerance: tolerance.read(row, called('Tolerance')),
    onDifferent: onDifferent.read(row, called('On Differences')),
    differenceDigest: differenceDigest.read(row, called('Approved Differences')),
  };
}

function withInput(words: string[], called: string): string[] {
  if (words.some((word) => word.includes('{inputFile}'))) return words;
  throw new DeployError(
    'INPUT',
    `${called} has no {inputFile} in it. Write it where the input’s path belongs, and {outputDirectory} for a directory to put files into, as in extract {inputFile} --output {outputDirectory}.`,
  );
}

function readListKeys(value: unknown, called: string): ListKey[] {
  const lines = readText(called, value).split(/\r?\n/);
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return [];
    const end = line.lastIndexOf('=');
    const [list, key] = [line.slice(0, end).trim(), line.slice(end + 1).trim()];
    if (end > 0 && list !== '' && key !== '') return [{ list, key }];
    throw new DeployError(
      'INPUT',
      `${called}: line ${index + 1} is ${JSON.stringify(line)}. Write “path = field”, such as **/evidence = id.`,
    );
  });
}

function readTolerance(value: unknown, called: string): ReplaySettings['tolerance'] {
  const found = { absolute: 0, percent: 0 };
  const given = typeof value === 'number' ? String(value) : readText(called, value);
  for (const part of given.split(',').filter((each) => each.trim() !== '')) {
    const [, number = '', sign] = /^(\d+(?:\.\d+)?) ?(%?)$/.exec(part.trim()) ?? [];
    if (number === '') {
      throw new DeployError(
        'INPUT',
        `${called} is ${JSON.stringify(given)}. Write a number, a percentage, or both with a comma between, such as 0.001, 1 %.`,
      );
    }
    found[sign ? 'percent' : 'absolute'] = Number(number);
  }
  return found;
}
