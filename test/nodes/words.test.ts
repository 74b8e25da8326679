import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import ts from 'typescript';

const ROOT = join(__dirname, '..', '..');

/** What tells people that something is wrong without telling what. */
const EMPTY_WORDS = /\b(errors?|problems?|failures?|failed)\b/i;

function filesBelow(directory: string, ending: string): string[] {
  return readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => join(directory, path));
}

/** The texts of a TypeScript file, templates piece by piece; comments and patterns are none. */
function textsIn(path: string): string[] {
  const source = ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** Several words that are no program: a line of a program ends with a semicolon. */
const isSentence = (text: string) => /\s\w/.test(text.trim()) && !/;$/m.test(text);

test('no sentence that people may see says error, problem or failure', () => {
  const files = ['nodes', 'credentials'].flatMap((directory) => filesBelow(directory, '.ts'));
  const sentences = files.flatMap((path) =>
    textsIn(path)
      .filter(isSentence)
      .map((text) => ({ path, text })),
  );
  expect(sentences.length).toBeGreaterThan(200);
  expect(sentences.filter(({ text }) => EMPTY_WORDS.test(text))).toEqual([]);
});

test('neither does one that comes from the engine’s side', () => {
  const sentences = filesBelow('executor', '.py').flatMap(pythonSentencesIn);
  expect(sentences.length).toBeGreaterThan(50);
  expect(sentences.filter(({ text }) => EMPTY_WORDS.test(text))).toEqual([]);
});

function pythonSentencesIn(path: string): Array<{ path: string; text: string }> {
  const code = readFileSync(join(ROOT, path), 'utf8')
    .replace(/"""[\s\S]*?"""/g, '')
    .replace(/^\s*#.*$/gm, '');
  const texts = [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"/g)].map(([, text]) => text);
  return texts.filter(isSentence).map((text) => ({ path, text }));
}
