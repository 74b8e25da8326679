import type { IDataObject } from 'n8n-workflow';

import { shellOnly } from '../shared/release/shellOperators';
import { DeployError } from '../shared/errors';
import type { Check, CheckType } from '../shared/release/checks';
import { AS_WRITTEN, choice, count, field, type ReadParameter, text, within } from './field';
import { HTTP_FIELDS, readHttpCheck, readStartCommand } from './httpCheckFields';
import { commandTimeoutSeconds } from './locationFields';
import { INPUT_FIELDS, readReplay, REPLAY_FIELDS } from './replayCheckFields';
import { isRecord } from './values';
import { patterns } from './selectionFields';
import { environmentField } from './variables';
import { argumentList } from './argumentList';

const DEFAULT_NAMES: Record<CheckType, string> = {
  compile: 'Python files compile',
  json: 'JSON files are well-formed',
  python: 'Python code',
  command: 'Command',
  engine: 'Engine starts',
  http: 'Service answers',
  replay: 'Replay',
};

const type = choice(['compile', 'json', 'python', 'command', 'engine', 'http', 'replay'], {
  displayName: 'Type',
  name: 'type',
  options: [
    {
      name: 'As Workflows Start It',
      value: 'engine',
      description:
        'The engine itself, started in the base path with nothing added, ends with exit code 0. Begin with this one.',
    },
    { name: 'Command', value: 'command', description: 'A program ends with exit code 0' },
    { name: 'Files Compile', value: 'compile', description: 'Every Python file compiles' },
    {
      name: 'HTTP Request',
      value: 'http',
      description:
        'A service answers as it should, after the switch and, where it can be started aside, before it: asked until it does, or the time is over',
    },
    { name: 'JSON Is Well-Formed', value: 'json', description: 'Every JSON file parses' },
    { name: 'Python Code', value: 'python', description: 'Code runs without an exception' },
    {
      name: 'Replay',
      value: 'replay',
      description:
        'The same inputs go through the live release and the new one, before the switch, and come out alike',
    },
  ],
  default: 'python',
  description: 'What is looked at',
});

const name = text({
  displayName: 'Name',
  name: 'name',
  default: '',
  placeholder: 'Extractor has six blocks',
  description: 'How messages and outputs call it',
});

const code = text({
  displayName: 'Code',
  name: 'code',
  typeOptions: { rows: 6 },
  default: '',
  placeholder: "from extractor import EvidenceExtractor\nEvidenceExtractor('config/default_config.json')",
  description:
    'Runs with the release’s interpreter, in the release’s directory, with src importable, which workflows do not add; passes when it ends without an exception',
  displayOptions: { show: { type: ['python'] } },
});

const command = text({
  displayName: 'Command',
  name: 'command',
  default: '',
  placeholder: 'python run.py extract sample.pdf',
  description:
    'Program and arguments, run without a shell in the release’s directory; python is the release’s interpreter, its programs are in front of PATH, and src is importable, none of which workflows add. Passes with exit code 0.',
  displayOptions: { show: { type: ['command'] } },
});

const words = argumentList({
  description:
    'What follows the entrypoint, word by word, as in python3 run.py extract sample.pdf. Without an entrypoint, the whole command, which is started behind the prefix. In a replay, {inputFile} stands for each input, and {outputDirectory} for a directory that is compared.',
  displayOptions: { show: { type: ['engine', 'replay'] } },
});

const leaveOut = patterns({
  displayName: 'Leave Out',
  name: 'leaveOut',
  default: '',
  placeholder: 'src/templates/**, **/*.tmpl.py',
  description:
    'Files that are deployed and that this does not look at, such as templates or JSON with comments: names and globs; ** for all',
  displayOptions: { show: { type: ['compile', 'json'] } },
});

const when = choice(['before', 'after', 'both'], {
  displayName: 'When',
  name: 'when',
  options: [
    { name: 'After the Switch', value: 'after', description: 'Not passing takes the switch back' },
    { name: 'Before and After', value: 'both', description: 'Both before and after the switch' },
    { name: 'Before the Switch', value: 'before', description: 'Not passing keeps it from happening' },
  ],
  default: 'both',
  description: 'When it runs',
  displayOptions: { show: { type: ['compile', 'json', 'python', 'command', 'engine'] } },
});

const timeoutSeconds = count({
  displayName: 'Timeout (Seconds)',
  name: 'timeoutSeconds',
  default: 0,
  typeOptions: { minValue: 0 },
  description:
    'After this it is ended and has not passed; 0 takes the Command Timeout of the options, 60 when not set',
  displayOptions: { show: { type: ['python', 'command', 'engine', 'http', 'replay'] } },
});

