"""Secrets in what programs print, wherever the output is cut."""

from __future__ import annotations

import json
import os
import random
from urllib.parse import quote

import pytest

from hot_deploy.masking import Addresses, Mask

# The cases that the client is tested with, too: what is printed, and what is shown of it.
with open(os.path.join(os.path.dirname(__file__), "passwords.json"), encoding="utf-8") as handle:
    ADDRESSES = json.load(handle)


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
        ("PWD", "/srv/engine", "/srv/engine"),
    ],
)
def test_variables_that_are_named_like_one(name: str, value: str, expected: str) -> None:
    output = value.encode("utf-8", "surrogateescape")
    assert shown(Mask({name: value}), [output]) == expected.encode("utf-8", "surrogateescape")


def test_what_is_given_as_one_may_be_short() -> None:
    assert shown(Mask({}, ["abc", ""]), [b"abcabd"]) == b"***abd"


@pytest.mark.parametrize(("printed", "expected"), ADDRESSES)
def test_passwords_in_addresses_are_masked_as_the_client_does(
    printed: str, expected: str, chance: random.Random
) -> None:
    output = printed.encode()
    assert shown(Mask({}), [output]).decode() == expected
    for _ in range(50):
        cuts = sorted(chance.choices(range(len(output) + 1), k=chance.randrange(6)))
        pieces = [output[start:end] for start, end in zip([0, *cuts], [*cuts, len(output)])]
        assert shown(Mask({}), pieces).decode() == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://user:PASSWORD@db.example/app"),
        ("DATABASE_URL", "postgres://user:PASSWORD@db.example/app?options=a@b"),
        ("BROKER", "redis://:PASSWORD@cache:6379/0"),
        ("SOURCE", "https://PASSWORD@git.example/engine.git"),
        ("DSN", "host=db user=engine password=PASSWORD"),
        ("DSN", "Server=db;Pwd=PASSWORD;Database=x"),
        ("DSN", "host=db password='PASSWORD'"),
        ("HOOK", "https://example.org/hook?id=1&token=PASSWORD"),
        ("API_TOKEN", "PASSWORD"),
    ],
)
@pytest.mark.parametrize("password", ["hunter22", "hun/ter22", "h%u+nt\u00e4r"])
def test_a_password_inside_a_value_is_masked_like_one_that_is_a_value(name: str, value: str, password: str) -> None:
    for given in (password, quote(password, safe="")):
        mask = Mask({name: value.replace("PASSWORD", given)})
        for printed in (password, quote(password, safe=""), quote(password, safe="").lower()):
            assert shown(mask, [b"it is " + printed.encode() + b"!"]) == b"it is ***!"


def test_a_value_without_a_secret_is_shown() -> None:
    environment = {
        "HOME": "/root",
        "URL": "https://example.org:8443/a?b=c",
        "MODE": "fast=very",
        "GIT": "ssh://git@host/x",
    }
    output = " ".join(environment.values()).encode()
    assert shown(Mask(environment), [output]) == output


def test_an_address_without_an_end_is_not_held_for_ever() -> None:
    addresses = Addresses()
    fed = sum(len(addresses.feed(b"x" * 1000)) for _ in range(10))
    assert fed == 10_000
    assert addresses.feed(b"see db://") == b"see db"
    fed = sum(len(addresses.feed(b"y" * 1000)) for _ in range(100))
    assert fed > 90_000
