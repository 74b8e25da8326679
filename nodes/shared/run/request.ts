/** What a run is asked for, as values: what is started with what, how far it may go, and what its output is. */
import type { BasePath, ReleaseId } from '../contract/names';
import type { Holder } from '../contract/records';
import type { ArgumentsOf } from '../contract/verbs';
import type { Rule } from './successRule';

/** What is started: a file of the base path that starts the engine, another one, a module (`-m`), or any program. */
export type StartKind = 'entrypoint' | 'script' | 'module' | 'program';

/** What a run reads. `open` is asked once for each attempt. */
export type RunInput =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'content';
      /** `stdin`: on standard input; `file`: as a file of that name, which `{inputFile}` stands for. */
      readonly pass: 'file' | 'stdin';
      readonly name: string;
      open(): Promise<AsyncIterable<Uint8Array>>;
    };

/** Where the JSON of an output is: all that was printed, its last line, what follows a marker, or a file. */
export type JsonPlace =
  | { readonly from: 'stdout' }
  | { readonly from: 'lastLine' }
  | { readonly from: 'marker'; readonly marker: string }
  | { readonly from: 'file'; readonly pattern: string };

/** What comes out of a run. */
export type Wanted =
  | { readonly kind: 'json'; readonly place: JsonPlace }
  | { readonly kind: 'jsonLines' }
  | { readonly kind: 'text' }
  | { readonly kind: 'files'; readonly patterns: readonly string[] };

/** Why a run is tried once more. `failed`: by its exit code, its output or the rule; `connection`: before it was started. */
export const RETRY_CAUSES = ['failed', 'killed', 'timedOut', 'connection'] as const;
export type RetryCause = (typeof RETRY_CAUSES)[number];

/** One run as somebody asks for it. */
export interface RunRequest {
  readonly basePath: BasePath;
  readonly start: { readonly kind: StartKind; readonly name: string };
  readonly arguments: readonly string[];
  readonly input: RunInput;
  readonly wanted: Wanted;
  readonly holder: Holder;
  /** The one that was chosen. Undefined: what is live when it starts, unless it is pinned to another. */
  readonly release?: ReleaseId | undefined;
  /** What all runs of an execution run: `held` is what was live for the first of them in this conversation. */
  readonly pinnedTo?: ReleaseId | 'held' | undefined;
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** As `environment`, and hidden in all that it prints. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Whether the secrets come on standard input, as one JSON object, and not in the environment. */
  readonly secretsOnStdin: boolean;
  readonly timeoutSeconds: number;
  /** 0: no limit. */
  readonly memoryLimitMegabytes: number;
  /** 0: no limit. */
  readonly engineLimit: number;
  /** Empty: the base path's owner. */
  readonly runAs: string;
  /** Empty: the run ends with the execution that started it. */
  readonly runKey: string;
  readonly repeatable: boolean;
  readonly successExitCodes: readonly number[];
  readonly rules: readonly Rule[];
  readonly retries: number;
  readonly retryOn: readonly RetryCause[];
  /** Keeps its input for replays, among so many; 0: not. */
  readonly recordInputs?: number;
  /** Of a run that is made to compare releases, apart from the engine's own. */
  readonly replay?: ArgumentsOf<'runEngine'>['replay'];
  /** Gets its output as it comes. */
  readonly onOutput?: ((text: string) => void) | undefined;
}
