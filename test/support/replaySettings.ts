import type { ReplaySettings } from '../../nodes/shared/replay/replaySettings';

/** What a replay is asked for by default, without an input directory. */
export function replaySettings(changes: Partial<ReplaySettings> = {}): ReplaySettings {
  return {
    inputDirectory: '',
    binaryFields: [],
    arguments: ['{inputFile}', '{outputDirectory}'],
    ...{ maxInputs: 20, maxMinutes: 10, timeoutSeconds: 60, engineLimit: 0, allowNetwork: false },
    ...{ ignore: [], listKeys: [], tolerance: { absolute: 0, percent: 0 } },
    ...{ onDifferent: 'fail', differenceDigest: '' },
    ...changes,
  };
}
