import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { temporaryDirectories } from '../../support/deployment';
import { evaluate } from '../../support/pythonModule';

const make = temporaryDirectories();

interface Standing {
  unconfirmed: { to: string; from: string | null } | null;
  live_since: string | null;
  sequence: number;
  previous: string | null;
}

const STANDING = `
from hot_deploy import history
json.dump([vars(history.Standing(entries, current)) for entries, current in json.load(sys.stdin)], sys.stdout)
`;

/** What a story comes to. Each word is an event: `a>b` a switch, `ok`, `back`, `left` how it was decided on. */
function standing(...stories: Array<[story: string, current: string | null]>): Standing[] {
  const events = (story: string) =>
    story
      .split(' ')
      .filter(Boolean)
      .map((word, index) => {
        const at = `t${index}`;
        const [from, to] = word.split('>');
        if (to) return { at, event: 'flip', from: from === '-' ? null : from, to, sequence: index + 1 };
        return { at, event: { ok: 'confirmed', back: 'reverted', left: 'abandoned' }[word] ?? word };
      });
  return evaluate(
    STANDING,
    stories.map(([story, current]) => [events(story), current]),
  );
}

it('what is live, since when, what was before, and what is undecided', () => {
  const table: Array<[string, string | null, string | null, string | null, string | null]> = [
    // story, current, previous, live since, unconfirmed
    ['', null, null, null, null],
    ['->a ok', 'a', null, 't1', null],
    ['->a ok a>b ok', 'b', 'a', 't3', null],
    ['->a ok a>b ok b>c ok', 'c', 'b', 't5', null],
    // Rolling back twice returns to what was live.
    ['->a ok a>b ok b>a ok', 'a', 'b', 't5', null],
    ['->a ok a>b ok b>a ok a>b ok', 'b', 'a', 't7', null],
    // Two releases back, then on to a new one.
    ['->a ok a>b ok b>c ok c>a ok', 'a', 'c', 't7', null],
    ['->a ok a>b ok b>c ok c>a ok a>d ok', 'd', 'a', 't9', null],
    // A switch that was taken back leaves everything as it was.
    ['->a ok a>b ok b>c back', 'b', 'a', 't3', null],
    ['->a back', null, null, null, null],
    // Interrupted before or after the rename.
    ['->a ok a>b', 'a', null, 't1', null],
    ['->a ok a>b', 'b', 'a', null, 'b'],
    ['->a', 'a', null, null, 'a'],
    ['->a', null, null, null, null],
    ['->a ok a>b a>c ok', 'c', 'a', 't4', null],
    ['->a ok a>b left', 'b', null, null, null],
    // Events that mean nothing here are skipped.
    ['->a ok pruned note a>b note ok', 'b', 'a', 't6', null],
    // Somebody moved the link by hand.
    ['->a ok a>b ok', 'x', null, null, null],
  ];
  const seen = standing(...table.map(([story, current]): [string, string | null] => [story, current]));
  const shown = seen.map(({ previous, live_since, unconfirmed }, index) => [
    ...table[index].slice(0, 2),
    previous,
    live_since,
    unconfirmed?.to ?? null,
  ]);
  expect(shown).toEqual(table);
});

it('sequence numbers are never used again, whatever became of the release', () => {
  expect(standing(['->a ok a>b back', 'a'], ['', null]).map(({ sequence }) => sequence)).toEqual([3, 0]);
});

const [A, B] = ['20261123-171501-aaaaaaa', '20261123-171502-bbbbbbb'];

const READ = `
from hot_deploy import history
from types import SimpleNamespace
path = json.load(sys.stdin)
layout = SimpleNamespace(history=path)
before = history.read(layout)
history.append(layout, "confirmed", to="${B}")
history.append(layout, "note", text="\\n\\u2028\\U0001f600")
json.dump([before, history.read(layout)], sys.stdout)
`;

const WHOLE = { at: 't', event: 'flip', to: B, from: A };

/** Lines that were not written here: what they name would be used. */
const FORGED = [
  { ...WHOLE, from: '../../etc' },
  { ...WHOLE, to: [A] },
  { ...WHOLE, from: `${A}/../../..` },
  { ...WHOLE, at: 7 },
  { ...WHOLE, sequence: 'x' },
  { ...WHOLE, sequence: 1e300 },
  { ...WHOLE, sequence: -1 },
  { ...WHOLE, made: 'run.py' },
  { ...WHOLE, made: [1] },
].map((entry) => JSON.stringify(entry));

it.each<[string, Buffer | string]>([
  ['half a line', `${JSON.stringify(WHOLE)}\n{"at":"t","eve`],
  [
    'half a character',
    Buffer.concat([Buffer.from(`${JSON.stringify(WHOLE)}\n{"event":"`), Buffer.from([0xf0, 0x9f])]),
  ],
  [
    'a block of zeros, as a power cut leaves it',
    Buffer.concat([Buffer.from(`${JSON.stringify(WHOLE)}\n`), Buffer.alloc(512)]),
  ],
  [
    'lines of something else',
    `\n\nnull\n[]\n7\n"event"\n{}\n{"event":7}\n${JSON.stringify(WHOLE)}\n<<<<<<<\n`,
  ],
  ['forged lines', `${[...FORGED, JSON.stringify(WHOLE), `${'['.repeat(100_000)}`].join('\n')}\n`],
  ['nothing wrong', `${JSON.stringify(WHOLE)}\n`],
])('P5: the history goes on after %s', async (_name, content) => {
  const path = join(await make(), 'history.jsonl');
  writeFileSync(path, content);
  const [before, after] = evaluate<[unknown[], Array<Record<string, unknown>>]>(READ, path);
  expect(before).toEqual([WHOLE]);
  expect(after).toMatchObject([
    WHOLE,
    { event: 'confirmed', to: B },
    { event: 'note', text: '\n\u2028\u{1f600}' },
  ]);
  expect(readFileSync(path).subarray(0, content.length)).toEqual(Buffer.from(content));
});

it('there is no history yet', async () => {
  const path = join(await make(), 'history.jsonl');
  const [before, after] = evaluate<[unknown[], unknown[]]>(READ, path);
  expect([before.length, after.length]).toEqual([0, 2]);
});
