/** What plain files are beside the version that is to take their place, told from the rows of a preview. */
import type { RecordedRow } from '../contract/facts';
import type { BundleEntry } from '../source/bundle';
import type { CompiledSelection } from '../source/patterns';
import { isBytecode, isCode } from './code';
import { LISTED_IN_FINDING, type Told } from './preflight';

/** A link among plain files that the new version has something else in the place of. */
export interface ReplacedLink {
  readonly path: string;
  /** Absolute where it leads out of what is deployed. */
  readonly target: string;
}

/** What of plain files is not what the new version has. */
export interface PlainFacts {
  readonly links: readonly ReplacedLink[];
  readonly code: Told;
  readonly bytecode: Told;
  readonly files: Told;
}

/** Which paths a version has, and below which it has some. */
export class SourceTree {
  private readonly entries = new Map<string, string | undefined>();
  private readonly directories = new Set<string>();

  constructor(entries: readonly BundleEntry[]) {
    for (const { path, target } of entries) {
      this.entries.set(path, target);
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        const directory = path.slice(0, slash);
        if (this.directories.has(directory)) break;
        this.directories.add(directory);
      }
    }
  }

  has(path: string): boolean {
    return this.entries.has(path) || this.directories.has(path);
  }

  /** Whether it has the very link that leads from that path to that target. */
  hasLink(path: string, target: string, base: string): boolean {
    const own = this.entries.get(path);
    if (own === undefined) return false;
    return own === target || leadsTo(base, path, own) === target;
  }
}

/** Where a relative link in a tree leads, going by its text. */
function leadsTo(base: string, path: string, target: string): string {
  const parts = [...base.split('/'), ...path.split('/').slice(0, -1)];
  for (const part of target.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/** Compares plain files with a version, as their rows come. */
export class PlainTree {
  private readonly links: ReplacedLink[] = [];
  private readonly lists = { code: new Listed(), bytecode: new Listed(), files: new Listed() };

  constructor(
    private readonly compiled: Pick<CompiledSelection, 'includes'>,
    private readonly source: SourceTree,
    private readonly base: string,
  ) {}

  /** Whether a plain file is the deployment's to replace or remove: what is no code and only there is not. */
  readonly includes = (path: string): boolean =>
    this.compiled.includes(path) && (this.source.has(path) || isCode(path));

  readonly add = (rows: readonly RecordedRow[]): void => {
    for (const row of rows) this.addRow(row);
  };

  private addRow([path, , , , , target]: RecordedRow): void {
    if (this.source.has(path)) {
      const replaced = target !== null && !this.source.hasLink(path, target, this.base);
      if (replaced && this.links.length < MOST_LINKS) this.links.push({ path, target });
    } else if (isBytecode(path)) this.lists.bytecode.add(path);
    else if (this.compiled.includes(path)) this.lists[isCode(path) ? 'code' : 'files'].add(path);
  }

  /** What was found, once all rows were added. */
  facts(): PlainFacts {
    return { links: this.links, ...this.lists };
  }
}

/** More links than that are no engine's; what is refused for 1,000 of them is refused anyway. */
const MOST_LINKS = 1000;

class Listed implements Told {
  readonly first: string[] = [];
  count = 0;

  add(path: string): void {
    this.count += 1;
    if (this.first.length < LISTED_IN_FINDING) this.first.push(path);
  }
}
