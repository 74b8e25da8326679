import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

import { ROOT } from './productFiles';

/** A regular expression of the package, as it is written. */
export interface Expression {
  /** File and line, from the root. */
  at: string;
  source: string;
  flags: string;
}

/** Every regular expression that a file writes down. Throws where one is put together at run time. */
export function expressionsOf(file: string): { expressions: Expression[]; built: string[] } {
  const parsed = ts.createSourceFile(
    file,
    readFileSync(join(ROOT, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  const expressions: Expression[] = [];
  const built: string[] = [];
  const visit = (node: ts.Node): void => {
    const at = `${file}:${parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      expressions.push({ at, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    if (isCallOf('RegExp', node)) built.push(file);
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return { expressions, built };
}

function isCallOf(name: string, node: ts.Node): boolean {
  return (ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === name;
}

/** Whether anything in it may be repeated without end; what has no such part takes as long for any text. */
export function repeats(source: string): boolean {
  return /[*+]|\{\d+,\}/.test(bare(source));
}

/**
 * Whether it looks ahead or behind without end at more places than the text's beginning: each look may go through all
 * of the text, and recheck does not always see that.
 */
export function looksFar(source: string): boolean {
  const plain = bare(source);
  for (const { index } of plain.matchAll(/\(\?<?[=!]/g)) {
    const before = withoutLooks(plain.slice(0, index));
    const look = plain.slice(index, endOfGroup(plain, index));
    if (repeats(look) && !/^\^(?:\(\?:)*$/.test(before)) return true;
  }
  return false;
}

/** Without classes and escaped characters, in which no sign has its meaning. */
function bare(source: string): string {
  return source.replace(/\\[^]/g, 'x').replace(/\[[^\]]*\]/g, 'x');
}

function endOfGroup(plain: string, start: number): number {
  let depth = 0;
  for (let at = start; at < plain.length; at++) {
    if (plain[at] === '(') depth += 1;
    if (plain[at] === ')' && --depth === 0) return at + 1;
  }
  return plain.length;
}

function withoutLooks(plain: string): string {
  const start = plain.search(/\(\?<?[=!]/);
  if (start < 0) return plain;
  return withoutLooks(plain.slice(0, start) + plain.slice(endOfGroup(plain, start)));
}
