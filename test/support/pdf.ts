import { deflateSync } from 'node:zlib';

/** How {@link makePdf} writes the same text. */
export interface PdfOptions {
  /** Whether the pages' content is Flate-compressed (true). */
  compress?: boolean;
  /** How strings are written (`literal`). */
  strings?: 'literal' | 'hex';
  /** Whether objects are packed into an object stream with a cross-reference stream, as since PDF 1.5 (false). */
  packed?: boolean;
}

type PdfObject = { dictionary: string; data?: Buffer };

/**
 * A valid PDF with the given lines of text on each page, in Helvetica, A4.
 * Throws `RangeError` for text outside Latin-1.
 */
export function makePdf(pages: string[][], options: PdfOptions = {}): Buffer {
  const { compress = true, strings = 'literal', packed = false } = options;
  const kids = pages.map((_, index) => `${4 + index * 2} 0 R`).join(' ');
  const objects: PdfObject[] = [
    { dictionary: '/Type /Catalog /Pages 2 0 R' },
    {
      dictionary: `/Type /Pages /Kids [${kids}] /Count ${pages.length} /Resources << /Font << /F1 3 0 R >> >>`,
    },
    { dictionary: '/Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding' },
  ];
  pages.forEach((lines, index) => {
    objects.push({
      dictionary: `/Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${5 + index * 2} 0 R`,
    });
    objects.push(streamObject('', pageContent(lines, strings), compress));
  });
  return packed ? packedFile(objects) : classicFile(objects);
}

function pageContent(lines: string[], strings: 'literal' | 'hex'): Buffer {
  const shown = lines.map((line) => `${pdfString(line, strings)} Tj T*`);
  return Buffer.from(['BT', '/F1 11 Tf', '14 TL', '56 780 Td', ...shown, 'ET'].join('\n'), 'latin1');
}

function pdfString(text: string, strings: 'literal' | 'hex'): string {
  if (/[^\0-\xff]/.test(text)) throw new RangeError(`makePdf writes Latin-1 text only, not "${text}"`);
  const bytes = Buffer.from(text, 'latin1');
  if (strings === 'hex') return `<${bytes.toString('hex')}>`;
  const escaped = text.replace(/[()\\]/g, '\\$&');
  return `(${escaped.replace(/[^ -~]/g, (other) => `\\${other.charCodeAt(0).toString(8).padStart(3, '0')}`)})`;
}

function streamObject(dictionary: string, content: Buffer, compress: boolean): PdfObject {
  const data = compress ? deflateSync(content) : content;
  const filter = compress ? ' /Filter /FlateDecode' : '';
  return { dictionary: `${dictionary} /Length ${data.length}${filter}`, data };
}

/** Writes numbered objects one after the other and remembers where each begins. */
class PdfWriter {
  readonly offsets = new Map<number, number>();
  private readonly chunks: Buffer[] = [];
  length = 0;

  constructor() {
    this.write('%PDF-1.5\n%\xe2\xe3\xcf\xd3\n');
  }

  write(part: string | Buffer): void {
    const chunk = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
    this.chunks.push(chunk);
    this.length += chunk.length;
  }

  object(number: number, { dictionary, data }: PdfObject): void {
    this.offsets.set(number, this.length);
    this.write(`${number} 0 obj\n<< ${dictionary} >>\n`);
    if (data) {
      this.write('stream\n');
      this.write(data);
      this.write('\nendstream\n');
    }
    this.write('endobj\n');
  }

  finish(startOfReferences: number): Buffer {
    this.write(`startxref\n${startOfReferences}\n%%EOF\n`);
    return Buffer.concat(this.chunks);
  }
}

function classicFile(objects: PdfObject[]): Buffer {
  const writer = new PdfWriter();
  objects.forEach((object, index) => writer.object(index + 1, object));
  const start = writer.length;
  writer.write(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`);
  for (const offset of writer.offsets.values()) {
    writer.write(`${String(offset).padStart(10, '0')} 00000 n \n`);
  }
  writer.write(`trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\n`);
  return writer.finish(start);
}

/** All objects without a stream go into one object stream; the cross-reference table is a stream, too. */
function packedFile(objects: PdfObject[]): Buffer {
  const writer = new PdfWriter();
  const container = objects.length + 1;
  const references = objects.length + 2;
  const inside: number[] = [];
  let index = '';
  let bodies = '';
  objects.forEach((object, position) => {
    if (object.data) {
      writer.object(position + 1, object);
    } else {
      inside.push(position + 1);
      index += `${position + 1} ${bodies.length} `;
      bodies += `<< ${object.dictionary} >> `;
    }
  });
  const dictionary = `/Type /ObjStm /N ${inside.length} /First ${index.length}`;
  writer.object(container, streamObject(dictionary, Buffer.from(index + bodies, 'latin1'), true));
  const start = writer.length;
  const rows = Buffer.alloc((references + 1) * 6);
  for (let number = 1; number <= references; number += 1) {
    const packedAt = inside.indexOf(number);
    rows.writeUInt8(packedAt < 0 ? 1 : 2, number * 6);
    rows.writeUInt32BE(packedAt < 0 ? (writer.offsets.get(number) ?? start) : container, number * 6 + 1);
    rows.writeUInt8(Math.max(packedAt, 0), number * 6 + 5);
  }
  const size = `/Type /XRef /Size ${references + 1} /W [1 4 1] /Root 1 0 R`;
  writer.object(references, streamObject(size, rows, true));
  return writer.finish(start);
}
