import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What is deployed: the four names that the default patterns select. */
export const DEPLOYED = ['src', 'config', 'run.py', 'requirements.txt'];

const FILES_PER_DIRECTORY = 100;

/** Prints the versions of its code and of its configuration, the latter read as late as a lazy import would be. */
const PROGRAM = `import json, os, sys
here = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(here, 'src'))
import engine
import package_000.module_000
print(engine.VERSION, json.load(open(os.path.join(here, 'config/engine.json')))['version'])
`;

/** What the procedures run as their import check. */
export const IMPORT_CHECK = "import sys; sys.path.insert(0, 'src'); import engine, package_000.module_000";

/** A version of an engine of a given size, on this machine: what the measured ways deploy. */
export class Source {
  /** Of content written when it was created. */
  bytes = 0;

  private constructor(
    readonly directory: string,
    readonly files: number,
  ) {}

  /** Writes `files` small files: three in five are Python, the others JSON and text, about a hundred in a directory. */
  static async create(directory: string, files: number): Promise<Source> {
    const source = new Source(directory, files);
    const fixed: Record<string, string> = { 'run.py': PROGRAM, 'requirements.txt': '' };
    for (const [path, content] of Object.entries(fixed)) await source.write(path, content);
    await source.label('0');
    const others = files - Object.keys(fixed).length - 2;
    for (let index = 0; index < others; index++) {
      const content = contentOf(index);
      source.bytes += content.length;
      await source.write(pathOf(index), content);
    }
    return source;
  }

  /** Changes one file of the tree. */
  async changeOne(round: number): Promise<void> {
    await this.write('src/package_000/module_000.py', `ROUND = ${round}\n${contentOf(0)}`);
  }

  /** Writes a version into two files that belong together. */
  async label(version: string): Promise<void> {
    await this.write('src/engine.py', `VERSION = '${version}'\n`);
    await this.write('config/engine.json', `{"version": "${version}"}\n`);
  }

  private async write(path: string, content: string): Promise<void> {
    const location = join(this.directory, path);
    await mkdir(dirname(location), { recursive: true });
    await writeFile(location, content);
  }
}

function pathOf(index: number): string {
  const directory = `package_${pad(Math.floor(index / FILES_PER_DIRECTORY))}`;
  if (index % 5 < 3) return `src/${directory}/module_${pad(index % FILES_PER_DIRECTORY)}.py`;
  if (index % 5 === 3) return `config/${directory}/table_${pad(index % FILES_PER_DIRECTORY)}.json`;
  return `src/${directory}/words_${pad(index % FILES_PER_DIRECTORY)}.txt`;
}

/** Between half a KiB and four, as hand-written modules and their data are. */
function contentOf(index: number): string {
  const lines = 10 + ((index * 37) % 70);
  if (index % 5 < 3) {
    const functions = Array.from(
      { length: lines },
      (_, line) => `def rule_${line}(text):\n    return text.count('${index}') + ${line}\n`,
    );
    return functions.join('\n');
  }
  if (index % 5 === 3) {
    return JSON.stringify(
      Array.from({ length: lines }, (_, line) => ({ name: `entry ${line}`, weight: index * line })),
    );
  }
  return Array.from({ length: lines }, (_, line) => `word ${index} ${line}, one of many`).join('\n');
}

function pad(number: number): string {
  return String(number).padStart(3, '0');
}
