/** What a replay found, for people: side by side, by input. */
import type { ReplayDifference, ReplayResult, ReplayVerdict } from '../replay/replaySettings';
import { html, type Markup } from './markup';
import { page } from './page';
import { counted, duration, type Writing, writtenBy } from './words';

/** A replay of its own, and who asked for it. */
export interface ReplayFacts extends ReplayResult, Writing {
  host: string;
  basePath: string;
  live: string;
  release: string;
  durationMs: number;
}

const TITLES: Readonly<Record<ReplayVerdict, string>> = {
  same: 'Same',
  different: 'Different',
  worse: 'Worse',
  inconclusive: 'Inconclusive',
};

const COLOURS: Readonly<Record<ReplayVerdict, string>> = {
  same: 'good',
  different: 'note',
  worse: 'bad',
  inconclusive: 'note',
};

/** An HTML document of its own about a replay. */
export function replayDocument(facts: ReplayFacts): string {
  const { verdict, release, live, basePath, host, durationMs } = facts;
  const title = `${TITLES[verdict]}: ${release}`;
  const body = html`<header class="${COLOURS[verdict]}">
      <h1>${title}</h1>
      <p class="quiet">compared with ${live}, in ${basePath} on ${host}, in ${duration(durationMs)}</p>
    </header>
    <section>
      <h2>Replay</h2>
      ${replaySection(facts)}
    </section>
    <footer><p>${writtenBy(facts)}</p></footer>`;
  return page(title, body);
}

/** The part of a report that tells of one: of a check, too. */
export function replaySection(found: ReplayResult): Markup {
  const { summary, failing, unusable, missing, noisy, noisier, unused } = found;
  return html`<div>
    <p>${summary}</p>
    <p class="quiet">${facts(found)}</p>
    ${list('Only the new release does not get through', failing.map(said))}
    ${list(
      'Only the live release puts out',
      missing.map(({ input, file }) => `${input}: ${file}`),
    )}
    ${byInput(found)} ${list('The new release varies more often', noisier)}
    ${list('The live release does not get through either', unusable.map(said))}
    ${list('Not compared, since the live release varies there', noisy)}
    ${list('Patterns that were about nothing', unused)}
  </div>`;
}

function facts({ inputs, available, runs, timeRatio, memoryRatio, network }: ReplayResult): string {
  const [time, memory] = [timeRatio, memoryRatio].map((ratio) => ratio?.toFixed(2));
  return [
    `${inputs} of ${counted(available, 'input')}, ${counted(runs, 'run')}`,
    time && `${time} × the time`,
    memory && `${memory} × the memory`,
    network === 'off' ? 'no network' : 'with a network',
  ]
    .filter(Boolean)
    .join(', ');
}

function said({ input, why }: { input: string; why: string }): string {
  return `${input}: ${why}`;
}

function list(title: string, lines: readonly string[]): Markup | undefined {
  if (lines.length === 0) return undefined;
  return html`<details open>
    <summary>${title}</summary>
    <ul class="files">
      ${lines.map((line) => html`<li><code>${line}</code></li>`)}
    </ul>
  </details>`;
}

function byInput({ differences, differenceCount }: ReplayResult): Markup[] {
  const inputs = [...new Set(differences.map(({ input }) => input))];
  const more = differenceCount - differences.length;
  return [
    ...inputs.map((input) =>
      sideBySide(
        input,
        differences.filter((each) => each.input === input),
      ),
    ),
    ...(more > 0 ? [html`<p class="quiet">and ${more} more that differ</p>`] : []),
  ];
}

function sideBySide(input: string, differences: readonly ReplayDifference[]): Markup {
  const cell = (value: string | null) =>
    value === null ? html`<span class="quiet">nothing</span>` : html`<code>${value}</code>`;
  return html`<details open>
    <summary>${input}: ${counted(differences.length, 'field')}</summary>
    <table>
      <tr>
        <th>Field</th>
        <th>Live release</th>
        <th>New release</th>
      </tr>
      ${differences.map(
        ({ path, live, other }) =>
          html`<tr>
            <td><code>${path}</code></td>
            <td>${cell(live)}</td>
            <td>${cell(other)}</td>
          </tr>`,
      )}
    </table>
  </details>`;
}
