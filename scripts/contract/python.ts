import { join } from 'node:path';

import { LISTED_PATHS } from '../../nodes/shared/contract/limits';
import { releaseId } from '../../nodes/shared/contract/names';
import { moment } from '../../nodes/shared/contract/plainTexts';
import { recordOfRelease } from '../../nodes/shared/contract/records';
import { RESERVED_NAMES } from '../../nodes/shared/contract/reservedNames';
import { type Verb, VERBS } from '../../nodes/shared/contract/verbs';
import {
  FRAME_DATA,
  FRAME_JSON,
  LONGEST_FRAME,
  MARKER_TEXT,
  PROTOCOL,
} from '../../nodes/shared/contract/wire';

/** The generated file. */
export const CONTRACT_FILE = join(__dirname, '../../executor/hot_deploy/contract.py');

const HEADER = `"""The contract with the client, as nodes/shared/contract has it.

Written by \`npm run contract\`: change it there. VERBS: verb -> (whether it changes the engine, the shape of its
arguments). RECORD: the shape of a release's record. See shapes.py.
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
  return [
    HEADER,
    `PROTOCOL = ${literal(PROTOCOL)}`,
    `MARKER = ${literal(MARKER_TEXT)}.encode("latin-1")`,
    `FRAME_JSON, FRAME_DATA = ${literal(FRAME_JSON)}, ${literal(FRAME_DATA)}`,
    `LONGEST_FRAME = ${literal(LONGEST_FRAME)}`,
    `LISTED_PATHS = ${literal(LISTED_PATHS)}`,
    `RELEASE_ID = ${literal(releaseIdPattern)}`,
    `MOMENT = ${literal(moment.form[1])}`,
    `RESERVED_NAMES = ${literal(RESERVED_NAMES)}`,
    `RECORD: Any = ${literal(recordOfRelease.form)}`,
    'VERBS: dict[str, tuple[bool, Any]] = {',
    ...verbs,
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
