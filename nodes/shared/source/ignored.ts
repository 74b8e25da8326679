import { topLevelOf } from './paths';

/** As many paths as outputs show; the rest is only counted. */
const MAX_SHOWN = 1000;

/** Collects what a source holds and the patterns leave out. A directory left out as a whole is one path ending in `/`. */
export class IgnoredPaths {
  private readonly seen = new Set<string>();

  add(path: string): void {
    this.seen.add(path);
  }

  /** Forgets everything collected. */
  clear(): void {
    this.seen.clear();
  }

  /** The names at the top. */
  names(): string[] {
    return [...new Set([...this.seen].map(topLevelOf))].slice(0, MAX_SHOWN);
  }

  /** In the shape of `Bundle.ignored`. */
  summary(): { paths: string[]; count: number } {
    return { paths: [...this.seen].slice(0, MAX_SHOWN), count: this.seen.size };
  }
}
