import type { Refusal } from './refusal';

export const RELEASE: readonly Refusal[] = [
  {
    kind: 'releaseMissing',
    facts: { release: '20261123-171501-3f2a9c1' },
    code: 'NOT_FOUND',
    message: 'Release 20261123-171501-3f2a9c1 is not kept here. List the releases to see which are.',
  },
  {
    kind: 'runsPinned',
    facts: { basePath: '/app', processes: [41, 42, 43, 44], waitedSeconds: 2 },
    code: 'LOCKED',
    description:
      'Pause what starts them, or wait until they have ended, and try again; returning to a plain directory waits for as long as Extraction Wait (Seconds) says.',
    details: { processes: [41, 42, 43, 44] },
    message:
      'Extractions still run after 2 s: process 41, process 42, process 43 and others. They are pinned by the names in /app, which stay as they are until these have ended.',
  },
  {
    kind: 'releaseNotReady',
    facts: { release: '20261123-171501-3f2a9c1' },
    code: 'STEP',
    message: "Release 20261123-171501-3f2a9c1 did not pass its checks and can't go live.",
  },
  {
    kind: 'releaseHoldsLauncher',
    facts: { release: '20261123-171501-3f2a9c1', name: 'run.py' },
    code: 'STEP',
    message:
      'Release 20261123-171501-3f2a9c1 has a launcher of Hot Deploy where run.py should be, so no extraction could be started from it.',
    description: 'Choose another release or a backup, or deploy that version again.',
  },
  {
    kind: 'entrypointKind',
    facts: { name: 'run.pl' },
    code: 'INPUT',
    message:
      'Entrypoint run.pl is neither a Python program nor a script for sh or bash, so no launcher can start it.',
    description:
      'Name a Python or shell script that starts it, or start it by python3 .hot-deploy/launch.py COMMAND.',
  },
  {
    kind: 'nameWasBeside',
    facts: { release: '20261123-171501-3f2a9c1', names: ['data'] },
    code: 'STEP',
    message:
      "Release 20261123-171501-3f2a9c1 has no 'data' of its own: it used the one in the base path, which is deployed by now.",
    description: 'Choose a release that has it, or deploy that version again with Include as it is now.',
    details: { names: ['data'] },
  },
  {
    kind: 'releaseIsLive',
    facts: { release: '20261123-171501-3f2a9c1' },
    code: 'INPUT',
    message: "Release 20261123-171501-3f2a9c1 is live and can't be removed.",
  },
  {
    kind: 'recordMissing',
    facts: { release: '20261123-171501-3f2a9c1' },
    code: 'NOT_FOUND',
    message: 'Release 20261123-171501-3f2a9c1 has no record.',
  },
  {
    kind: 'manifestMissing',
    facts: { release: '20261123-171501-3f2a9c1' },
    code: 'STEP',
    message:
      'Nobody can tell whether release 20261123-171501-3f2a9c1 is whole: the list of its files is gone or damaged.',
    description: 'Choose another release or a backup, or deploy that version again.',
  },
  {
    kind: 'releaseDamaged',
    facts: { release: '20261123-171501-3f2a9c1', missing: ['src/a.py'], modified: ['run.py'], count: 2 },
    code: 'STEP',
    message:
      'Release 20261123-171501-3f2a9c1 is not what it was: src/a.py was removed by hand since, one of 2 such files.',
    description: 'Choose another release or a backup, or deploy that version again.',
    details: { missing: ['src/a.py'], modified: ['run.py'] },
  },
  {
    kind: 'releaseDamaged',
    facts: { release: '20261123-171501-3f2a9c1', missing: [], modified: ['run.py'], count: 1 },
    code: 'STEP',
    message:
      'Release 20261123-171501-3f2a9c1 is not what it was: run.py was changed by hand since, one of 1 such files.',
    description: 'Choose another release or a backup, or deploy that version again.',
    details: { missing: [], modified: ['run.py'] },
  },
  {
    kind: 'switchWaiting',
    facts: {},
    code: 'STEP',
    message: 'A switch is waiting to be confirmed or reverted.',
  },
  {
    kind: 'noRollout',
    facts: {},
    code: 'NOT_FOUND',
    message: 'No release is being watched here.',
    description:
      'Get Rollout shows how the last one ended. Deploy Release with the Rollout “Watch” starts one.',
  },
  {
    kind: 'guardNotStarted',
    facts: {},
    code: 'STEP',
    message: 'The process that watches a release could not be started, or said nothing.',
    description: 'See that the engine’s side has memory and processes to spare, then deploy again.',
  },
  {
    kind: 'rolloutNotLive',
    facts: { release: '20261123-171501-aaaaaaa' },
    code: 'STEP',
    message: 'Release 20261123-171501-aaaaaaa is not live, so that it can’t be watched.',
  },
  { kind: 'noSwitch', facts: {}, code: 'STEP', message: 'There is no switch to confirm or revert.' },
  {
    kind: 'nothingToDetach',
    facts: { basePath: '/app' },
    code: 'NOT_FOUND',
    message: 'Nothing is live in /app that could become plain.',
  },
  {
    kind: 'stillLedTo',
    facts: { basePath: '/app', release: '20261123-171501-3f2a9c1' },
    code: 'STEP',
    message: 'Links or the launcher in /app still lead to release 20261123-171501-3f2a9c1.',
  },
  { kind: 'nothingLive', facts: {}, code: 'STEP', message: 'Nothing is live that links could lead to.' },
  {
    kind: 'unknownRepair',
    facts: { given: 'nonsense' },
    code: 'INPUT',
    message: "There is no repair called 'nonsense'.",
  },
  {
    kind: 'notMadeHere',
    facts: { given: 'src/a.py' },
    code: 'INPUT',
    message: "'src/a.py' is nothing that was made here.",
  },
  { kind: 'notMadeHere', facts: { given: '' }, code: 'INPUT', message: "'' is nothing that was made here." },
  {
    kind: 'plainNameDiffers',
    facts: { name: 'src' },
    code: 'STEP',
    message: 'src is no longer what the live release has under that name.',
  },
  {
    kind: 'restoreThroughLink',
    facts: { path: '/app/releases/x/src' },
    code: 'STEP',
    message: "/app/releases/x/src is a link now and can't be restored through.",
  },
];
