/** The records of a POSIX pax extended header that matter here; all values as written. */
export interface PaxRecords {
  path?: string;
  linkpath?: string;
  size?: string;
  /** Whether the member is one of GNU tar's sparse files, whose content is a map and pieces. */
  sparse?: true;
}

/**
 * Reads pax records, `<length> <keyword>=<value>\n` with the length in bytes (POSIX.1-2017, pax, "Extended Header").
 *
 * node-tar splits them at line ends and decodes them piece by piece, so that a path with a line end, or with a
 * character that two chunks share, silently becomes another path. Returns undefined when the records are malformed.
 */
export function parsePax(body: Buffer): PaxRecords | undefined {
  const records: PaxRecords = {};
  for (let start = 0; start < body.length;) {
    const space = body.indexOf(0x20, start);
    const digits = body.toString('latin1', start, space);
    const end = start + Number(digits);
    const equals = body.indexOf(0x3d, space);
    const wellFormed = space > start && /^\d+$/.test(digits) && equals > space && equals < end;
    if (!wellFormed || end > body.length || body[end - 1] !== 0x0a) return undefined;
    const keyword = body.toString('utf8', space + 1, equals);
    const value = body.toString('utf8', equals + 1, end - 1);
    if (keyword === 'path' || keyword === 'linkpath' || keyword === 'size') records[keyword] = value;
    if (keyword.startsWith('GNU.sparse.')) records.sparse = true;
    start = end;
  }
  return records;
}
