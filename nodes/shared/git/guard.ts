/**
 * Runs a program that must not go on without us: when the other end of descriptor 4 is closed, which the kernel does
 * even when n8n is killed, its whole process group is ended. A `git` that went on would keep the turn of a cache for as
 * long as a server lets it wait.
 *
 * The shell stays its parent, so that nothing is left for a process 1 that doesn't care for orphans. It gets the program
 * as arguments; nothing is ever put together to a line for it.
 */
const GUARD = `
ulimit -v "$1" 2>/dev/null || :
shift
trap : TERM
exec 5<&0
"$@" <&5 4<&- 5<&- &
program=$!
{ trap '' TERM; read -r nothing <&4; kill -TERM 0; sleep 2; kill -KILL 0; } </dev/null >/dev/null 2>&1 3<&- 5<&- &
guard=$!
exec </dev/null 3<&- 4<&- 5<&-
while wait "$program"; code=$?; kill -0 "$program" 2>/dev/null; do :; done
kill -KILL "$guard"
exit "$code"
`;

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...rest: string[]];

/** The descriptor that a guarded program's end hangs on. */
export const LIFELINE = 4;
/** What a shell answers for a program that isn't there. */
export const NOT_FOUND = 127;
/** From here on a shell's exit code stands for the signal that ended the program; git itself uses 129. */
const FIRST_SIGNAL = 130;

/**
 * The command that runs a program guarded.
 *
 * @param memory KiB of address space that each process may have
 */
export function guarded(argv: CommandLine, memory?: number): CommandLine {
  return ['sh', '-c', GUARD, 'sh', String(memory ?? 'unlimited'), ...argv];
}

/** The program's own exit code; null when a signal ended it. */
export function ownCode(code: number | null): number | null {
  return code === null || code >= FIRST_SIGNAL ? null : code;
}
