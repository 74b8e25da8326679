import type { EntryRow } from '../contract/facts';
import { topLevelOf } from '../source/paths';
import type { CompiledSelection } from '../source/patterns';
import { BoundedList, Ownership } from './ownership';

/** A file of a backup, as far as requirements are about it. */
type UnpackedFile = Pick<{ path: string; type: EntryRow[1]; digest: string }, 'path' | 'type' | 'digest'>;

/** What has to be known of a backup that was unpacked, made of its entries as they come. */
export class UnpackedTree {
  /** Of what the live release's patterns own; see {@link Ownership}. */
  readonly ownership: Ownership;
  private readonly known: ReadonlySet<string>;
  private readonly found = new Set<string>();
  private readonly listed = new BoundedList<UnpackedFile>('files in the backup');

  /**
   * @param names the top-level names, and paths of files, that it is asked for, of which `has` tells
   * @param lists whether its files are listed: only requirements need them
   */
  constructor(
    compiled: Pick<CompiledSelection, 'includes'>,
    names: Iterable<string>,
    private readonly lists: boolean,
  ) {
    this.ownership = new Ownership(compiled);
    this.known = new Set(names);
  }

  /** Takes some entries. */
  readonly add = (rows: readonly EntryRow[]): void => {
    this.ownership.add(rows);
    for (const [path, type, , , digest] of rows) {
      const name = topLevelOf(path);
      if (this.known.has(name)) this.found.add(name);
      if (this.known.has(path)) this.found.add(path);
      if (this.lists) this.listed.add({ path, type, digest }, path.length + digest.length);
    }
  };

  /** Whether something lies in it under that name at its top, or at that path; of those that were asked for. */
  has(name: string): boolean {
    return this.found.has(name);
  }

  /** Its files, where they were wanted. @throws DeployError `STEP` where there are too many */
  files(): readonly UnpackedFile[] {
    return this.listed.all();
  }
}
