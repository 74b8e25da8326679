import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';

import type { Verb } from '../nodes/shared/contract/verbs';
import { connectSsh } from '../nodes/shared/connection/ssh';
import { startRelay } from '../test/support/relay';
import { withKey } from '../test/support/sshOptions';
import { type Fault, leavesExecutor, needsNetwork, type Phase } from './faults';
import { faultyPython } from './interpreter';
import { expectSound, expectStraightThrough, processEnd, repair, whatIsLive } from './judge';
import type { Lab } from './lab';
import { HANDING_OVER, ROWS, type ScenarioName, scenarioOf } from './scenarios';
import { Served } from './served';

/** One square of the matrix: a fault that strikes at one point of one step. */
export interface Cell {
  verb: Verb;
  phase: Phase;
  fault: Fault;
  /** Where inside the step, between 0 and 1. */
  depth: number;
}

/** How it ended. A cell whose engine isn't whole, or whose next deployment doesn't go through, rejects instead. */
export interface Outcome extends Cell {
  scenario: ScenarioName;
  /** What is live afterwards: the version from before, or the new one. */
  live: 'old' | 'new';
  /**
   * From the fault until nothing was left to put right: until the executor had left, where it outlives the fault;
   * otherwise until the next deployment was done, which puts things right first.
   */
  seconds: number;
}

/** How often a point inside a step may be missed: how often a pipe is read is not the same in every run. */
const ATTEMPTS = 4;

/** The option Silence (Seconds), where a connection falls silent. */
export const SILENCE_SECONDS = 2;

/** Lets one fault strike, and judges what is left. */
export async function runCell(lab: Lab, cell: Cell): Promise<Outcome> {
  const scenario = ROWS[cell.verb];
  let index = 0;
  if (cell.phase === 'during') {
    const points = await lab.pointsIn(scenario, cell.verb);
    index = Math.max(1, Math.round(points * cell.depth));
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = await strike(lab, cell, scenario, index);
    if (outcome) return outcome;
    index = Math.max(1, Math.floor(index * 0.8));
  }
  throw new Error(`the point was never reached: ${JSON.stringify({ ...cell, scenario, index })}`);
}

async function strike(
  lab: Lab,
  cell: Cell,
  scenario: ScenarioName,
  index: number,
): Promise<Outcome | undefined> {
  const { fault } = cell;
  const base = await lab.engine(scenario, fault === 'power loss');
  const aside = lab.place();
  const marker = join(aside, 'reached');
  const python = await faultyPython(aside, { ...cell, index, marker });
  const served = scenarioOf(scenario).serves && (await Served.start(base));
  try {
    const struck = await operate(lab, scenario, base, python, fault, marker);
    return struck && (await judged(lab, cell, scenario, { base, struck, served }));
  } finally {
    await served?.stop();
  }
}

/** What a fault has struck. */
interface Case {
  base: string;
  struck: Struck;
  served: Served | undefined;
}

async function judged(
  lab: Lab,
  cell: Cell,
  scenario: ScenarioName,
  { base, struck, served }: Case,
): Promise<Outcome> {
  const { fault } = cell;

  let healed = await struck.left;
  if (fault === 'power loss') {
    await served?.kill();
    await lab.disk.cutPower();
    await served?.startAgain();
  }
  const { old, next, undecided } = scenarioOf(scenario);
  const { material } = lab;
  if (undecided && !leavesExecutor(fault)) {
    whatIsLive(base, material[old], material[undecided.live]);
    await repair(base, undecided.checks);
  }
  const live = whatIsLive(base, material[old], material[next]);
  if (leavesExecutor(fault)) {
    await served?.expectLive();
    await expectSound(base, served !== undefined);
  }
  await expectStraightThrough(base, lab.material.two, served && { service: HANDING_OVER });
  await served?.expectLive();
  if (!leavesExecutor(fault)) healed = Date.now();
  return { ...cell, scenario, live, seconds: (healed - struck.at) / 1000 };
}

/** A fault that struck: when, and when the executor had left. */
interface Struck {
  at: number;
  left: Promise<number>;
}

/** Runs the operation until it ends, in whatever way; the fault strikes as the marker appears. */
async function operate(
  lab: Lab,
  scenario: ScenarioName,
  base: string,
  python: string,
  fault: Fault,
  marker: string,
): Promise<Struck | undefined> {
  const { material } = lab;
  const { run } = scenarioOf(scenario);
  let struck: Struck | undefined;
  const strikeWith = (strike: () => unknown): (() => void) =>
    whenThere(marker, () => {
      const executor = Number(readFileSync(marker, 'utf8'));
      const left = processEnd(executor, 20_000).then(() => Date.now());
      // Awaited by whoever judges; until then it must not count as unhandled.
      left.catch(() => undefined);
      struck = { at: statSync(marker).mtimeMs, left };
      strike();
    });
  if (fault === 'controller SIGKILL') {
    const look = strikeWith(() => undefined);
    await ended(controller(JSON.stringify({ scenario, base, material, python })));
    look();
    return struck;
  }
  if (!needsNetwork(fault)) {
    const aborted = new AbortController();
    const look = strikeWith(() => fault === 'cancel' && aborted.abort());
    await run(base, material, { python, signal: aborted.signal }).catch(() => undefined);
    look();
    return struck;
  }
  const relay = await startRelay(lab.sshd.port);
  const connection = await connectSsh(withKey(lab.sshd, { port: relay.port }));
  const silent = fault === 'silence';
  const look = strikeWith(() => {
    if (!silent) return relay.cut();
    relay.freeze();
    // The engine's side has to notice by itself; only then our own side gets to know.
    return struck?.left.finally(() => relay.cut()).catch(() => undefined);
  });
  const conversation = { python, connection, silenceSeconds: silent ? SILENCE_SECONDS : 60 };
  await run(base, material, conversation).catch(() => undefined);
  look();
  await connection.close().catch(() => undefined);
  await relay.close();
  return struck;
}

function controller(order: string): ChildProcess {
  const tsx = require.resolve('tsx/cjs');
  return spawn(process.execPath, ['--require', tsx, join(__dirname, 'controller.ts'), order], {
    stdio: 'ignore',
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** Calls `strike` once, as soon as the file exists. Returns what looks a last time and ends the watching. */
function whenThere(file: string, strike: () => unknown): () => void {
  let done = false;
  const look = (): void => {
    if (done || !existsSync(file)) return;
    done = true;
    strike();
  };
  const watcher = watch(join(file, '..'), look);
  look();
  return () => {
    watcher.close();
    look();
  };
}
