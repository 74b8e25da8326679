"""Telling the guard of a run, as a launcher does, for whoever has started it otherwise."""

from __future__ import annotations

import os

from hot_deploy.later import service_sockets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hot_deploy.layout import Layout


def tell(layout: Layout, said: bytes) -> bool:
    """Says it all; False where nobody is there who counts."""
    try:
        with service_sockets.connect(layout, os.path.basename(layout.guard)) as guard:
            guard.sendall(said)
        return True
    except OSError:
        return False
