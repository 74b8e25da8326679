"""Clients that keep their connections open, and never leave them idle, while the service is handed over. P13."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest
from served import (
    FULL_SIZE,
    ROOT,
    SERVICE,
    STANDARD,
    Clients,
    Served,
    flip,
    make_base,
    make_release,
    serve,
    until,
)

from hot_deploy.layout import Layout
from serving.addresses import all_parsed
from serving.listening import opened

HAND_OVERS = 20 if FULL_SIZE else 2
CLIENTS = 8
QUICK = {"START_SECONDS": "0"}
COMMANDS = {
    "uvicorn": ["uvicorn", "service:app", "--fd", "{fd}", "--no-access-log"],
    "gunicorn": ["gunicorn", "service:wsgi", "--bind", "fd://{fd}", "--threads", "8"],
    "hypercorn": ["hypercorn", "service:app", "--bind", "fd://{fd}"],
    "standard library": ["python3", "standard.py"],
    "uvicorn with workers": ["uvicorn", "service:app", "--fd", "{fd}", "--no-access-log", "--workers", "2"],
    "gunicorn for ASGI": ["gunicorn", "service:app", "--bind", "fd://{fd}", "--worker-class", "asgi"],
    "daphne": ["daphne", "--fd", "{fd}", "service:app"],
}
SOME = [*COMMANDS] if FULL_SIZE else [*COMMANDS][:3]


def from_documentation(name: str) -> str:
    """The program on the page that says how a server closes connections while it is drained."""
    page = (ROOT.parent / "docs/how-to/update-a-service.md").read_text()
    (found,) = [text for text in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if name in text]
    return str(found)


def release_that_closes(layout: Layout, number: int, server: str) -> str:
    header = "        if os.path.exists(os.environ['HOT_DEPLOY_DRAINING']):\n"
    header += "            self.send_header('Connection', 'close')\n        self.end_headers()"
    texts = {"standard": STANDARD.replace("        self.end_headers()", header)}
    if server == "gunicorn":
        # As it finds it by itself, where it is started.
        texts["gunicorn.conf"] = from_documentation("pre_request")
    else:
        texts["service"] = SERVICE + from_documentation("ClosesWhileDraining")
    return make_release(layout, number, **texts)


class Kept:
    """A connection for each thread, on which it asks as long as the server doesn't say that it ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.local = threading.local()
        self.all: list[http.client.HTTPConnection] = []

    def ask(self) -> str:
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self.all.append(self.local.connection)
        try:
            self.local.connection.request("GET", "/")
            response = self.local.connection.getresponse()
            assert response.status == 200
            return str(response.read().decode())
        except (OSError, http.client.HTTPException):
            self.local.connection.close()
            raise

    def close(self) -> None:
        for each in self.all:
            each.close()


def hand_over_under(running: Served, releases: tuple[str, str], drain: float, pause: float) -> Clients:
    controller = running.controller()
    kept = closing(Kept(running.port))
    with kept as connections, Clients(connections.ask, CLIENTS, pause) as clients:
        for number in range(HAND_OVERS):
            seen = len(clients.answers)
            until(lambda seen=seen: len(clients.answers) > seen + 10 * CLIENTS)  # type: ignore[misc]
            controller.hand_over(releases[(number + 1) % 2], drain=drain)
            until(lambda: len(controller.states()) == 1)
    return clients


@pytest.mark.parametrize("pause", [0.0, 0.004] if FULL_SIZE else [0.0])
@pytest.mark.parametrize("server", SOME)
def test_p13_none_is_lost_where_the_server_closes_connections_while_it_is_drained(
    layout: Layout, server: str, pause: float
) -> None:
    make_base(layout)
    releases = release_that_closes(layout, 0, server), release_that_closes(layout, 1, server)
    flip(layout, releases[0])
    with serve(layout, COMMANDS[server], environment=QUICK) as running:
        clients = hand_over_under(running, releases, 25, pause)
        status = running.controller().status()
    print("closing, %s: %d of %d lost" % (server, len(clients.failures), len(clients.answers)))
    assert clients.failures == []
    assert set(clients.releases()) == set(releases)
    # None of them was ended by the limit.
    assert status["cut"] == 0 and status["abandoned"] == 0


@pytest.mark.parametrize("server", SOME)
def test_otherwise_each_loses_one_request_at_most_and_none_with_threads_of_gunicorn(
    layout: Layout, two: tuple[str, str], server: str
) -> None:
    with serve(layout, COMMANDS[server], environment=QUICK) as running:
        clients = hand_over_under(running, two, 3, 0.004)
    print("not closing, %s: %d of %d lost" % (server, len(clients.failures), len(clients.answers)))
    assert len(clients.failures) <= (0 if server == "gunicorn" else CLIENTS * HAND_OVERS)


def marks(layout: Layout) -> list[str]:
    return sorted(os.path.join(layout.state, name) for name in os.listdir(layout.state) if ".draining-" in name)


def told(running: Served, release: str) -> str:
    """The path that the server of a release has in its environment."""
    (pid,) = [each["pid"] for each in running.controller().status()["generations"] if each["release"] == release]
    found = re.search(rb"HOT_DEPLOY_DRAINING=([^\0]+)", Path("/proc/%d/environ" % pid).read_bytes())
    assert found is not None
    return found.group(1).decode()


@pytest.mark.parametrize("name", ["serve", "api"])
def test_the_file_is_there_while_a_server_gets_no_new_connections(
    layout: Layout, two: tuple[str, str], name: str
) -> None:
    control = "serve.sock" if name == "serve" else "serve-api.sock"
    options = () if name == "serve" else ("--name", name)
    with serve(layout, COMMANDS["standard library"], *options, environment=QUICK, name=control) as running:
        controller = running.controller()
        old = told(running, two[0])
        controller.prepare(two[1])
        new = told(running, two[1])
        assert marks(layout) == [] and new != old
        controller.ask("steer")
        assert marks(layout) == [old]
        controller.ask("back")
        until(lambda: len(controller.states()) == 1)
        assert marks(layout) == []
        controller.hand_over(two[1], keep=600)
        assert marks(layout) == [old]
        new = told(running, two[1])
        controller.hand_over(two[0], keep=600)
        assert marks(layout) == [new]
        Path(layout.serve).write_text(Path(layout.serve).read_text() + "\n# Newer.\n")
        assert controller.ask("update") == {"event": "updating"}
        until(lambda: running.controller().status()["text"])
        controller = running.controller()
        assert marks(layout) == [new]
        controller.ask("stop", release=two[1])
        until(lambda: len(controller.states()) == 1)
        assert marks(layout) == []
        controller.hand_over(two[1], keep=600)
        assert len(marks(layout)) == 1
    assert marks(layout) == []


def test_the_file_of_one_that_was_killed_is_removed_by_the_next(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMANDS["standard library"], environment=QUICK) as running:
        running.controller().hand_over(two[1], keep=600)
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        assert len(marks(layout)) == 1
    other = Path(layout.state, "serve-api.draining-1")
    other.touch()
    with serve(layout, COMMANDS["standard library"], environment=QUICK):
        assert marks(layout) == [str(other)]


def test_an_answer_over_a_kept_connection_goes_out_at_once() -> None:
    """Servers don't ask for it on sockets that they are given: each answer came 40 ms late from uvicorn."""
    (listening,) = opened(all_parsed(["127.0.0.1:0"]), 5)
    with socket.create_connection(listening.sockets[0].getsockname()):
        accepted, _ = listening.sockets[0].accept()
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        accepted.close()
    for each in listening.sockets:
        each.close()
