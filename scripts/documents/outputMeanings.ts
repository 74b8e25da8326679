/**
 * What each field of an output means, by its path in the output schemas: of all operations that have it, or of one, with
 * that operation's value (or the trigger's folder) in front. A field without a meaning stops `npm run docs`.
 */
const PLACE = {
  host: 'the machine that the engine is on: the host from the credential, or `localhost`',
  container: 'the container that the engine runs in; absent on a host',
  basePath: 'the base path',
};

const SOURCE = {
  source: 'where the content came from',
  'source.type':
    '`directory`, `binary`, `git`, `backup`, or `adopted` for what was there before the first deployment',
  'source.reference': 'directory, file name, branch, tag or backup that was asked for',
  'source.commit': 'full ID of the commit, from Git',
  'source.digest': 'digest over all deployed files; equal digests are equal content',
  'source.repository': 'address of the repository, from Git, without a login',
  'source.subdirectory': 'directory of the repository that was deployed, where one was named',
};

const CHANGES = {
  changes: 'how it differs from what was live before',
  'changes.added': 'paths that are new; the first 1,000',
  'changes.modified': 'paths whose content or mode is another',
  'changes.removed': 'paths that are gone',
  'changes.ignored':
    'paths of the source that the patterns leave out; from Git only those that changed since `since`',
  'changes.since': 'the live commit that `ignored` is compared with, from Git',
  'changes.counts': 'the true numbers, also where lists are cut',
  'changes.counts.added': 'how many are new',
  'changes.counts.modified': 'how many are changed',
  'changes.counts.removed': 'how many are gone',
  'changes.counts.ignored': 'how many are left out',
};

/** What a replay found, from its output on. */
const REPLAY = {
  verdict: '`same`, `different`, `worse`, or `inconclusive` where it does not tell',
  summary: 'the verdict in a sentence, with what could not have been seen',
  inputs: 'how many inputs were run',
  available: 'how many files the input directory has',
  runs: 'how many runs that took',
  unfinished: 'whether the time was over before all inputs were through',
  failing: 'inputs that only the new release does not get through, at most 50; so for all lists here',
  'failing[].input': 'the input’s file name',
  'failing[].why': 'how the run ended',
  unusable: 'inputs that the live release itself does not get through: they tell nothing',
  'unusable[].input': 'the input’s file name',
  'unusable[].why': 'how the run ended',
  missing: 'files that only the live release puts out',
  'missing[].input': 'the input’s file name',
  'missing[].file': 'the file’s path in the output directory',
  differences: 'what both put out otherwise',
  'differences[].input': 'the input’s file name',
  'differences[].path': 'the field: `stdout` or the file’s path, and what leads to it',
  'differences[].live': 'the live release’s value, as JSON; null where it has none',
  'differences[].other': 'the new one’s',
  differenceCount: 'how many there are',
  differenceDigest: 'names exactly these differences, for Approved Differences; null where there are none',
  noisy: 'fields that the live release does not put out alike twice, and that were not compared',
  noisier: 'of those, fields that the new release varies more often',
  unused: 'lines of Leave Out Fields and List Keys that were about nothing',
  slower: 'whether the new release takes more time, by the sign test and by more than a fifth',
  fatter: 'whether it takes more memory, by the sign test, by half, and by 64 MiB',
  timeRatio: 'its time, divided by the live release’s: the median over all inputs; null where none tells',
  memoryRatio: 'its memory, likewise',
  network: '`off` where no run could reach others',
};

const CHECKS = {
  checks: 'the checks that ran, in their order',
  'checks[].name': 'name of the check',
  'checks[].type': '`compile`, `json`, `python`, `command`, `engine`, `http` or `replay`',
  'checks[].when': '`before` or `after` the switch',
  'checks[].passed': 'whether it passed',
  'checks[].durationMs': 'how long it took',
  'checks[].output': 'what it printed, shortened in the middle, with secrets masked',
  'checks[].reason': 'why it did not pass',
  'checks[].runs':
    'of a Replay: how many runs of the engine it takes at most, but for those that are tried again',
  'checks[].minutes': 'of a Replay: after how many minutes no further input is started',
  'checks[].replay': 'of a Replay: what it found',
  ...below('checks[].replay.', REPLAY),
  'checks[].startedAs':
    'of _As Workflows Start It_: `live`; before the switch `place`, which is as workflows start it, or `code` or `release`, which is not',
};

