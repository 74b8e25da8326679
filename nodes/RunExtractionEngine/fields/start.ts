import { choice, type ReadParameter, trimmed } from '../../n8n/field';
import { locator } from '../../n8n/locator';
import { argumentList } from '../../n8n/argumentList';
import { parseReleaseId, type ReleaseId } from '../../shared/contract/names';
import { DeployError } from '../../shared/errors';
import type { RunRequest, StartKind } from '../../shared/run/request';

const start = choice(['entrypoint', 'module', 'script', 'program'], {
  displayName: 'Start',
  name: 'start',
  options: [
    {
      name: 'Entrypoint',
      value: 'entrypoint',
      description: 'The file that starts the engine, as in python3 run.py',
    },
    { name: 'Module', value: 'module', description: 'A module, as in python3 -m package' },
    {
      name: 'Program',
      value: 'program',
      description: 'Any program, as the engine’s own environment finds it',
    },
    { name: 'Script', value: 'script', description: 'Another Python or shell script of the release' },
  ],
  default: 'entrypoint',
  description: 'What is run. It runs one release to its end, whatever is deployed meanwhile.',
});

const entrypoint = trimmed({
  displayName: 'Entrypoint',
  name: 'entrypoint',
  default: 'run.py',
  required: true,
  placeholder: 'run.py',
  description: 'File that starts the engine, by its path from the base path on',
  displayOptions: { show: { start: ['entrypoint'] } },
});

const moduleName = trimmed({
  displayName: 'Module',
  name: 'module',
  default: '',
  required: true,
  placeholder: 'extractor.main',
  description: 'Module to run, as behind python3 -m',
  displayOptions: { show: { start: ['module'] } },
});

const script = trimmed({
  displayName: 'Script',
  name: 'script',
  default: '',
  required: true,
  placeholder: 'scripts/report.py',
  description: 'File to run, by its path from the base path on',
  displayOptions: { show: { start: ['script'] } },
});

const program = trimmed({
  displayName: 'Program',
  name: 'program',
  default: '',
  required: true,
  placeholder: 'pdftotext',
  description:
    'Name or path of the program. No shell is started; with sh and the argument -c, you start one yourself.',
  displayOptions: { show: { start: ['program'] } },
});

const words = argumentList({
  description:
    'One word each, passed on exactly as it is: no shell reads it, so nothing has to be quoted. {inputFile}, {outputDirectory} and {release} stand for the run’s own, alone, behind --name= or before a path. An expression may give the whole list.',
});

const release = locator({
  displayName: 'Release',
  name: 'release',
  description: 'Which release is run. Empty runs the live one; choose another to try it without switching.',
  searchListMethod: 'searchReleases',
  example: '20261123-171501-3f2a9c1',
});

/** What is run. */
export const startFields = [start, entrypoint, moduleName, script, program, words, release];

const NAMES = { entrypoint, module: moduleName, script, program };

/** What the item's parameters start. Throws `INPUT` naming the field that names nothing that can be started. */
export function readStart(read: ReadParameter): Pick<RunRequest, 'start' | 'arguments' | 'release'> {
  const kind = start.read(read);
  const name = NAMES[kind].read(read);
  refuseName(kind, name);
  return { start: { kind, name }, arguments: words.read(read), release: readRelease(read) };
}

function readRelease(read: ReadParameter): ReleaseId | undefined {
  const chosen = release.read(read);
  return chosen === '' ? undefined : parseReleaseId(chosen);
}

function refuseName(kind: StartKind, name: string): void {
  const { displayName } = NAMES[kind].property;
  if (name === '') {
    throw new DeployError('INPUT', `${displayName} is empty. Name what is to be run.`);
  }
  const isFile = kind === 'entrypoint' || kind === 'script';
  const leaves = name.startsWith('/') || name.split('/').some((part) => part === '..' || part === '');
  if ((isFile && leaves) || name.startsWith('-')) {
    throw new DeployError(
      'INPUT',
      `${displayName} ${JSON.stringify(name)} can't be used. ${
        isFile
          ? 'Name the file by its path from the base path on, such as run.py or scripts/report.py.'
          : 'It must not begin with a hyphen; what follows it goes into Arguments.'
      }`,
    );
  }
}
