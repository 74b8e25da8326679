/** What a replay is asked for, and what comes out of it, as values. */

/** A list's path as a glob, and the name of the field that tells its entries apart. */
export interface ListKey {
  readonly list: string;
  readonly key: string;
}

/** What is done about a release that does something else than the live one, and is not worse. */
export type OnDifferent = 'fail' | 'accept' | 'approve';

/** Where runs' inputs are kept, from the base path on; see `recorded.py`. */
export const RECORDED = '.hot-deploy/runs/recorded';

/** The same inputs through the live release, through it once more, and through another one. */
export interface ReplaySettings {
  /**
   * On the engine's side: from the base path on, or absolute. Its files are the inputs, in the order of their names. Empty: what
   * the item carries.
   */
  readonly inputDirectory: string;
  /** Binary fields of the item, where there is no directory; none: all of them. */
  readonly binaryFields: readonly string[];
  /** What follows the entrypoint, with tokens as a run's. */
  readonly arguments: readonly string[];
  readonly maxInputs: number;
  /** After so long no further input is started. */
  readonly maxMinutes: number;
  /** Of each run. */
  readonly timeoutSeconds: number;
  /** 0: no limit. */
  readonly engineLimit: number;
  readonly allowNetwork: boolean;
  /** Globs of paths that are not compared. */
  readonly ignore: readonly string[];
  readonly listKeys: readonly ListKey[];
  /** Numbers that differ by no more than one of these are the same. */
  readonly tolerance: { readonly absolute: number; readonly percent: number };
  readonly onDifferent: OnDifferent;
  /** With `approve`: what is approved. */
  readonly differenceDigest: string;
}

/** A file that runs are given from here. `open` is asked once for each run. */
export interface InputFile {
  readonly name: string;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** Gives the files of an item's binary fields; of all, where none is named. Throws `INPUT` for a field without one. */
export type FilesOf = (fields: readonly string[]) => readonly InputFile[];

/** Runs that each input takes: the live release, that once more, and the other one. */
export const RUNS_OF_AN_INPUT = 3;

export type ReplayVerdict = 'same' | 'worse' | 'different' | 'inconclusive';

/** An input that a release does not get through. */
export interface InputFailure {
  readonly input: string;
  readonly why: string;
}

/** What comes out of a replay, as an item has it. */
export interface ReplayResult {
  verdict: ReplayVerdict;
  /** The verdict in a sentence, with what could not have been seen. */
  summary: string;
  /** Inputs that were run, and files that are there. */
  inputs: number;
  available: number;
  /** Runs of both releases. */
  runs: number;
  /** Whether the time was over before all inputs were through. */
  unfinished: boolean;
  failing: InputFailure[];
  /** What the live release itself does not get through. */
  unusable: InputFailure[];
  missing: Array<{ input: string; file: string }>;
  differences: ReplayDifference[];
  /** All of them. */
  differenceCount: number;
  /** Of all differences: what approving them names. Null where there are none. */
  differenceDigest: string | null;
  /** Fields that the live release does not put out alike twice; they are not compared. */
  noisy: string[];
  noisier: string[];
  /** Patterns of Leave Out Fields and List Keys that were about nothing. */
  unused: string[];
  slower: boolean;
  fatter: boolean;
  timeRatio: number | null;
  memoryRatio: number | null;
  /** Whether runs could reach others. */
  network: 'on' | 'off';
}

export interface ReplayDifference {
  input: string;
  path: string;
  /** As JSON; null where there is none. */
  live: string | null;
  other: string | null;
}