/** How a release is watched, from its output on. */
const ROLLOUT = {
  id: 'tells this rollout from others',
  state:
    '`watching`, `promoted` (it did well), `aborted` (it was taken back), `inconclusive` (it stays live, and nobody can say whether it is good) or `superseded` (another release went live)',
  release: 'the release that is watched',
  fallback: 'what it goes back to: the release that was confirmed last',
  startedAt: 'since when it is watched',
  until: 'when it is decided at the latest',
  endedAt: 'when it was; null while nobody has',
  decidedBy:
    '`guard` (the process that watches), `person`, `next` (the next operation, since that process had ended) or `switch`; null while nobody has',
  overdue: 'whether that process has ended before its time: the next operation decides',
  survivesN8n: 'whether it is decided even where n8n’s own service or container ends',
  runs: 'how runs ended since it is watched, one vote for each distinct input',
  'runs.release': 'of this release',
  'runs.release.runs': 'how many there are',
  'runs.release.failed': 'of how many inputs a run failed',
  'runs.before': 'of the release before, where it was watched in the last 24 hours',
  'runs.before.runs': 'how many there are',
  'runs.before.failed': 'of how many inputs a run failed',
  'runs.unknown': 'runs that somebody stopped, which say nothing',
  p: 'how likely it is that chance does as much to a release that is as good; null with nothing to compare with',
  summary: 'all of it in a sentence',
};

const ROLLOUT_STATUS = Object.fromEntries(
  ['getRollout', 'promote', 'abort'].flatMap((operation) => [
    [`${operation} status`, 'the rollout’s state; `none` where no release was ever watched here'],
    [`${operation} summary`, 'how it goes, or ended, in a sentence'],
  ]),
);

const ENVIRONMENT = {
  environment: 'virtual environment of the release; null where it runs with what its interpreter has',
  'environment.name': 'its name below `environments`',
  'environment.python': 'version of its interpreter',
  'environment.installer': 'program that installed it, with its version',
  'environment.ailment': 'why it cannot be used; null when it can',
  'environment.packages': 'what is installed in it',
  'environment.packages[].name': 'name of the package',
  'environment.packages[].version': 'its version',
};

const LOCK = {
  lockedBy: 'who holds the lock now; null when it is free',
  'lockedBy.workflow': 'name of the workflow',
  'lockedBy.execution': 'ID of the execution',
  'lockedBy.operation': 'what it does',
  'lockedBy.since': 'when it took the lock',
  'lockedBy.processId': 'its process on the engine’s side',
};

const DRIFT = {
  drift: 'deployed files that somebody changed by hand since',
  'drift.modified': 'edited',
  'drift.missing': 'removed',
  'drift.added': 'added inside deployed directories',
};

const SPACE = {
  space: 'of the file system that holds the base path',
  'space.freeBytes': 'free bytes',
  'space.neededBytes': 'bytes that the release takes',
  'space.totalBytes': 'its size',
  'space.freeInodes': 'free inodes; null where the file system counts none',
};

const IN_USE = {
  releasesInUse: 'releases that extractions run now',
  'releasesInUse[].release': 'the release',
  'releasesInUse[].processes': 'how many processes hold it',
};

const STEPS = {
  steps: 'what was done, in its order',
  'steps[].name': 'name of the step',
  'steps[].durationMs': 'how long it took',
  durationMs: 'how long all of it took',
};

const UNSEEN = {
  unseen:
    'how many processes of other users may run the engine and can’t be looked into; null where all are hidden, absent where there are none',
};

