import { printable } from '../text/printable';
import type { Side, Snapshot } from './snapshot';
import { shownPlace } from './place';

/** What a person should know of the place that is deployed to, although nothing forbids it. Mostly nothing. */
export function noticesOf({ side, probe }: Snapshot): string[] {
  const shown = shownPlace(side);
  const notices: string[] = [];
  if (!probe.exists) notices.push(`${shown} does not exist; a deployment makes it.`);
  if (probe.exists && !probe.writable) notices.push(`${unwritable(side)} ${MAKE_WRITABLE}`);
  if (side.container !== undefined && probe.filesystem.mount === '/') {
    notices.push(
      `${shown} lies in the container’s own layer, which is gone when the container is recreated: mount a directory or a volume there.`,
    );
  }
  return notices.map(printable);
}

/** Who may not write where. */
export function unwritable({ user, machine, container, basePath }: Side): string {
  const side = container === undefined ? `on ${machine}` : `in the container ${container}`;
  return `${user} ${side} may not write to ${basePath}.`;
}

/** What helps then. */
export const MAKE_WRITABLE =
  'Give that user the directory or mount it writable; or let another one do it: set Become to “sudo” in the credential or, for a container, Container Command to a script that adds --user.';
