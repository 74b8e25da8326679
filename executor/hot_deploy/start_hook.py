"""What pins programs that are started with the Python of an environment of ours, without a launcher or the prefix.

Python reads `.pth` files of its site-packages at each start, also with `-I`, but not with `-S`. Documentation of `site`.
"""

from __future__ import annotations

import os

from hot_deploy.later import py_compile

NAME = "hot_deploy_start"

# Runs in the engine's programs, before anything of theirs: whatever it meets, they are started.
TEXT = """
# Hot Deploy: a program that is started with this Python is pinned to the release that is live, as behind the prefix
# `launch.py`. What a launcher or the prefix has started is pinned already; pip and checks are left alone.
import os
import sys


def words_of_this():
    try:
        return list(sys.orig_argv)
    except AttributeError:  # Before Python 3.10.
        with open("/proc/self/cmdline", "rb") as file:
            return [os.fsdecode(word) for word in file.read().split(bytes(1))[:-1]]


def start():
    base = os.path.dirname(os.path.dirname(os.path.realpath(sys.prefix)))
    if os.path.realpath(os.environ.get("HOT_DEPLOY_RELEASE", "/")).startswith(base + "/"):
        return
    launch = os.path.join(base, ".hot-deploy", "launch.py")
    words = words_of_this()
    named = [os.path.basename(word) for word in words[1:] if not word.startswith("-")][:1]
    if not named or named[0].startswith("pip") or not os.path.isfile(launch):
        return
    # Another release's environment: what runs with it is that one's business.
    if os.path.samefile(os.path.join(base, "current", ".venv"), sys.prefix):
        os.execv(sys.executable, [sys.executable, "-I", "-S", launch, "python", *words[1:]])


try:
    start()
except Exception:
    pass
"""


def place(site: str) -> None:
    """Puts it into a directory of site-packages."""
    for name, text in ((NAME + ".py", TEXT.lstrip()), (NAME + ".pth", "import %s\n" % NAME)):
        with open(os.path.join(site, name), "w", encoding="utf-8") as handle:
            handle.write(text)
    # Now, as long as something can be written there: later starts find it read-only.
    py_compile.compile(os.path.join(site, NAME + ".py"), doraise=True)
