import type { CheckResult } from '../release/checks';
import { fileChanges, packageChanges } from './changeLists';
import type { ReportFacts } from './reportFacts';
import { html, type Markup } from './markup';
import { page } from './page';
import { replaySection } from './replayReport';
import { rolloutSection } from './rolloutReport';
import { timeline } from './timeline';
import { duration, writtenBy } from './words';

/** What an operation did, as a page of its own. */
export function reportDocument(facts: ReportFacts): string {
  const { steps = [], step, durationMs } = facts;
  const stoppedAt = facts.outcome === 'stopped' ? step : undefined;
  const { section, style } = timeline(steps, stoppedAt, durationMs);
  const body = html`${head(facts)} ${beforeAndAfter(facts)} ${checkList(facts.checks ?? [])}
  ${rolloutSection(facts.rollout)} ${section} ${fileChanges(facts.changes)}
  ${packageChanges(facts.dependencies)} ${foot(facts)}`;
  return page(title(facts), body, style);
}

const TITLES: Readonly<Record<ReportFacts['outcome'], string>> = {
  deployed: 'Deployed',
  watching: 'Deployed, and watched',
  promoted: 'Deployed and confirmed',
  inconclusive: 'Deployed, and nobody can say how good it is',
  unchanged: 'Unchanged',
  rolledBack: 'Rolled back',
  stopped: 'Did not go live',
};

const COLOURS: Readonly<Record<ReportFacts['outcome'], string>> = {
  deployed: 'good',
  watching: 'note',
  promoted: 'good',
  inconclusive: 'note',
  unchanged: 'note',
  rolledBack: 'good',
  stopped: 'bad',
};

function title({ outcome, live, attempted }: ReportFacts): string {
  const about = outcome === 'stopped' ? attempted : live;
  return about ? `${TITLES[outcome]}: ${about}` : TITLES[outcome];
}

function head(facts: ReportFacts): Markup {
  const { outcome, host, basePath, message, description, durationMs, complaint, settled, repaired } = facts;
  const where = basePath && `${basePath}${host ? ` on ${host}` : ''}`;
  const took = durationMs !== undefined && `in ${duration(durationMs)}`;
  return html`<header class="${COLOURS[outcome]}">
    <h1>${title(facts)}</h1>
    <p class="quiet">${[where, took].filter(Boolean).join(', ')}</p>
    ${message && html`<p>${message}</p>`} ${description && html`<pre>${description}</pre>`}
    ${complaint && html`<p class="notice">The release is live, but not all was tidied up: ${complaint}</p>`}
    ${settled && html`<p class="notice">An interrupted switch to ${settled.release} was ${settled.outcome} first.</p>`}
    ${(repaired ?? []).map(({ explanation, action }) => html`<p class="notice">${explanation} ${action}</p>`)}
  </header>`;
}

function beforeAndAfter(facts: ReportFacts): Markup {
  const { previousRelease, outcome, live, attempted, backup, swap } = facts;
  const now = live === undefined ? 'not known: Get Status shows it' : (live ?? 'nothing');
  const before = outcome === 'unchanged' ? live : previousRelease;
  const stopped = outcome === 'stopped';
  const origin = originOf(facts);
  return html`<section class="pair">
    ${column('Before', [
      ['Live', before ?? (before === null ? 'nothing' : undefined)],
      ['Backup', backup ?? undefined],
    ])}
    ${stopped && column('Was to be', [['Release', attempted], ...origin])}
    ${column('After', [['Live', now], ...(stopped ? [] : origin), ['Switch', swap && swapWords(swap)]])}
  </section>`;
}

type Term = [string, string | undefined];

function originOf({ source }: ReportFacts): Term[] {
  return [
    ['Source', source && [source.type, source.reference].filter(Boolean).join(': ')],
    ['Commit', source?.commit],
    ['Digest', source?.digest?.slice(0, 16)],
  ];
}

function column(title: string, pairs: readonly Term[]): Markup | undefined {
  const known = pairs.filter(([, value]) => value !== undefined && value !== '');
  if (known.length === 0) return undefined;
  return html`<div>
    <h3>${title}</h3>
    <dl>
      ${known.map(
        ([term, value]) =>
          html`<dt>${term}</dt>
            <dd><code>${value}</code></dd>`,
      )}
    </dl>
  </div>`;
}

function swapWords({ method, atomic, adopted, gapMs }: NonNullable<ReportFacts['swap']>): string {
  if (method === 'none') return 'none was needed';
  if (!atomic) return `a name was missing for ${gapMs} ms while adopting`;
  return adopted ? 'atomic; plain files were adopted first' : 'atomic';
}

function checkList(checks: readonly CheckResult[]): Markup | undefined {
  if (checks.length === 0) return undefined;
  return html`<section>
    <h2>Checks</h2>
    ${checks.map(oneCheck)}
  </section>`;
}

function oneCheck({ name, when, passed, durationMs, output, reason, replay }: CheckResult): Markup {
  const [colour, word] = passed ? ['good', '✓ passed'] : ['bad', '✗ did not pass'];
  return html`<div class="check">
    <span class="badge ${colour}">${word}</span><strong>${name}</strong>
    <span class="quiet">${when} the switch, ${duration(durationMs)}${reason ? `: ${reason}` : ''}</span>
    ${replay ? replaySection(replay) : output && html`<div><details${passed ? '' : html` open`}><summary>Output</summary><pre>${output}</pre></details></div>`}
  </div>`;
}

function foot(facts: ReportFacts): Markup {
  const { releasesInUse = [] } = facts;
  const running = releasesInUse.map(({ release, processes }) => `${release} (${processes})`).join(', ');
  return html`<footer>
    ${running && html`<p>Extractions were running in ${running}.</p>`}
    <p>${writtenBy(facts)}</p>
  </footer>`;
}
