"""The engine's side of a deployment: single steps, no policy.

These modules are streamed to the engine's own interpreter as one program and are gone when the conversation ends.
Standard library only, CPython 3.8 or newer, Linux.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Set by whoever runs the program: see `importer`.
program: dict[str, Any]
launcher: str
launch: str
serving: dict[str, str]
try_release: str
