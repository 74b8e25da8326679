import type { DependencyResult } from '../dependencies/install';
import type { Changes } from '../release/changes';
import { html, type Markup } from './markup';
import { counted } from './words';

/** Beyond so many, a list is folded. */
const FOLDED_FROM = 20;

/** The files that differ, kind by kind. */
export function fileChanges(changes: Changes | undefined): Markup | undefined {
  if (!changes) return undefined;
  const { added, modified, removed, ignored, counts } = changes;
  const kinds = [
    list('Added', added, counts.added),
    list('Modified', modified, counts.modified),
    list('Removed', removed, counts.removed),
    list('Changed, but not deployed here', ignored, counts.ignored),
  ];
  const none = counts.added + counts.modified + counts.removed + counts.ignored === 0;
  return html`<section>
    <h2>Files</h2>
    ${none ? html`<p class="quiet">No file differs.</p>` : kinds}
  </section>`;
}

function list(title: string, paths: readonly string[], count: number): Markup | undefined {
  if (count === 0) return undefined;
  const open = count <= FOLDED_FROM ? html` open` : '';
  const more = count - paths.length;
  return html`<details${open}>
    <summary>${title}: ${counted(count, 'file')}</summary>
    <ul class="files">
      ${paths.map((path) => html`<li><code>${path}</code></li>`)}
      ${more > 0 && html`<li class="quiet">and ${more} more</li>`}
    </ul>
  </details>`;
}

/** The packages that differ, and what became of the environment. */
export function packageChanges(dependencies: DependencyResult | undefined): Markup | undefined {
  if (!dependencies || dependencies.status === 'none') return undefined;
  const { status, environment, installer, python, file, packages, notice } = dependencies;
  const said = [
    status === 'built' ? 'Newly built' : 'Reused as it was',
    environment && `environment ${environment}`,
    file && `from ${file}`,
    installer && `with ${installer}`,
    python && `for Python ${python}`,
  ];
  const { added = [], removed = [], changed = [] } = packages ?? {};
  const rows = [
    ...added.map(({ name, version }) => [name, '—', version]),
    ...changed.map(({ name, from, to }) => [name, from, to]),
    ...removed.map(({ name, version }) => [name, version, '—']),
  ];
  return html`<section>
    <h2>Packages</h2>
    <p class="quiet">${said.filter(Boolean).join(', ')}.</p>
    ${notice && html`<p class="notice">${notice}</p>`} ${rows.length > 0 && packageTable(rows)}
  </section>`;
}

function packageTable(rows: readonly string[][]): Markup {
  return html`<table>
    <tr>
      <th>Package</th>
      <th>Before</th>
      <th>After</th>
    </tr>
    ${rows.map(
      (cells) =>
        html`<tr>
          ${cells.map((cell) => html`<td>${cell}</td>`)}
        </tr>`,
    )}
  </table>`;
}
