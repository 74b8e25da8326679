"""What `pip check` may say without being in the way."""

from __future__ import annotations

import pytest

from hot_deploy.installing import is_aside

UV = "Using Python 3.13.0 environment at: x\nChecked 2 packages in 1ms\nFound 1 incompatibility\n"


@pytest.mark.parametrize(
    ("output", "aside"),
    [
        ("tiny 1 is not supported on this platform\n", True),
        (UV + "The package `tiny` was built for a different platform\n", True),
        ("Traceback (most recent call last):\n  File ...\nAttributeError: 'NoneType' object\n", True),
        ("thread 'main' panicked at src/main.rs:1\n", True),
        ("a 1 requires b, which is not installed.\n", False),
        ("a 1 has requirement b>2, but you have b 1.\n", False),
        (UV + "The package `a` requires `b>2`, but `1` is installed\n", False),
        ("tiny 1 is not supported on this platform\na 1 requires b, which is not installed.\n", False),
        ("something else\n", False),
        ("", False),
    ],
)
def test_only_what_packages_require_is_in_the_way(output: str, aside: bool) -> None:
    assert is_aside({"output": output, "timedOut": False}) is aside
    assert not is_aside({"output": output, "timedOut": True})
