/** How the two sides frame what they say to one another. */

/** Changes when the two sides would no longer understand one another. */
export const PROTOCOL = 1;

/** What the executor writes before its first frame; anything before it, such as a greeting of the shell, is skipped. */
export const MARKER_TEXT = '\x01hot-deploy-1\x01';

/** A frame is one byte of kind, four bytes of length (big-endian) and a payload. */
export const FRAME_JSON = 1;
export const FRAME_DATA = 2;

/** The longest payload of a frame that the client sends, in bytes. */
export const LONGEST_FRAME = 64 * 1024 * 1024;

/**
 * The longest payload of a frame that the executor sends, in bytes. What is longer comes in parts, so that n8n has little
 * to read at once.
 */
export const LONGEST_MESSAGE = 1024 * 1024;

/** How many names, values, lists and objects may be in it, how many of these names, and how deep. */
export const MOST_VALUES = 50_000;
export const MOST_NAMES = 15_000;
export const DEEPEST = 24;

/** A part is at most so many rows and, unless it is one row, so many bytes: far less than a frame may hold. */
export const PART_ROWS = 2000;
export const PART_BYTES = 128 * 1024;
