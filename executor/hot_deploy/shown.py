"""A program's output, on its way to the client while it runs."""

from __future__ import annotations

import codecs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from hot_deploy.wire import Wire

# How much of one program's output is shown while it runs.
STREAMED_BYTES = 256 * 1024


def output_of(wire: Wire, request_id: Any) -> Callable[[bytes], None]:
    """A function that streams a program's output to the client as it comes, characters in one piece.

    A flood is cut off: whoever watches has seen enough by then, and the end of it comes with the result.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    left = STREAMED_BYTES

    def stream(piece: bytes) -> None:
        nonlocal left
        if left > 0:
            text = decoder.decode(piece[:left])
            left -= len(piece)
            text = text if left > 0 else text + "\n[the rest is not shown live]\n"
            wire.send({"text": text, "id": request_id, "event": "output"})

    return stream
