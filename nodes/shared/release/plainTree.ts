/** What plain files are beside the version that is to take their place, told from the rows of a preview. */
import type { RecordedRow } from '../contract/facts';
import type { BundleEntry } from '../source/bundle';
import { addDirectories, topLevelOf } from '../source/paths';
import type { CompiledSelection } from '../source/patterns';
import { isBytecode, isCode } from './code';
import { BoundedList } from './ownership';
import { LISTED_IN_FINDING, type Told } from './preflight';
import { covering, directoriesOf, sharingOf } from './sharing';

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
  /** What becomes shared without being asked for. */
  readonly files: Told;
}

/** What of plain files is the host's, and stays where it is. */
export interface PlainShares {
  /** Those that something lies in, and those above. */
  readonly directories: ReadonlySet<string>;
  /** The fewest paths that stand for all that is the host's. */
  readonly hosts: readonly string[];
  /** What is copied into a first release and has a link in its place then: names at the top or, in folders, below. */
  readonly copies: readonly string[];
}

/** Which paths a version has, and below which it has some. */
export class SourceTree {
  private readonly entries = new Map<string, string | undefined>();
  readonly directories = new Set<string>();

  constructor(entries: readonly BundleEntry[]) {
    for (const { path, type, target } of entries) {
      this.entries.set(path, target);
      if (type === 'directory') this.directories.add(path);
      addDirectories(path, this.directories);
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
  private readonly hosts = new BoundedList<string>('files that only the engine’s directory has');
  /** Beside what the version has, which is as many as the version is. */
  private readonly others = new BoundedList<string>('files that only the engine’s directory has');
  private readonly known: string[] = [];

  /** @param plain the names at the top that are plain; what lies elsewhere is in a release already */
  constructor(
    private readonly compiled: Pick<CompiledSelection, 'includes' | 'isShared'>,
    private readonly source: SourceTree,
    private readonly base: string,
    private readonly plain: ReadonlySet<string>,
  ) {}

  /** Whether a plain file is the host's: it was asked for, or only the host has it, and it is no code. */
  readonly isHosts = (path: string): boolean =>
    this.plain.has(topLevelOf(path)) &&
    (this.compiled.isShared(path) || !(this.source.has(path) || isCode(path) || isBytecode(path)));

  /** Whether a plain file is the deployment's to replace or remove: what is no code and only there is not. */
  readonly includes = (path: string): boolean =>
    this.compiled.includes(path) && (this.source.has(path) || isCode(path));

  readonly add = (rows: readonly RecordedRow[]): void => {
    for (const row of rows) this.addRow(row);
  };

  private addRow([path, , , , , target]: RecordedRow): void {
    if (this.isHosts(path)) this.hosts.add(path, path.length);
    else if (this.source.has(path)) this.known.push(path);
    else this.others.add(path, path.length);
    if (this.compiled.isShared(path)) return;
    if (this.source.has(path)) {
      const replaced = target !== null && !this.source.hasLink(path, target, this.base);
      if (replaced && this.links.length < MOST_LINKS) this.links.push({ path, target });
    } else if (isBytecode(path)) this.lists.bytecode.add(path);
    else if (!isCode(path)) this.lists.files.add(path);
    else if (this.compiled.includes(path)) this.lists.code.add(path);
  }

  /** All paths that stay the host's. */
  allHosts(): readonly string[] {
    return this.hosts.all();
  }

  /**
   * What stays the host's, and what is copied beside it.
   *
   * @param patterns of what was asked to be shared
   * @throws DeployError `STEP` where those are too many, `INPUT` where the patterns are about too many directories
   */
  shares(patterns: readonly string[]): PlainShares {
    const others = [...this.known, ...this.others.all()];
    const mixed = new Set([...directoriesOf(others), ...this.source.directories]);
    const hosts = covering(this.hosts.all(), mixed);
    const directories = new Set([...directoriesOf(others), ...directoriesOf(hosts)]);
    const { folders: own = [] } = sharingOf({ patterns, found: hosts, directories });
    const folders = new Set([...own, ...directoriesOf(own)]);
    const mine = others.filter((path) => this.plain.has(topLevelOf(path)));
    return { directories, hosts, copies: [...new Set(mine.map((path) => outOfFolders(path, folders)))] };
  }

  /** What was found, once all rows were added. */
  facts(): PlainFacts {
    return { links: this.links, ...this.lists };
  }
}

/** The shortest path above a file, or its own, at which no folder stands. */
function outOfFolders(path: string, folders: ReadonlySet<string>): string {
  let end = path.indexOf('/');
  while (end > 0 && folders.has(path.slice(0, end))) end = path.indexOf('/', end + 1);
  return end > 0 ? path.slice(0, end) : path;
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
