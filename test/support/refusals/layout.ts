import type { Refusal } from './refusal';

export const LAYOUT: readonly Refusal[] = [
  {
    kind: 'tooManyFiles',
    facts: { path: '/app', most: 1_000_000 },
    code: 'STEP',
    message: '/app holds more than 1,000,000 files.',
    description:
      'That is more than a deployment keeps an eye on. Move what the engine writes out of the base path and out of deployed directories, then run again.',
  },
  {
    kind: 'basePathIsRoot',
    facts: {},
    code: 'INPUT',
    message: "Base Path is the root directory. Give the engine's own directory, such as /app.",
  },
  {
    kind: 'basePathMissing',
    facts: { basePath: '/app' },
    code: 'NOT_FOUND',
    message: "Base Path /app does not exist on the engine's side.",
    description: 'Correct Base Path, or deploy there first.',
  },
  {
    kind: 'basePathIsNoDirectory',
    facts: { basePath: '/app' },
    code: 'INPUT',
    message: "Base Path /app is not a directory on the engine's side.",
  },
  {
    kind: 'basePathDenied',
    facts: { basePath: '/app', exists: true },
    code: 'STEP',
    message: "The user on the engine's side may not write to Base Path /app.",
    description:
      'Give that user the directory, or correct Base Path; or let another one do it: set Become to “sudo” in the credential or, for a container, Container Command to a script that adds --user.',
  },
  {
    kind: 'basePathDenied',
    facts: { basePath: '/app', exists: false },
    code: 'STEP',
    message: "The user on the engine's side may not make Base Path /app, which does not exist.",
    description:
      'Give that user the directory, or correct Base Path; or let another one do it: set Become to “sudo” in the credential or, for a container, Container Command to a script that adds --user.',
  },
  {
    kind: 'linkInPlace',
    facts: { path: 'src/a.py' },
    code: 'STEP',
    message: 'src/a.py is a link. Move it away, then run again.',
  },
  {
    kind: 'layoutNewer',
    facts: { found: 2, known: 1, basePath: '/app' },
    code: 'STEP',
    message:
      'The engine in /app was deployed by a newer version of the package (layout 2; this one knows 1). Nothing was changed.',
    description: 'Update n8n-nodes-hot-deploy in this n8n, then run again.',
    details: { found: 2, known: 1 },
  },
  {
    kind: 'layoutUnreadable',
    facts: { path: '/app/.hot-deploy/layout' },
    code: 'STEP',
    message:
      '/app/.hot-deploy/layout holds no number, so that nobody can tell which version of the package the engine was deployed by. Nothing was changed.',
    description:
      'A newer version may have written it: update n8n-nodes-hot-deploy, then run again. If somebody else did, remove that file.',
  },
  {
    kind: 'currentIsNoLink',
    facts: { path: '/app/current' },
    code: 'STEP',
    message: '/app/current exists and is not a link that was made here.',
    description: 'Run Repair Engine, or move it away, then run again.',
  },
  {
    kind: 'currentIsForeign',
    facts: { path: '/app/current', target: '/etc/passwd' },
    code: 'STEP',
    message: "/app/current points to '/etc/passwd', which is not a release.",
    description: 'Run Repair Engine, or move it away, then run again.',
  },
  {
    kind: 'mountWithin',
    facts: { path: '/app/src/data', name: 'src', basePath: '/app' },
    code: 'STEP',
    message: "/app/src/data is a mount of its own, so that src can't become part of a release.",
    description:
      'Take src out of Include; or, where it lies in a deployed directory and belongs to the host, name it in Shared; or mount nothing below /app but all of it. Nothing was changed.',
  },
  {
    kind: 'releaseId',
    facts: { given: '20261123-171501-3f2a9c1' },
    code: 'INPUT',
    message: "Release '20261123-171501-3f2a9c1' is not a release id such as 20261123-171501-3f2a9c1.",
  },
  {
    kind: 'backupName',
    facts: { given: 'src', directory: '/app/backups' },
    code: 'INPUT',
    message: "Backup 'src' is not the name of an archive in /app/backups.",
  },
  {
    kind: 'nameUnusable',
    facts: { given: 'src' },
    code: 'INPUT',
    message: "'src' is not a name that can be deployed.",
  },
  {
    kind: 'nameReserved',
    facts: { name: 'src' },
    code: 'INPUT',
    message: "'src' is a name this layout uses itself and can't be deployed.",
  },
  {
    kind: 'pathUnusable',
    facts: { given: 'src/a.py' },
    code: 'INPUT',
    message: "'src/a.py' is not a path that can be deployed.",
  },
  {
    kind: 'pathUnusable',
    facts: { given: '' },
    code: 'INPUT',
    message: "'' is not a path that can be deployed.",
  },
  {
    kind: 'pathTooDeep',
    facts: { path: 'src/a.py', most: 250 },
    code: 'INPUT',
    message: "Path 'src/a.py'… lies more than 250 directories deep.",
  },
  {
    kind: 'pathLeaves',
    facts: { path: 'src/a.py' },
    code: 'INPUT',
    message: "Path 'src/a.py' is absolute, or leaves its directory.",
  },
  {
    kind: 'linkNotInside',
    facts: { path: 'src/a.py', target: '/etc/passwd' },
    code: 'INPUT',
    message: "Link 'src/a.py' points to '/etc/passwd', which is not inside the release.",
  },
  {
    kind: 'linkOutside',
    facts: { path: 'src/a.py', target: '/etc/passwd' },
    code: 'INPUT',
    message: "Link 'src/a.py' points to '/etc/passwd', which is outside the release.",
  },
  {
    kind: 'linkOutside',
    facts: { path: 'src/a.py', target: '../x' },
    code: 'INPUT',
    message: "Link 'src/a.py' points to '../x', which is outside the release.",
  },
  {
    kind: 'linkInCircle',
    facts: { path: 'src/a.py' },
    code: 'INPUT',
    message: "Link 'src/a.py' leads in a circle, or through too many others.",
  },
];
