"""What is kept of a run with a key: how it ended and what it printed, for whoever asks with that key again."""

from __future__ import annotations

import os

from hot_deploy import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]
    Outputs = dict[str, tuple[bytes, int, int]]

OUTCOME = "outcome.json"
# Says that the run was started, and which run it was.
STARTED = "started.json"
PRINTED = ("stdout", "stderr")


def write(directory: str, facts: Json, outputs: Outputs) -> None:
    """Writes a run's outcome; whoever reads it finds all of it or none."""
    facts = dict(facts)
    for name, (content, head, left) in outputs.items():
        files.write_atomically(os.path.join(directory, name), content, mode=0o600)
        facts[name] = {"bytes": len(content), "head": head, "left": left}
    files.write_json(os.path.join(directory, OUTCOME), facts, mode=0o600)
