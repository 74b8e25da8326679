/** The fields of a check that runs inputs through what is live and through a new release. */
import { MOST_INPUTS } from '../shared/contract/limits';
import { DeployError } from '../shared/errors';
import { type ListKey, RECORDED, type ReplaySettings } from '../shared/replay/replaySettings';
import { atMost, engineLimitField, readEngineLimit } from './engineLimitField';
import {
  choice,
  count,
  type Field,
  field,
  flag,
  neverEmptied,
  option,
  type ReadParameter,
  trimmed,
} from './field';
import { patterns } from './selectionFields';
import { readText } from './values';

const inputsFrom = choice(['directory', 'binary', 'recorded'], {
  displayName: 'Inputs',
  name: 'inputsFrom',
  options: [
    { name: 'Binary Data', value: 'binary', description: 'Files that the item carries' },
    { name: 'Directory', value: 'directory', description: 'Files on the engine’s side' },
    {
      name: 'Recorded Inputs',
      value: 'recorded',
      description: 'What runs were given, where Record Inputs of Run Extraction is on',
    },
  ],
  default: 'directory',
  description: 'What is run',
});

const binaryFields = patterns({
  displayName: 'Input Binary Fields',
  name: 'binaryFields',
  default: 'data',
  hint: 'The names of the input fields that contain the files',
  description: 'Separated by commas; empty for all that the item carries',
  displayOptions: { show: { inputsFrom: ['binary'] } },
});

const inputDirectory = trimmed({
  displayName: 'Input Directory',
  name: 'inputDirectory',
  default: '',
  placeholder: 'samples',
  description:
    'Where inputs lie on the engine’s side, from the base path on or absolute. Its first files are run, in the order of their names.',
  displayOptions: { show: { inputsFrom: ['directory'] } },
});

const maxInputs = count({
  displayName: 'Max Inputs',
  name: 'maxInputs',
  default: 20,
  typeOptions: { minValue: 1, maxValue: MOST_INPUTS },
  description:
    'How many of them. Each is run three times: by the live release, by the new one, and by the live one again, to learn what it varies by itself.',
});

const maxMinutes = count({
  displayName: 'Max Minutes',
  name: 'maxMinutes',
  default: 10,
  typeOptions: { minValue: 1 },
  description:
    'After so long no further input is started, and the check does not pass unless it was the last',
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
});

const differenceDigest = neverEmptied(
  trimmed({
    displayName: 'Approved Differences',
    name: 'differenceDigest',
    default: '',
    placeholder: '92a246c4807a7335',
    description: 'The differenceDigest of the replay that somebody looked at',
    displayOptions: { show: { onDifferent: ['approve'] } },
  }),
);

const ignore = patterns({
  displayName: 'Leave Out Fields',
  name: 'ignoreFields',
  default: '',
  placeholder: 'report.json/createdAt, **/elapsedMs',
  description:
    'What is not compared: paths and globs as differences name them. What the live release varies by itself is left out anyway.',
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
  },
  readTolerance,
);

const allowNetwork = flag({
  displayName: 'Allow Network',
  name: 'allowNetwork',
  default: false,
  description:
    'Whether runs may reach others, such as databases and paid services. Where that can’t be kept from them, the output says so.',
});

/** What a replay of its own asks for, beside the releases, and what it has in the collection Options. */
export const inputFields = [inputsFrom, inputDirectory, binaryFields];
export const comparisonFields = [maxInputs, maxMinutes, ignore, listKeys, tolerance];
const network = option(allowNetwork);
const limit = option(engineLimitField);
export const replayOptions = [network, limit];

export const INPUT_FIELDS: readonly Field[] = inputFields.map(ofReplays);

/** The same, and what is done about differences, as a check of that type has it. */
export const REPLAY_FIELDS: readonly Field[] = [
  ...[maxInputs, maxMinutes, onDifferent, differenceDigest, ignore, listKeys, tolerance],
  ...[engineLimitField, allowNetwork],
].map(ofReplays);

function ofReplays(member: Field): Field {
  const { displayOptions, ...property } = member.property;
  const show = { type: ['replay'], ...displayOptions?.show };
  return { ...member, property: { ...property, displayOptions: { show } } };
}

type Called = (label: string) => string;
type Asked = { words: string[]; timeoutSeconds: number };

/** Reads a check's fields. `called` says how messages call one. */
export function readReplay(row: ReadParameter, called: Called, asked: Asked): ReplaySettings {
  return {
    ...readComparison(row, called, asked),
    engineLimit: readEngineLimit(engineLimitField, row, called('Engine Limit')),
    allowNetwork: allowNetwork.read(row, called('Allow Network')),
    onDifferent: onDifferent.read(row, called('On Differences')),
    differenceDigest: differenceDigest.read(row, called('Approved Differences')),
  };
}

/** Reads what a replay of its own asks for: it says what differs, and nothing is done about it. */
export function readReplayOfReleases(read: ReadParameter, asked: Asked): ReplaySettings {
  return {
    ...readComparison(read, (label) => label, asked),
    engineLimit: readEngineLimit(limit, read),
    allowNetwork: network.read(read),
    onDifferent: 'fail',
    differenceDigest: '',
  };
}

function readComparison(
  read: ReadParameter,
  called: Called,
  { words, timeoutSeconds }: Asked,
): Omit<ReplaySettings, 'engineLimit' | 'allowNetwork' | 'onDifferent' | 'differenceDigest'> {
  const from = inputsFrom.read(read, called('Inputs'));
  const given = from === 'directory' ? inputDirectory.read(read, called('Input Directory')) : '';
  if (from === 'directory' && given === '') {
    throw new DeployError(
      'INPUT',
      `${called('Input Directory')} is empty. Name a directory on the engine’s side with inputs that runs have had.`,
    );
  }
  return {
    inputDirectory: from === 'recorded' ? RECORDED : given,
    binaryFields: binaryFields.read(read, called('Input Binary Fields')),
    arguments: withInput(words, called('Arguments')),
    maxInputs: atMost(called('Max Inputs'), maxInputs.read(read, called('Max Inputs')), MOST_INPUTS),
    maxMinutes: maxMinutes.read(read, called('Max Minutes')),
    timeoutSeconds,
    ignore: ignore.read(read, called('Leave Out Fields')),
    listKeys: listKeys.read(read, called('List Keys')),
    tolerance: tolerance.read(read, called('Tolerance')),
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
