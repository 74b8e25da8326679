"""Secrets in what programs print, wherever the output is cut."""

from __future__ import annotations

import random

import pytest

from hot_deploy.masking import Mask


def shown(mask: Mask, pieces: list[bytes]) -> bytes:
    return b"".join([*(mask.feed(piece) for piece in pieces), mask.rest()])


def test_however_it_is_cut_the_secret_does_not_show_and_nothing_else_is_lost(chance: random.Random) -> None:
    for _ in range(1000):
        secret = bytes(chance.choices(b"ab", k=chance.randrange(4, 8)))
        text = bytes(chance.choices(b"ab ", k=chance.randrange(60)))
        cuts = sorted(chance.choices(range(len(text) + 1), k=chance.randrange(6)))
        pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)])]
        assert shown(Mask({"API_KEY": secret.decode()}), pieces) == text.replace(secret, b"***")


def test_no_piece_shows_the_beginning_of_a_secret_that_goes_on(chance: random.Random) -> None:
    secret = b"hunter22"
    for cut in range(1, len(secret)):
        mask = Mask({}, [secret.decode()])
        assert mask.feed(b"it is " + secret[:cut]) == b"it is "
        assert mask.feed(secret[cut:] + b"!") == b"***!"


def test_a_longer_secret_goes_before_the_one_inside_it() -> None:
    assert shown(Mask({}, ["hunter", "hunter22"]), [b"hunter22 hunter"]) == b"*** ***"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("API_KEY", "hunter22", "***"),
        ("db_password", "hunter22", "***"),
        ("Authorization", "hunter22", "***"),
        ("MODE", "hunter22", "hunter22"),
        ("API_KEY", "abc", "abc"),
        ("API_KEY", "", ""),
        ("API_KEY", "hünter", "***"),
        ("API_KEY", "hunt\udcff", "***"),
    ],
)
def test_variables_that_are_named_like_one(name: str, value: str, expected: str) -> None:
    output = value.encode("utf-8", "surrogateescape")
    assert shown(Mask({name: value}), [output]) == expected.encode("utf-8", "surrogateescape")


def test_what_is_given_as_one_may_be_short() -> None:
    assert shown(Mask({}, ["abc", ""]), [b"abcabd"]) == b"***abd"
