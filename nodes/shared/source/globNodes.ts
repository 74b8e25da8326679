/** One name's glob, read into nodes. What it means is said at `createSelection`; how it is matched, in globStates. */

/** A UTF-16 unit that is asked for: one of these ranges, or, with `negated`, none of them. */
export interface UnitSet {
  readonly kind: 'set';
  readonly negated: boolean;
  readonly ranges: ReadonlyArray<readonly [from: number, to: number]>;
}

/** Alternatives: once, at most once, as often as one likes, at least once, or none of them. */
export interface Group {
  readonly kind: 'group';
  readonly repeat: 'one' | 'optional' | 'any' | 'some' | 'not';
  readonly alternatives: ReadonlyArray<readonly GlobNode[]>;
}

export type GlobNode = UnitSet | Group | { readonly kind: 'star' };

const REPEATS: Readonly<Record<string, Group['repeat']>> = {
  '@': 'one',
  '?': 'optional',
  '*': 'any',
  '+': 'some',
  '!': 'not',
};
/** Any unit at all. */
export const ANYTHING: UnitSet = { kind: 'set', negated: true, ranges: [] };
/** What stands in brackets as `[:name:]`. */
const CLASSES: Readonly<Record<string, string>> = {
  alpha: 'azAZ',
  digit: '09',
  alnum: 'azAZ09',
  upper: 'AZ',
  lower: 'az',
  space: '\t\r  ',
  xdigit: '09afAF',
  punct: '!/:@[`{~',
};
const DEEPEST = 20;
const MOST_IN_RANGE = 1000;

/** Why a text is no glob, and what to do about it. */
export class NotAGlob extends SyntaxError {
  constructor(
    reason: string,
    readonly instead = 'close its brackets, or write a backslash before them',
  ) {
    super(reason);
  }
}

/** Reads the glob of one name; throws {@link NotAGlob} for what can't be read. */
export function parseName(glob: string): readonly GlobNode[] {
  const reader = new Reader(glob);
  const nodes = reader.sequence('', 0);
  if (!reader.atEnd) throw new NotAGlob('Missing opening: "("');
  return nodes;
}

const literal = (text: string): GlobNode[] =>
  [...text].flatMap((character) =>
    Array.from({ length: character.length }, (_, index): GlobNode => {
      const unit = character.charCodeAt(index);
      return { kind: 'set', negated: false, ranges: [[unit, unit]] };
    }),
  );

class Reader {
  private at = 0;

  constructor(private readonly glob: string) {}

  get atEnd(): boolean {
    return this.at >= this.glob.length;
  }

  next(): string {
    return this.glob.charAt(this.at++);
  }

  /** Nodes up to one of the characters of `until`, which isn't taken. */
  sequence(until: string, depth: number): GlobNode[] {
    if (depth > DEEPEST) throw new NotAGlob(`Brackets nest more than ${DEEPEST} deep`, 'nest fewer');
    const nodes: GlobNode[] = [];
    while (!this.atEnd) {
      const character = this.glob.charAt(this.at);
      if (until.includes(character)) return nodes;
      if (character === ')' && depth === 0) return nodes;
      nodes.push(...this.piece(depth));
    }
    return nodes;
  }

  private piece(depth: number): GlobNode[] {
    const character = this.next();
    const repeat = REPEATS[character];
    if (repeat !== undefined && this.glob.charAt(this.at) === '(') {
      this.at += 1;
      return [this.group(repeat, depth)];
    }
    switch (character) {
      case '(':
        return [this.group('one', depth)];
      case '*':
        return [{ kind: 'star' }];
      case '?':
        return [ANYTHING];
      case '[':
        return [this.set()];
      case '{':
        return this.braces(depth);
      case ']':
        throw new NotAGlob('Missing opening: "["');
      case '\\':
        return literal(this.atEnd ? '\\' : this.next());
      default:
        return literal(character);
    }
  }

  private group(repeat: Group['repeat'], depth: number): Group {
    const alternatives = this.alternatives('|', ')', depth);
    if (!alternatives) throw new NotAGlob('Missing closing: ")"');
    return { kind: 'group', repeat, alternatives };
  }

