import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { cell, code, markdownTable } from './markdown';
import { MEANINGS } from './outputMeanings';

const NODES = join(__dirname, '../../nodes');

/** A schema as n8n has them beside a node. */
interface Schema {
  type: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
}

/** One field of an output: `checks[].passed`, with its type in words. */
interface OutputField {
  path: string;
  type: string;
}

/** What comes out of an operation, by the name of the node's folder; of the trigger, which has none, without it. */
export function outputTable(node: string, operation?: string): string {
  const rows = fieldsOf(readSchema(node, operation)).map(({ path, type }) => [
    `${code(path)}<br>${type}`,
    cell(meaningOf(node, operation, path)),
  ]);
  return markdownTable(['Field', 'Meaning'], rows);
}

/** The keys of {@link MEANINGS} that no output has: they are about nothing any more. */
export function unusedMeanings(): string[] {
  const used = new Set(
    schemas().flatMap(([node, operation]) =>
      fieldsOf(readSchema(node, operation)).map(({ path }) => keyOf(node, operation, path)),
    ),
  );
  return Object.keys(MEANINGS).filter((key) => !used.has(key));
}

function schemas(): Array<[node: string, operation?: string]> {
  return readdirSync(NODES, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
    const [, node, operation] = /^(\w+)\/__schema__\/v1\.0\.0(?:\/(\w+))?\.json$/.exec(path) ?? [];
    return node ? [[node, operation] as [string, string?]] : [];
  });
}

function readSchema(node: string, operation?: string): Schema {
  const file = operation ? `v1.0.0/${operation}.json` : 'v1.0.0.json';
  return JSON.parse(readFileSync(join(NODES, node, '__schema__', file), 'utf8')) as Schema;
}

function meaningOf(node: string, operation: string | undefined, path: string): string {
  const key = keyOf(node, operation, path);
  const meaning = key === undefined ? undefined : MEANINGS[key];
  if (meaning) return meaning;
  throw new RangeError(
    `Say in scripts/documents/outputMeanings.ts what ${path} of ${operation ?? node} means`,
  );
}

/** What an operation says of a field itself goes before what is said of all that have it. */
function keyOf(node: string, operation: string | undefined, path: string): string | undefined {
  return [`${operation ?? node} ${path}`, path].find((key) => Object.hasOwn(MEANINGS, key));
}

function fieldsOf(schema: Schema, path = ''): OutputField[] {
  const inside = schema.items ?? schema;
  const place = schema.items ? `${path}[]` : path;
  const members = Object.entries(inside.properties ?? {}).flatMap(([name, member]) =>
    fieldsOf(member, place ? `${place}.${name}` : name),
  );
  return path ? [{ path, type: typeOf(schema) }, ...members] : members;
}

function typeOf({ type, items }: Schema): string {
  if (items) return `list of ${typeOf(items)}s`;
  return [type].flat().join(' or ');
}