const PINNING = {
  pinning: 'how runs that this user starts are pinned, or would be; null where nobody can tell',
  'deploy pinning':
    'how runs that this user starts are pinned now; absent where nothing was switched, or nobody can tell',
  'pinning.way': '`place`: in place; `code`: by code; `release`: in the release’s directory',
  'pinning.why':
    'why not in place: `chosen` (the option Pinning says so), `forbidden` (by the kernel, a container’s profile), `privileges` (the engine seems to use what does not work in a user’s namespace, such as sudo or chown), `names` (something else stands at a deployed name), `locked` (names are being exchanged) or `unprepared` (nothing was deployed since the upgrade)',
};

const SERVICE = {
  service: 'what was done so that a service answers with this version; absent where nothing was',
  'plan service':
    '`handOver`, `reload` or `none`: what would be done so that a service answers with this version',
  'service.method': '`handOver` or `reload`',
  'service.readyMs': 'how long the new version took until it could answer, while the old one did',
  'service.milliseconds': 'how long it took to move new connections to it, or to tell it to reload',
  'service.gapMs':
    'longest time in which nobody took a connection, as measured meanwhile at the address of the first HTTP check; absent where there is none',
  services: 'the services that serve.py runs',
  'services[].name': 'its name: that of its socket in `.hot-deploy`',
  'services[].listen': 'the addresses that it takes connections at',
  'services[].handOvers': 'how many times a version was handed over since it was started',
  'services[].abandoned': 'connections that came to a version when it had ended already',
  'services[].reverted':
    'that it went back by itself, since its version crashed again and again; absent where it did not',
  'services[].reverted.from': 'ID of the release that crashed',
  'services[].reverted.to': 'ID of the release that answers since; null for the plain directory',
  'services[].reverted.at': 'when that was',
  'services[].generations': 'the versions of it that run',
  'services[].generations[].release': 'ID of its release; null for the plain directory',
  'services[].generations[].state':
    '`live`: it gets new connections. `starting` or `waiting`: it is on its way there. `draining`: it finishes what is in progress. `kept`: it is there to go back to. `restarting`: it has crashed',
  'services[].generations[].pinning':
    'how it is pinned: `place`, `code`, `release`, or `plain` where it isn’t',
  'services[].generations[].pid': 'its process ID',
  'services[].generations[].sinceSeconds': 'how long it has been running',
  'services[].generations[].restarts': 'how often it was started again after a crash',
  'services[].generations[].memoryMb': 'what its processes take of memory',
  'services[].generations[].processes': 'how many processes it has',
  'services[].generations[].connections': 'how many connections it has',
  'services[].generations[].accepted':
    'how many connections came while it was the one that gets them, checks included: its requests since the hand-over, where each comes on a connection of its own. Known only where nothing else listens in the network namespace, as in a container of its own',
};

const STATUS = {
  'deploy status': '`deployed`, or `unchanged` when the same content is live already',
  'rollback status': '`rolledBack`, or `unchanged` when that release is live already',
  'plan status': 'always `planned`',
  'repair status':
    '`sound`: nothing was found. `repaired`: all of it was put right. `attention`: something is left for people. `planned`: a dry run found something',
  'run status':
    '`succeeded`; on the error output `failed` by its exit code, its output or the success rule, or because nothing was started; `killed` by a signal or for its memory; `timedOut`, `cancelled`, or `unknown` where nobody saw its end',
  'stopRuns status':
    '`stopped`; `planned` for a dry run; `attention` where nothing was done to a run, or a part of one is still there',
  'detach status': '`detached`, or `unchanged` where there was nothing of ours',
};

const RELEASE = {
  release: 'ID of the release that is live now',
  'plan release': 'ID of the release that is live',
  'getAll release': 'ID of the release',
  'detach release': 'ID of the release whose content the plain files have; null where there was none',
  previousRelease: 'ID of the one that was live before',
  liveSince: 'when the live release went live',
  backup: 'file name of the archive of what was live; null where none was made',
  'rollback backup': 'always null: nothing is archived when rolling back',
};

