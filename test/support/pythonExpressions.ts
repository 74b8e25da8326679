import { evaluate } from './pythonModule';

/** A regular expression of the executor. */
export interface PythonExpression {
  /** Its file, and the line where it is not a constant of the module. */
  at: string;
  /** As JavaScript has it, anchored where it is only ever asked so; null where it is put together inside a function. */
  source: string | null;
  ignoreCase: boolean;
}

const FIND = String.raw`
import ast, importlib, re

USES = {"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}

def text(pattern):
    return pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern

def is_use(node):
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in USES:
        return False
    return getattr(node.func.value, "id", None) == "re"

def last_name(node):
    return getattr(node, "attr", None) or getattr(node, "id", None)

def anchored(source, uses):
    if uses == {"fullmatch"}:
        return "^(?:%s)$" % source
    return "^(?:%s)" % source if uses and uses <= {"match", "fullmatch"} else source

names = json.load(sys.stdin)
modules = [importlib.import_module("hot_deploy." + name[:-3]) for name in names]
trees = []
for module in modules:
    with open(module.__file__, encoding="utf-8") as handle:
        trees.append(ast.parse(handle.read()))
# How each constant is asked, in whatever module.
asked = {}
for tree in trees:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in USES:
            asked.setdefault(last_name(node.value), set()).add(node.attr)

found = []
for name, module, tree in zip(names, modules, trees):
    for constant, each in vars(module).items():
        if isinstance(each, re.Pattern):
            source = anchored(text(each.pattern), asked.get(constant))
            found.append({"at": name, "source": source, "ignoreCase": bool(each.flags & re.I)})
    # What the module compiles for itself was found above, however it is put together.
    constants = {id(node.value) for node in tree.body if isinstance(node, ast.Assign)}
    for node in ast.walk(tree):
        if is_use(node) and id(node) not in constants:
            given = node.args[0]
            source = anchored(text(given.value), {node.func.attr}) if isinstance(given, ast.Constant) else None
            found.append({"at": "%s:%d" % (name, node.lineno), "source": source, "ignoreCase": False})
print(json.dumps(found))
`;

/** Every regular expression in these modules of the executor, such as `masking.py`. */
export function pythonExpressions(modules: readonly string[]): PythonExpression[] {
  return evaluate(FIND, modules);
}
