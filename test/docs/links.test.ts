/** Every link of the documentation leads somewhere. Other people's pages are not asked: only the form of an address counts. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { markdownFiles } from '../../scripts/documents/markdownFiles';
import { anchorsOf, linksOf } from '../support/markdown';
import { productFiles, ROOT } from '../support/productFiles';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const PAGES = markdownFiles().map((path) => relative(ROOT, path));
const { homepage } = JSON.parse(read('package.json')) as { homepage: string };
const REPOSITORY = homepage.replace(/#.*/, '');

/** What is wrong with a link from a page; undefined where nothing is. */
function complaintAbout(page: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return externalComplaint(target);
  const [path = '', anchor] = target.split('#');
  const place = path ? join(dirname(page), decodeURIComponent(path)) : page;
  if (place.startsWith('..') || !existsSync(join(ROOT, place))) return `${target}: there is no ${place}`;
  if (anchor === undefined) return undefined;
  if (statSync(join(ROOT, place)).isDirectory() || !place.endsWith('.md'))
    return `${target}: no page has anchors there`;
  return anchorsOf(read(place)).includes(anchor) ? undefined : `${target}: ${place} has no such heading`;
}

function externalComplaint(target: string): string | undefined {
  if (!URL.canParse(target)) return `${target} is no address`;
  const { protocol, hostname } = new URL(target);
  const isWeb = protocol === 'https:' && /^([a-z0-9-]+\.)+[a-z]{2,}$/.test(hostname);
  return isWeb ? undefined : `${target} is no https address of a host`;
}

test.each(PAGES)('%s links to what exists', (page) => {
  const complaints = linksOf(read(page)).flatMap((target) => complaintAbout(page, target) ?? []);
  expect(complaints).toEqual([]);
});

describe('what would be noticed', () => {
  test.each([
    ['a file that is gone', 'gone.md'],
    ['a heading that is gone', 'glossary.md#gone'],
    ['a heading of the page itself that is gone', '#gone'],
    ['a link out of the repository', '../../elsewhere.md'],
    ['another spelling of a name', 'Glossary.md'],
    ['an address without encryption', 'http://example.com/'],
    ['an address on this machine', 'https://localhost/x'],
  ])('%s', (_, target) => {
    expect(complaintAbout('docs/README.md', target)).toContain(target);
  });

  test.each(['glossary.md', '../LICENSE', '../README.md#operations', '#how-to', 'https://semver.org'])(
    'but not %s',
    (target) => {
      expect(complaintAbout('docs/README.md', target)).toBeUndefined();
    },
  );

  test('links in all of their forms, but none in code', () => {
    const page = [
      '[a](a.md) ![b](b.png "title") [c `code` c](<c.md>) [d][d] <img src="e.png" alt=""> <source srcset="f.png">',
      '`[no](no.md)`',
      '```md\n[no](no.md)\n```',
      '[d]: d.md',
    ].join('\n\n');
    expect(linksOf(page).sort()).toEqual(['a.md', 'b.png', 'c.md', 'd.md', 'e.png', 'f.png']);
  });

  test('headings as GitHub names them', () => {
    const page =
      '# Five minutes: your first _run_\n## `npm test`\n## The [same](x.md)\n## The same\n```sh\n# no\n```\n## Größe';
    expect(anchorsOf(page)).toEqual([
      'five-minutes-your-first-run',
      'npm-test',
      'the-same',
      'the-same-1',
      'größe',
    ]);
  });
});

test('docs/README.md leads to every page', () => {
  const map = linksOf(read('docs/README.md')).map((target) => join('docs', target.replace(/#.*/, '')));
  const decisions = linksOf(read('docs/decisions/README.md')).map((target) => join('docs/decisions', target));
  const pages = PAGES.filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(pages.filter((page) => ![...map, ...decisions].includes(page))).toEqual([]);
});

test('addresses of our own pages in nodes and credentials lead to what exists', () => {
  const codex = ['HotDeploy', 'HotDeployTrigger', 'RollbackExtractionEngine', 'RunExtractionEngine'].map(
    (node) => `nodes/${node}/${node}.node.json`,
  );
  const addresses = [...codex, ...productFiles()].flatMap((path) =>
    [...read(path).matchAll(/https:\/\/[^'"\s]+/g)].map(([address]) => address),
  );
  const ours = addresses.filter((address) => address.startsWith(REPOSITORY));
  expect(ours.length).toBeGreaterThan(8);
  for (const address of ours) {
    const target = address.slice(REPOSITORY.length).replace(/^\/blob\/main\//, '');
    const local = target === '#readme' ? 'README.md' : target.replace(/^(?=#)/, 'README.md');
    expect(complaintAbout('README.md', local)).toBeUndefined();
  }
});