const PLAN = {
  unchanged: 'whether deploying would answer `unchanged`',
  files: 'the first 1,000 files that change',
  'files[].path': 'path of the file',
  'files[].change': '`added`, `modified` or `removed`',
  'files[].bytes': 'its size afterwards; null where it is gone',
  'files[].bytesBefore': 'its size now; null where there is none',
  adopt: 'plain names that would become links, in a first deployment',
  dependencies: 'what would be done about packages',
  'dependencies.status':
    '`none`, `reused` (there is an environment for them), `build` (one would be built) or `install` (into the interpreter)',
  'dependencies.environment': 'key of the environment',
  'dependencies.file': 'the requirements file or lock',
  'dependencies.requirements': 'lines that the requirements gain and lose',
  'dependencies.requirements.added': 'lines that are new',
  'dependencies.requirements.removed': 'lines that are gone',
  bytesToSend: 'bytes of content that would be sent, before compression',
  'plan checks': 'the checks that would run',
  swap: 'how the switch would happen',
  'swap.method': '`rename`, or `none` where nothing would be switched',
  'swap.atomic': 'whether every name leads to a whole release at every instant; null where only trying tells',
  'swap.adopts': 'whether plain files would become a release first',
  'plan drift': 'edits by hand that the deployment would take away',
  starts: 'which ways of starting the engine are pinned to one release then',
  'starts.pinned': 'commands that go through a launcher',
  'starts.unpinned':
    'scripts at the top that no launcher stands for: what they import may change while they run',
  'starts.prefix': 'what pins any other command that it is put in front of',
  notices: 'what should be known of the place, such as that the user may not write there',
  planDigest: 'names this plan: what Deploy Release takes as Plan Digest',
};

const STATUS_OF_ENGINE = {
  state:
    '`live`; `plain` before the first deployment; `empty` where there is no engine; `broken` where nothing is live that should be',
  unconfirmedSwitch: 'a switch that was cut off; the next operation decides on it',
  'unconfirmedSwitch.to': 'the release that was switched to',
  'unconfirmedSwitch.from': 'the one before',
  'unconfirmedSwitch.operation': 'what switched',
  lastUndone: 'the last deployment or rollback, where it was refused, cut off or taken back',
  'lastUndone.release': 'its release; null where it had no name yet',
  'lastUndone.at': 'when',
  'lastUndone.reason': 'why, in a sentence',
  kept: 'what is kept on the engine’s side',
  'kept.releases': 'how many releases',
  'kept.backups': 'how many backups',
  'kept.bytes': 'their size',
  filesystem: 'the file system that holds the base path',
  'filesystem.type': 'its kind, such as `ext4`',
  'filesystem.mount': 'where it is mounted',
  'filesystem.mergesNames': 'whether it takes `A` and `a` for one name',
  python: 'the interpreter that the executor runs in',
  'python.version': 'its version',
  'python.executable': 'its path',
  user: 'the user it runs as',
  writable: 'whether that user may write to the base path',
};

const HISTORY = {
  eventId: 'of this change; never another one, so that a workflow can tell what it has seen',
  at: 'when it started',
  endedAt: 'when it ended; null while it is open',
  operation: 'what was asked for',
  from: 'ID of the release that was live',
  to: 'ID of the release that was to be',
  end: '`kept`, `takenBack`, `refused`, `discarded` (cut off before its switch), `unconfirmed` (nobody has decided yet), `detached`, or `serviceReverted` (the new version of a service crashed again and again, and `serve.py` went back by itself: the release is live, its service is not)',
  reason: 'why it did not stay',
  by: 'who asked; null for lines that version 0.1.0 wrote',
  'by.workflow': 'name of the workflow',
  'by.execution': 'ID of the execution',
  'by.operation': 'what it called',
  'by.user': 'ID of the n8n user, of manual runs, where n8n tells',
  'by.agent': 'true when an AI agent asked',
};

