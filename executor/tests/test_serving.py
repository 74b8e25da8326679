"""The parts of serve.py that need no server."""

from __future__ import annotations

import ast
import random
import signal
import socket
import struct
from pathlib import Path

import pytest
from served import program_text

from serving.addresses import Unusable, all_parsed, parsed
from serving.commands import environment_of, filled, highest_named, names_descriptor
from serving.connections import connections, listeners
from serving.output import TAIL, Output
from serving.processes import inodes, memory_mb
from serving.settings import settings_of
from serving.steering import SKF_NET_OFF, steering

TYPE_CHECKING = False
if TYPE_CHECKING:
    from serving.steering import Instruction


def run(program: list[Instruction], packet: bytes) -> int:
    """What the kernel's machine does with these instructions."""
    register, at = 0, 0
    while True:
        code, jump_true, jump_false, k = program[at]
        at += 1
        if code == 0x30:
            register = packet[k - SKF_NET_OFF]
        elif code == 0x28:
            register = struct.unpack_from(">H", packet, k - SKF_NET_OFF)[0]
        elif code == 0x54:
            register &= k
        elif code == 0x05:
            at += k
        elif code == 0x06:
            return k
        else:
            holds = {0x15: register == k, 0x25: register > k, 0x35: register >= k}[code]
            at += jump_true if holds else jump_false


def test_only_a_probes_ports_lead_to_the_one_that_waits(chance: random.Random) -> None:
    for _ in range(3000):
        live, waiting = chance.sample(range(3), 2)
        first = chance.randrange(1, 65536)
        last = chance.randrange(first, min(65536, first + chance.choice([1, 50, 65535])))
        port = chance.choice([first, last, max(1, first - 1), min(65535, last + 1), chance.randrange(1, 65536)])
        ipv6, options = chance.random() < 0.5, chance.random() < 0.2
        if ipv6:
            head = bytes([0x60 | chance.randrange(16)]) + chance.randbytes(39)
        else:
            head = bytes([0x46 if options else 0x45]) + chance.randbytes(23 if options else 19)
        packet = head + struct.pack(">HH", port, 8000) + chance.randbytes(16)
        is_probe = first <= port <= last and (ipv6 or not options)
        assert run(steering(live, waiting, (first, last)), packet) == (waiting if is_probe else live)
        assert run(steering(live), packet) == live


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("0.0.0.0:8000", "0.0.0.0:8000"),
        (":8000", "0.0.0.0:8000"),
        ("[::]:8000", "[::]:8000"),
        ("unix:/run/a.sock", "unix:/run/a.sock"),
    ],
)
def test_addresses_are_shown_as_they_are_given(given: str, shown: str) -> None:
    assert parsed(given).shown() == shown


@pytest.mark.parametrize(
    "given", ["8000", "::1:8000", "0.0.0.0:", "0.0.0.0:x", "0.0.0.0:70000", "unix:a", "unix:/a/", "[x]:1"]
)
def test_what_is_no_address_is_refused_by_its_name(given: str) -> None:
    with pytest.raises(Unusable, match="--listen"):
        parsed(given)


def test_an_address_is_given_once() -> None:
    assert len(all_parsed(["127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:80"])) == 3
    with pytest.raises(Unusable, match="given twice"):
        all_parsed(["127.0.0.1:80", "127.0.0.1:80"])


def test_descriptors_stand_where_they_are_named() -> None:
    assert filled(["a", "--fd", "{fd}", "fd://{fd}"], 1) == ["a", "--fd", "3", "fd://3"]
    assert filled(["{fd}", "{fd}", "{fd2}", "{fd1}", "{fd}"], 3) == ["3", "4", "4", "3", "5"]
    assert filled(["{fd}", "{fd}"], 1) == ["3", "3"]
    assert highest_named(["x{fd2}", "{fd}"]) == 2
    assert not names_descriptor(["fd", "{}", "{fd0}"])
    assert "LISTEN_FDS" not in environment_of(["{fd}"], 1)
    assert environment_of(["x"], 2)["LISTEN_FDS"] == "2"
    assert environment_of(["x"], 2)["HOT_DEPLOY_FDS"] == "3,4"


