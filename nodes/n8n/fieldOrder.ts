import type { Field, Place } from './field';

/**
 * The fields of several lists as one list, each field once, in an order that keeps every list's own: what only a later
 * list has stands before the next field that it shares with an earlier one, and at the end where it shares no further.
 */
export function inOneOrder<P extends Place>(
  lists: ReadonlyArray<ReadonlyArray<Field<unknown, P>>>,
): Array<Field<unknown, P>> {
  const ordered: Array<Field<unknown, P>> = [];
  for (const list of lists) {
    for (const [index, field] of list.entries()) {
      if (ordered.includes(field)) continue;
      ordered.splice(placeOf(field, list.slice(index + 1), ordered), 0, field);
    }
  }
  refuseSameNames(ordered);
  return ordered;
}

function placeOf<P extends Place>(
  { after }: Field<unknown, P>,
  following: ReadonlyArray<Field<unknown, P>>,
  ordered: ReadonlyArray<Field<unknown, P>>,
): number {
  if (after && ordered.includes(after)) return ordered.indexOf(after) + 1;
  const next = following.find((field) => ordered.includes(field));
  return next ? ordered.indexOf(next) : ordered.length;
}

/** n8n keeps one value under a name: what operations have in common has to be one field. */
function refuseSameNames(fields: ReadonlyArray<Field<unknown, Place>>): void {
  const names = fields.map(({ property }) => property.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two fields are called “${twice}”: let the operations share one.`);
}
