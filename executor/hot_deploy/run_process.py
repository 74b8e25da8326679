"""The process of a run, forked by its supervisor, with the pipes that it prints into."""

from __future__ import annotations

import json
import os
import signal

from hot_deploy import run_starting
from hot_deploy.run_starting import PR_SET_PDEATHSIG, prctl
from hot_deploy.writing import write_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.memory_group import MemoryGroup

    Json = dict[str, Any]

# What it prints, and what it says before it is the engine: lines as of line().
PIPES = ("stdout", "stderr", "told")


def start(settings: Json, texts: Json, stdin: int, group: MemoryGroup | None = None) -> tuple[int, dict[str, int]]:
    """(its number, descriptors to read its pipes by name). Closes `stdin` here. `group` holds it, with all that it starts."""
    reading: dict[str, int] = {}
    writing: dict[str, int] = {}
    for name in PIPES:
        reading[name], writing[name] = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            if group is not None:
                group.enter()
            _be_the_run(settings, texts, stdin, writing, parent)
        except OSError as raised:
            write_all(writing["told"], line(run_starting.of_system(raised)))
        except BaseException as raised:
            # Told as what it is: the engine's own exit codes may be any.
            write_all(writing["told"], line({"failed": "defect", "said": "%s: %s" % (type(raised).__name__, raised)}))
        finally:
            os._exit(run_starting.FAILED)
    for fd in (stdin, *writing.values()):
        os.close(fd)
    return pid, reading


def _be_the_run(settings: Json, texts: Json, stdin: int, writing: dict[str, int], parent: int) -> None:
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(run_starting.FAILED)  # The supervisor was killed before it could be asked for.
    for fd, place in ((stdin, 0), (writing["stdout"], 1), (writing["stderr"], 2)):
        os.dup2(fd, place)
    run_starting.become(settings, texts, lambda facts: write_all(writing["told"], line(facts)))


def line(facts: Json) -> bytes:
    return json.dumps(facts).encode("utf-8", "replace") + b"\n"
