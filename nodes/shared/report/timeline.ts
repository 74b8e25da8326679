import type { Step } from '../release/steps';
import { html, type Markup } from './markup';
import { duration } from './words';

/** A step as a bar on the whole operation's time. */
interface Bar extends Step {
  start: number;
  failed: boolean;
}

/** The steps one below the other, each where it lies in the time that all of them took. */
export function timeline(steps: readonly Step[], stoppedAt?: string, totalMs = 0): Markup | undefined {
  const bars = toBars(steps, stoppedAt, totalMs);
  if (bars.length === 0) return undefined;
  const last = bars[bars.length - 1];
  const whole = Math.max(totalMs, last.start + last.durationMs, 0.1);
  return html`<section>
    <h2>Timeline</h2>
    <table class="timeline">
      ${bars.map((bar) => row(bar, whole))}
    </table>
  </section>`;
}

function toBars(steps: readonly Step[], stoppedAt: string | undefined, totalMs: number): Bar[] {
  let start = 0;
  const bars: Bar[] = steps.map((step) => {
    const bar = { ...step, start, failed: step.name === stoppedAt };
    start += step.durationMs;
    return bar;
  });
  // A step that was cut off never came to its end: it has the rest of the time.
  if (stoppedAt && !bars.some(({ failed }) => failed)) {
    bars.push({ name: stoppedAt, durationMs: Math.max(totalMs - start, 0), start, failed: true });
  }
  return bars;
}

function row({ name, durationMs, start, failed }: Bar, whole: number): Markup {
  const percent = (part: number) => ((100 * part) / whole).toFixed(2);
  const width = Math.max((100 * durationMs) / whole, 0.6).toFixed(2);
  return html`<tr${failed ? html` class="bad"` : ''}>
    <td>${name}${failed ? ' (stopped here)' : ''}</td>
    <td>
      <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="10" rx="1" />
        <rect class="bar" x="${percent(Math.min(start, whole))}" width="${width}" height="10" rx="1" />
      </svg>
    </td>
    <td class="number">${duration(durationMs)}</td>
  </tr>`;
}
