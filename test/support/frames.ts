import type { Frame, FrameReader } from '../../nodes/shared/executor/frames';

/** The frames that some more bytes complete. */
export function framesOf(reader: FrameReader, chunk: Buffer): Frame[] {
  reader.push(chunk);
  const frames: Frame[] = [];
  for (let frame = reader.next(); frame; frame = reader.next()) frames.push(frame);
  return frames;
}

/** A long list of an answer as the messages in which an executor sends it. */
export function inParts(id: unknown, at: string, rows: readonly unknown[], atOnce = 300): unknown[] {
  const parts = [];
  for (let from = 0; from < rows.length; from += atOnce)
    parts.push({ id, event: 'part', at, rows: rows.slice(from, from + atOnce) });
  return parts;
}
