"""What serve.py was told on its command line."""

from __future__ import annotations

import os
import re
import signal

from serving.addresses import Address, all_parsed, refuse
from serving.commands import highest_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

HELP = "usage: serve.py --listen HOST:PORT [--listen …] [options] -- COMMAND…"
NAME = re.compile(r"[a-z0-9-]{1,32}")
DEFAULT_NAME = "serve"
LONGEST_SECONDS = 86400.0


class Settings:
    """Options and command."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.listen: list[str] = []
        self.addresses: list[Address] = []
        self.name = DEFAULT_NAME
        self.stop_signal = int(signal.SIGTERM)
        self.grace = 8.0
        self.ready_seconds = 30.0
        self.drain_seconds = 30.0
        self.restarts = 5
        self.restart_window = 60.0
        self.backlog = 2048
        self.command: list[str] = []
        self.directory = _directory()

    @property
    def control(self) -> str:
        """Where it is told what to do."""
        name = "serve.sock" if self.name == DEFAULT_NAME else "serve-%s.sock" % self.name
        return os.path.join(self.base, ".hot-deploy", name)


def settings_of(base: str, words: list[str]) -> Settings:
    """As the command line says them."""
    made = Settings(base)
    rest = list(words)
    while rest and rest[0] != "--":
        option, equals, value = rest.pop(0).partition("=")
        if option not in OPTIONS:
            what = "option" if option.startswith("-") else "word before --"
            refuse("%s is no %s of serve.py; the command comes behind --\n%s" % (option, what, HELP))
        if not equals:
            if not rest or rest[0] == "--":
                refuse("%s needs a value behind it\n%s" % (option, HELP))
            value = rest.pop(0)
        OPTIONS[option](made, option, value)
    made.command = rest[1:]
    if not made.command:
        refuse("give the command that starts the server behind --\n%s" % HELP)
    if not made.listen:
        refuse("say where the service listens: --listen HOST:PORT\n%s" % HELP)
    made.addresses = all_parsed(made.listen)
    if highest_named(made.command) > len(made.addresses):
        refuse("the command names {fd%d}; give --listen as many times" % highest_named(made.command))
    return made


def _listen(made: Settings, _option: str, value: str) -> None:
    made.listen.append(value)


def _name(made: Settings, option: str, value: str) -> None:
    if not NAME.fullmatch(value):
        refuse("%s %s: take up to 32 of a-z, 0-9 and -, such as --name api" % (option, value))
    made.name = value


def _signal(made: Settings, option: str, value: str) -> None:
    name = value if value.startswith("SIG") else "SIG" + value
    if name not in signal.Signals.__members__:
        refuse("%s %s: give the name of a signal, such as TERM, INT or QUIT" % (option, value))
    made.stop_signal = int(signal.Signals[name])


def _number(attribute: str, least: float, most: float, kind: type) -> Callable[[Settings, str, str], None]:
    def take(made: Settings, option: str, value: str) -> None:
        try:
            number = kind(value)
        except ValueError:
            number = None
        if number is None or not least <= number <= most:
            refuse("%s %s: give a number from %g to %g" % (option, value, least, most))
        setattr(made, attribute, number)

    return take


OPTIONS = {
    "--listen": _listen,
    "--name": _name,
    "--stop-signal": _signal,
    "--grace": _number("grace", 0, LONGEST_SECONDS, float),
    "--ready-seconds": _number("ready_seconds", 1, LONGEST_SECONDS, float),
    "--drain-seconds": _number("drain_seconds", 0, LONGEST_SECONDS, float),
    "--restarts": _number("restarts", 1, 1000, int),
    "--restart-window": _number("restart_window", 1, LONGEST_SECONDS, float),
    "--backlog": _number("backlog", 1, 65535, int),
}


def _directory() -> str | None:
    """The working directory as the caller spelled it: through a link, it is another one for the next release."""
    try:
        here = os.getcwd()
        spelled = os.environ.get("PWD", "")
        return spelled if spelled.startswith("/") and os.path.samefile(spelled, here) else here
    except OSError:
        return None
