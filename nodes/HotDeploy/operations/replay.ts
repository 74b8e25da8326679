import { argumentList } from '../../n8n/argumentList';
import { engineOptions, entrypoint, readEngine } from '../../n8n/engineFields';
import { option } from '../../n8n/field';
import { replayHints } from '../../n8n/hints';
import { itemFiles } from '../../n8n/itemFile';
import { commandTimeoutSeconds, locationFields } from '../../n8n/locationFields';
import { locator, required } from '../../n8n/locator';
import type { Operation } from '../../n8n/operation';
import { progressOf } from '../../n8n/progress';
import { report, reportReplay } from '../../n8n/report';
import {
  comparisonFields,
  inputFields,
  readReplayOfReleases,
  replayOptions,
} from '../../n8n/replayCheckFields';
import { environmentField } from '../../n8n/variables';
import { parseReleaseId } from '../../shared/contract/names';
import { replayReleases } from '../../shared/operations/replayReleases';

const release = required(
  locator({
    displayName: 'Release',
    name: 'release',
    description: 'Which release is compared with the live one',
    searchListMethod: 'searchReleases',
    example: '20261123-171501-3f2a9c1',
  }),
);

const environment = option(
  environmentField({
    placeholder: 'ANTHROPIC_API_KEY=test-key',
    description: 'Variables added for these runs, one NAME=value a line',
  }),
);

const words = argumentList({
  description:
    'What follows the entrypoint, word by word: {inputFile} stands for each input, and {outputDirectory} for a directory that is compared. Without an entrypoint, the whole command.',
});

/** Whether a kept release does with some inputs what the live one does. */
export const replay: Operation = {
  value: 'replay',
  name: 'Replay Inputs',
  description: 'Run the same inputs through the live release and another one, and compare what comes out',
  action: 'Replay inputs through two releases',
  // It runs the engine, also a release that nobody let live.
  changes: true,
  fields: [...locationFields, entrypoint, release, ...inputFields, words, ...comparisonFields],
  options: [...engineOptions, environment, ...replayOptions, report],
  async run(item) {
    const { node, read } = item;
    const engine = readEngine(item);
    const show = progressOf(node, engine.basePath);
    const settings = readReplayOfReleases(read, {
      words: words.read(read),
      timeoutSeconds: commandTimeoutSeconds.read(read),
    });
    const what = {
      ...engine,
      environment: environment.read(read),
      filesOf: (fields: readonly string[]) => itemFiles(item, fields),
      release: parseReleaseId(release.read(read)),
      onProgress: (text: string) => show({ step: 'Replay', phase: 'output', text }),
    };
    const found = await replayReleases(await item.connect(), what, settings);
    node.addExecutionHints(...replayHints(found));
    const unstored = await reportReplay(item, found);
    if (unstored) node.logger.warn(`The report could not be stored: ${unstored.message}`);
    return { ...found };
  },
};
