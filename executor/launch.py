"""Runs any command with one release of the engine: python3 /app/.hot-deploy/launch.py COMMAND…

On an engine this follows the launcher's own text, without its last lines: both take the same lease.
"""

import os
import re
import sys

from launcher import (
    BY_CODE,
    IN_PLACE,
    IN_RELEASE,
    counted,
    in_part,
    lease,
    lease_environment,
    pin_in_place,
    rarely,
    stop,
    way_of,
)

USAGE = 64
NOT_STARTABLE = 126
NOT_FOUND = 127
SCRIPT = "--hot-deploy-script"
TELL = "--hot-deploy-pinning"
# Options of a shell that say how it carries a script out, not how it was started.
SHELL_OPTIONS = "aefnuvxCET"
PYTHON = re.compile(r"(?:.*/)?python[0-9.]*")
RELEASE = re.compile(r"releases/[^/]+(?:/(.*))?")
# Options of Python with which it imports nothing of ours.
ISOLATED = re.compile("-[A-Za-z]*[EIS][A-Za-z]*")
# A module or code that Python is told to run, perhaps joined to other options: `-um package`.
INNER = re.compile(r"(-[A-Za-z]*?)([mc])(.*)", re.DOTALL)
# Options of Python that are followed by a value.
WITH_VALUE = ("W", "X")

# As `python3 -m` and `python3 -c` do it, with the release in front of the working directory.
MODULE = (
    "import sys; sys.path[:1] == [''] and sys.path.insert(0, {0!r}); import runpy; runpy._run_module_as_main({1!r})"
)
CODE = "import sys; sys.path[:1] == [''] and sys.path.insert(0, {0!r}); exec(compile({1!r}, '<string>', 'exec'))"


def launch():
    """Take the lease on the current release and become the command."""
    if len(sys.argv) < 2:
        sys.stderr.write("Give the command to run with the current release: launch.py COMMAND [ARGUMENT…]\n")
        sys.exit(USAGE)
    base = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    if sys.argv[1] == TELL:
        # How runs of whoever asks are pinned; with a word more, or before there are any, what the kernel allows.
        sys.stdout.write(tried(base) if sys.argv[2:] or not is_live(base) else told(base, lease(base)))
        return
    release = lease(base)
    counted(base, release, sys.argv[1:])
    environment = lease_environment(release)
    # What is started in turn is known by it to run this release.
    os.environ["HOT_DEPLOY_RELEASE"] = release
    if environment:
        os.environ["VIRTUAL_ENV"] = environment
        os.environ["PATH"] = os.path.join(environment, "bin") + os.pathsep + os.environ.get("PATH", os.defpath)
    if os.environ.get("LC_CTYPE") in ("C.UTF-8", "C.utf8", "UTF-8"):
        rarely("undo_locale_coercion")()
    if pin_in_place(base, release) is None:
        leading = InPlace(base, release, environment)
    else:
        leading = (ByCode if by_code(base, release) else Leading)(base, release, environment)
    words = sys.argv[1:]
    found = leading.script(*words[1:6], words[6:]) if words[0] == SCRIPT else leading.command(words)
    if leading.arguments is not None:
        leading.arguments.go_inside()
    become(*found)


def told(base, release):
    """How runs are pinned; where not in place, or it can't be had although it was asked for, with a word why."""
    why = pin_in_place(base, release, demanded=False)
    if why is None:
        return "place"
    if why != "unprepared" and way_of(base, release)[0] == "place":
        return "place " + why
    return ("code " if by_code(base, release) else "release ") + why


def is_live(base):
    return os.path.lexists(os.path.join(base, "current"))


def tried(base):
    """As told(), of a release that is not there yet: whether the kernel allows it at all."""
    try:
        why = in_part(IN_PLACE)["Kernel"]().pin([(base, base)], True)
    except OSError:
        why = "forbidden"
    return "place" if why is None else "code " + why


def by_code(base, release):
    """Have Python be pinned by code in what this becomes; None where it can't be."""
    return in_part(BY_CODE)["pin_by_code"](base, release)


def become(executable, words):
    """Exec, with the signals that Python ignores for itself as they were."""
    undo_ignored_signals()
    try:
        os.execvp(executable, words)
    except OSError as reason:
        sys.stderr.write("%s can't be started: %s\n" % (executable, reason.strerror))
        sys.exit(NOT_FOUND if isinstance(reason, FileNotFoundError) else NOT_STARTABLE)


def undo_ignored_signals():
    import _signal  # noqa: PLC0415 - the module `signal` takes longer to import than all the rest

    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(_signal, name):
            _signal.signal(getattr(_signal, name), _signal.SIG_DFL)


