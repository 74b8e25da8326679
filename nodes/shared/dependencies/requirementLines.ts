import { DeployError } from '../errors';

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

const OPTIONS: ReadonlyArray<[RegExp, 'requirements' | 'constraints' | 'findLinks' | 'editable']> = [
  [/^(?:-r|--requirement)(?:\s*=?\s*)(.+)$/, 'requirements'],
  [/^(?:-c|--constraint)(?:\s*=?\s*)(.+)$/, 'constraints'],
  [/^(?:-f|--find-links)(?:\s*=?\s*)(.+)$/, 'findLinks'],
  [/^(?:-e|--editable)(?:\s*=?\s*)(.+)$/, 'editable'],
];
const URL = /^(?:[a-z][a-z0-9+.-]*:\/\/|git\+)/i;
const ARCHIVE = /\.(?:whl|zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz)$/i;

/** Reads the lines of a requirements file: continued lines are joined, comments left out. */
export function readRequirementLines(text: string): RequirementLines {
  const found: RequirementLines = { installs: false, requirements: [], references: [] };
  for (const { content, line } of logicalLines(text)) {
    if (!content.startsWith('-')) {
      found.installs = true;
      found.requirements.push(content);
      const target = localTarget(content);
      if (target) found.references.push({ kind: 'local', target, line, editable: false });
      continue;
    }
    for (const [pattern, kind] of OPTIONS) {
      const value = pattern
        .exec(content)?.[1]
        .trim()
        .replace(/^(["'])(.*)\1$/, '$2');
      if (value === undefined) continue;
      if (kind === 'editable') {
        found.installs = true;
        found.requirements.push(content);
        if (!URL.test(value)) found.references.push({ kind: 'local', target: value, line, editable: true });
      } else {
        found.references.push({ kind, target: value, line });
      }
      break;
    }
  }
  return found;
}

/** Whether a target is an address, and no path. */
export function isAddress(target: string): boolean {
  return URL.test(target);
}

/** Lines as pip joins them: a backslash at the end continues a line, a `#` after white space begins a comment. */
function logicalLines(text: string): Array<{ content: string; line: number }> {
  const lines: Array<{ content: string; line: number }> = [];
  let held = '';
  let first = 0;
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (!held) first = index + 1;
    const comment = /^\s*#/.test(raw);
    if (raw.endsWith('\\') && !comment) {
      held += raw.slice(0, -1);
      continue;
    }
    const content = (held + (comment ? '' : raw)).replace(/(^|\s)#.*$/, '').trim();
    held = '';
    if (content) lines.push({ content, line: first });
  }
  if (held.trim()) lines.push({ content: held.trim(), line: first });
  return lines;
}

/** The path in a line such as `./wheels/a.whl`, `../lib` or `a @ file:///x`; undefined for names and addresses. */
function localTarget(content: string): string | undefined {
  const [, direct] = /^[A-Za-z0-9._-]+(?:\[[^\]]*\])?\s*@\s*(\S+)/.exec(content) ?? [];
  const target = (direct ?? content).split(/\s*;|\s+--/)[0].trim();
  if (target.startsWith('file:')) return target.replace(/^file:(?:\/\/)?/, '').replace(/#.*$/, '');
  if (URL.test(target)) return undefined;
  if (/^\.{0,2}\//.test(target) || target === '.' || target === '..') return withoutExtras(target);
  return ARCHIVE.test(target) ? target : undefined;
}

function withoutExtras(target: string): string {
  return target.replace(/\[[^\]]*\]$/, '');
}

/** What to throw about a line of a requirements file. */
export function lineRefused(file: string, line: number, what: string, next: string): DeployError {
  return new DeployError('INPUT', `${file}, line ${line}: ${what}`, {
    description: next,
    details: { file, line },
  });
}
