/** How much of anything crosses the wire: what is larger is nothing that somebody could look at. */

/** The longest sentence and the longest path, in UTF-16 units. */
export const LONGEST_WORDS = 4096;

/** The longest word that programs say to programs: a time, a signal, a kind of file system. */
export const LONGEST_WORD = 64;

/** As much as a program's output is given, with room for what is said about it, in UTF-16 units. */
export const LONGEST_OUTPUT = 64 * 1024;

/** The longest text of all: a requirements file, in UTF-16 units. */
export const LONGEST_TEXT = 1024 * 1024;

/** The longest code or command of a check, in UTF-16 units. */
export const LONGEST_CODE = 16 * 1024 * 1024;

/** As many releases, packages or names as a list names. Where there are more, what lists them says how many. */
export const MANY = 10_000;

/** As many runs as a list names, and are ended at once. */
export const MOST_RUNS = 1000;

/** As many inputs as a replay runs. */
export const MOST_INPUTS = 1000;

/** As many releases, backups or environments as retention chooses from at once. */
export const PRUNABLE = 100_000;

/** Files of a release. */
export const EVERY_FILE = 1_000_000;

/** As many paths of each kind as a summary of changes lists; its counts are the true ones. */
export const LISTED_PATHS = 1000;

/** As many directories in which something is shared, and shared paths, as a release names. */
export const MOST_SHARED = 1000;

/** As many changes as the history is asked for at once. */
export const MOST_CHANGES = 1000;

/** Seconds that something may be told to take: ten years. */
export const LONGEST_SECONDS = 315_360_000;
