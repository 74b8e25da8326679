"""A defect while a hand-over is in progress takes neither serve.py nor the servers that answer down."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from serving.main import Serving


def test_p13_a_defect_takes_the_hand_over_back_and_the_service_goes_on(capfd: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []
    turns: list[Any] = [OSError(107, "not connected"), OSError(107, "not connected"), False, True]

    def turn() -> bool:
        result = turns.pop(0)
        if isinstance(result, Exception):
            raise result
        return bool(result)

    serving: Any = Serving.__new__(Serving)
    serving.survived = ""
    serving.requests = SimpleNamespace(hand_over=SimpleNamespace(is_over=False, back=lambda: done.append("back")))
    serving._turn = turn
    serving._end = lambda: len(done)
    assert serving.run() == 2
    assert done == ["back", "back"]
    # Said once, with where it was.
    assert capfd.readouterr().err.count("not connected") == 1
