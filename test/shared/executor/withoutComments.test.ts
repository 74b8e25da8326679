/** What is left out of the program that each conversation sends changes nothing of what it does. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { programFor } from '../../../nodes/shared/executor/program';
import { withoutComments } from '../../../nodes/shared/executor/withoutComments';
import { ROOT } from '../../support/productFiles';

/** Prints which pairs of texts don't mean the same, docstrings aside. */
const COMPARE = `
import ast, json, sys

def bare(text):
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            body[0].value = ast.Constant("")
    return ast.dump(tree, include_attributes=False)

print(json.dumps([name for name, text, left in json.load(sys.stdin) if bare(text) != bare(left)]))
`;

const modules = ['hot_deploy', 'serving'].flatMap((directory) =>
  readdirSync(join(ROOT, 'executor', directory))
    .filter((name) => name.endsWith('.py'))
    .map((name) => `${directory}/${name}`),
);

test('each module means what it meant, and its lines keep their numbers', () => {
  const pairs = modules.map((name) => {
    const text = readFileSync(join(ROOT, 'executor', name), 'utf8');
    return [name, text, withoutComments(text)] as const;
  });
  expect(pairs.length).toBeGreaterThan(80);
  const different = execFileSync('python3', ['-c', COMPARE], { input: JSON.stringify(pairs) });
  expect(JSON.parse(different.toString())).toEqual([]);
  const linesOf = (text: string) => text.split('\n').length;
  expect(pairs.filter(([, text, left]) => linesOf(text) !== linesOf(left))).toEqual([]);
});

test.each([
  ['a comment', 'a = 1  # one\n# two\nb = 2', 'a = 1  \n\nb = 2'],
  ['docstrings', '"""A."""\ndef f():  # why\n    """B\n    c."""\n', '""\ndef f():  \n    ""\n\n'],
  ['a string that looks like a comment', 'a = "# no" + \'"#\'', 'a = "# no" + \'"#\''],
  ['a quote that is escaped', 'a = "\\"#"  # b', 'a = "\\"#"  '],
  ['a text of several lines', 'a = """\n# kept\n"""', 'a = """\n# kept\n"""'],
  ['an entry behind a colon', 'a = {1: "# b"}', 'a = {1: "# b"}'],
])('%s', (_what, text, left) => {
  expect(withoutComments(text)).toBe(left);
});

test('P8: what each conversation sends before its first word does not grow unnoticed', () => {
  expect(programFor(60).length).toBeLessThan(185_000);
});
