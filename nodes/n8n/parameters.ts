import type { IDataObject, IExecuteFunctions, ILoadOptionsFunctions } from 'n8n-workflow';

import { type BasePath, parseBasePath, parseEntrypoint } from '../shared/contract/names';
import { SILENCE_SECONDS } from '../shared/executor/program';
import type { InterpreterOptions } from '../shared/executor/interpreter';
import { NO_DEPENDENCIES } from '../shared/dependencies/options';
import type { EngineOptions, SwitchOptions } from '../shared/release/options';
import type { Selection } from '../shared/source/bundle';
import { parsePatternList } from '../shared/source/patterns';
import { readChecks } from './checkParameters';
import { readChoice, readCount, readFlag, readText } from './values';

/** Reads one parameter, of an item or of the editor. */
export type ReadParameter = (name: string, fallback?: unknown) => unknown;

/** Where an executor is started. */
export interface EngineLocation {
  connection: 'ssh' | 'local';
  hostOverride: string;
  basePath: BasePath;
  /** Without `become`, which the credential knows. */
  interpreter: Omit<InterpreterOptions, 'become'>;
  startTimeoutMs: number;
  /** After how long without a sign of n8n the engine's side puts things right. */
  silenceSeconds?: number;
}

/** A function that reads parameters of the item `itemIndex`. */
export function parametersOf(context: IExecuteFunctions, itemIndex: number): ReadParameter {
  return (name, fallback) => context.getNodeParameter(name, itemIndex, fallback as IDataObject) as unknown;
}

/** A function that reads parameters as the editor holds them, for lists. */
export function parametersInEditor(context: ILoadOptionsFunctions): ReadParameter {
  return (name, fallback) => context.getNodeParameter(name, fallback as IDataObject) as unknown;
}

/** Which engine, and how its Python is reached. */
export function readLocation(read: ReadParameter): EngineLocation {
  const options = readOptions(read);
  return {
    connection: readChoice('Connection', read('connection', 'ssh'), ['ssh', 'local']),
    hostOverride: readText('Host Override', read('hostOverride', '')).trim(),
    basePath: parseBasePath(readText('Base Path', read('basePath', '/app')).trim()),
    interpreter: {
      python: readText('Python', options.python ?? 'python3').trim(),
      runtime: readChoice('Runtime', read('runtime', 'host'), ['host', 'container']),
      container: readText('Container', read('container', '')).trim(),
      containerCommand: readText('Container Command', options.containerCommand ?? 'docker').trim(),
    },
    startTimeoutMs: readCount('Command Timeout (Seconds)', options.commandTimeoutSeconds, 60, 1) * 1000,
    silenceSeconds: readCount('Silence (Seconds)', options.silenceSeconds, SILENCE_SECONDS, 2),
  };
}

/** What every operation on an engine takes. */
export function readEngine(
  read: ReadParameter,
  context: IExecuteFunctions,
  operation: string,
): Omit<EngineOptions, 'onStep' | 'signal'> {
  const options = readOptions(read);
  return {
    basePath: readLocation(read).basePath,
    entrypoint: parseEntrypoint(readText('Entrypoint', read('entrypoint', 'run.py')).trim()),
    owner: readText('Owner', options.owner).trim(),
    lockWaitSeconds: readCount('Lock Wait (Seconds)', options.lockWaitSeconds, 0, 0),
    holder: { workflow: context.getWorkflow().name, execution: context.getExecutionId(), operation },
  };
}

/** What every operation that switches takes. */
export function readSwitch(
  read: ReadParameter,
  context: IExecuteFunctions,
  operation: string,
): Omit<SwitchOptions, 'onStep' | 'signal'> {
  const options = readOptions(read);
  const timeout = readCount('Command Timeout (Seconds)', options.commandTimeoutSeconds, 60, 1);
  return {
    ...readEngine(read, context, operation),
    ...readRetention(options),
    checks: readChecks(read('checks.check', []) as IDataObject[], timeout),
    createBackup: readFlag('Create Backup', options.createBackup, true),
    dependencies: NO_DEPENDENCIES,
  };
}

/** How many releases and backups stay. */
export function readRetention(options: IDataObject): { keepReleases: number; keepBackups: number } {
  return {
    keepReleases: readCount('Keep Releases', options.keepReleases, 10, 1),
    keepBackups: readCount('Keep Backups', options.keepBackups, 10, 0),
  };
}

/** Which part of a source is deployed. */
export function readSelection(read: ReadParameter): Selection {
  return {
    include: parsePatternList(readText('Include', read('include', ''))),
    exclude: parsePatternList(readText('Exclude', read('exclude', ''))),
  };
}

/** The Options collection. */
export function readOptions(read: ReadParameter): IDataObject {
  return (read('options', {}) ?? {}) as IDataObject;
}
