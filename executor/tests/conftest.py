"""What the tests share."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import flip, make_base, make_release

from hot_deploy.layout import Layout


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """`serving`: whatever starts servers, which takes its time. Told by what a file imports, so that no list has to be kept."""
    for item in items:
        if any(getattr(each, "__module__", "") == "served" for each in vars(item.module).values()):
            item.add_marker("serving")


@pytest.fixture(autouse=True)
def _mask() -> Iterator[None]:
    """Files get the modes that the program gives them, whoever runs this."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def chance() -> random.Random:
    """Random numbers whose seed is shown with a failure; PYTEST_SEED gives it again."""
    seed = int(os.environ.get("PYTEST_SEED") or random.randrange(1 << 32))
    print("PYTEST_SEED=%d" % seed)
    return random.Random(seed)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An engine's base path with our directories in it."""
    made = Layout(str(tmp_path / "app"))
    made.create()
    return made


@pytest.fixture
def two(layout: Layout) -> tuple[str, str]:
    """Two releases of a service; the first one is live."""
    make_base(layout)
    made = make_release(layout, 0), make_release(layout, 1)
    flip(layout, made[0])
    return made
