/** The step that waits until a switch may happen. */
import type { ResultOf } from '../../contract/verbs';
import { DeployError } from '../../errors';
import { type DeploymentWindow, millisecondsLeft, millisecondsUntil, shownWindow } from '../deploymentWindow';
import type { StepOf } from '../steps';
import { PREPARING_MS } from '../switchMoment';
import type { Answered, Handler } from './handler';

export const waitForQuiet: Handler<StepOf<'waitForQuiet'>> = {
  order: 'awaited',
  send({ seconds, whenNotQuiet, window }, _context, together) {
    const bounds = window
      ? withinWindow(new Date(), window, seconds)
      : { pauseSeconds: 0, waitSeconds: seconds };
    if (bounds === undefined) return { answer: () => Promise.resolve({ failure: windowOver(window) }) };
    const waited = together.call('waitForQuiet', bounds);
    return {
      label: seconds > 0 ? 'wait until it is quiet' : 'wait for the deployment window',
      answer: async (): Promise<Answered> => {
        const found = await waited;
        const waitedMs = Math.round(found.milliseconds);
        const giveUp = seconds > 0 && !found.quiet && whenNotQuiet === 'giveUp';
        return { learned: { waitedMs }, ...(giveUp && { failure: notQuiet(found, waitedMs) }) };
      },
    };
  },
};

/** Seconds until the window is open, and as many of those that are wanted as it is; undefined where it is far away. */
function withinWindow(
  now: Date,
  window: DeploymentWindow,
  seconds: number,
): { pauseSeconds: number; waitSeconds: number } | undefined {
  const pauseMs = millisecondsUntil(now, window);
  if (pauseMs > PREPARING_MS) return undefined;
  const leftMs = millisecondsLeft(new Date(now.getTime() + pauseMs), window);
  return { pauseSeconds: pauseMs / 1000, waitSeconds: Math.min(seconds, leftMs / 1000) };
}

function windowOver(window: DeploymentWindow | undefined): DeployError {
  const shown = window ? shownWindow(window) : '';
  return new DeployError('STEP', `The Deployment Window ${shown} was over before all was prepared.`, {
    description: 'Make the window longer, or run again: what was prepared is made anew within it.',
  });
}

function notQuiet(
  { runs, requests }: Pick<ResultOf<'waitForQuiet'>, 'runs' | 'requests'>,
  waitedMs: number,
): DeployError {
  const [run] = runs;
  const [request] = requests;
  const more = runs.length > 1 ? ` and ${runs.length - 1} more` : '';
  const what = [
    ...(run
      ? [
          `process ${run.processId} runs ${run.release === null ? 'plain files' : `release ${run.release}`}${more}`,
        ]
      : []),
    ...(request ? [shownRequests(request)] : []),
  ];
  return new DeployError(
    'LOCKED',
    `It was not quiet within ${Number((waitedMs / 1000).toPrecision(3))} s: ${what.join(', and ')}.`,
    {
      description:
        'Raise Wait for Quiet (Seconds), choose a time when less is done, or choose Switch Anyway for When Not Quiet: what runs goes on with its release.',
      details: { waitedMs },
    },
  );
}

function shownRequests({ service, connections }: ResultOf<'waitForQuiet'>['requests'][number]): string {
  if (connections === null) return `the service ${service} does not say what it does`;
  return `the service ${service} has ${connections} connection${connections === 1 ? '' : 's'}`;
}
