/** What became of the requests of clients while a service's versions changed: counted, step by step. */
import type { SwitchResult } from '../../nodes/shared/release/result';
import type { RunResult } from '../../test/support/n8n';
import type { Fate, Request } from './clients';
import { table } from './table';

/** The steps of the workflow, and the version that answers after each. */
export const STEPS = [
  { node: 'Deploy 5', live: '5', handedOver: true },
  { node: 'Deploy 6, which dies at its start', live: '5', handedOver: false },
  { node: 'Deploy 7, which answers 500', live: '5', handedOver: false },
  { node: 'Deploy 8', live: '8', handedOver: true },
  { node: 'Roll back', live: '5', handedOver: true },
];
const FIRST = '2';
const HEADER = [
  ...['Step', 'What answers after it', 'ms', 'requests', 'by version'],
  ...['refused', 'cut', 'failed', 'slowest (ms)', 'hand-overs'],
];

export interface Account {
  table: string;
  /** One sentence with the sums. */
  summary: string;
  /** What should not have happened, a sentence each; empty when all went well. */
  problems: string[];
}

interface Outcome {
  step: (typeof STEPS)[number];
  startedAt: number;
  endedAt: number;
  handOvers: number;
  /** Why it was refused. */
  refusal?: string;
}

export function accountOf(result: RunResult, done: readonly Request[], startedAt: number): Account {
  if (result.status !== 'success')
    throw result.error() ?? new Error(`the workflow ended as ${result.status}`);
  const outcomes = STEPS.map((step) => outcomeOf(result, step));
  return {
    table: table(HEADER, rowsOf(outcomes, done, startedAt)),
    summary: summaryOf(outcomes, done),
    problems: [
      ...problemsOf(done),
      ...outcomes.flatMap((outcome, index) => strangeIn(outcome, outcomes[index + 1], done)),
    ],
  };
}

function outcomeOf(result: RunResult, step: Outcome['step']): Outcome {
  const [task] = result.tasks(step.node);
  const [item] = [...result.output(step.node), ...result.output(step.node, 1)];
  if (!task || !item) throw new Error(`The node ${step.node} put nothing out.`);
  const { service } = item.json as unknown as SwitchResult;
  return {
    step,
    startedAt: task.startTime,
    endedAt: task.startTime + task.executionTime,
    handOvers: service?.method === 'handOver' && !item.json.error ? 1 : 0,
    refusal: item.json.error ? String(item.json.error) : undefined,
  };
}

function rowsOf(outcomes: readonly Outcome[], done: readonly Request[], startedAt: number): string[][] {
  const between = (from: number, to: number) => done.filter(({ endedAt }) => endedAt >= from && endedAt < to);
  let since = startedAt;
  const rows = [['Before', `version ${FIRST}`, '', ...counts(between(0, since)), '']];
  for (const { step, startedAt: began, endedAt, handOvers, refusal } of outcomes) {
    const live = `version ${step.live}${refusal ? ', as before' : ''}`;
    rows.push([step.node, live, `${endedAt - began}`, ...counts(between(since, endedAt)), `${handOvers}`]);
    since = endedAt;
  }
  rows.push(['Afterwards', '', '', ...counts(between(since, Infinity)), '']);
  return [...rows, ['All', '', '', ...counts(done), `${handOversOf(outcomes)}`]];
}

function counts(requests: readonly Request[]): string[] {
  const slowest = Math.max(0, ...requests.map(({ startedAt, endedAt }) => endedAt - startedAt));
  return [
    `${requests.length}`,
    [...byVersion(requests)].map(([version, count]) => `${version}: ${count}`).join(', '),
    ...(['refused', 'cut', 'failed'] as const).map((fate) => `${countOf(requests, fate)}`),
    `${slowest}`,
  ];
}

/** How many requests each version answered; a mixture is a version of its own, such as `2+5`. */
function byVersion(requests: readonly Request[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const { fate, versions } of requests) {
    const version = versions.join('+');
    if (fate === 'answered') counted.set(version, (counted.get(version) ?? 0) + 1);
  }
  return counted;
}

const countOf = (requests: readonly Request[], wanted: Fate) =>
  requests.filter(({ fate }) => fate === wanted).length;

const handOversOf = (outcomes: readonly Outcome[]) =>
  outcomes.reduce((sum, { handOvers }) => sum + handOvers, 0);

function summaryOf(outcomes: readonly Outcome[], done: readonly Request[]): string {
  const [refused, cut, failed] = (['refused', 'cut', 'failed'] as const).map((fate) => countOf(done, fate));
  const kept = outcomes.filter(({ refusal }) => refusal).length;
  return `${done.length} requests over ${handOversOf(outcomes)} hand-overs and ${kept} versions that never took over: ${refused} refused, ${cut} cut, ${failed} failed.`;
}

/** What clients must never meet, whenever it is. */
export function problemsOf(done: readonly Request[]): string[] {
  const lost = done.filter(({ fate }) => fate !== 'answered');
  const versions = new Set([FIRST, ...STEPS.map(({ live }) => live)]);
  const strange = [...byVersion(done)].filter(([version]) => !versions.has(version));
  return [
    ...(lost.length > 0
      ? [`${lost.length} requests were lost, the first one so: ${lost[0]?.complaint}`]
      : []),
    ...strange.map(([version, count]) => `Version ${version} answered ${count} requests.`),
  ];
}

/** What is not as it should be with one step, and with what was asked between its end and the next one's start. */
function strangeIn(outcome: Outcome, next: Outcome | undefined, done: readonly Request[]): string[] {
  const { step, endedAt, handOvers, refusal } = outcome;
  const after = done.filter(
    (request) => request.startedAt >= endedAt && request.endedAt < (next?.startedAt ?? Infinity),
  );
  const others = [...byVersion(after).keys()].filter((version) => version !== step.live);
  return [
    ...(handOvers === Number(step.handedOver) ? [] : [`${step.node}: ${handOvers} hand-overs.`]),
    ...(Boolean(refusal) === !step.handedOver ? [] : [`${step.node}: ${refusal ?? 'was not refused'}`]),
    ...(after.length > 0 ? [] : [`${step.node}: nobody asked after it.`]),
    ...(others.length > 0 ? [`${step.node}: version ${others.join(', ')} answered after it.`] : []),
  ];
}
