import { type Part, partsOf } from '../contract/parts';
import { parseResult, type ResultOf, type Verb } from '../contract/verbs';

type Fields = Record<string, unknown>;

/** Gets rows of an answer as they come, instead of their being kept. */
export type OnRows = (rows: readonly unknown[]) => void;

/** The rows of one list, or the values by name, that have come so far. */
interface Rows {
  readonly part: Part;
  readonly list: unknown[];
  readonly byName: Map<string, unknown>;
  count: number;
}

/** An answer that comes in parts. */
export class Gathered<V extends Verb> {
  private readonly places = new Map<string, Rows>();

  /** @param onRows takes the rows of the places that it names; those are not kept */
  constructor(
    private readonly verb: V,
    private readonly onRows: Readonly<Record<string, OnRows>> = {},
  ) {}

  /** Whether what comes for this place is kept. */
  keeps(place: string): boolean {
    return !this.listener(place);
  }

  private listener(place: string): OnRows | undefined {
    return Object.hasOwn(this.onRows, place) ? this.onRows[place] : undefined;
  }

  /**
   * Takes some rows of the list at a place of the answer.
   *
   * @throws RangeError when there is no such list, a row has another form, or there are too many
   */
  take(place: string, rows: readonly unknown[]): void {
    const known = this.rowsAt(place);
    const where = `the result of ${this.verb} (${place})`;
    const { part } = known;
    known.count += rows.length;
    // Texts come in pieces, of which each is a row.
    if (part.of === 'list' && known.count > part.most) refuse(where);
    if (part.of === 'names') {
      for (const row of rows) takeNamed(known, row, where);
      return;
    }
    const parsed = rows.map((row) => part.inner.parse(row, where));
    const onRows = this.listener(place);
    if (onRows) onRows(parsed);
    else known.list.push(...parsed);
  }

  /**
   * The whole answer: what came last, with all that came before in its place.
   *
   * @throws RangeError naming the first field that has another form
   */
  whole(last: unknown): ResultOf<V> {
    const result = parseResult(this.verb, last);
    for (const [place, onRows] of Object.entries(this.onRows)) handOver(result as Fields, place, onRows);
    for (const [place, rows] of this.places) if (this.keeps(place)) put(result as Fields, place, rows);
    return result;
  }

  private rowsAt(place: string): Rows {
    const known = this.places.get(place);
    if (known) return known;
    const part = partsOf(this.verb).get(place);
    if (!part) throw new RangeError(`the result of ${this.verb} has no such part`);
    const rows: Rows = { part, list: [], byName: new Map(), count: 0 };
    this.places.set(place, rows);
    return rows;
  }
}

/** A short answer comes at once. */
function handOver(result: Fields, place: string, onRows: OnRows): void {
  const [holder, name] = holderOf(result, place) ?? [];
  if (!holder || !name) return;
  onRows(holder[name] as unknown[]);
  holder[name] = [];
}

/** Takes a name with its value. Of a long text, the next piece comes under the same name. */
function takeNamed({ part, byName }: Rows, row: unknown, where: string): void {
  if (!Array.isArray(row) || row.length !== 2) return refuse(where);
  const [name, piece] = row as unknown[];
  if (typeof name !== 'string' || name === '__proto__') return refuse(where);
  const before = byName.get(name);
  const value = typeof before === 'string' && typeof piece === 'string' ? before + piece : piece;
  byName.set(name, part.inner.parse(value, where));
  if (byName.size > part.most) refuse(where);
}

function put(result: Fields, place: string, { part, list, byName }: Rows): void {
  const [holder, name] = holderOf(result, place) ?? [];
  if (!holder || !name) throw new RangeError(`parts came of what is not there (${place})`);
  if (part.of === 'names') {
    holder[name] = { ...Object.fromEntries(byName), ...(holder[name] as Fields) };
    return;
  }
  const rest = holder[name] as readonly unknown[];
  if (list.length + rest.length > part.most) refuse(place);
  for (const each of rest) list.push(each);
  holder[name] = list;
}

/** The object in which a place's last name stands, and that name; undefined where there is none. */
function holderOf(result: Fields, place: string): [Fields, string] | undefined {
  const names = place.split('.');
  const last = names.pop() ?? '';
  let holder: unknown = result;
  for (const name of names) {
    if (typeof holder !== 'object' || holder === null) return undefined;
    holder = (holder as Fields)[name];
  }
  if (typeof holder !== 'object' || holder === null) return undefined;
  return (holder as Fields)[last] === undefined ? undefined : [holder as Fields, last];
}

function refuse(where: string): never {
  throw new RangeError(`${where} has another form than it should`);
}
