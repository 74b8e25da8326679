import { evaluate } from './pythonModule';

const FIND = String.raw`
import ast, re

def text_of(node):
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
    return re.sub(r"%[-#0 +]*[0-9.]*[a-zA-Z]", "…", node.value)

def types_in(node):
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "cast":
        return node.args[:1]
    return [kind for kind in (getattr(node, "annotation", None), getattr(node, "returns", None)) if kind]

def texts_in(source):
    tree = ast.parse(source)
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
        for kind in types_in(node):
            skipped.update(id(part) for part in ast.walk(kind))
    for node in ast.walk(tree):
        text = isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in skipped:
            yield text_of(node)

print(json.dumps([list(texts_in(source)) for source in json.load(sys.stdin)]))
`;

/** The texts of Python programs, as Python reads them, each with “…” for what is put into it; docstrings and types are none. */
export function pythonTexts(sources: string[]): string[][] {
  return evaluate<string[][]>(FIND, sources);
}
