/** P1, P4: state that runs write inside of deployed directories loses nothing while releases go and come. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { deployTo, PYTHON, rollBackTo, temporaryDirectories } from '../../support/deployment';
import { detachAt } from '../../support/detaching';
import { size } from '../../support/size';
import { writeTree } from '../../support/tree';

const make = temporaryDirectories();
const children: ChildProcess[] = [];
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

const SWITCHES = size(8, 50);
/** What a short run writes of each, and in how many of them its log begins a new file. */
const WRITES = 5;

/** Where a writer keeps what: beside what is deployed or, for runs in their release, in directories of their own. */
const BESIDE = { rows: 'src/rows.db', state: 'config', log: 'src', data: 'src/data' };
const APART = { rows: 'src/rows/rows.db', state: 'config/state', log: 'src/logs', data: 'src/data' };
type Places = typeof BESIDE;

/** Writes into a database, a file that is replaced, a log that rotates and a directory that grows, as often as it is told. */
const program = (places: Places, version: string) => `import json, logging.handlers, os, sqlite3, sys, time
BASE = os.path.dirname(os.path.abspath(__file__))
who, most = sys.argv[1], int(sys.argv[2])
under = lambda *names: os.path.join(BASE, *names)
log = logging.getLogger()
log.addHandler(logging.handlers.RotatingFileHandler(under('${places.log}', who + '.log'), maxBytes=400, backupCount=10000))
log.setLevel('INFO')
rows = sqlite3.connect(under('${places.rows}'), timeout=60)
state = under('${places.state}', who + '.json')
count, seen = 0, set()
while count < most or (most == 0 and not os.path.exists('stop')):
    count += 1
    with rows:
        rows.execute('INSERT INTO rows VALUES (?)', ('%s %d' % (who, count),))
    before = json.load(open(state))['count'] if count > 1 else 0
    with open(state + '.new', 'w') as file:
        json.dump({'count': before + 1}, file)
    os.replace(state + '.new', state)
    log.info('%s %d', who, count)
    open(under('${places.data}', '%s-%d' % (who, count)), 'x').close()
    seen.add(open('config/version').read() if ${JSON.stringify(version)} else '')
    time.sleep(0.005)
print(json.dumps({'who': who, 'count': count}))
`;

/** A version of an engine, and with \`state\` what it has written before. */
async function version(places: Places, says: string, state = false): Promise<string> {
  const source = await make('writers');
  await writeTree(source, {
    'run.py': program(places, says),
    'src/a.py': `# ${says}\n`,
    'config/version': says,
  });
  if (!state) return source;
  for (const path of [places.state, places.log, places.data, join(places.rows, '..')]) {
    mkdirSync(join(source, path), { recursive: true });
  }
  for (const path of [places.state, places.log, places.data]) writeFileSync(join(source, path, 'there'), '');
  const create =
    'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("CREATE TABLE rows (text UNIQUE)")';
  execFileSync(PYTHON, ['-c', create, join(source, places.rows)]);
  return source;
}

async function writer(base: string, who: string, most: number): Promise<{ who: string; count: number }> {
  const child = spawn(PYTHON, ['run.py', who, String(most)], {
    cwd: base,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => (said += piece.toString()));
  await once(child, 'close');
  try {
    return JSON.parse(said) as { who: string; count: number };
  } catch {
    throw new Error(said);
  }
}

/** How much of each a writer left. */
function leftBy(base: string, places: Places, who: string) {
  const select = 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM rows WHERE text LIKE ?", (sys.argv[2],)).fetchone()[0])'; // prettier-ignore
  const named = (directory: string, begin: string) =>
    readdirSync(join(base, directory)).filter((name) => name.startsWith(begin));
  const logs = named(places.log, `${who}.log`).map((name) =>
    readFileSync(join(base, places.log, name), 'utf8'),
  );
  return {
    rows: Number(execFileSync(PYTHON, ['-c', select, join(base, places.rows), `${who} %`])),
    state: (JSON.parse(readFileSync(join(base, places.state, `${who}.json`), 'utf8')) as { count: number })
      .count,
    lines: new Set(logs.join('').split('\n').filter(Boolean)).size,
    data: named(places.data, `${who}-`).length,
  };
}

test.each([
  ['place', BESIDE],
  ['code', BESIDE],
  ['release', APART],
] as const)(
  `pinned %s: nothing is lost and nothing is there twice, over ${SWITCHES} switches, a rollback and the return to a plain directory`,
  async (pinning, places) => {
    const base = await version(places, '0', true);
    const wide = ['src/**', 'config/**', 'run.py'];
    const options = { pinning, selection: { include: wide, exclude: [], shared: ['src/data/'] } };
    const written: Array<{ who: string; count: number }> = [];
    let switching = true;
    const long = ['long-a', 'long-b'].map(async (who) => written.push(await writer(base, who, 0)));
    const crowd = async (each: string) => {
      for (let run = 0; switching; run += 1) written.push(await writer(base, `${each}${run}x`, WRITES));
    };
    const crowds = ['c', 'd'].map(crowd);
    try {
      await deployTo(base, await version(places, '1'), options);
      await deployTo(base, await version(places, '2'), options);
      for (let flip = 2; flip < SWITCHES; flip += 1) await rollBackTo(base, { target: 'previous' });
    } finally {
      switching = false;
      writeFileSync(join(base, 'stop'), '');
      await Promise.all([...long, ...crowds]);
    }
    await detachAt(base);
    expect(written.length).toBeGreaterThan(4);
    for (const { who, count } of written) {
      expect([who, leftBy(base, places, who)]).toEqual([
        who,
        { rows: count, state: count, lines: count, data: count },
      ]);
    }
  },
  size(120_000, 900_000),
);
