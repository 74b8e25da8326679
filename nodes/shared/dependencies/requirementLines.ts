import { DeployError } from '../errors';
import { upTo } from '../scan';

/** What one line of a requirements file refers to beside package names. */
export type Reference =
  | { kind: 'requirements' | 'constraints' | 'findLinks'; target: string; line: number }
  | { kind: 'local'; target: string; line: number; editable: boolean };

/** A requirements file, read as pip's documentation of the format has it. */
export interface RequirementLines {
  /** Whether anything would be installed, files it refers to not counted. */
  installs: boolean;
  /** The lines that name what is installed, as written. */
  requirements: string[];
  references: Reference[];
}

const OPTIONS: ReadonlyArray<[flag: string, 'requirements' | 'constraints' | 'findLinks' | 'editable']> = [
  ['-r', 'requirements'],
  ['--requirement', 'requirements'],
  ['-c', 'constraints'],
  ['--constraint', 'constraints'],
  ['-f', 'findLinks'],
  ['--find-links', 'findLinks'],
  ['-e', 'editable'],
  ['--editable', 'editable'],
];
const URL = /^(?:[a-z][a-z0-9+.-]*:\/\/|git\+)/i;
const ARCHIVE = /\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)$/i;
/** Where lines end for pip, which is where they do for Python's `str.splitlines`. */
const LINE_END = /\r\n|[\n\r\v\f\x85\u2028\u2029]/;
/** ASCII's separators of files, groups and records, which do so, too. */
const SEPARATORS = ['\x1C', '\x1D', '\x1E'];

/** Of one line, continued ones joined: a requirement with 800 hashes. */
export const LONGEST_LINE = 64 * 1024;

/**
 * Reads the lines of a requirements file: continued lines are joined, comments left out.
 *
 * @throws DeployError `INPUT` naming file and line for one of more than {@link LONGEST_LINE} characters
 */
export function readRequirementLines(text: string, file: string): RequirementLines {
  const found: RequirementLines = { installs: false, requirements: [], references: [] };
  for (const { content, line } of logicalLines(text, file)) {
    if (!content.startsWith('-')) {
      found.installs = true;
      found.requirements.push(content);
      const target = localTarget(content);
      if (target) found.references.push({ kind: 'local', target, line, editable: false });
      continue;
    }
    const option = readOption(content);
    if (option?.kind === 'editable') {
      found.installs = true;
      found.requirements.push(content);
      const target = option.value;
      if (!URL.test(target)) found.references.push({ kind: 'local', target, line, editable: true });
    } else if (option) {
      found.references.push({ kind: option.kind, target: option.value, line });
    }
  }
  return found;
}

/** What `-r a.txt`, `-ra.txt`, `--requirement=a.txt` and the like name; undefined for options that name nothing. */
function readOption(content: string): { kind: (typeof OPTIONS)[number][1]; value: string } | undefined {
  for (const [flag, kind] of OPTIONS) {
    if (!content.startsWith(flag)) continue;
    const rest = content.slice(flag.length).trimStart();
    const value = unquoted((rest.startsWith('=') ? rest.slice(1) : rest).trim());
    return value === '' ? undefined : { kind, value };
  }
  return undefined;
}

function unquoted(value: string): string {
  const [first] = value;
  const isQuoted = value.length > 1 && (first === '"' || first === "'") && value.endsWith(first);
  return isQuoted ? value.slice(1, -1) : value;
}

/** Whether a target is an address, and no path. */
export function isAddress(target: string): boolean {
  return URL.test(target);
}

/** Lines as pip joins them: a backslash at the end continues a line, a `#` after white space begins a comment. */
function logicalLines(text: string, file: string): Array<{ content: string; line: number }> {
  const lines: Array<{ content: string; line: number }> = [];
  let held = '';
  let first = 0;
  const divided = SEPARATORS.reduce((rest, each) => rest.replaceAll(each, '\n'), text.replace(/^\uFEFF/, ''));
  for (const [index, raw] of divided.split(LINE_END).entries()) {
    if (!held) first = index + 1;
    if (held.length + raw.length > LONGEST_LINE) throw tooLong(file, first);
    const comment = raw.trimStart().startsWith('#');
    if (raw.endsWith('\\') && !comment) {
      held += raw.slice(0, -1);
      continue;
    }
    const content = withoutComment(held + (comment ? '' : raw)).trim();
    held = '';
    if (content) lines.push({ content, line: first });
  }
  if (held.trim()) lines.push({ content: held.trim(), line: first });
  return lines;
}

function withoutComment(line: string): string {
  const at = placeOfWord(line, '#');
  return at < 0 ? line : line.slice(0, at);
}

/** Where `mark` stands first at the beginning or after white space; -1 where it doesn't. */
function placeOfWord(line: string, mark: string): number {
  let at = line.indexOf(mark);
  while (at > 0 && !/\s/.test(line.charAt(at - 1))) at = line.indexOf(mark, at + 1);
  return at;
}

/** The path in a line such as `./wheels/a.whl`, `../lib` or `a @ file:///x`; undefined for names and addresses. */
function localTarget(content: string): string | undefined {
  const [, direct] = /^[A-Za-z0-9._-]+(?:\[[^\]]*\])?\s*@\s*(\S+)/.exec(content) ?? [];
  const beforeMarker = upTo(direct ?? content, ';');
  const options = placeOfWord(beforeMarker, '--');
  const target = (options < 0 ? beforeMarker : beforeMarker.slice(0, options)).trim();
  if (target.startsWith('file:')) return upTo(target.replace(/^file:(?:\/\/)?/, ''), '#');
  if (URL.test(target)) return undefined;
  if (/^\.{0,2}\//.test(target) || target === '.' || target === '..') return withoutExtras(target);
  return ARCHIVE.test(target) ? target : undefined;
}

function withoutExtras(target: string): string {
  const at = target.endsWith(']') ? target.lastIndexOf('[') : -1;
  return at < 0 ? target : target.slice(0, at);
}

/**
 * What to throw about a line that is too long to be one.
 *
 * @param line counted from 1
 */
export function tooLong(file: string, line: number): DeployError {
  return lineRefused(
    file,
    line,
    `it has more than ${LONGEST_LINE.toLocaleString('en-US')} characters, which no line of such a file needs.`,
    'See what is in that line, and generate the file again with the tool that wrote it.',
  );
}

/** What to throw about a line of a requirements file. */
export function lineRefused(file: string, line: number, what: string, next: string): DeployError {
  return new DeployError('INPUT', `${file}, line ${line}: ${what}`, {
    description: next,
    details: { file, line },
  });
}