def test_options_are_read() -> None:
    words = ["--listen=:1", "--listen", "[::]:1", "--name", "api", "--stop-signal", "SIGQUIT", "--grace", "2.5"]
    made = settings_of("/app", [*words, "--restarts", "3", "--", "uvicorn", "--", "x"])
    assert (made.name, made.stop_signal, made.grace, made.restarts) == ("api", signal.SIGQUIT, 2.5, 3)
    assert made.command == ["uvicorn", "--", "x"]
    assert made.control == "/app/.hot-deploy/serve-api.sock"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "command"),
        (["--listen", ":1"], "command"),
        (["--", "x"], "--listen HOST:PORT"),
        (["--listen"], "--listen needs a value"),
        (["--port", "1", "--", "x"], "--port is no option"),
        (["uvicorn"], "uvicorn is no word before --"),
        (["--listen", ":1", "--name", "A", "--", "x"], "--name A"),
        (["--listen", ":1", "--restarts", "x", "--", "x"], "--restarts x"),
        (["--listen", ":1", "--grace", "nan", "--", "x"], "--grace nan"),
        (["--listen", ":1", "--stop-signal", "STOPP", "--", "x"], "--stop-signal STOPP"),
        (["--listen", ":1", "--", "x", "{fd2}"], "{fd2}"),
    ],
)
def test_what_can_not_be_used_is_named(words: list[str], named: str) -> None:
    with pytest.raises(Unusable) as raised:
        settings_of("/app", words)
    assert named in str(raised.value)


def test_all_modules_make_one_text_in_which_no_name_means_two_things() -> None:
    tree = ast.parse(program_text())
    names = [each.name for each in tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))]
    for each in tree.body:
        if isinstance(each, ast.Assign):
            names += [one.id for target in each.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    assert {name for name in names if names.count(name) > 1} == {"TYPE_CHECKING"}
    assert "from serving" not in program_text() and "import serving" not in program_text()


def test_connections_are_counted_where_they_are_accepted() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        port = listener.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as one, socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            with accepted:
                found = connections({(socket.AF_INET, port)})
                assert len(found) == 2
                own = Path("/proc/self").resolve().name
                assert len([each for each in found if each.inode in inodes([int(own)])]) == 1
                assert {each.peer[1] for each in found} >= {one.getsockname()[1]}
    assert connections(set()) == []
    assert (memory_mb([int(own)]) or 0) > 1 and memory_mb([1 << 30]) is None


def test_the_end_of_what_is_said_begins_with_a_whole_line() -> None:
    assert Output({}, b"x" * 100 + b"\n" + b"last\n").last_lines() == "x" * 100 + "\nlast"
    assert Output({}, (b"x" * TAIL + b"\nlast\n")[-TAIL:]).last_lines() == "last"
    assert Output({}, b"y" * TAIL).last_lines() == "y" * TAIL


def test_who_listens_is_told_alike_by_the_kernel_and_by_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one, socket.socket(socket.AF_INET6) as other:
        one.bind(("127.0.0.11", 0))
        other.bind(("::1", 0))
        for each in (one, other):
            each.listen(1)
        places = {
            (socket.inet_aton("127.0.0.11"), one.getsockname()[1]),
            (socket.inet_pton(socket.AF_INET6, "::1"), other.getsockname()[1]),
        }

        def told() -> set[tuple[bytes, int]]:
            ports = {port for _, port in places}
            found = {(host, port) for host, port in listeners() if port in ports}
            # An address of IPv4 has zeros behind it, or nothing.
            return {(host[:4] if port == one.getsockname()[1] else host, port) for host, port in found}

        assert told() == places

        def refused(*_: object) -> None:
            raise OSError("sock_diag")

        monkeypatch.setattr("serving.connections._asked", refused)
        assert told() == places
