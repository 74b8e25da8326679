/** How many of other users' processes may run the engine and let nobody look into them; null where all are hidden. */
export type Unseen = number | null;

/** As an output has it, and what is learned: there where it is anything but none. */
export function unseenIn(unseen: Unseen | undefined): { unseen?: Unseen } {
  return unseen === undefined || unseen === 0 ? {} : { unseen };
}

/** What a person should know of them; undefined where there is nothing. */
export function unseenNotice(unseen: Unseen | undefined): string | undefined {
  if (unseen === undefined || unseen === 0) return undefined;
  const what =
    unseen === null
      ? 'Processes of other users are hidden from this one'
      : `${unseen} ${unseen === 1 ? 'process' : 'processes'} of other users may run this engine, and this one may not look into ${unseen === 1 ? 'it' : 'them'}`;
  return `${what}: such runs were waited for shortly, and are known by their lease, command line and mounts alone. Set Become to “sudo” in the credential to have all of them seen.`;
}
