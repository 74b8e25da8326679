"""The text of `serve.py`: its modules one behind the other, so that it is one file on the engine's side."""

from __future__ import annotations

import re

import hot_deploy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# Each needs only what comes before.
ORDER = (
    *("addresses", "steering", "listening", "processes", "connections", "arrivals", "commands", "starting", "warden"),
    *("output", "probing", "generations", "loop", "settings", "marking", "service", "handing", "telling", "crashes"),
    *("control", "requests", "updating", "main"),
)
FROM_MODULES = re.compile(r"^(?:    )?from serving\.[a-z]+ import (?:\([^)]*\)|.*)\n", re.MULTILINE)
FUTURE = "from __future__ import annotations\n"


def serve_text() -> str:
    """Empty where the package is imported from files, as in its own tests."""
    modules = getattr(hot_deploy, "serving", {})
    return assembled(modules) if modules else ""


def assembled(modules: Mapping[str, str]) -> str:
    """One text of all modules, name -> text."""
    first, *others = [FROM_MODULES.sub("", modules[name]) for name in ORDER]
    parts = [first] + [text.replace(FUTURE, "", 1) for text in others]
    return "#!/usr/bin/env python3\n" + "\n\n".join(part.strip("\n") + "\n" for part in parts)
