import { Extractions, type Tally } from './extractions';
import type { Host } from './host';
import { Reader, type Readings } from './readers';
import { type Spread, spread } from './statistics';
import { prepareWays, type Ways } from './times';

const FILES = 200;
const DEPLOYMENTS = 5;
const FLIPS = 200;
const EXTRACTIONS_PER_FLIP = 5;
/** The others need fewer flips to show what happens. */
const FLIPS_OF_OTHERS = 40;

/** What readers saw during whole deployments, by the way's name. */
export type ReadersSaw = Array<{ name: string; deployments: number } & Readings>;

/** What became of extractions while releases were switched. */
export type ExtractionsSaw = Array<{ name: string; flips: number } & Tally>;

/** Deploys in every way while a reader opens the files that belong together as fast as it can. */
export async function measureReaders(host: Host, directory: string): Promise<ReadersSaw> {
  const ways = await prepareWays(host, directory, FILES);
  const { ours, moveTwice, linkSwap } = ways;
  const measured = [
    { name: 'hot deploy, pinned', way: ours, pin: true },
    { name: 'hot deploy, through links', way: ours, pin: false },
    { name: moveTwice.name, way: moveTwice, pin: false },
    { name: linkSwap.name, way: linkSwap, pin: false },
  ].map((item) => ({ ...item, saw: { opens: 0, failed: 0, pairs: 0, mixed: 0 } }));
  for (let round = 1; round <= DEPLOYMENTS; round++) {
    for (const [index, { way, pin, saw }] of measured.entries()) {
      await ways.source.label(`${round * measured.length + index}`);
      const reader = await Reader.start(host.python, way.basePath, pin);
      await way.deploy();
      const readings = await reader.stop();
      for (const key of ['opens', 'failed', 'pairs', 'mixed'] as const) saw[key] += readings[key];
    }
  }
  return measured.map(({ name, saw }) => ({ name, deployments: DEPLOYMENTS, ...saw }));
}

/** Switches to and fro in every way while extractions run, and says how long our flips took. */
export async function measureExtractions(
  host: Host,
  directory: string,
): Promise<{ saw: ExtractionsSaw; flip: Spread }> {
  const ways = await prepareWays(host, directory, FILES);
  await differ(ways);
  const start = (basePath: string, flips: number) =>
    new Extractions(host.python, basePath, flips * EXTRACTIONS_PER_FLIP);

  const ours = start(ways.ours.basePath, FLIPS);
  let flipped = 0;
  const next = () => ours.reached(flipped++ * EXTRACTIONS_PER_FLIP);
  const flips = await ways.ours.flip(FLIPS, next);
  const saw: ExtractionsSaw = [{ name: 'hot deploy', flips: FLIPS, ...(await ours.end()) }];
  for (const way of [ways.moveTwice, ways.linkSwap]) {
    const extractions = start(way.basePath, FLIPS_OF_OTHERS);
    for (let count = 0; count < FLIPS_OF_OTHERS; count++) {
      await extractions.reached(count * EXTRACTIONS_PER_FLIP);
      await way.flip();
    }
    saw.push({ name: way.name, flips: FLIPS_OF_OTHERS, ...(await extractions.end()) });
  }
  return { saw, flip: spread(flips) };
}

/** Gives every way two versions with different labels to switch between. */
async function differ({ source, ours, moveTwice, linkSwap }: Ways): Promise<void> {
  await moveTwice.keepOther();
  await source.label('1');
  for (const way of [ours, moveTwice, linkSwap]) await way.deploy();
}
