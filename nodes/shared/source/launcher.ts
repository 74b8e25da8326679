import { DeployError } from '../errors';
import { quote } from './quote';

/** What every launcher of ours has in its second line; the same as `LAUNCHER_MARKER` on the engine's side. */
export const LAUNCHER_MARKER = '# hot-deploy launcher';
/** As many bytes at the start of a file tell whether it is one. */
export const LAUNCHER_START = 400;

/** Whether what a file begins with is one of our launchers, of whatever version. */
export function isLauncher(start: Uint8Array): boolean {
  return Buffer.from(start.subarray(0, LAUNCHER_START)).includes(LAUNCHER_MARKER);
}

/** The `INPUT` for a source that has a launcher where the engine's own program should be. */
export function launcherInSource(path: string): DeployError {
  return new DeployError(
    'INPUT',
    `The source's file ${quote(path)} is a launcher of Hot Deploy and not the engine's own program. ` +
      "Choose a source that holds the engine's own files, not a copy of the base path.",
    {
      description: 'The program itself lies in current/ of the base path that the launcher was copied from.',
    },
  );
}

/** The start of a content, gathered piece by piece as it passes by. */
export class ContentStart {
  private pieces: Uint8Array[] = [];
  private length = 0;

  add(piece: Uint8Array): void {
    if (this.length >= LAUNCHER_START) return;
    this.pieces.push(piece.subarray(0, LAUNCHER_START - this.length));
    this.length += Math.min(piece.length, LAUNCHER_START - this.length);
  }

  /** Whether it is that of a launcher. */
  isLauncher(): boolean {
    return isLauncher(Buffer.concat(this.pieces));
  }
}
