/**
 * The verbs that start or end runs of the engine. They change nothing that is deployed, so that they need no lock: runs
 * start and end while a deployment is at work.
 */
import { runEnd } from './engineRuns';
import {
  LONGEST_CODE,
  LONGEST_OUTPUT,
  LONGEST_SECONDS,
  LONGEST_TEXT,
  MANY,
  MOST_INPUTS,
  MOST_RUNS,
} from './limits';
import { basePath, releaseId, runId } from './names';
import { kindName, label, path, word, words } from './plainTexts';
import { hexadecimal, holder } from './records';
import {
  byName,
  count,
  countUpTo,
  flag,
  list,
  number,
  oneOf,
  optional,
  orNull,
  record,
  secondsUpTo,
  text,
  tuple,
} from './shape';

const changes = true;

/** What a run is started with: a file of the base path, a module, or any program. */
const start = record({ kind: oneOf('entrypoint', 'script', 'module', 'program'), name: words });

const variables = byName(text(LONGEST_TEXT), MANY);

/** What a run printed, as far as it is kept: `text`, where it is short. `left` bytes are missing behind the first `head`. */
const printed = record({ bytes: count, head: count, left: count, text: optional(text(LONGEST_OUTPUT)) });

/** Why nothing was started. */
const failed = record({
  failed: kindName,
  said: optional(words),
  path: optional(path),
  program: optional(path),
  release: optional(releaseId),
});

/** A user of the engine's side, by name or number; whose base path it is when left out. */
const runAs = optional(words);

/** A file's own name. */
const fileName = text(255);

/** Of a run that is made to compare releases, apart from the engine's own runs. */
const replay = record({
  /** Whether it may reach others. */
  network: flag,
  /** Its input, where that lies on the engine's side: a directory, from the base path on or absolute, and a file in it. */
  inputDirectory: optional(path),
  inputName: optional(fileName),
  /** Whether the release waits for being switched to: that needs the engine's lock. */
  candidate: optional(flag),
});

export const RUNNING = {
  /** Keeps a release from removal for as long as the conversation lasts: the live one, or the one that is named. */
  holdRelease: {
    changes,
    arguments: record({ basePath, release: orNull(releaseId), runAs }),
    result: record({
      /** Null where nothing was ever deployed. */
      release: orNull(releaseId),
      live: orNull(releaseId),
      /** Whom runs are started as, and whether that is root without anybody having said so. */
      user: label,
      asRoot: flag,
      /** Whether a run with a key would go on if process 1, or the service that this belongs to, ended. */
      survives: flag,
    }),
  },
  /** Makes a run's directory, for input, output and an outcome that is kept. `request` tells what is run, for a key. */
  openRun: {
    changes,
    arguments: record({
      basePath,
      run: runId,
      key: optional(text(1024)),
      request: optional(hexadecimal),
      repeatable: optional(flag),
      runAs,
    }),
    result: record({ state: oneOf('new', 'running', 'kept', 'lost', 'another') }),
  },
  /** What lies in a directory that a replay takes its inputs from: the first files, in the order of their names. */
  listInputs: {
    // What read-only access doesn't need to see.
    changes,
    arguments: record({ basePath, directory: path, most: countUpTo(MOST_INPUTS) }),
    result: record({ files: list(tuple(fileName, count), MOST_INPUTS), count }),
  },
  /** Takes a run's input from the wire, up to an empty frame. */
  receiveInput: {
    changes,
    arguments: record({ run: runId, name: text(255) }),
    result: record({ bytes: count }),
  },
  /** Runs the engine once, to its end. */
  runEngine: {
    changes,
    arguments: record({
      basePath,
      run: runId,
      start,
      arguments: list(text(LONGEST_TEXT), MANY),
      /** Left out: what is live. */
      release: optional(releaseId),
      /** Instead of a release: what was live for the first `holdRelease` of the conversation. */
      asHeld: optional(flag),
      runAs,
      holder,
      request: optional(hexadecimal),
      workingDirectory: optional(path),
      environment: optional(variables),
      /** Hidden in all that it prints, and in its environment, unless they come as `stdinText`. */
      secrets: optional(variables),
      stdinText: optional(text(LONGEST_CODE)),
      stdinFile: optional(flag),
      timeoutSeconds: secondsUpTo(LONGEST_SECONDS),
      graceSeconds: secondsUpTo(60),
      memoryBytes: optional(count),
      /** How many runs of this engine may be there at once that have such a limit. */
      engineLimit: optional(countUpTo(1000)),
      /** Whether its output is wanted as it comes. */
      shown: optional(flag),
      replay: optional(replay),
      /** Keeps its input for replays, among so many. */
      record: optional(countUpTo(MOST_INPUTS)),
    }),
    result: record({
      /** `lost`: nobody knows how a run with this key ended. */
      state: oneOf('ended', 'lost'),
      /** Whether an earlier start with this key had it. */
      repeated: optional(flag),
      failed: optional(failed),
      /** Null for plain files. */
      release: optional(orNull(releaseId)),
      pinning: optional(orNull(oneOf('place', 'code', 'release'))),
      /** Whether its input was kept, where that was asked for. */
      recorded: optional(flag),
      /** Where a guard counts runs: what tells this one's input from others. */
      inputKey: optional(hexadecimal),
      /** Of a replay: `off` where nobody but itself could be reached. */
      network: optional(oneOf('on', 'off')),
      exitCode: optional(orNull(number)),
      signal: optional(orNull(word)),
      /** Why it was ended; null when it ended by itself. `left`: nobody waited for it any more. */
      why: optional(orNull(oneOf('timeout', 'cancelled', 'memory', 'left'))),
      durationMs: optional(count),
      waitedMs: optional(count),
      cpuMs: optional(count),
      peakMemoryBytes: optional(count),
      /** Processes of it that nobody could end. */
      left: optional(count),
      stdout: optional(printed),
      stderr: optional(printed),
      /** Of its output directory: path and bytes of each file, and how many there are. */
      files: optional(list(tuple(path, count), MANY)),
      fileCount: optional(count),
    }),
  },
  /** Some bytes of what a run printed or put into its output directory, in base64. */
  readRun: {
    changes,
    arguments: record({
      run: runId,
      of: oneOf('stdout', 'stderr', 'file'),
      path: optional(path),
      offset: count,
      length: countUpTo(512 * 1024),
    }),
    result: record({ data: text(LONGEST_TEXT) }),
  },
  /** Forgets a run. Its directory goes, unless it has a key. */
  closeRun: { changes, arguments: record({ run: runId }), result: record({}) },
  /**
   * Ends runs: each process of one is asked to, and killed when it is there after `waitSeconds`. Without `includeLive`,
   * what runs the live release by then is left.
   */
  stopRuns: {
    changes: true,
    arguments: record({
      basePath,
      /** The root of each, and when that was started, as `runs` told it: another process is never signalled. */
      runs: list(tuple(count, count), MOST_RUNS),
      includeLive: flag,
      waitSeconds: secondsUpTo(LONGEST_SECONDS),
      holder,
    }),
    /** `noted`: whether the history has it. */
    result: record({ ends: list(runEnd, MOST_RUNS), noted: flag }),
  },
} as const;
