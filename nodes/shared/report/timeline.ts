import type { Step } from '../release/stepLog';
import { html, type Markup } from './markup';
import { duration } from './words';

/** A step as a bar on the whole operation's time. */
interface Bar extends Step {
  start: number;
  failed: boolean;
}

/** The steps one below the other, each where it lies in the time that all of them took, and the rules that put it there. */
export function timeline(
  steps: readonly Step[],
  stoppedAt?: string,
  totalMs = 0,
): { section?: Markup; style: string } {
  const bars = toBars(steps, stoppedAt, totalMs);
  const last = bars.at(-1);
  if (!last) return { style: '' };
  const whole = Math.max(totalMs, last.start + last.durationMs, 0.1);
  const section = html`<section>
    <h2>Timeline</h2>
    <table class="timeline">
      ${bars.map(row)}
    </table>
  </section>`;
  return { section, style: bars.map((bar, index) => rule(bar, index, whole)).join('\n') };
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

function row({ name, durationMs, failed }: Bar, index: number): Markup {
  return html`<tr${failed ? html` class="bad"` : ''}>
    <td>${name}${failed ? ' (stopped here)' : ''}</td>
    <td><div class="track"><div class="bar bar${index}"></div></div></td>
    <td class="number">${duration(durationMs)}</td>
  </tr>`;
}

/** A rule of the document's own style: n8n's viewer takes drawings away, and the policy an element's own style. */
function rule({ start, durationMs }: Bar, index: number, whole: number): string {
  const percent = (part: number): string => ((100 * part) / whole).toFixed(2);
  return `.bar${index} { margin-left: ${percent(Math.min(start, whole))}%; width: ${percent(durationMs)}%; }`;
}