const FINDINGS = {
  findings: 'what was found',
  'plan findings': 'what was looked for beforehand and found: see [Findings](findings.md)',
  'deploy findings':
    'what was looked for beforehand and found: see [Findings](findings.md); absent where there is nothing',
  'findings[].severity': '`kept`, `hint`, or, in the details of an error, `refused`',
  'findings[].paths': 'which names and files, the first 20',
  'findings[].count': 'how many there are',
  'findings[].sentence': 'what it is, what becomes of it, and what to do',
  'findings[].kind': 'what it is, for machines',
  'findings[].path': 'where, below the base path',
  'findings[].explanation': 'what it is and where it comes from, in a sentence',
  'findings[].action': 'what is done about it, or what a person may do',
  'findings[].done': 'whether that was done',
};

const REPAIR = {
  'repair checks': 'checks of the releases that were tried, and of an interrupted switch',
};

const KEPT_RELEASE = {
  sequence: 'number of the release, counted up',
  'getAll state': '`live`, `previous`, `kept`, or `unfinished` for one that never passed its checks',
  createdAt: 'when it was made',
  'getAll liveSince': 'when it went live; only of the live one',
  digest: 'digest over its files',
  files: 'the first 1,000 files that change',
  'getAll files': 'how many files it has',
  bytes: 'their size',
  processes: 'how many extractions run it now',
};

const RUNS = {
  'getRuns processId': 'the topmost process of the run',
  run: 'ID of the run, where Run Extraction Engine started it; else null, and where its environment can’t be read',
  'getRuns release':
    'ID of the release that it runs; null for plain files, which ran before the first deployment',
  live: 'whether it, or a part of it, uses the live release',
  startedAt: 'when it was started',
  ageSeconds: 'how long ago that is',
  cpuSeconds: 'processor time of all its processes, and of those of them that have ended',
  memoryMb: 'memory of all its processes in MiB; what they share counts once, where that can be read',
  'getRuns processes': 'how many processes it has',
  command: 'its command line, the first 1,000 characters, with secrets masked',
  'getRuns user': 'the user it runs as',
  workflow: 'name of the workflow that started it; null where that is not known',
  execution: 'ID of the execution that started it; null where that is not known',
  summary: 'all of it in a sentence',
  runs: 'the runs that were to end',
  'runs[].processId':
    'the topmost process of the run; null for what was chosen by the ID of a run and is none',
  'runs[].run': 'ID of the run, where Run Extraction Engine started it; else null',
  'runs[].release': 'ID of the release that it ran; null for what is no run',
  'runs[].command': 'its command line, with secrets masked; null for what is no run',
  'runs[].end':
    '`ended`: by itself, when it was asked to. `killed`: it was there after the grace. `gone`: it had ended before. `refused`: nothing was done to it. `remains`: a part of it is still there. `planned`: it would have been stopped',
  'runs[].reason': 'why nothing was done, or what is left, in a sentence; else null',
};

const RUN = {
  'run release': 'ID of the release that ran; null where nothing was ever deployed, or nothing was started',
  exitCode: 'exit code of the program; null where it has none, such as after a signal',
  signal: 'name of the signal that ended it, such as `SIGKILL`; else null',
  'run durationMs': 'how long it ran, from its start to the end of all that it started',
  cpuMs: 'processor time of the run and of what it started and waited for',
  peakMemoryMb: 'the most memory that was seen, in units of 1,000,000 bytes: see [Bounds](#bounds)',
  attempts: 'how often it was tried: 1, and the retries',
  output:
    'what _Output_ asks for: the JSON, a list of it, the text, or `path` and `bytes` of each file; null where it did not come to that',
  stdout:
    'the end of what it printed, the last 4,000 characters; there where `output` isn’t made of that, and where the run did not succeed',
  stderr: 'the end of what it printed to standard error, the last 4,000 characters, with secrets masked',
  runKey: 'the Run Key; null where there is none',
  'run pinning': 'how the run was pinned: `place`, `code` or `release`; null where nothing was ever deployed',
  'run user': 'the user it was started as',
  repeated: 'with a Run Key: whether the outcome is that of an earlier start',
  survivesN8n: 'with a Run Key: whether a run goes on when n8n’s container or service ends',
  recorded: 'whether its input was kept for replays; absent where that was not asked for',
  waitedMs:
    'how long it waited: a run for its turn, with an Engine Limit; a switch for its window and for quiet, where it was told to',
};

