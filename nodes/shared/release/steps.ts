/**
 * What an operation will do: steps as plain data, decided from a snapshot before anything is done, and carried out by
 * the one interpreter in `apply`. Ids and times that are not known yet come in when the plan is applied.
 */
import type { Entrypoint, ReleaseId } from '../contract/names';
import type { RepairKind } from '../contract/findings';
import type { RecordedDependencies } from '../contract/records';
import type { ArgumentsOf } from '../contract/verbs';
import type { Check, CheckPhase } from './checks';
import type { DeploymentWindow } from './deploymentWindow';
import type { HandOverTimes, ReloadAction } from './servicePolicy';
import type { WhenNotQuiet } from './switchMoment';
import type { WatchPolicy } from '../rollout/watchPolicy';

/** A release: a kept one by its id, or the one that a step of the same plan makes. */
export type Subject = ReleaseId | 'adopted' | 'new';

/** Copies plain files into a first release, `adopted`, that nothing leads to yet. */
export interface CopyPlain {
  readonly step: 'copyPlain';
  readonly names: readonly string[];
  readonly entrypoint: Entrypoint;
}

/** Makes what was copied current, and puts links and launcher where the plain names are: the first part of a switch. */
export interface Adopt {
  readonly step: 'adopt';
  readonly entrypoint: Entrypoint;
}

/** Adds fields to a release's record; `kept`: which of its entries no pattern owns. */
export interface Describe {
  readonly step: 'describe';
  readonly release: Subject;
  readonly fields: ArgumentsOf<'describe'>['fields'];
  readonly kept?: readonly string[] | undefined;
}

/** Writes an archive of a release, beside the steps that follow. */
export interface BackUp {
  readonly step: 'backUp';
  readonly release: Subject;
  /** Whether with what the host has in its folders. */
  readonly shared?: boolean;
}

/** Sends the new version's content and makes a release of it that no link names yet. */
export interface Bring {
  readonly step: 'bring';
  readonly live: Subject | null;
  readonly digest: string;
  /** Indexes of the entries whose content is sent, as compared. */
  readonly needed: readonly number[];
  /** Paths of the live release that nobody's patterns own. */
  readonly keep: readonly string[];
  readonly record: ArgumentsOf<'assemble'>['record'];
}

/** Makes a release of the backup that was unpacked; `kept`: its paths that no pattern owns. */
export interface Place {
  readonly step: 'place';
  readonly record: ArgumentsOf<'assemble'>['record'];
  readonly kept: readonly string[];
}

/** Waits for extractions that were started before their release had a launcher. */
export interface Drain {
  readonly step: 'drain';
  readonly entrypoint: Entrypoint;
  readonly seconds: number;
}

/** Says what a release changes, for people. */
export interface CompareReleases {
  readonly step: 'compareReleases';
  readonly release: ReleaseId;
  readonly against: ReleaseId | null;
}

/** Gives a release what it needs to run. */
export interface Provide {
  readonly step: 'provide';
  readonly release: Subject;
  readonly wanted: RecordedDependencies;
  /** The release that is live, to compare packages with. */
  readonly live: Subject | null;
  /** Whether that one runs in an environment, whose packages are gone where the new one needs none. */
  readonly liveHasPackages: boolean;
  /** Whether the environment that the release has already may stay. */
  readonly keep: boolean;
}

/** Looks whether a release is good: the first check that does not pass ends the plan. */
export interface Look {
  readonly step: 'check';
  readonly release: Subject;
  readonly phase: CheckPhase;
  readonly checks: readonly Check[];
  /** What checks of the kind `engine` start. */
  readonly entrypoint: Entrypoint;
  /** Whether what waits for the switch is asked, of a service. */
  readonly waiting?: boolean;
}

/** Has services start a release beside what answers, and waits until it is ready. `null`: the plain directory. */
export interface PrepareService extends HandOverTimes {
  readonly step: 'prepareService';
  readonly release: Subject | null;
}

