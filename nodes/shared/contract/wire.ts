/** How the two sides frame what they say to one another. */

/** Changes when the two sides would no longer understand one another. */
export const PROTOCOL = 1;

/** What the executor writes before its first frame; anything before it, such as a greeting of the shell, is skipped. */
export const MARKER_TEXT = '\x01hot-deploy-1\x01';

/** A frame is one byte of kind, four bytes of length (big-endian) and a payload. */
export const FRAME_JSON = 1;
export const FRAME_DATA = 2;

/** The longest payload of a frame, in bytes. */
export const LONGEST_FRAME = 64 * 1024 * 1024;
