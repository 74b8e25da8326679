import { DeployError } from '../shared/errors';
import { type DeploymentWindow, isTimeZone } from '../shared/release/deploymentWindow';
import { type SwitchMoment, WHEN_NOT_QUIET } from '../shared/release/switchMoment';
import { choice, count, neverEmptied, option, type ReadParameter, trimmed } from './field';

const waitForQuietSeconds = option(
  neverEmptied(
    count({
      displayName: 'Wait for Quiet (Seconds)',
      name: 'waitForQuietSeconds',
      default: 0,
      typeOptions: { minValue: 0 },
      description:
        'How long the switch waits at most, with everything prepared, until no run of the engine and no request to its service is in progress. Runs may start meanwhile. 0 does not wait: runs go on with their release anyway.',
    }),
  ),
);

const whenNotQuiet = option(
  choice(WHEN_NOT_QUIET, {
    displayName: 'When Not Quiet',
    name: 'whenNotQuiet',
    default: 'goOn',
    options: [
      { name: 'Switch Anyway', value: 'goOn', description: 'What runs goes on with its release' },
      { name: 'Give Up', value: 'giveUp', description: 'Nothing is changed, and the item fails' },
    ],
    description: 'What happens when Wait for Quiet is over and something is still in progress',
  }),
);

const deploymentWindow = option(
  neverEmptied(
    trimmed({
      displayName: 'Deployment Window',
      name: 'deploymentWindow',
      default: '',
      placeholder: '02:00-05:00',
      description:
        'The time of day in which the switch may happen; it may go over midnight. The execution waits for it, and prepares everything in the 15 minutes before. Empty: at any time.',
    }),
  ),
);

const windowTimeZone = option(
  trimmed({
    displayName: 'Window Time Zone',
    name: 'windowTimeZone',
    default: '',
    placeholder: 'Europe/Berlin',
    description: 'Whose clocks the Deployment Window is meant by. Empty takes the workflow’s time zone.',
  }),
);

/** In the collection Options. */
export const momentOptions = [deploymentWindow, waitForQuietSeconds, whenNotQuiet, windowTimeZone];

/** Reads them; `usualZone` is the workflow's. */
export function readMoment(read: ReadParameter, usualZone: () => string): SwitchMoment {
  const given = deploymentWindow.read(read);
  return {
    quietSeconds: waitForQuietSeconds.read(read),
    whenNotQuiet: whenNotQuiet.read(read),
    ...(given !== '' && { window: readWindow(given, windowTimeZone.read(read) || usualZone()) }),
  };
}

const WINDOW = /^([01]?\d|2[0-3]):([0-5]\d) ?[-–] ?([01]?\d|2[0-4]):([0-5]\d)$/;
const DAY = 24 * 60;

function readWindow(given: string, zone: string): DeploymentWindow {
  const shown = JSON.stringify(given);
  const [, ...parts] = WINDOW.exec(given) ?? [];
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = parts.map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  if (parts.length === 0 || to > DAY) {
    throw new DeployError(
      'INPUT',
      `Deployment Window is ${shown}. Give two times of day, such as 02:00-05:00.`,
    );
  }
  if (from === to % DAY) {
    throw new DeployError(
      'INPUT',
      `Deployment Window is ${shown}, which begins when it ends. Leave it empty for any time, or give two different times.`,
    );
  }
  if (!isTimeZone(zone)) {
    throw new DeployError(
      'INPUT',
      `Window Time Zone is ${JSON.stringify(zone)}, which is no time zone that n8n knows. Give a name such as Europe/Berlin, or leave it empty.`,
    );
  }
  return { from, to: to % DAY, zone };
}
