"""Installing dependencies: into an environment of their own, or into the engine's own interpreter.

What is installed from which file, and what a program's output means, is the client's business.
"""

from __future__ import annotations

import glob
import os
import re
import sys
import time

from hot_deploy import environments, files, history, pip_configuration, processes, secrets, start_hook
from hot_deploy.contract import MANY
from hot_deploy.failures import StepFailed
from hot_deploy.later import importlib_metadata, shutil, site
from hot_deploy.skipped_wheels import SkippedWheels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Literal, TypedDict, Union

    from hot_deploy.layout import Layout
    from hot_deploy.wire import Wire

    class _Seeded(TypedDict, total=False):
        # What an environment has before anything is installed into it: [[name, version]].
        seeds: list[list[str]]

    class Uv(_Seeded):
        name: Literal["uv"]
        path: str
        version: str | None

    class Pip(_Seeded):
        name: Literal["pip"]
        path: None
        version: str | None

    # The program that installs.
    Installer = Union[Uv, Pip]

# Of the caller's own Python, or asking for a place or an order of installing that is ours to say.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")
QUIET = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_NO_COLOR": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PIP_USER": "0",
    "PIP_REQUIRE_VIRTUALENV": "0",
    "NO_COLOR": "1",
    "UV_NO_PROGRESS": "1",
    "UV_PYTHON_DOWNLOADS": "never",
    # A hard link would let whoever writes to the cache write into a release.
    "UV_LINK_MODE": "copy",
    "PYTHONUNBUFFERED": "1",
}
# Runs pip without the working directory on its path, where a release's own modules lie.
PIP = (
    "import runpy, sys; sys.path[:] = [path for path in sys.path if path]; "
    "runpy.run_module('pip', run_name='__main__', alter_sys=True)"
)


# What packages require and don't have, in the words of pip and uv.
COMPLAINT = re.compile(r"\b(?:requires|has requirement)\b")
# A wheel's tag that its own installer didn't mind, and a defect of the check itself.
ASIDE = re.compile(
    r"is not supported on this platform|was built for a different platform|^Traceback \(|panicked at", re.MULTILINE
)


class Installation:
    """One run of the programs that install: in one directory, with one deadline, over one wire."""

    def __init__(self, release: str, args: dict[str, Any], wire: Wire, on_output: Callable[[bytes], None]) -> None:
        self.release, self.args, self.wire, self.on_output = release, args, wire, on_output
        self.started = time.monotonic()
        self.deadline = self.started + float(args.get("timeoutSeconds") or 600)
        # How the last program ended; empty until one has run.
        self.last: dict[str, Any] = {}
        self.environment = dict(os.environ)
        for name in FOREIGN:
            self.environment.pop(name, None)
        self.environment.update(QUIET)
        self.environment.update(args.get("environment") or {})

    def run(self, argv: list[str], stage: str) -> bool:
        """Runs one program. Returns whether it ended well; `last` has how, for the answer."""
        try:
            left = max(0.1, self.deadline - time.monotonic())
            self.last = processes.run(
                argv,
                self.release,
                self.environment,
                left,
                self.wire,
                None,
                self.on_output,
                self.args.get("secrets") or (),
            )
        except (OSError, ValueError) as raised:
            sentence = "%s can't be started: %s" % (argv[0], getattr(raised, "strerror", None) or raised)
            self.last = {"exitCode": None, "signal": None, "timedOut": False, "output": sentence, "omittedBytes": 0}
        self.last["stage"] = stage
        return bool(self.last["exitCode"] == 0 and not self.last["timedOut"])

    def install(self, argv: list[str], program: Installer) -> bool:
        """Installs. Where pip finds nothing of a package, it is asked again for what it does not say: what it saw."""
        if self.run(argv + self.args["arguments"], "install"):
            return True
        skipped = SkippedWheels(self.last["output"])
        left = self.deadline - time.monotonic()
        if program["name"] == "pip" and skipped.name and left > 1 and not self.last["timedOut"]:
            again = [*argv, "-vv", *self.args["arguments"]]
            processes.run(again, self.release, self.environment, left, self.wire, None, skipped.feed)
            if skipped.wheels:
                self.last["output"] += "Skipped, as not for this Python: %s\n" % ", ".join(skipped.wheels)
        return False

    def answer(self, status: str, **fields: Any) -> dict[str, Any]:
        """The step's result: how it ended, these fields, and as `run` how its last program did or None."""
        result: dict[str, Any] = {"status": status, "passed": status != "failed", "environment": None, "packages": []}
        result.update(fields, run=self.last or None, durationMs=round((time.monotonic() - self.started) * 1000))
        return result


def build(layout: Layout, key: str, installation: Installation) -> dict[str, Any]:
    """Builds the environment for `key` at its final place. It counts once its description is in it."""
    program = _installer(installation.args.get("installer"), installation.environment)
    name = environments.free_name(layout, key)
    directory = environments.path_of(layout, name)
    os.makedirs(layout.environments, 0o755, exist_ok=True)
    finished = False
    try:
        with secrets.served(installation):
            finished = _fill(directory, program, installation)
        if not finished:
            return installation.answer("failed", installer=program)
        described = _describe(layout, directory, key, program)
        finished = described is not None
    finally:
        if not finished:
            files.remove_tree(directory)
    return installation.answer(
        "built",
        environment=name,
        installer=program,
        packages=described["packages"][:MANY],
        python=described["python"]["version"],
    )


