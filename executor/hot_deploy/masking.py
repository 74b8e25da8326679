"""Keeping secrets out of what programs print, before it is cut, sent or recorded.

The client does the same with what it says itself: nodes/shared/text/passwords.ts. tests/passwords.json has the cases that
both agree on.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SECRET_NAME = re.compile("KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
# Inside of a value. A variable PWD is the working directory.
SECRET_SETTING = re.compile(SECRET_NAME.pattern + "|PWD", re.IGNORECASE)
# A shorter value would make holes in ordinary words.
SHORTEST = 4
MASK = b"***"

SCHEME_END = b"://"
# None of these is in the part of an address that a password can be in: control characters, white space, marks of text.
AFTER_AUTHORITY = re.compile(rb"[\0-\x20\x7f/\\?#\"'`<>]|\xc2[\x80-\xa0]|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]")
WEB = re.compile(rb"https?\Z", re.IGNORECASE)
LONGEST_WEB = len(b"https")
# More than any password takes: what goes on for longer is shown.
LONGEST_AUTHORITY = 4096
# Between the settings in one value: of a query, of a connection string, of a line.
BETWEEN_SETTINGS = re.compile(r"[\s;&?,]+")
PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


class Mask:
    """Replaces secrets in output that comes in pieces.

    They are: what is given as such, variables named like one, passwords inside other variables' values, and passwords in
    whatever addresses are printed.
    """

    def __init__(self, environment: Mapping[str, str], secrets: Iterable[str] = (), addresses: bool = True) -> None:
        """Without `addresses` only the secrets themselves: what prints them prints data."""
        values: set[bytes] = set()
        for name, value in environment.items():
            for secret in _secrets_in(name, value.encode("utf-8", "surrogateescape")):
                values.update(each for each in spellings(secret) if len(each) >= SHORTEST)
        for given in secrets:
            values.update(each for each in spellings(given.encode("utf-8", "surrogateescape")) if each)
        # A value that holds another one goes first.
        self._values = sorted(values, key=len, reverse=True)
        self._held = b""
        self._addresses = Addresses() if addresses else None

    def feed(self, piece: bytes) -> bytes:
        """What can be shown of the output so far; an end that may be a value's beginning waits for the next piece."""
        for value in self._values:
            piece = (self._held + piece).replace(value, MASK)
            self._held = b""
        kept = max((_overlap(piece, value) for value in self._values), default=0)
        if kept:
            piece, self._held = piece[:-kept], piece[-kept:]
        return piece if self._addresses is None else self._addresses.feed(piece)

    def rest(self) -> bytes:
        """What was waiting, once no more comes."""
        held, self._held = self._held, b""
        return held if self._addresses is None else self._addresses.feed(held) + self._addresses.rest()


class Addresses:
    """Masks the passwords in addresses such as `postgres://user:password@host/db`."""

    def __init__(self) -> None:
        self._held = b""
        # The last that was shown: a scheme may begin there.
        self._before = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be shown so far; an address whose host has not come yet waits for the next piece."""
        text = self._held + piece
        whole = self._whole(text)
        self._held = text[whole:]
        return self._masked(text[:whole])

    def rest(self) -> bytes:
        held, self._held = self._held, b""
        return self._masked(held)

    def _masked(self, text: bytes) -> bytes:
        before, self._before = self._before, (self._before + text)[-LONGEST_WEB:]
        return masked_addresses(text, before)

    @staticmethod
    def _whole(text: bytes) -> int:
        """Up to where it can be shown: all but a last address that may go on."""
        found = text.rfind(SCHEME_END)
        may_go_on = found >= 0 and len(text) - found <= LONGEST_AUTHORITY
        if may_go_on and AFTER_AUTHORITY.search(text, found + len(SCHEME_END)) is None:
            return found
        return len(text) - next((len(ending) for ending in (b":/", b":") if text.endswith(ending)), 0)


def masked_addresses(text: bytes, before: bytes = b"") -> bytes:
    """The text with every password in an address masked, and every token that stands alone before a web host.

    `before`: what came before it, as far as a scheme may begin there.
    """
    shown = []
    copied = 0
    found = text.find(SCHEME_END)
    while found >= 0:
        start = found + len(SCHEME_END)
        after = AFTER_AUTHORITY.search(text, start)
        end = after.start() if after else len(text)
        scheme = (before + text[:found] if found < LONGEST_WEB else text[found - LONGEST_WEB : found])[-LONGEST_WEB:]
        part = _secret_part(text[start:end], WEB.search(scheme) is not None)
        if part:
            shown += [text[copied : start + part[0]], MASK]
            copied = start + part[1]
        # The colon of another one may be the last character of this one.
        found = text.find(SCHEME_END, max(start, end - 1))
    return b"".join([*shown, text[copied:]])


def _secret_part(authority: bytes, web: bool) -> tuple[int, int] | None:
    """Where in `user:password@host` the password is. What stands alone before a web host is a token."""
    at = authority.rfind(b"@")
    colon = authority.find(b":", 0, max(0, at))
    begin = colon + 1 if colon >= 0 else 0
    return (begin, at) if begin < at and (colon >= 0 or web) else None


def _secrets_in(name: str, value: bytes) -> Iterator[bytes]:
    """The secrets that a variable holds: all of it where its name says so, and passwords inside."""
    if SECRET_NAME.search(name):
        yield value
    # As it is written most: also with what an address must not have, such as a slash in its password.
    start = value.find(SCHEME_END) + len(SCHEME_END)
    if start >= len(SCHEME_END):
        own = value.rfind(b"@", start, _end_of_authority(value, start))
        for end in (own if own >= 0 else value.find(b"@", start), value.rfind(b"@")):
            part = _secret_part(value[start : end + 1], value.lower().startswith(b"http"))
            if part and end >= start:
                yield value[start + part[0] : start + part[1]]
    for setting in BETWEEN_SETTINGS.split(value.decode("utf-8", "surrogateescape")):
        key, equals, inner = setting.partition("=")
        if equals and SECRET_SETTING.search(key):
            yield inner.strip("\"'{}").encode("utf-8", "surrogateescape")


def _end_of_authority(value: bytes, start: int) -> int:
    after = AFTER_AUTHORITY.search(value, start)
    return after.start() if after else len(value)


def spellings(secret: bytes) -> set[bytes]:
    """A secret as it is, with its percent signs read, and as addresses spell it."""
    read = ESCAPED.sub(lambda found: bytes([int(found.group(1), 16)]), secret)
    escaped = [
        b"".join(bytes([byte]) if byte in PLAIN else form % byte for byte in read) for form in (b"%%%02X", b"%%%02x")
    ]
    return {secret, read, *escaped}


def _overlap(piece: bytes, value: bytes) -> int:
    """Length of the longest end of `piece` that `value` begins with, the whole value aside."""
    for length in range(min(len(piece), len(value) - 1), 0, -1):
        if value.startswith(piece[-length:]):
            return length
    return 0
