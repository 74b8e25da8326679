/** What the editor's search and the linter see of the package. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { anchorsOf } from '../support/markdown';

const ROOT = join(__dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const SOURCES = ['nodes', 'credentials'].flatMap((directory) =>
  readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' }).map((path) =>
    join(directory, path),
  ),
);
const CODEX = SOURCES.filter((path) => path.endsWith('.node.json'));

interface Codex {
  node: string;
  alias: string[];
  categories: string[];
  resources: Record<string, Array<{ url: string }>>;
}

const anchors = anchorsOf(read('README.md'));

describe.each(CODEX)('%s', (path) => {
  const codex = JSON.parse(read(path)) as Codex;

  test('is that of the node beside it', () => {
    const source = read(path.replace(/\.json$/, '.ts'));
    expect(source).toContain(`name: '${codex.node.replace('n8n-nodes-hot-deploy.', '')}'`);
    expect(codex.categories).toEqual(['Development']);
  });

  test('has aliases in small letters, each once', () => {
    expect(codex.alias).toEqual([...new Set(codex.alias.map((alias) => alias.toLowerCase()))]);
  });

  test('links to parts of README that exist', () => {
    const urls = Object.values(codex.resources).flatMap((links) => links.map(({ url }) => url));
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      const { homepage } = JSON.parse(read('package.json')) as { homepage: string };
      const [page, anchor] = url.split('#');
      expect(page).toBe(homepage.split('#')[0]);
      expect(anchors).toContain(anchor);
    }
  });
});

test.each(['deploy', 'rollback', 'release', 'ssh', 'python'])('“%s” finds what does it', (word) => {
  const found = CODEX.filter((path) => (JSON.parse(read(path)) as Codex).alias.includes(word));
  expect(found).toEqual(
    expect.arrayContaining([
      'nodes/HotDeploy/HotDeploy.node.json',
      'nodes/RollbackExtractionEngine/RollbackExtractionEngine.node.json',
    ]),
  );
});

test.each(['run', 'python', 'script', 'execute', 'command', 'process', 'engine', 'extraction'])(
  '“%s” finds the node that runs an engine',
  (word) => {
    const path = 'nodes/RunExtractionEngine/RunExtractionEngine.node.json';
    expect((JSON.parse(read(path)) as Codex).alias).toContain(word);
  },
);

test('the reference lists each exemption from n8n’s rules with its place, and no other', () => {
  const inSources = SOURCES.filter((path) => path.endsWith('.ts')).flatMap((path) =>
    [...read(path).matchAll(/eslint-disable[\w-]* @n8n\/community-nodes\/([\w-]+) -- (.+)/g)].map(
      ([, rule]) => `${rule} ${path}`,
    ),
  );
  const bare = SOURCES.filter((path) => path.endsWith('.ts')).filter((path) =>
    /eslint-disable(?!-next-line @n8n\/community-nodes\/[\w-]+ -- .)/.test(read(path)),
  );
  expect(bare).toEqual([]);
  const config = read('eslint.config.mjs');
  const inConfig = [...config.matchAll(/'@n8n\/community-nodes\/([\w-]+)': 'off'/g)].map(
    ([, rule]) => `${rule} package.json`,
  );
  const section = read('docs/reference/lint-exemptions.md');
  const listed = [...section.matchAll(/^\| `([\w-]+)` +\| `([^`]+)` +\| \S/gm)].map(
    ([, rule, place]) => `${rule} ${place}`,
  );
  expect(listed.sort()).toEqual([...inSources, ...inConfig].sort());
  expect(section).toContain(/configs\.(\w+)/.exec(config)?.[1]);
});