  /** What stands between separators up to `end`, which is taken; undefined when it never comes. */
  private alternatives(separator: string, end: string, depth: number): GlobNode[][] | undefined {
    const found: GlobNode[][] = [];
    for (;;) {
      found.push(this.sequence(separator + end, depth + 1));
      if (this.atEnd) return undefined;
      if (this.next() === end) return found;
    }
  }

  /** Alternatives, or a range; braces with neither a comma nor a range in them are a name's own. */
  private braces(depth: number): GlobNode[] {
    const alternatives = this.alternatives(',', '}', depth);
    if (!alternatives) throw new NotAGlob('Missing closing: "}"');
    const [only] = alternatives;
    if (alternatives.length > 1 || only === undefined)
      return [{ kind: 'group', repeat: 'one', alternatives }];
    const ranged = rangeOf(textOf(only));
    if (ranged) return [{ kind: 'group', repeat: 'one', alternatives: ranged.map(literal) }];
    return [...literal('{'), ...only, ...literal('}')];
  }

  private set(): UnitSet {
    const negated = '!^'.includes(this.glob.charAt(this.at)) && !this.atEnd;
    if (negated) this.at += 1;
    const ranges: Array<[number, number]> = [];
    for (let first = true; ; first = false) {
      if (this.atEnd) throw new NotAGlob('Missing closing: "]"');
      if (this.glob.charAt(this.at) === ']' && !first) break;
      const named = this.namedClass();
      ranges.push(...named);
      if (named.length > 0) continue;
      const from = this.unit();
      const isRange = this.glob.charAt(this.at) === '-' && !['', ']'].includes(this.glob.charAt(this.at + 1));
      if (isRange) this.at += 1;
      const to = isRange ? this.unit() : from;
      if (to < from) throw new NotAGlob('Range out of order in brackets', 'write its lower end first');
      ranges.push([from, to]);
    }
    this.at += 1;
    return { kind: 'set', negated, ranges };
  }

  /** The ranges of `[:name:]`, which is taken; none where no such class stands. */
  private namedClass(): Array<[number, number]> {
    if (!this.glob.startsWith('[:', this.at)) return [];
    const end = this.glob.indexOf(':]', this.at);
    const bounds = CLASSES[this.glob.slice(this.at + 2, end)];
    if (end < 0 || bounds === undefined) return [];
    this.at = end + 2;
    return Array.from({ length: bounds.length / 2 }, (_, index) => [
      bounds.charCodeAt(2 * index),
      bounds.charCodeAt(2 * index + 1),
    ]);
  }

  private unit(): number {
    if (this.glob.charAt(this.at) === '\\' && this.at + 1 < this.glob.length) this.at += 1;
    return this.glob.charCodeAt(this.at++);
  }
}

/** What nodes say literally; undefined where they leave anything open. */
function textOf(nodes: readonly GlobNode[]): string | undefined {
  let text = '';
  for (const node of nodes) {
    const [range] = node.kind === 'set' && !node.negated ? node.ranges : [];
    if (!range || range[0] !== range[1]) return undefined;
    text += String.fromCharCode(range[0]);
  }
  return text;
}

/** The members of `1..3`, `3..1`, `01..10` or `a..e`; undefined for anything else. */
function rangeOf(text: string | undefined): string[] | undefined {
  const parts = text?.split('..') ?? [];
  const [from = '', to = ''] = parts;
  if (parts.length !== 2) return undefined;
  const isLetters = /^[A-Za-z]$/.test(from) && /^[A-Za-z]$/.test(to);
  if (!isLetters && !(/^\d{1,9}$/.test(from) && /^\d{1,9}$/.test(to))) return undefined;
  const [first, last] = isLetters ? [from.charCodeAt(0), to.charCodeAt(0)] : [Number(from), Number(to)];
  const count = Math.abs(last - first) + 1;
  if (count > MOST_IN_RANGE)
    throw new NotAGlob(`A range of more than ${MOST_IN_RANGE}`, 'write a shorter one');
  const padded = [from, to].some((each) => each.length > 1 && each.startsWith('0'));
  const width = padded ? Math.max(from.length, to.length) : 0;
  return Array.from({ length: count }, (_, index) => {
    const value = first + Math.sign(last - first) * index;
    return isLetters ? String.fromCharCode(value) : String(value).padStart(width, '0');
  });
}