/** Has the service go over to what was made current: what was prepared, or by `reload`. */
export interface SwitchService {
  readonly step: 'switchService';
  readonly reload?: ReloadAction;
  /** Where it answers. */
  readonly address?: { readonly host: string; readonly port: number };
  /** Whether no switch comes with it: what was prepared is live already. */
  readonly alone?: boolean;
}

/** Waits for the window, and then until no run and no request is in progress, for so many seconds and within the window. */
export interface WaitForQuiet {
  readonly step: 'waitForQuiet';
  readonly seconds: number;
  readonly whenNotQuiet: WhenNotQuiet;
  readonly window?: DeploymentWindow;
}

/** Makes a release current. */
export interface Flip {
  readonly step: 'flip';
  readonly release: Subject;
  /** For the history: `deploy`, `rollback`, `repair`. */
  readonly operation: string;
  readonly entrypoint: Entrypoint;
  /** Puts something foreign at `current` aside, instead of refusing it. */
  readonly aside: boolean;
  /** Paths of what is live that are shared from now on. */
  readonly share?: readonly string[];
}

/** Takes back the switch that an earlier operation left unconfirmed. */
export interface TakeBack {
  readonly step: 'takeBack';
  readonly reason: string;
}

/** Runs the same inputs through what is live and through a release that waits for the switch; see `replay`. */
export interface ReplayInputs {
  readonly step: 'replayInputs';
  readonly release: Subject;
  /** Null: what is plain there. */
  readonly live: ReleaseId | null;
  readonly check: Check;
  readonly entrypoint: Entrypoint;
}

/** Keeps the switch. */
export interface Confirm {
  readonly step: 'confirm';
}

/** Has a release watched that is kept, by a process on the engine's side that goes back where it is bad. */
export interface WatchRelease {
  readonly step: 'watch';
  readonly release: Subject;
  /** What it goes back to. */
  readonly fallback: Subject;
  readonly entrypoint: Entrypoint;
  readonly policy: WatchPolicy;
  /** Made again and again meanwhile. */
  readonly checks: readonly Check[];
  /** How services go back with it. */
  readonly prepare?: HandOverTimes;
  readonly switchService?: SwitchService;
}

/** Removes what retention doesn't keep. */
export interface Prune {
  readonly step: 'prune';
  /** After a switch: what can't be removed is complained of, and nothing more. */
  readonly tidying: boolean;
  readonly releases: readonly ReleaseId[];
  /** `new`: the one that this plan makes. */
  readonly backups: ReadonlyArray<string | 'new'>;
  readonly environments: readonly string[];
}

/** Turns links and launcher into plain files, and waits until nobody runs a release; else takes that back. */
export interface Detach {
  readonly step: 'detach';
  readonly entrypoint: Entrypoint;
  readonly waitSeconds: number;
  /** What services went over from, which have to be handed back where it is taken back. */
  readonly servedBefore?: { readonly release: ReleaseId; readonly times: HandOverTimes };
}

/** Removes what a plain engine has no use for; with `everything`, backups, history and originals, too. */
export interface Dismantle {
  readonly step: 'dismantle';
  readonly everything: boolean;
}

/** Puts one finding right. */
export interface Repair {
  readonly step: 'repair';
  readonly what: RepairKind;
  readonly path: string;
  readonly entrypoint: Entrypoint;
}

/** Removes an environment that nobody needs. `path` as in its finding. */
export interface RemoveEnvironment {
  readonly step: 'removeEnvironment';
  readonly environment: string;
  readonly path: string;
}

export type Step =
  | CopyPlain
  | Adopt
  | Describe
  | BackUp
  | Bring
  | Place
  | Drain
  | CompareReleases
  | Provide
  | Look
  | ReplayInputs
  | PrepareService
  | WaitForQuiet
  | Flip
  | SwitchService
  | TakeBack
  | Confirm
  | WatchRelease
  | Prune
  | Detach
  | Dismantle
  | Repair
  | RemoveEnvironment;

/** A step of one kind. */
export type StepOf<K extends Step['step']> = Extract<Step, { step: K }>;

/** What an operation will do. */
export interface Plan {
  readonly steps: readonly Step[];
  /** The switch that an earlier operation left unconfirmed, where the plan decides on that one. */
  readonly settles?: ReleaseId;
}