const environment = environmentField({
  placeholder: 'ANTHROPIC_API_KEY=test-key',
  description: 'Variables added for this check, one NAME=value a line',
  displayOptions: { show: { type: ['python', 'command', 'replay'] } },
});

const ROW = [
  ...[type, name, code, command, ...INPUT_FIELDS, words, ...REPLAY_FIELDS, ...HTTP_FIELDS],
  ...[leaveOut, when, timeoutSeconds, environment],
];

/** The checks of a deployment or rollback. */
export const checks = field(
  {
    displayName: 'Checks',
    name: 'checks',
    type: 'fixedCollection',
    typeOptions: { multipleValues: true, sortable: true },
    placeholder: 'Add Check',
    default: {},
    description:
      'What must hold for a release to go live. That Python files compile and JSON files are well-formed is checked in any case.',
    options: [{ displayName: 'Check', name: 'check', values: ROW.map(({ property }) => property) }],
  },
  rowsOf,
);

/** An expression may yield anything. What is in it is not shown: a check may hold secrets. */
function rowsOf(value: unknown, called: string): IDataObject[] {
  if (value === undefined || value === null || value === '') return [];
  const rows = isRecord(value) ? (value.check ?? []) : undefined;
  if (Array.isArray(rows) && rows.every(isRecord)) return rows as IDataObject[];
  throw new DeployError('INPUT', `${called} holds something else than checks. Add them with Add Check.`);
}

/** The rows as checks. Throws `INPUT` naming the check, the field and what to write. */
export function readChecks(read: ReadParameter): Check[] {
  const usualTimeout = commandTimeoutSeconds.read(read);
  const written = read('checks', {}, AS_WRITTEN);
  const writtenRows = isRecord(written) && Array.isArray(written.check) ? (written.check as unknown[]) : [];
  return checks
    .read(read)
    .map((row, index) => readCheck(within(row, writtenRows[index]), index + 1, usualTimeout));
}

function readCheck(row: ReadParameter, position: number, usualTimeout: number): Check {
  const kind = type.read(row, `Type of check ${position}`);
  const known = name.read(row, `Name of check ${position}`).trim() || `${DEFAULT_NAMES[kind]} (${position})`;
  const called = (label: string) => `${label} of check “${known}”`;
  const start = kind === 'http' ? readStartCommand(row, called) : [];
  const check: Check = {
    type: kind,
    name: known,
    when: whenOf(kind, start.length > 0) ?? when.read(row, called('When')),
    timeoutSeconds: timeoutSeconds.read(row, called('Timeout')) || usualTimeout,
    environment: WITHOUT_ENVIRONMENT.has(kind) ? {} : environment.read(row, called('Environment')),
  };
  if (kind === 'http') check.http = readHttpCheck(row, called);
  if (start.length > 0) check.start = start;
  if (kind === 'engine') check.arguments = words.read(row, called('Arguments'));
  if (kind === 'replay') {
    const asked = { words: words.read(row, called('Arguments')), timeoutSeconds: check.timeoutSeconds };
    check.replay = readReplay(row, called, asked);
  }
  if (kind === 'compile' || kind === 'json') {
    const left = leaveOut.read(row, called('Leave Out'));
    if (left.length > 0) check.leaveOut = left;
  }
  if (kind === 'python') check.code = filled(called('Code'), code.read(row, called('Code')));
  if (kind === 'command') {
    check.command = filled(called('Command'), command.read(row, called('Command')));
    refuseShellOnly(called('Command'), check.command);
  }
  return check;
}

/** Started as workflows do it, or not at all. */
const WITHOUT_ENVIRONMENT: ReadonlySet<CheckType> = new Set(['engine', 'http']);

/** Where nobody chooses. Before the switch, what answers is not the new version, unless that is started aside. */
function whenOf(kind: CheckType, startsAside: boolean): Check['when'] | undefined {
  if (kind === 'replay') return 'before';
  return kind === 'http' ? (startsAside ? 'both' : 'after') : undefined;
}

/** Without a shell, what stands behind an operator would be arguments of the program in front of it, and never run. */
function refuseShellOnly(called: string, line: string): void {
  const found = shellOnly(line);
  if (found === undefined) return;
  const what =
    found === 'cd'
      ? `${called} starts with cd, which is a shell’s own`
      : `${called} has ${found} outside of quotes, which only a shell reads`;
  throw new DeployError('INPUT', `${what}; commands run without one, in the release’s directory.`, {
    description:
      "Make a check of each command, or give all of it to a shell: sh -c 'python run.py --version && python src/selftest.py'. Quote what is meant as an argument.",
  });
}

function filled(called: string, value: string): string {
  if (value.trim()) return value;
  throw new DeployError('INPUT', `${called} is empty. Fill it in, or remove the check.`);
}