def _fill(directory: str, program: Installer, installation: Installation) -> bool:
    python = environments.python_of(directory)
    if program["name"] == "uv":
        pip_configuration.hand_to_uv(installation.environment, installation.args["arguments"])
        installation.environment["VIRTUAL_ENV"] = directory
        create = [program["path"], "venv", "--no-project", "--python=" + sys.executable, "--", directory]
        install = [program["path"], "pip", "install", "--compile-bytecode", "--python=" + python]
        verify = [program["path"], "pip", "check", "--python=" + python]
        program["version"] = _uv_version(program, installation)
    elif program["version"]:
        pip = [sys.executable, "-I", "-m", "pip", "--python=" + python]
        create = [sys.executable, "-I", "-m", "venv", "--without-pip", "--", directory]
        install, verify = [*pip, "install"], [*pip, "check"]
    else:
        create = [sys.executable, "-I", "-m", "venv", "--", directory]
        install = [python, "-I", "-m", "pip", "install"]
        verify = [python, "-I", "-m", "pip", "check"]
    if not installation.run(create, "create"):
        return False
    program["seeds"] = _packages(_site_of(directory))
    program["version"] = program["version"] or dict(program["seeds"]).get("pip")
    if not installation.install(install, program):
        return False
    installed = installation.last
    if not installation.run(verify, "check"):
        if not is_aside(installation.last):
            return False
        installed["check"] = installation.last["output"]
    # What was installed is what a person wants to read; that it fits together needs no words.
    installation.last = installed
    return True


def is_aside(check: dict[str, Any]) -> bool:
    """Whether what `pip check` has to say is about something else than whether packages have what they require."""
    output = check["output"]
    return not check["timedOut"] and ASIDE.search(output) is not None and COMPLAINT.search(output) is None


def _describe(layout: Layout, directory: str, key: str, program: Installer) -> dict[str, Any]:
    """Makes what was built read-only and durable, and writes its description, which says that it is whole."""
    seeds = program.pop("seeds")
    described = {
        "key": key,
        "createdAt": history.now(),
        "python": {
            "version": sys.version.split()[0],
            "executable": os.path.realpath(environments.python_of(directory)),
        },
        "installer": {"name": program["name"], "version": program["version"]},
        "packages": [package for package in _packages(_site_of(directory)) if package not in seeds],
    }
    for site_packages in _site_of(directory):
        start_hook.place(site_packages)
    files.make_read_only(directory)
    layout.give_tree(directory)
    files.sync_file_system(layout.base)
    os.chmod(directory, 0o755)
    files.write_json(os.path.join(directory, environments.DESCRIPTION), described, mode=0o444)
    layout.give(os.path.join(directory, environments.DESCRIPTION))
    os.chmod(directory, 0o555)
    return described


def into_interpreter(installation: Installation) -> dict[str, Any]:
    """Installs into the interpreter that runs this program. Neither atomic nor taken back."""
    program = _installer(installation.args.get("installer"), installation.environment)
    if program["name"] == "uv":
        pip_configuration.hand_to_uv(installation.environment, installation.args["arguments"])
        install = [program["path"], "pip", "install", "--python=" + sys.executable]
        verify = [program["path"], "pip", "check", "--python=" + sys.executable]
        program["version"] = _uv_version(program, installation)
    else:
        install = [sys.executable, "-c", PIP, "install"]
        verify = [sys.executable, "-c", PIP, "check"]
    # Where this user may not write, pip's own choice is the user's directory.
    installation.environment.pop("PIP_USER")
    with secrets.served(installation):
        passed = installation.install(install, program)
    # What the interpreter had before is not this release's: only what was installed is looked at.
    if passed:
        installed = installation.last
        installation.run(verify, "check")
        installed["check"] = None if installation.last["exitCode"] == 0 else installation.last["output"]
        installation.last = installed
    return installation.answer("built" if passed else "failed", installer=program, python=sys.version.split()[0])


def _installer(wanted: str | None, environment: dict[str, str]) -> Installer:
    """Which program installs: uv where it is found or asked for, else pip."""
    path = None if wanted == "pip" else shutil.which("uv", path=environment.get("PATH"))
    if path is None and wanted == "uv":
        raise StepFailed("uvMissing")
    return (
        {"name": "uv", "path": path, "version": None} if path else {"name": "pip", "path": None, "version": _own_pip()}
    )


def _own_pip() -> str | None:
    """The version of the interpreter's own pip, or None where it has none that can install elsewhere (pip 22.3).

    Giving each environment a pip of its own takes three times as long as all the rest.
    """
    version = dict(_packages(site.getsitepackages(), "pip")).get("pip", "0")
    found = re.match(r"(\d+)\.(\d+)", version)
    return version if found and (int(found.group(1)), int(found.group(2))) >= (22, 3) else None


def _uv_version(program: Uv, installation: Installation) -> str | None:
    told = processes.run([program["path"], "--version"], "/", installation.environment, 20, installation.wire)
    words: list[str] = told["output"].split()
    return words[1] if len(words) > 1 else None


def _site_of(directory: str) -> list[str]:
    return glob.glob(os.path.join(directory, "lib", "*", "site-packages"))


def _packages(places: list[str], name: str | None = None) -> list[list[str]]:
    """[name, version] of the distributions installed in some directories, sorted; of one of them with `name`."""
    found = set()
    wanted: dict[str, Any] = {"path": places, "name": name} if name else {"path": places}
    for distribution in importlib_metadata.distributions(**wanted):
        name = distribution.metadata["Name"]
        if name:
            found.add((name, distribution.version or ""))
    return [list(package) for package in sorted(found, key=lambda package: (package[0].lower(), package[1]))]
