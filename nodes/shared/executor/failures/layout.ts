/** Paths and names: of the base path, of what lies in it, of what would be deployed. */
import { count, flag } from '../../contract/shape';
import { failure } from './failure';
import { given, word, words } from './given';
import { ANOTHER_USER } from './errnoHints';
import { quoted } from './repr';

const IN_THE_WAY = 'Run Repair Engine, or move it away, then run again.';

export const LAYOUT = {
  tooManyFiles: failure({
    code: 'STEP',
    facts: { path: words, most: count },
    message: ({ path, most }) => `${path} holds more than ${most.toLocaleString('en')} files.`,
    description:
      'That is more than a deployment keeps an eye on. Move what the engine writes out of the base path and out of deployed directories, then run again.',
  }),
  basePathIsRoot: failure({
    code: 'INPUT',
    facts: {},
    message: "Base Path is the root directory. Give the engine's own directory, such as /app.",
  }),
  basePathMissing: failure({
    code: 'NOT_FOUND',
    facts: { basePath: words },
    message: ({ basePath }) => `Base Path ${basePath} does not exist on the engine's side.`,
    description: 'Correct Base Path, or deploy there first.',
  }),
  basePathIsNoDirectory: failure({
    code: 'INPUT',
    facts: { basePath: words },
    message: ({ basePath }) => `Base Path ${basePath} is not a directory on the engine's side.`,
  }),
  basePathDenied: failure({
    code: 'STEP',
    facts: { basePath: words, exists: flag },
    message: ({ basePath, exists }) =>
      exists
        ? `The user on the engine's side may not write to Base Path ${basePath}.`
        : `The user on the engine's side may not make Base Path ${basePath}, which does not exist.`,
    description: `Give that user the directory, or correct Base Path; ${ANOTHER_USER}`,
  }),
  linkInPlace: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} is a link. Move it away, then run again.`,
  }),
  layoutNewer: failure({
    code: 'STEP',
    facts: { found: count, known: count, basePath: words },
    message: ({ found, known, basePath }) =>
      `The engine in ${basePath} was deployed by a newer version of the package (layout ${found}; this one knows ${known}). Nothing was changed.`,
    description: 'Update n8n-nodes-hot-deploy in this n8n, then run again.',
    details: ['found', 'known'],
  }),
  layoutUnreadable: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) =>
      `${path} holds no number, so that nobody can tell which version of the package the engine was deployed by. Nothing was changed.`,
    description:
      'A newer version may have written it: update n8n-nodes-hot-deploy, then run again. If somebody else did, remove that file.',
  }),
  currentIsNoLink: failure({
    code: 'STEP',
    facts: { path: words },
    message: ({ path }) => `${path} exists and is not a link that was made here.`,
    description: IN_THE_WAY,
  }),
  currentIsForeign: failure({
    code: 'STEP',
    facts: { path: words, target: words },
    message: ({ path, target }) => `${path} points to ${quoted(target)}, which is not a release.`,
    description: IN_THE_WAY,
  }),
  mountWithin: failure({
    code: 'STEP',
    facts: { path: words, name: words, basePath: words },
    message: ({ path, name }) =>
      `${path} is a mount of its own, so that ${name} can't become part of a release.`,
    description: ({ name, basePath }) =>
      `Take ${name} out of Include; or, where it lies in a deployed directory and belongs to the host, name it in Shared; or mount nothing below ${basePath} but all of it. Nothing was changed.`,
  }),
  releaseId: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `Release ${quoted(facts.given)} is not a release id such as 20261123-171501-3f2a9c1.`,
  }),
  backupName: failure({
    code: 'INPUT',
    facts: { given, directory: words },
    message: ({ given: name, directory }) =>
      `Backup ${quoted(name)} is not the name of an archive in ${directory}.`,
  }),
  nameUnusable: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `${quoted(facts.given)} is not a name that can be deployed.`,
  }),
  nameReserved: failure({
    code: 'INPUT',
    facts: { name: word },
    message: ({ name }) => `${quoted(name)} is a name this layout uses itself and can't be deployed.`,
  }),
  pathUnusable: failure({
    code: 'INPUT',
    facts: { given },
    message: (facts) => `${quoted(facts.given)} is not a path that can be deployed.`,
  }),
  pathTooDeep: failure({
    code: 'INPUT',
    facts: { path: words, most: count },
    message: ({ path, most }) =>
      `Path ${Array.from(quoted(path)).slice(0, 200).join('')}… lies more than ${most} directories deep.`,
  }),
  pathLeaves: failure({
    code: 'INPUT',
    facts: { path: words },
    message: ({ path }) => `Path ${quoted(path)} is absolute, or leaves its directory.`,
  }),
  linkNotInside: failure({
    code: 'INPUT',
    facts: { path: words, target: given },
    message: ({ path, target }) =>
      `Link ${quoted(path)} points to ${quoted(target)}, which is not inside the release.`,
  }),
  linkOutside: failure({
    code: 'INPUT',
    facts: { path: words, target: words },
    message: ({ path, target }) =>
      `Link ${quoted(path)} points to ${quoted(target)}, which is outside the release.`,
  }),
  linkInCircle: failure({
    code: 'INPUT',
    facts: { path: words },
    message: ({ path }) => `Link ${quoted(path)} leads in a circle, or through too many others.`,
  }),
};
