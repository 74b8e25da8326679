"""The program's own way to import, in processes of their own: this one has the modules from files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

IMPORTER = Path(__file__).parent.parent / "hot_deploy" / "importer.py"

MODULES = {
    "one": "from hot_deploy import two\nVALUE = two.VALUE + 1\n",
    "two": "VALUE = 1\n",
    "broken": "def fail():\n    return 1 / 0  # on purpose\n",
    "unreadable": "def (",
    "annotated": (
        "from __future__ import annotations\n"
        "NAMES: list[Missing] = []\n"
        "LATER: Missing\n"
        "class Thing:\n"
        "    value: Missing = 1\n"
        "    def get(self, name: Missing | None = None, *rest: Missing, **named: Missing) -> Missing:\n"
        "        found: Missing = self.value\n"
        "        return found\n"
    ),
}


def run(code: str) -> str:
    """What code prints in a process that has the modules above as its program."""
    program = json.dumps({"modules": MODULES, "launcher": "#!launcher"})
    text = "import json, sys\nprogram = json.loads(%r)\n%s\npackage = install(program)\n%s" % (
        program,
        IMPORTER.read_text(encoding="utf-8"),
        code,
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", text], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_a_module_is_compiled_when_it_is_first_imported() -> None:
    code = """
def own():
    return sorted(name for name in sys.modules if name.startswith('hot_deploy'))
print(own())
import hot_deploy.two
print(own())
import hot_deploy.one
print(own(), package.one.VALUE)
"""
    assert run(code).splitlines() == [
        "['hot_deploy']",
        "['hot_deploy', 'hot_deploy.two']",
        "['hot_deploy', 'hot_deploy.one', 'hot_deploy.two'] 2",
    ]


def test_the_package_keeps_the_program_for_processes_of_its_own() -> None:
    assert run("import hot_deploy; print(hot_deploy.program is program, hot_deploy.launcher)") == "True #!launcher\n"


@pytest.mark.parametrize("name", ["hot_deploy.three", "hot_deploy.two.one", "hot_deploy_two", "two", "other.two"])
def test_no_other_name_is_found(name: str) -> None:
    code = "try:\n    import %s\nexcept ModuleNotFoundError as raised:\n    print(raised.name.split('.')[0])" % name
    assert run(code).strip() == name.split(".", 1)[0]


def test_another_package_has_none_of_our_modules() -> None:
    code = """
other = sys.modules['other'] = type(sys)('other')
other.__path__ = []
try:
    import other.two
except ModuleNotFoundError as raised:
    print(raised.name)
"""
    assert run(code) == "other.two\n"


def test_a_traceback_shows_where_and_what() -> None:
    code = """
import traceback
from hot_deploy import broken
try:
    broken.fail()
except ZeroDivisionError:
    print(traceback.format_exc())
"""
    said = run(code)
    assert 'File "hot_deploy/broken.py", line 2, in fail\n    return 1 / 0  # on purpose\n' in said


def test_a_module_that_can_not_be_compiled_is_named() -> None:
    code = "try:\n    import hot_deploy.unreadable\nexcept SyntaxError as raised:\n    print(raised.filename, raised.lineno)"
    assert run(code) == "hot_deploy/unreadable.py 1\n"


def test_annotations_are_left_out_for_a_python_that_would_evaluate_them() -> None:
    code = """
from hot_deploy import annotated
print(annotated.Thing().get(), annotated.NAMES, annotated.Thing.get.__annotations__)
"""
    assert run("sys.version_info = (3, 6, 15)" + code) == "1 [] {}\n"
    assert run(code).startswith("1 [] {'name': 'Missing | None'")
