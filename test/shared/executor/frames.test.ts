import fc from 'fast-check';

import {
  encodeFrame,
  encodeMessage,
  type Frame,
  FRAME_DATA,
  FRAME_JSON,
  FrameReader,
  MARKER,
} from '../../../nodes/shared/executor/frames';
import { framesOf } from '../../support/frames';

/** Cuts bytes at the given places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

function readAll(chunks: readonly Buffer[], longest?: number): { frames: Frame[]; preamble: string } {
  const reader = new FrameReader(longest);
  const frames = chunks.flatMap((chunk) => framesOf(reader, chunk));
  return { frames, preamble: reader.preamble };
}

const anyFrames = fc.array(
  fc.record({ kind: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array({ maxLength: 200 }) }),
  { maxLength: 8 },
);

it('any frames after any preamble come out the same, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !text.includes('\x01')),
      anyFrames,
      fc.array(fc.nat(), { maxLength: 60 }),
      (greeting, frames, places) => {
        const bytes = Buffer.concat([
          Buffer.from(greeting),
          MARKER,
          ...frames.map(({ kind, payload }) => encodeFrame(kind, payload)),
        ]);
        const expected = frames.map(({ kind, payload }) => ({ kind, payload: Buffer.from(payload) }));
        expect(readAll(cut(bytes, places))).toEqual({ frames: expected, preamble: greeting });
      },
    ),
    { numRuns: 300 },
  );
});

it('finds a marker that arrives byte by byte, also after something that looks like its beginning', () => {
  const bytes = Buffer.concat([MARKER.subarray(0, 9), MARKER, encodeMessage({ event: 'hello' })]);
  const { frames, preamble } = readAll(Array.from(bytes, (byte) => Buffer.from([byte])));
  expect(frames).toEqual([{ kind: FRAME_JSON, payload: Buffer.from('{"event":"hello"}') }]);
  expect(preamble).toBe('\x01hot-depl');
});

it('keeps the end of what came before, for the message', () => {
  const greeting = 'x'.repeat(10_000) + 'Last login: today\n';
  for (const places of [[], [3000, 6000, 9999, 10_005], Array.from({ length: 10_000 }, (_, at) => at)]) {
    const { preamble } = readAll(cut(Buffer.concat([Buffer.from(greeting), MARKER]), places));
    expect(preamble).toBe(greeting.slice(-4096));
  }
  expect(readAll([Buffer.from('sh: python3: not found\n')]).preamble).toBe('sh: python3: not found\n');
});

it('gives up after 256 KiB without a marker', () => {
  const push = (chunkBytes: number) => () => {
    const reader = new FrameReader();
    for (let sent = 0; sent <= 256 * 1024 + MARKER.length; sent += chunkBytes) {
      reader.push(Buffer.alloc(chunkBytes));
    }
  };
  for (const chunkBytes of [100, 64 * 1024, 1024 * 1024]) expect(push(chunkBytes)).toThrow(RangeError);
  expect(() => readAll([Buffer.concat([Buffer.alloc(256 * 1024), MARKER])])).not.toThrow();
});

it('refuses a frame of more than 1 MiB as soon as it is announced', () => {
  const header = Buffer.from([FRAME_DATA, 0, 0x10, 0, 1]);
  expect(() => readAll([MARKER, header])).toThrow('a frame of 1048577 bytes was announced');
  expect(readAll([MARKER, Buffer.from([FRAME_DATA, 0, 0x10, 0, 0])]).frames).toEqual([]);
});

it('P8: a frame of 20 MB in small chunks is copied a few times, not once for each chunk', () => {
  const concat = jest.spyOn(Buffer, 'concat');
  try {
    const bytes = Buffer.concat([MARKER, encodeFrame(FRAME_DATA, Buffer.alloc(20_000_000))]);
    concat.mockClear();
    const places = Array.from({ length: 20_000 }, (_, index) => index * 1000);
    expect(readAll(cut(bytes, places), bytes.length).frames).toHaveLength(1);
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    expect(copied).toBeLessThan(3 * bytes.length);
  } finally {
    concat.mockRestore();
  }
});

it('P8: a long greeting in small chunks costs no more than a few KiB for each', () => {
  const concat = jest.spyOn(Buffer, 'concat');
  try {
    const reader = new FrameReader();
    for (let index = 0; index < 2500; index++) reader.push(Buffer.alloc(100));
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    expect(copied).toBeLessThan(2500 * 5000);
  } finally {
    concat.mockRestore();
  }
});
