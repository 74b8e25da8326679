/** The time of day in which switches may happen. By the clocks of a time zone, which the runtime knows: nothing is added up. */

/** From one time of day to another, by minutes since midnight; where it ends earlier than it begins, over midnight. */
export interface DeploymentWindow {
  readonly from: number;
  /** The first minute that is no more part of it; never `from`. */
  readonly to: number;
  /** As IANA names it. */
  readonly zone: string;
}

const MINUTE_MS = 60_000;
const DAY = 24 * 60;
/** No clock is put forward or back by more at once, in minutes; a whole day that a zone left out changes no time of day. */
const MOST_AT_ONCE = 180;

/** Milliseconds until the window is open: 0 while it is. One that a day's clocks leave out does not come on that day. */
export function millisecondsUntil(now: Date, window: DeploymentWindow): number {
  return millisecondsTo(now, window, window.from, (minute) => isWithin(minute, window));
}

/** Milliseconds until the window is closed: 0 while it is. */
export function millisecondsLeft(now: Date, window: DeploymentWindow): number {
  return millisecondsTo(now, window, window.to, (minute) => !isWithin(minute, window));
}

/** As people read it. */
export function shownWindow({ from, to, zone }: DeploymentWindow): string {
  return `${clockTime(from)}-${clockTime(to)} (${zone})`;
}

/** Whether the runtime knows a time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
}

function isWithin(minute: number, { from, to }: DeploymentWindow): boolean {
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** Looks at the clock minute by minute, but for as long as no clock can show `target`. */
function millisecondsTo(
  now: Date,
  { zone }: DeploymentWindow,
  target: number,
  isThere: (minute: number) => boolean,
): number {
  const clock = clockOf(zone);
  const started = now.getTime();
  let time = started;
  for (;;) {
    const minute = minuteOf(clock, time);
    if (isThere(minute)) return time - started;
    const away = (target - minute + DAY) % DAY;
    // What has just been may come once more.
    const minutes = away >= DAY - MOST_AT_ONCE ? 1 : Math.max(1, away - MOST_AT_ONCE);
    time = (Math.floor(time / MINUTE_MS) + minutes) * MINUTE_MS;
  }
}

function clockOf(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
}

function minuteOf(clock: Intl.DateTimeFormat, time: number): number {
  const parts = clock.formatToParts(time);
  const valueOf = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return valueOf('hour') * 60 + valueOf('minute');
}

function clockTime(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
