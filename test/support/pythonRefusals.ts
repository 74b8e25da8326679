import { join } from 'node:path';

import { evaluate, PYTHON_DIRECTORY } from './pythonModule';

/** One place in the executor that refuses: what it says, or that it passes on what another process said. */
export interface Raised {
  place: string;
  kind: string | null;
  facts: string[];
}

const FIND = `
import ast, os

directory, found = json.load(sys.stdin), []
for name in sorted(os.listdir(directory)):
    if not name.endswith(".py"):
        continue
    tree = ast.parse(open(os.path.join(directory, name), encoding="utf-8").read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "StepFailed":
            kind = node.args[0].value if len(node.args) == 1 and isinstance(node.args[0], ast.Constant) else None
            facts = sorted(keyword.arg or "**" for keyword in node.keywords)
            found.append({"place": "%s:%d" % (name, node.lineno), "kind": kind, "facts": facts})
print(json.dumps(found))
`;

/** Every call of `StepFailed` in the executor, as Python reads it. */
export function raisedInPython(): Raised[] {
  return evaluate<Raised[]>(FIND, join(PYTHON_DIRECTORY, 'hot_deploy'));
}
