import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './productFiles';

/** Where code and texts of ours lie, beside the root itself. */
const FOLDERS = [
  '.github',
  'bench',
  'credentials',
  'docs',
  'drill',
  'examples',
  'executor',
  'nodes',
  'scripts',
  'test',
];

/** Installed, made by tools, or somebody else's: an engine's sample is one that people have. */
const LEFT_OUT = /^(?:\.(?!github$)|node_modules$|__pycache__$|fixtures$|artefacts$|dist$)/;
const TEXT = /\.(?:[cm]?[jt]s|py|md|ya?ml|json|snap|toml)$/;

/** The files that people of this project write, relative to its root, in order. */
export function ownFiles(): string[] {
  const below = (directory: string): string[] =>
    readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return LEFT_OUT.test(entry.name) ? [] : below(path);
      return entry.isFile() && TEXT.test(entry.name) && entry.name !== 'package-lock.json' ? [path] : [];
    });
  const top = readdirSync(ROOT).filter((name) => TEXT.test(name) && name !== 'package-lock.json');
  return [...top, ...FOLDERS.flatMap(below)].sort();
}
