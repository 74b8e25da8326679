/** Releases: which there are, whether they are whole, and what becomes of what is live. */
import { MANY } from '../../contract/limits';
import { count, list } from '../../contract/shape';
import { failure } from './failure';
import { given, word, words } from './given';
import { quoted } from './repr';

const ANOTHER_VERSION = 'Choose another release or a backup, or deploy that version again.';
/** As many paths as a refusal names. */
const paths = list(words, 20);
const processIds = list(count, MANY);
/** As many of them as it names. */
const NAMED = 3;

export const RELEASE = {
  releaseMissing: failure({
    code: 'NOT_FOUND',
    facts: { release: word },
    message: ({ release }) => `Release ${release} is not kept here. List the releases to see which are.`,
  }),
  releaseNotReady: failure({
    code: 'STEP',
    facts: { release: word },
    message: ({ release }) => `Release ${release} did not pass its checks and can't go live.`,
  }),
  releaseHoldsLauncher: failure({
    code: 'STEP',
    facts: { release: word, name: words },
    message: ({ release, name }) =>
      `Release ${release} has a launcher of Hot Deploy where ${name} should be, so no extraction could be started from it.`,
    description: ANOTHER_VERSION,
  }),
  entrypointKind: failure({
    code: 'INPUT',
    facts: { name: words },
    message: ({ name }) =>
      `Entrypoint ${name} is neither a Python program nor a script for sh or bash, so no launcher can start it.`,
    description:
      'Name a Python or shell script that starts it, or start it by python3 .hot-deploy/launch.py COMMAND.',
  }),
  nameWasBeside: failure({
    code: 'STEP',
    facts: { release: word, names: paths },
    message: ({ release, names: [first = 'a name'] }) =>
      `Release ${release} has no ${quoted(first)} of its own: it used the one in the base path, which is deployed by now.`,
    description: 'Choose a release that has it, or deploy that version again with Include as it is now.',
    details: ['names'],
  }),
  releaseIsLive: failure({
    code: 'INPUT',
    facts: { release: word },
    message: ({ release }) => `Release ${release} is live and can't be removed.`,
  }),
  recordMissing: failure({
    code: 'NOT_FOUND',
    facts: { release: word },
    message: ({ release }) => `Release ${release} has no record.`,
  }),
  manifestMissing: failure({
    code: 'STEP',
    facts: { release: word },
    message: ({ release }) =>
      `Nobody can tell whether release ${release} is whole: the list of its files is gone or damaged.`,
    description: ANOTHER_VERSION,
  }),
  /** `count`: of all that are missing or modified; the lists name the first ones. */
  releaseDamaged: failure({
    code: 'STEP',
    facts: { release: word, missing: paths, modified: paths, count },
    message: ({ release, missing, modified, count: all }) => {
      const [first = 'a file'] = [...missing, ...modified];
      const how = missing.length > 0 ? 'was removed' : 'was changed';
      return `Release ${release} is not what it was: ${first} ${how} by hand since, one of ${all} such files.`;
    },
    description: ANOTHER_VERSION,
    details: ['missing', 'modified'],
  }),
  switchWaiting: failure({
    code: 'STEP',
    facts: {},
    message: 'A switch is waiting to be confirmed or reverted.',
  }),
  noRollout: failure({
    code: 'NOT_FOUND',
    facts: {},
    message: 'No release is being watched here.',
    description:
      'Get Rollout shows how the last one ended. Deploy Release with the Rollout “Watch” starts one.',
  }),
  guardNotStarted: failure({
    code: 'STEP',
    facts: {},
    message: 'The process that watches a release could not be started, or said nothing.',
    description: 'See that the engine’s side has memory and processes to spare, then deploy again.',
  }),
  rolloutNotLive: failure({
    code: 'STEP',
    facts: { release: word },
    message: ({ release }) => `Release ${release} is not live, so that it can’t be watched.`,
  }),
  noSwitch: failure({
    code: 'STEP',
    facts: {},
    message: 'There is no switch to confirm or revert.',
  }),
  nothingToDetach: failure({
    code: 'NOT_FOUND',
    facts: { basePath: words },
    message: ({ basePath }) => `Nothing is live in ${basePath} that could become plain.`,
  }),
  stillLedTo: failure({
    code: 'STEP',
    facts: { basePath: words, release: word },
    message: ({ basePath, release }) =>
      `Links or the launcher in ${basePath} still lead to release ${release}.`,
  }),
  runsPinned: failure({
    code: 'LOCKED',
    facts: { basePath: words, processes: processIds, waitedSeconds: count },
    message: ({ basePath, processes, waitedSeconds }) => {
      const named = processes.slice(0, NAMED).map((id) => `process ${id}`);
      return (
        `Extractions still run after ${waitedSeconds} s: ${named.join(', ')}${processes.length > NAMED ? ' and others' : ''}. ` +
        `They are pinned by the names in ${basePath}, which stay as they are until these have ended.`
      );
    },
    description:
      'Pause what starts them, or wait until they have ended, and try again; returning to a plain directory waits for as long as Extraction Wait (Seconds) says.',
    details: ['processes'],
  }),
  nothingLive: failure({
    code: 'STEP',
    facts: {},
    message: 'Nothing is live that links could lead to.',
  }),
  unknownRepair: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `There is no repair called ${quoted(facts.given)}.`,
  }),
  notMadeHere: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `${quoted(facts.given)} is nothing that was made here.`,
  }),
  plainNameDiffers: failure({
    code: 'STEP',
    facts: { name: words },
    message: ({ name }) => `${name} is no longer what the live release has under that name.`,
  }),
  restoreThroughLink: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} is a link now and can't be restored through.`,
  }),
};
