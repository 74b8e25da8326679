import { join } from 'node:path';

import { EVERY_FILE, LISTED_PATHS, MANY, MOST_RUNS, PRUNABLE } from '../../nodes/shared/contract/limits';
import { partsOf } from '../../nodes/shared/contract/parts';
import { releaseId } from '../../nodes/shared/contract/names';
import { moment } from '../../nodes/shared/contract/plainTexts';
import { recordOfRelease } from '../../nodes/shared/contract/records';
import { PINNED_PREFIX, RESERVED_NAMES } from '../../nodes/shared/contract/reservedNames';
import { LOCKED_VERBS, type Verb, VERBS } from '../../nodes/shared/contract/verbs';
import {
  FRAME_DATA,
  FRAME_JSON,
  LONGEST_FRAME,
  LONGEST_MESSAGE,
  MARKER_TEXT,
  PART_BYTES,
  PART_ROWS,
  PROTOCOL,
} from '../../nodes/shared/contract/wire';

/** The generated file. */
export const CONTRACT_FILE = join(__dirname, '../../executor/hot_deploy/contract.py');

const HEADER = `"""The contract with the client, as nodes/shared/contract has it.

Written by \`npm run contract\`: change it there. VERBS: verb -> (whether it changes the engine, the shape of its
arguments); see shapes.py. LOCKED: those that need the engine's lock. PARTS: verb -> the places in its result that can come
in parts; see parts.py. RECORD: the
shape of a release's record.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any
`;

/** The contract as a module of the executor: constants, and the shape of each verb's arguments. */
export function contractInPython(): string {
  const [, releaseIdPattern] = releaseId.form;
  const verbs = (Object.keys(VERBS) as Verb[]).map((verb) => {
    const { changes, arguments: shape } = VERBS[verb];
    return `    ${literal(verb)}: (${literal(changes)}, ${literal(shape.form)}),`;
  });
  const parts = (Object.keys(VERBS) as Verb[])
    .map((verb) => [verb, [...partsOf(verb).keys()]] as const)
    .filter(([, places]) => places.length > 0)
    .map(([verb, places]) => `    ${literal(verb)}: ${literal(places)},`);
  return [
    HEADER,
    `PROTOCOL = ${literal(PROTOCOL)}`,
    `MARKER = ${literal(MARKER_TEXT)}.encode("latin-1")`,
    `FRAME_JSON, FRAME_DATA = ${literal(FRAME_JSON)}, ${literal(FRAME_DATA)}`,
    `LONGEST_FRAME = ${literal(LONGEST_FRAME)}`,
    `LONGEST_MESSAGE = ${literal(LONGEST_MESSAGE)}`,
    `PART_ROWS, PART_BYTES = ${literal(PART_ROWS)}, ${literal(PART_BYTES)}`,
    `LISTED_PATHS = ${literal(LISTED_PATHS)}`,
    `MANY = ${literal(MANY)}`,
    `MOST_RUNS = ${literal(MOST_RUNS)}`,
    `PRUNABLE = ${literal(PRUNABLE)}`,
    `EVERY_FILE = ${literal(EVERY_FILE)}`,
    `RELEASE_ID = ${literal(releaseIdPattern)}`,
    `MOMENT = ${literal(moment.form[1])}`,
    `RESERVED_NAMES = ${literal(RESERVED_NAMES)}`,
    `PINNED_PREFIX = ${literal(PINNED_PREFIX)}`,
    `RECORD: Any = ${literal(recordOfRelease.form)}`,
    'VERBS: dict[str, tuple[bool, Any]] = {',
    ...verbs,
    '}',
    `LOCKED = frozenset(${literal(LOCKED_VERBS)})`,
    'PARTS: dict[str, list[str]] = {',
    ...parts,
    '}',
    '',
  ].join('\n');
}

/** A value as Python writes it. */
function literal(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([name, each]) => `${literal(name)}: ${literal(each)}`);
    return `{${fields.join(', ')}}`;
  }
  // Python reads JSON's strings and numbers as JSON does.
  return JSON.stringify(value);
}
