import { createHash } from 'node:crypto';

import { DeployError } from '../errors';
import type { BundleEntry } from './bundle';
import { throwIfCancelled } from './cancel';
import { IgnoredPaths } from './ignored';
import { ContentStart, launcherInSource } from './launcher';
import { addDirectories, checkEntryPath, topLevelOf } from './paths';
import { type CompiledSelection, isOfMac } from './patterns';
import { quote } from './quote';
import type { TarMember } from './tar';
import { directoryEntry, fileEntry, linkEntry } from './tree';

/** A further name of an earlier file of the archive. */
export interface HardLink {
  entry: BundleEntry;
  /** The path of the file that holds the content. */
  origin: string;
}

/**
 * Takes in an archive's members one after the other and turns them into entries.
 *
 * A leading folder that all members share is stripped, unless the patterns could select it by name. Whether all share
 * it is known only at the end, but nothing has to be remembered for that: as long as they do, nothing in the
 * unstripped archive could be selected, and as soon as one doesn't, everything before it turns out to be ignored.
 */
export class ArchiveScan {
  /** In the order of the archive. */
  entries: BundleEntry[] = [];
  hardLinks: HardLink[] = [];
  readonly ignored = new IgnoredPaths();
  readonly topLevel = new Set<string>();
  /** Undefined before the first member, `null` once there is no such folder. */
  leadingFolder: string | null | undefined;

  private readonly byPath = new Map<string, BundleEntry>();
  private readonly origins = new Map<string, string>();
  private readonly directories = new Set<string>();
  private readonly filled = new Set<string>();

  constructor(
    private readonly selection: CompiledSelection,
    private readonly signal?: AbortSignal,
  ) {}

  /** Takes in the next member. Throws `INPUT` for one that can't be part of a bundle, or that no archive should hold. */
  async add(member: TarMember): Promise<void> {
    if (isRoot(member)) return;
    const full = checkEntryPath(member.path);
    if (isOfMac(full)) return;
    this.updateLeadingFolder(full, member.type === 'directory');
    const path = this.strip(full);
    if (path === '') return;
    this.topLevel.add(topLevelOf(path));
    this.fillAncestors(path);
    const leftOut = this.leftOutDirectory(path, member.type === 'directory');
    if (leftOut !== undefined) this.ignored.add(`${leftOut}/`);
    else if (member.type === 'directory') this.directories.add(path);
    else if (this.selection.includes(path)) await this.addEntry(path, member);
    else this.ignored.add(path);
  }

  /** To be called after the last member: adds the directories that turned out to be empty. */
  finish(): void {
    for (const path of this.directories) {
      if (this.filled.has(path)) continue;
      if (this.selection.includes(path)) this.entries.push(directoryEntry(path));
      else this.ignored.add(`${path}/`);
    }
  }

  /** A member's path without the leading folder; empty for the folder itself and for what is outside. */
  strip(full: string): string {
    if (!this.leadingFolder) return full;
    const prefix = `${this.leadingFolder}/`;
    return full.startsWith(prefix) ? full.slice(prefix.length) : '';
  }

  private updateLeadingFolder(full: string, isDirectory: boolean): void {
    const top = topLevelOf(full);
    const couldLead = full !== top || isDirectory;
    if (this.leadingFolder === undefined) {
      this.leadingFolder = couldLead && !this.selection.mayContain(top) ? top : null;
    } else if (this.leadingFolder !== null && (this.leadingFolder !== top || !couldLead)) {
      this.forgetEverything();
      this.ignored.add(`${this.leadingFolder}/`);
      this.topLevel.add(this.leadingFolder);
      this.leadingFolder = null;
    }
  }

  private forgetEverything(): void {
    this.entries = [];
    this.hardLinks = [];
    for (const known of [
      this.ignored,
      this.topLevel,
      this.byPath,
      this.origins,
      this.directories,
      this.filled,
    ]) {
      known.clear();
    }
  }

  private fillAncestors(path: string): void {
    addDirectories(path, this.filled);
  }

  /** The topmost directory on the way to a member, itself included, in which nothing can be selected. */
  private leftOutDirectory(path: string, isDirectory: boolean): string | undefined {
    for (let slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      const directory = path.slice(0, slash);
      if (!this.selection.mayContain(directory)) return directory;
    }
    return isDirectory && !this.selection.mayContain(path) ? path : undefined;
  }

  private async addEntry(path: string, member: TarMember): Promise<void> {
    if (member.type === 'hardLink') {
      this.addHardLink(path, member);
      return;
    }
    if (member.type === 'other') throw unsupported(member);
    const entry =
      member.type === 'link' ? linkEntry(path, member.target) : await this.hashedEntry(path, member);
    this.byPath.set(path, entry);
    this.entries.push(entry);
  }

  private async hashedEntry(path: string, member: TarMember): Promise<BundleEntry> {
    const hash = createHash('sha256');
    const start = new ContentStart();
    for await (const chunk of member.body()) {
      throwIfCancelled(this.signal);
      hash.update(chunk);
      start.add(chunk);
    }
    if (start.isLauncher()) throw launcherInSource(path);
    return fileEntry(path, member.mode, member.size, hash.digest('hex'));
  }

  /** Hard links share everything but the name with the earlier member, which may be a symbolic link too. */
  private addHardLink(path: string, member: TarMember): void {
    const target = this.strip(member.target.replace(/^(?:\.\/+)+/, ''));
    const earlier = this.byPath.get(target);
    if (!earlier) throw danglingHardLink(member);
    const entry = { ...earlier, path };
    this.byPath.set(path, entry);
    if (entry.type === 'link') {
      this.entries.push(entry);
      return;
    }
    const origin = this.origins.get(target) ?? target;
    this.origins.set(path, origin);
    this.hardLinks.push({ entry, origin });
  }
}

/** Whether a member is the directory that was packed itself, which `tar -c .` writes as `./`. */
function isRoot({ type, path }: TarMember): boolean {
  return type === 'directory' && path.split('/').every((part, at) => part === '.' || (part === '' && at > 0));
}

function unsupported(member: TarMember): DeployError {
  return new DeployError(
    'INPUT',
    `The source's entry ${quote(member.path)} is a ${member.typeName}, which can't be deployed; pack only files, ` +
      'directories and symbolic links (without "--sparse"), or leave it out with an exclude pattern.',
  );
}

function danglingHardLink(member: TarMember): DeployError {
  return new DeployError(
    'INPUT',
    `The source's entry ${quote(member.path)} is a hard link to ${quote(member.target)}, which is not among the ` +
      'selected files before it; select that file too, or pack with "tar --hard-dereference".',
  );
}
