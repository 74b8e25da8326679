import { shownList } from '../text/shownList';
import { withoutStop } from '../text/withoutStop';
import { CONFIDENCE_PERCENT, highestRate } from '../verdict/highestRate';
import { percent } from '../verdict/percent';
import type { Judged } from './judgeReplay';
import type { ReplayVerdict } from './replaySettings';

interface Extent {
  readonly inputs: number;
  readonly unfinished: boolean;
  readonly maxMinutes: number;
}

/** What a replay came to, in words. */
export function replaySentence(judged: Judged, extent: Extent): string {
  return SAID[judged.verdict](judged, extent);
}

const SAID: Readonly<Record<ReplayVerdict, (judged: Judged, extent: Extent) => string>> = {
  worse: (judged) => `The new release is worse: ${whyWorse(judged).join('; ')}.`,
  different: (judged) => `The new release does something else: ${whatElse(judged).join('; ')}.`,
  inconclusive: (judged, extent) =>
    `The replay does not tell whether the new release is good: ${whyNot(judged, extent)}.`,
  same: ({ usable, noisy }) => {
    const rate = percent(highestRate({ runs: usable, failed: 0 }));
    const unseen = `${some(usable, 'input', 'inputs')} rule out that more than ${rate} differ, at ${CONFIDENCE_PERCENT} % confidence.`;
    const varying = `Not compared, since the live release varies there: ${shownList(noisy)}.`;
    return `Both releases put out the same. ${unseen}${noisy.length > 0 ? ` ${varying}` : ''}`;
  },
};

function whatElse({ differences, unlisted, noisier, usable }: Judged): string[] {
  const [first] = differences;
  const fields = some(differences.length + unlisted, 'field differs', 'fields differ');
  const inputs = new Set(differences.map(({ input }) => input)).size;
  return [
    ...(!first && unlisted > 0 ? [fields] : []),
    ...(first
      ? [
          `${fields} in ${inputs} of ${some(usable, 'input', 'inputs')}, first ${first.path} of ${first.input}: ${first.live ?? 'nothing'} → ${first.other ?? 'nothing'}`,
        ]
      : []),
    ...(noisier.length > 0 ? [`it varies more often than the live release in ${shownList(noisier)}`] : []),
  ];
}

function whyWorse({ failing, missing, slower, fatter, timeRatio, memoryRatio, usable }: Judged): string[] {
  const [failed] = failing;
  const [lost] = missing;
  return [
    ...(failed
      ? [
          `${failing.length} of ${some(usable, 'input', 'inputs')} ${failing.length === 1 ? 'does' : 'do'} not get through it (${failed.input}: ${withoutStop(failed.why)})`,
        ]
      : []),
    ...(lost ? [`it does not put out ${lost.file} of ${lost.input}`] : []),
    ...(slower ? [`it takes ${times(timeRatio)} the time`] : []),
    ...(fatter ? [`it takes ${times(memoryRatio)} the memory`] : []),
  ];
}

function whyNot({ usable, unusable, steady }: Judged, { inputs, unfinished, maxMinutes }: Extent): string {
  const [first] = unusable;
  if (usable === 0 && first)
    return `the live release itself does not get through ${first.input} (${withoutStop(first.why)})`;
  if (steady === 0 && usable > 0) return 'the live release puts nothing out alike twice';
  if (unfinished)
    return `${maxMinutes} minutes were over after ${some(inputs, 'input', 'inputs')}, which showed no difference`;
  return 'nothing was compared';
}

function some(count: number, one: string, more: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
}

function times(ratio: number | null): string {
  return `${(ratio ?? 1).toFixed(1)} times`;
}