const PRUNE = {
  removedReleases: 'IDs of the releases that were removed',
  keptInUse: 'IDs of those that stay because extractions run them',
  removedBackups: 'file names of the backups that were removed',
  removedCounts: 'how many were removed, also where the lists are cut',
  'removedCounts.releases': 'releases',
  'removedCounts.backups': 'backups',
  'removedCounts.environments': 'environments that no release leads to any more',
};

const DETACH = {
  names: 'what became plain files and directories',
  'detach swap': 'how names were exchanged',
  'detach swap.atomic': 'whether no name was ever missing',
  'swap.gapMs': 'for how long one was, where the file system cannot exchange names',
  packages: 'what the engine needs from its own interpreter now',
  'packages.needed': 'all of it',
  'packages.needed[].name': 'name of the package',
  'packages.needed[].version': 'its version',
  'packages.missing': 'what of it is not there in that version',
  'packages.missing[].name': 'name of the package',
  'packages.missing[].version': 'the version that was used',
  'packages.missing[].found': 'the version that is there; null where there is none',
  removed: 'what was removed',
  'removed.releases': 'IDs of releases',
  'removed.environments': 'names of environments',
  'removed.backups': 'file names of backups',
  'removed.counts': 'how many were removed, also where the lists are cut',
  'removed.counts.releases': 'releases',
  'removed.counts.environments': 'environments',
  'removed.counts.backups': 'backups',
  left: 'directories of ours that still are there',
};

const PUSH = {
  event: 'always `push`',
  forge: '`github`, `gitlab`, `gitea` (Forgejo, too) or `bitbucket`',
  repository: 'owner and name, as in the trigger’s Repositories',
  cloneUrl:
    'address of the repository as it is written in the trigger’s Repositories, never one from the request',
  reference: 'the full name, such as `refs/heads/main`',
  branch: 'name of the branch; null for a tag',
  tag: 'name of the tag; null for a branch',
  commit: 'full ID of the commit after the push',
  before: 'of the commit before; null for a new reference',
  created: 'whether the reference is new',
  forced: 'whether the push was forced; null where the forge does not say',
  pusher: 'who pushed',
  message: 'message of the commit after the push',
  changedPaths: 'what the push changed, as far as the forge lists it',
  'changedPaths.added': 'paths that are new; the first 1,000',
  'changedPaths.modified': 'paths that are changed',
  'changedPaths.removed': 'paths that are gone',
  'changedPaths.counts': 'the true numbers, also where lists are cut',
  'changedPaths.counts.added': 'how many are new',
  'changedPaths.counts.modified': 'how many are changed',
  'changedPaths.counts.removed': 'how many are gone',
  pathsKnown: 'whether the forge lists all of them',
  deploy: '`hot`, `standard` or `none`: see below',
  delivery: 'the forge’s ID of the delivery',
};

export const MEANINGS: Readonly<Record<string, string>> = {
  ...UNSEEN,
  ...PINNING,
  ...PLACE,
  ...SOURCE,
  ...CHANGES,
  ...CHECKS,
  ...ENVIRONMENT,
  ...LOCK,
  ...DRIFT,
  ...SPACE,
  ...IN_USE,
  ...STEPS,
  ...SERVICE,
  ...STATUS,
  ...RELEASE,
  ...PLAN,
  ...STATUS_OF_ENGINE,
  ...HISTORY,
  ...FINDINGS,
  ...REPAIR,
  ...KEPT_RELEASE,
  ...RUNS,
  ...RUN,
  ...PRUNE,
  ...DETACH,
  ...PUSH,
  ...below('replay ', REPLAY),
  rollout: 'how the release is watched, or was; absent or null where none ever was',
  ...below('rollout.', ROLLOUT),
  ...ROLLOUT_STATUS,
  'replay release': 'ID of the release that was compared',
  'replay live': 'ID of the live release, which it was compared with',
  'replay durationMs': 'how long it took',
};

function below(before: string, meanings: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(meanings).map(([name, meaning]) => [before + name, meaning]));
}
