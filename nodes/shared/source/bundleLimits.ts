import { DeployError } from '../errors';
import { DEFAULT_LIMITS, type BundleLimits } from './bundle';
import { quote } from './quote';

/** Counts what a source holds and stops it at the entry at which a limit is passed. */
export class LimitCounter {
  private entries = 0;
  private bytes = 0;

  constructor(private readonly limits: BundleLimits = DEFAULT_LIMITS) {}

  /** Counts one entry. Throws `INPUT` naming it when it is one too many. */
  addEntry(path: string): void {
    this.entries += 1;
    if (this.entries > this.limits.maxEntries) {
      throw passed(`${this.limits.maxEntries.toLocaleString('en')} entries`, path);
    }
  }

  /** How many bytes may still be counted. */
  get bytesLeft(): number {
    return this.limits.maxBytes - this.bytes;
  }

  /** Counts bytes of content, best before they are read. Throws `INPUT` naming the entry when they are too many. */
  addBytes(path: string, bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.limits.maxBytes) {
      throw passed(`${this.limits.maxBytes.toLocaleString('en')} bytes`, path);
    }
  }
}

function passed(limit: string, path: string): DeployError {
  return new DeployError(
    'INPUT',
    `The source holds more than ${limit}, the most that is deployed; the limit was passed at ${quote(path)}. ` +
      'Leave out what the engine does not need, or raise Max Files or Max Size.',
  );
}