class Leading:
    """Leads a command into one release: what it names of the base path, and the interpreter that it runs with."""

    def __init__(self, base, release, environment):
        self.base = base
        self.release = release
        self.python = os.path.join(environment, "bin", "python") if environment else None
        self.arguments = self.mapping()

    def mapping(self):
        """What leads arguments into the release."""
        return in_part(IN_RELEASE)["arguments_of"](self.base, self.release, None)

    def is_below(self, name):
        return os.path.realpath(name).startswith(self.base + os.sep)

    def command(self, words):
        """(executable, words) of a command as it was given."""
        name, others = words[0], words[1:]
        if PYTHON.fullmatch(name):
            executable = self.python or name
            return executable, [executable, *self.python_words(others)]
        pinned = [self.arguments.pinned(word) for word in others]
        program = self.arguments.pinned_path(name) if "/" in name else name
        if program != name and self.python and is_python(program):
            return self.python, [self.python, program, *pinned]
        return program, [program, *pinned]

    def script(self, place, shell, name, options, _given, words):
        """(executable, words) of a shell script that is an entrypoint, in the shell that has been told to run it."""
        below = os.path.relpath(os.path.realpath(place), self.base)
        # Meanwhile a link may have come to where the launcher stood, and leads into some release.
        found = RELEASE.fullmatch(below)
        program = os.path.join(self.release, found.group(1) or "" if found else below)
        if not os.path.isfile(program):
            stop("%s is missing from the current release" % program)
        return shell, [name, *options_of(options), program, *[self.arguments.pinned(word) for word in words]]

    def python_words(self, words):
        """What follows the interpreter's name."""
        options, others = own_options(words)
        if not others:
            return words
        word, others = others[0], others[1:]
        if is_program(word):
            return [*options, self.program(word), *[self.arguments.pinned(each) for each in others]]
        return options + self.inner(INNER.fullmatch(word), others)

    def program(self, word):
        """What stands for a script that Python is told to run."""
        return self.arguments.pinned_path(word)

    def inner(self, found, others):
        """What stands for -m or -c, and what follows."""
        options, kind, value = found.groups()
        if not value:
            if not others:
                return [found.group()]
            value, others = others[0], others[1:]
        place = self.place()
        pinned = [self.arguments.pinned(word) for word in others]
        before = [options] if options != "-" else []
        if place is None:
            return [*before, "-" + kind, value, *pinned]
        return [*before, "-c", (MODULE if kind == "m" else CODE).format(place, value), *pinned]

    def place(self):
        """Where the release has what the working directory is; None where it has nothing of the kind."""
        cwd = self.arguments.cwd
        below = self.arguments.below_base(cwd) if cwd else None
        if below is None:
            return None
        found = RELEASE.fullmatch(below.rstrip("/"))
        inside = (found.group(1) or "") if found else below
        return os.path.join(self.release, inside).rstrip("/") if found or not inside else None


class InPlace(Leading):
    """As Leading, where what is named of the base path is the release's already."""

    def command(self, words):
        """(executable, words) of a command as it was given, but for the interpreter."""
        name = words[0]
        if self.python and PYTHON.fullmatch(name):
            return self.python, [self.python, *words[1:]]
        if self.python and "/" in name and self.is_below(name) and is_python(name):
            return self.python, [self.python, *words]
        return name, words

    def mapping(self):
        """Nothing: they lead there by themselves."""

    def script(self, _place, shell, name, options, given, words):
        """(executable, words) of a shell script that is an entrypoint, in the shell that has been told to run it."""
        return shell, [name, *options_of(options), given, *words]


class ByCode(Leading):
    """As Leading, where Python itself, whoever starts it, finds the release's programs and modules."""

    def command(self, words):
        """(executable, words) of a command as it was given, but for the interpreter and the arguments."""
        name = words[0]
        if "/" not in name or PYTHON.fullmatch(name) or not is_python(name) or not self.is_below(name):
            return super().command(words)
        words = [name, *[self.arguments.pinned(word) for word in words[1:]]]
        return (self.python, [self.python, *words]) if self.python else (name, words)

    def python_words(self, words):
        """What follows the interpreter's name. Told to leave the environment alone, it finds nothing by itself."""
        options, others = own_options(words)
        joined = INNER.fullmatch(others[0]) if others and not is_program(others[0]) else None
        if any(ISOLATED.fullmatch(word) for word in [*options, joined.group(1) if joined else ""]):
            return Leading(self.base, self.release, None).python_words(words)
        return super().python_words(words)

    def program(self, word):
        """As it was given: Python finds the release's."""
        return word

    def place(self):
        """Nothing: modules are found where they are looked for."""


def own_options(words):
    """(Python's own options, what it is told to run and what follows)."""
    for index, word in enumerate(words):
        if index and words[index - 1][:1] == "-" and words[index - 1][-1:] in WITH_VALUE:
            continue
        if is_program(word) or (INNER.fullmatch(word) and word[:2] not in ("-W", "-X", "--")):
            return words[:index], words[index:]
    return words, []


def is_program(word):
    """Whether a word of Python's command line names a script, and is no option."""
    return word[:1] != "-" or word == "-"


def options_of(told):
    """The options with which a shell goes on as it was started: `$-`, and `pipefail`."""
    letters, *others = told.split(" ")
    kept = "".join(option for option in letters if option in SHELL_OPTIONS)
    return (["-" + kept] if kept else []) + (["-o", "pipefail"] if "pipefail" in others else [])


def is_python(program):
    """Whether a file is a Python program, by its name or first line."""
    if program.endswith(".py"):
        return True
    try:
        with open(program, "rb") as file:
            line = file.readline(200)
    except OSError:
        return False
    return line.startswith(b"#!") and b"python" in line


if __name__ == "__main__":
    launch()
