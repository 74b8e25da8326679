import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const [LAUNCHER, BY_CODE] = ['launcher.py', 'by_code.py'].map((name) =>
  join(__dirname, '..', '..', 'executor', name),
) as [string, string];

/** How those that are made from here on are pinned. */
let way: 'place' | 'code' | 'release' = 'release';

/** Has them pinned in place, by code, or in the release. */
export function pinIn(wanted: typeof way): void {
  way = wanted;
}

/** A base path laid out by hand, for tests of what works in one (see the design's "On the engine's side"). */
export class BasePath {
  /** Puts the launcher into `path` as `entrypoint`, and the links of the deployed entries beside it. */
  constructor(
    readonly path: string,
    readonly entrypoint = 'run.py',
    deployed: readonly string[] = ['src', 'config', 'requirements.txt'],
  ) {
    mkdirSync(join(path, 'releases'), { recursive: true });
    copyFileSync(LAUNCHER, join(path, entrypoint));
    for (const name of deployed) symlinkSync(`current/${name}`, join(path, name));
  }

  /** The path of a release, or of a file in it. */
  release(id: string, ...names: string[]): string {
    return join(this.path, 'releases', id, ...names);
  }

  /** Adds a release with the given files (path: content). */
  addRelease(id: string, files: Record<string, string>): void {
    mkdirSync(this.release(id), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(this.release(id, name)), { recursive: true });
      writeFileSync(this.release(id, name), content);
    }
  }

  /** Makes a release current in one step. */
  flip(id: string): void {
    if (way !== 'release' && existsSync(this.release(id))) this.preparePins(id);
    const temporary = join(this.path, `.current-${id}`);
    symlinkSync(`releases/${id}`, temporary);
    renameSync(temporary, join(this.path, 'current'));
  }

  /** What the executor makes for a release before it goes live. */
  private preparePins(id: string): void {
    const [pins, ways] = ['pins', 'pinning'].map((name) => join(this.path, '.hot-deploy', name)) as [
      string,
      string,
    ];
    for (const directory of [pins, ways]) mkdirSync(directory, { recursive: true });
    for (const entry of readdirSync(this.release(id), { withFileTypes: true })) {
      if (!entry.isDirectory() || readdirSync(pins).includes(entry.name)) continue;
      mkdirSync(join(this.path, `.pinned-${entry.name}`), { recursive: true });
      symlinkSync(`.pinned-${entry.name}`, join(pins, entry.name));
    }
    writeFileSync(join(ways, id), `${way}\n`);
    const code = join(this.path, '.hot-deploy/code');
    mkdirSync(code, { recursive: true });
    copyFileSync(BY_CODE, join(code, 'sitecustomize.py'));
  }
}
