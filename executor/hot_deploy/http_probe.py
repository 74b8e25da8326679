"""Asks a service over HTTP until it answers as it should, or the time is over. A program of its own, see http_check.py.

It prints each new reason why the answer isn't the right one, and last what decided. Exit code 0: the answer is right.
"""

from __future__ import annotations

import http.client
import json
import signal
import ssl
import subprocess
import time
from urllib.parse import urljoin, urlsplit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]

# One answer, with all redirects on the way to it.
ATTEMPT_SECONDS = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
MOST_REDIRECTS = 5
# For what was started for it, from TERM to KILL.
END_SECONDS = 3.0
REDIRECTS = (301, 302, 303, 307, 308)
# What is read of an answer, where its content is looked at.
MOST_BYTES = 1 << 20
SHOWN_CHARACTERS = 300


class Wrong(Exception):
    """The answer isn't the right one, or there is none: why, as the beginning of a sentence."""


def main(wanted: Json) -> int:
    """`wanted`: what `run` is given for `http`, and `seconds`. Returns the exit code."""
    signal.signal(signal.SIGALRM, _too_slow)
    start = wanted["start"]
    # What it prints is part of what the check prints.
    started = subprocess.Popen(start, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT) if start else None
    try:
        code, verdict = _verdict(wanted, started)
    finally:
        if started is not None:
            _end(started)
    print(verdict, flush=True)
    return code


def _verdict(wanted: Json, started: subprocess.Popen[bytes] | None) -> tuple[int, str]:
    """(exit code, the last line)."""
    deadline = time.monotonic() + wanted["seconds"]
    pause, said, attempts = FIRST_PAUSE, "", 0
    while True:
        attempts += 1
        try:
            status = _attempt(wanted, min(ATTEMPT_SECONDS, max(0.1, deadline - time.monotonic())))
            return 0, "%d after %d %s" % (status, attempts, "attempt" if attempts == 1 else "attempts")
        except Wrong as wrong:
            if str(wrong) != said:
                said = str(wrong)
                print(said, flush=True)
        if started is not None and started.poll() is not None:
            return 1, "the start command ended (%s) before it answered as it should: %s" % (_how(started), _first(said))
        if time.monotonic() + pause >= deadline:
            return 1, "not as it should be within %g s: %s" % (wanted["seconds"], _first(said))
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _first(said: str) -> str:
    return said.partition("\n")[0]


def _how(ended: subprocess.Popen[bytes]) -> str:
    code = ended.returncode
    return "exit code %d" % code if code >= 0 else signal.Signals(-code).name


def _end(started: subprocess.Popen[bytes]) -> None:
    """Whoever started this ends the rest of the group."""
    started.terminate()
    try:
        started.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        started.kill()
        started.wait()


def _too_slow(*_: Any) -> None:
    raise TimeoutError


def _attempt(wanted: Json, seconds: float) -> int:
    """The status of the right answer. Nothing that is sent slowly, or never, keeps it beyond `seconds`."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return _ask(wanted)
    except TimeoutError:
        raise Wrong("no whole answer within %g s" % round(seconds, 1)) from None
    except ssl.SSLError as raised:
        raise Wrong(
            "no TLS connection: %s" % (getattr(raised, "verify_message", "") or raised.reason or raised)
        ) from None
    except OSError as raised:
        raise Wrong("no answer: %s" % (raised.strerror or raised)) from None
    except http.client.HTTPException as raised:
        raise Wrong("what answers speaks no HTTP (%s)" % type(raised).__name__) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _ask(wanted: Json) -> int:
    address, headers = wanted["url"], wanted["headers"]
    for _ in range(MOST_REDIRECTS + 1):
        with _Answer(wanted, address, headers) as answer:
            to = answer.redirects_to
            if any(first <= answer.status <= last for first, last in wanted["statuses"]):
                _look_at(wanted, answer)
                return answer.status
            if to is None:
                raise Wrong("status %d%s" % (answer.status, _shown(answer.text(SHOWN_CHARACTERS))))
        if _origin(to) != _origin(address):
            headers = {}  # They may be meant for the first one only.
        address = to
    raise Wrong("more than %d redirects" % MOST_REDIRECTS)


class _Answer:
    """An open answer to one request."""

    def __init__(self, wanted: Json, address: str, headers: dict[str, str]) -> None:
        scheme, host, port = _origin(address)
        parts, source = urlsplit(address), None
        if wanted["ports"]:
            # In turn: one that was used a moment ago can't be had again at once.
            wanted["ports"].append(wanted["ports"].pop(0))
            source = ("", wanted["ports"][-1])
        if scheme == "https":
            context = ssl.create_default_context()
            if not wanted["verify"]:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, context=context, source_address=source
            )
        else:
            self._connection = http.client.HTTPConnection(host, port, source_address=source)
        path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        try:
            self._connection.request(wanted["method"], path, headers={"Connection": "close", **headers})
            self._response = self._connection.getresponse()
        except BaseException:
            self._connection.close()
            raise
        self.status = self._response.status
        location = self._response.headers.get("Location") if self.status in REDIRECTS else None
        self.redirects_to = urljoin(address, location) if location else None

    def __enter__(self) -> _Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def content(self) -> bytes:
        content = self._response.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Wrong("status %d, and more than %d bytes to look at" % (self.status, MOST_BYTES))
        return content

    def text(self, most: int) -> str:
        return self._response.read(most).decode("utf-8", "replace")


def _origin(address: str) -> tuple[str, str, int]:
    """(scheme, host, port). A redirect may lead anywhere, but not to something else than HTTP."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise Wrong("the redirect to %s leads nowhere" % ascii(address)[:SHOWN_CHARACTERS]) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong("the redirect to %s leads nowhere" % ascii(address)[:SHOWN_CHARACTERS])
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80)


def _look_at(wanted: Json, answer: _Answer) -> None:
    """Raises Wrong where the content isn't what it should be."""
    text, path = wanted.get("text"), wanted.get("path")
    if not text and path is None:
        return
    content = answer.content().decode("utf-8", "replace")
    if text and text not in content:
        raise Wrong("status %d without %s in it%s" % (answer.status, json.dumps(text), _shown(content)))
    if path is None:
        return
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise Wrong("status %d with no JSON%s" % (answer.status, _shown(content))) from None
    for step in path:
        if isinstance(found, dict) and step in found:
            found = found[step]
        elif isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            raise Wrong("status %d without %s in its JSON%s" % (answer.status, ".".join(path), _shown(content)))
    expected = json.loads(wanted["value"])
    if not _is_same(found, expected):
        shown = json.dumps(found)[:SHOWN_CHARACTERS]
        raise Wrong("status %d with %s: %s, not %s" % (answer.status, ".".join(path), shown, wanted["value"]))


def _is_same(one: Any, other: Any) -> bool:
    """As JSON has it: 1 is 1.0, and neither is true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same(one[name], other[name]) for name in one)
    return bool(one == other)


def _shown(content: str) -> str:
    return "\n" + content[:SHOWN_CHARACTERS] if content else ""
