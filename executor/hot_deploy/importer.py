"""Imports the modules of the program that was streamed: there are no files to import them from.

The program runs this before anything else, by itself. A module is compiled when it is first imported, so that a process
that needs a few of them, as in `workers`, doesn't wait for all.
"""

import sys
from _frozen_importlib import ModuleSpec  # Also importlib.machinery's, which has to be imported first.

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any, Dict, Iterable, Optional

PACKAGE = "hot_deploy"
# Python 3.6 has no such feature. In this module, annotations are strings instead.
FUTURE = "from __future__ import annotations\n"


class Importer:
    """Finds and loads `hot_deploy.<name>` in a program's texts: an entry of sys.meta_path."""

    def __init__(self, sources: "Dict[str, Any]") -> None:
        self._sources = sources

    def find_spec(self, name: str, _path: "Any" = None, _target: "Any" = None) -> "Optional[ModuleSpec]":
        package, _, own = name.partition(".")
        if package != PACKAGE or own not in self._sources:
            return None
        return ModuleSpec(name, self, origin=_file_name(name))  # type: ignore[arg-type]

    def create_module(self, _spec: "ModuleSpec") -> None:
        """None: Python's own way to make one will do."""

    def exec_module(self, module: "ModuleType") -> None:
        name = module.__name__
        source = self._sources[name.partition(".")[2]]
        # A process that was started by another one may be given what that has compiled.
        code = _compiled(source, _file_name(name)) if isinstance(source, str) else source
        exec(code, module.__dict__)

    def get_source(self, name: str) -> str:
        """For the lines that a traceback shows."""
        source = self._sources[name.partition(".")[2]]
        return source if isinstance(source, str) else ""


def install(program: "Dict[str, Any]") -> "ModuleType":
    """Makes `program["modules"]`, name -> text, the package `hot_deploy`, and returns that.

    It keeps the program, for processes of its own, and the texts of launchers.
    """
    package: Any = type(sys)(PACKAGE)
    package.__path__ = []
    package.program = program
    package.launcher = program.get("launcher", "")
    package.launch = program.get("launch", "")
    package.serving = program.get("serving", {})
    package.by_code = program.get("byCode", "")
    package.try_release = program.get("tryRelease", "")
    sys.modules[PACKAGE] = package
    # Behind all others: they know none of these names, and what they do know is not asked for here first.
    sys.meta_path.append(Importer(program["modules"]))
    return package  # type: ignore[no-any-return]


def _file_name(name: str) -> str:
    return name.replace(".", "/") + ".py"


def compiled(names: "Iterable[str]") -> "Dict[str, CodeType]":
    """Modules of the program, compiled, by name: for a process of its own, with this very interpreter."""
    sources = sys.modules[PACKAGE].program["modules"]
    return {name: _compiled(sources[name], _file_name(PACKAGE + "." + name)) for name in names}


def _compiled(source: str, file_name: str) -> "CodeType":
    if sys.version_info >= (3, 7):
        return compile(source, file_name, "exec")
    return _compiled_without_annotations(source, file_name)


def _compiled_without_annotations(source: str, file_name: str) -> "CodeType":
    """As Python 3.6 needs it: it is too old for all else, but can then say so itself."""
    import ast

    tree = ast.parse(source.replace(FUTURE, "\n"), file_name)
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.copy_location(ast.parse("None", mode="eval").body, node)
    return compile(tree, file_name, "exec")
