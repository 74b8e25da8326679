/** How a release does that is watched after its switch, or how that ended, for people. */
import type { RolloutResult } from '../rollout/rolloutResult';
import { html, type Markup } from './markup';
import { page } from './page';
import { counted, type Writing, writtenBy } from './words';

/** A rollout of its own, and who asked for it. */
export interface RolloutFacts extends Writing {
  rollout: RolloutResult;
  host: string;
  basePath: string;
}

const TITLES: Readonly<Record<RolloutResult['state'], string>> = {
  watching: 'Watched',
  promoted: 'Confirmed',
  aborted: 'Taken back',
  inconclusive: 'Inconclusive',
  superseded: 'Superseded',
};

const COLOURS: Readonly<Record<RolloutResult['state'], string>> = {
  watching: 'note',
  promoted: 'good',
  aborted: 'bad',
  inconclusive: 'note',
  superseded: 'note',
};

/** An HTML document of its own about a rollout. */
export function rolloutDocument(facts: RolloutFacts): string {
  const { rollout, host, basePath } = facts;
  const title = `${TITLES[rollout.state]}: ${rollout.release}`;
  const body = html`<header class="${COLOURS[rollout.state]}">
      <h1>${title}</h1>
      <p class="quiet">in ${basePath} on ${host}</p>
    </header>
    ${rolloutSection(rollout)}
    <footer><p>${writtenBy(facts)}</p></footer>`;
  return page(title, body);
}

/** The part of a report that tells of one: of a deployment, too. */
export function rolloutSection(rollout: RolloutResult | undefined): Markup | undefined {
  if (rollout === undefined) return undefined;
  const { summary, release, fallback, runs, p, startedAt, until, endedAt, overdue, survivesN8n } = rollout;
  const before = runs.before.runs > 0 ? row(fallback, runs.before) : undefined;
  return html`<section>
    <h2>Watched after the switch</h2>
    <p>${summary}</p>
    <table>
      <tr>
        <th>Release</th>
        <th>Ended well</th>
        <th>Did not</th>
      </tr>
      ${row(release, runs.release)} ${before}
    </table>
    <p class="quiet">
      One vote for each distinct
      input${runs.unknown > 0 && `; ${counted(runs.unknown, 'run')} that somebody stopped say nothing`}.
      ${p !== null && `Were both as good, chance would do as much with a probability of ${p.toPrecision(2)}.`}
      Since ${startedAt}, ${endedAt ? `until ${endedAt}` : `until ${until} at the latest`}.
    </p>
    ${overdue && html`<p class="notice">Nobody watches it any more: the next operation decides.</p>`}
    ${!survivesN8n && !endedAt && html`<p class="notice">What watches it ends with n8n’s own service or container.</p>`}
  </section>`;
}

function row(release: string, { runs, failed }: RolloutResult['runs']['release']): Markup {
  return html`<tr>
    <td><code>${release}</code></td>
    <td>${String(runs - failed)}</td>
    <td>${String(failed)}</td>
  </tr>`;
}
