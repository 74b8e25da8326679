/** Code, messages and documents use the field's words: those of `docs/glossary.md`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ownFiles } from '../support/ownFiles';
import { ROOT } from '../support/productFiles';

/** Words that only this project used, and what to write instead. */
const OURS: ReadonlyArray<{ words: RegExp; instead: string }> = [
  { words: /^(?:begun|underway)$/, instead: 'started, in progress' },
  { words: /^brought$/, instead: 'fetched, transferred, installed, deployed, restored' },
  { words: /^(?:fitness|unfit)$/, instead: 'precondition, unusable' },
  { words: /^(?:ailments?|ailing)$/, instead: 'problem, unusable' },
  { words: /^(?:re)?mend(?:s|ed|ing|ers?|able)?$/, instead: 'repair' },
  { words: /^doorways?$/, instead: 'helper server' },
  { words: /^fores(?:ee|ees|een|eeing|aw)$/, instead: 'preview' },
  { words: /^passed over$/, instead: 'skipped' },
];

/** Names in outputs, which workflows of others read: they stay, where outputs are made and looked at. */
const CONTRACT: ReadonlyArray<{ name: string; what: string; files: RegExp }> = [
  {
    name: 'ailment',
    what: 'Get Status and Get Many Releases: why an environment can’t be used',
    files:
      /^(?:nodes\/[^/]+\/__schema__\/|nodes\/shared\/operations\/(?:list|status)\.ts$|scripts\/documents\/outputMeanings\.ts$|docs\/(?:reference\/|glossary\.md$)|test\/)/,
  },
  {
    name: 'ailingEnvironment',
    what: 'Repair Engine: a kind of finding',
    files:
      /^(?:executor\/hot_deploy\/inspecting\.py$|nodes\/shared\/(?:contract\/findings|release\/meanings)\.ts$|test\/)/,
  },
  {
    name: 'passedOver',
    what: 'the details of a failure: why no kept release could be made live',
    files: /^(?:nodes\/shared\/operations\/restore\.ts$|test\/)/,
  },
];

/** The only file that may say them. */
const HERE = 'test/lint/fieldWords.test.ts';

/** The words of a text in lower case, names in code taken apart; and pairs of them, for what is said with two. */
function wordsOf(line: string): string[] {
  const words = line.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)?.map((word) => word.toLowerCase()) ?? [];
  return [...words, ...words.slice(1).map((word, index) => `${words[index]} ${word}`)];
}

/** Which of our own words stand in a text, as `word: what to write instead`. */
function ownWords(path: string, text: string): string[] {
  const names = CONTRACT.filter(({ files }) => files.test(path)).map(({ name }) => name);
  const rest = names.reduce((left, name) => left.replace(new RegExp(`\\b${name}\\b`, 'g'), ' '), text);
  return rest.split('\n').flatMap((line) =>
    wordsOf(line).flatMap((word) => {
      const found = OURS.find(({ words }) => words.test(word));
      return found ? [`${path}: ${word} (write: ${found.instead})`] : [];
    }),
  );
}

test('nothing is called by a word that only this project uses', () => {
  const files = ownFiles().filter((path) => path !== HERE);
  expect(files.length).toBeGreaterThan(700);
  const found = files.flatMap((path) => [
    ...ownWords(path, path),
    ...ownWords(path, readFileSync(join(ROOT, path), 'utf8')),
  ]);
  expect([...new Set(found)]).toEqual([]);
});

test.each([
  ['a sentence', 'Nothing was begun yet.'],
  ['a name in TypeScript', 'const nextToMend = 1'],
  ['a name in Python', 'def is_foreseen(self): ...'],
  ['a constant', 'MENDERS = {}'],
  ['a type', 'interface DoorwayOptions {}'],
  ['two words', 'lines that are passed over'],
  ['two words in a name', 'passed_over = set()'],
  ['a name of an output elsewhere', 'return known.ailment'],
])('one would be found: in %s', (_where, text) => {
  expect(ownWords('nodes/shared/errors.ts', text)).toHaveLength(1);
});

test.each(['trimEnd', 'recommended', 'failing', 'trailing', 'amended', 'passwords pass over it'])(
  'one is not seen in %s',
  (text) => {
    expect(ownWords('nodes/shared/errors.ts', text)).toEqual([]);
  },
);

test.each(CONTRACT)('the name $name stays: $what', ({ name, files }) => {
  const there = ownFiles().filter((path) => files.test(path) && path !== HERE && !path.startsWith('test/'));
  expect(there.some((path) => readFileSync(join(ROOT, path), 'utf8').includes(name))).toBe(true);
});
