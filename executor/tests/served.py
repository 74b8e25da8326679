"""A base path with releases of a service, a serve.py that runs there, and clients."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hot_deploy
from hot_deploy import entrypoints, records, standins
from hot_deploy.entrypoints import Launcher
from hot_deploy.layout import Layout
from hot_deploy.serve_text import ORDER, assembled

ROOT = Path(__file__).parent.parent
SERVERS = ROOT.parent / "node_modules/.cache/python-servers"
BIN = SERVERS / "bin"
FULL_SIZE = os.environ.get("HOT_DEPLOY_PROOF") == "1"
LATE = 60

# Answers with its release's text and its process; takes a while to start, as services do.
SERVICE = """
import os, time
time.sleep(float(os.environ.get("START_SECONDS", "0.3")))
from version import VERSION

def answer(path):
    if path.startswith("/late/"):
        return __import__("late_" + path[6:]).VERSION
    if path.startswith("/slow/"):
        time.sleep(int(path[6:]) / 10)
    return "%s %d" % (VERSION, os.getpid())

async def app(scope, receive, send):
    if scope["type"] != "http":
        raise RuntimeError("only http")
    path = scope["path"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if path.startswith("/long/"):
        import asyncio
        for _ in range(int(path[6:])):
            await send({"type": "http.response.body", "body": VERSION.encode() + b"\\n", "more_body": True})
            await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": answer(path).encode()})

def wsgi(environ, start_response):
    body = answer(environ["PATH_INFO"]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
FLASK = """
from flask import Flask
from service import answer
app = Flask(__name__)

@app.get("/")
@app.get("/<path:path>")
def any_path(path=""):
    return answer("/" + path)
"""
STANDARD = """
import os, signal, socket, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from service import answer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = answer(self.path).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass

server = ThreadingHTTPServer(("", 0), Handler, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=int(os.environ["HOT_DEPLOY_FD"]))
server.server_name, server.server_port = "localhost", 0
server.daemon_threads = False
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server.serve_forever()
"""


def release_id(number: int) -> str:
    return "20261123-17%02d%02d-%07x" % (number // 60, number % 60, number)


def lay_programs(layout: Layout) -> None:
    """`serve.py`, `launch.py` and what pins by code, as the executor lays them."""
    hot_deploy.launcher = (ROOT / "launcher.py").read_text()
    hot_deploy.launch = (ROOT / "launch.py").read_text()
    hot_deploy.by_code = (ROOT / "by_code.py").read_text()  # type: ignore[attr-defined]
    hot_deploy.serving = serving_modules()
    try:
        entrypoints.place_launch(layout)
        entrypoints.place_by_code(layout)
    finally:
        for name in ("launcher", "launch", "by_code", "serving"):
            delattr(hot_deploy, name)


def serving_modules() -> dict[str, str]:
    return {name: (ROOT / "serving" / (name + ".py")).read_text() for name in ORDER}


def program_text() -> str:
    return assembled(serving_modules())


def make_release(layout: Layout, number: int, pinning: str | None = None, **texts: str) -> str:
    """A release of the service; by keyword, its modules' other texts."""
    made = release_id(number)
    directory = Path(layout.release(made))
    directory.mkdir(parents=True)
    modules = {"service": SERVICE, "flask_app": FLASK, "standard": STANDARD, "version": "VERSION = %r\n" % made}
    modules.update({"late_%d" % count: "VERSION = %r\n" % made for count in range(LATE)})
    for name, text in {**modules, **texts}.items():
        (directory / (name + ".py")).write_text(text)
    (directory / ".venv").symlink_to("../../environments/servers")
    record = {"release": made, "state": "ready", "sequence": number + 1, "createdAt": "2026-11-23T17:15:01.250Z"}
    names = sorted(name for name in os.listdir(directory) if name != ".venv")
    records.write(layout, made, {**record, "source": {"type": "directory"}, "names": names, "files": 1, "bytes": 0})
    standins.place(layout, made, Launcher("", b""))
    if pinning is not None:
        Path(layout.way(made)).write_text(pinning + "\n")
    return made


def flip(layout: Layout, release: str | None) -> None:
    aside = layout.current + ".new"
    if release is None:
        os.unlink(layout.current)
        return
    os.symlink("releases/" + release, aside)
    os.rename(aside, layout.current)


def make_base(layout: Layout) -> None:
    lay_programs(layout)
    os.makedirs(layout.environments, exist_ok=True)
    os.symlink(SERVERS, os.path.join(layout.environments, "servers"))


class Controller:
    """A connection to a serve.py's control socket."""

    def __init__(self, path: str) -> None:
        self.connection = socket.socket(socket.AF_UNIX)
        self.connection.settimeout(90)
        above = os.open(os.path.dirname(path), os.O_RDONLY)
        try:
            self.connection.connect("/proc/self/fd/%d/%s" % (above, os.path.basename(path)))
        except OSError:
            self.connection.close()
            raise
        finally:
            os.close(above)
        self.file = self.connection.makefile("rb")

    def send(self, **request: Any) -> None:
        self.connection.sendall(json.dumps(request).encode() + b"\n")

    def event(self) -> dict[str, Any]:
        line = self.file.readline()
        return json.loads(line) if line else {"event": "closed"}

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        self.send(do=do, **request)
        event = self.event()
        while event["event"] in ("preparing", "starting"):
            event = self.event()
        return event

    def prepare(self, release: str | None, **more: Any) -> dict[str, Any]:
        return self.ask("prepare", release=release, **{"readySeconds": 40, **more})

    def hand_over(self, release: str | None, drain: float = 10, keep: float = 0) -> dict[str, Any]:
        ready = self.prepare(release)
        assert ready["event"] == "ready", ready
        assert self.ask("steer")["event"] == "steered"
        kept = self.ask("keep", drainSeconds=drain, keepOldSeconds=keep)
        assert kept == {"event": "kept", "live": release}
        return ready

    def status(self) -> dict[str, Any]:
        return self.ask("status")

    def states(self) -> list[tuple[str | None, str]]:
        return [(each["release"], each["state"]) for each in self.status()["generations"]]

    def close(self) -> None:
        self.file.close()
        self.connection.close()


class Served:
    """A serve.py that runs."""

    def __init__(self, layout: Layout, process: subprocess.Popen[bytes], log: Path, name: str) -> None:
        self.layout = layout
        self.process = process
        self.log = log
        self.socket = os.path.join(layout.state, name)
        self.controllers: list[Controller] = []

    def controller(self) -> Controller:
        made = Controller(self.socket)
        self.controllers.append(made)
        return made

    def close(self) -> None:
        for each in self.controllers:
            each.close()

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def port(self) -> int:
        controller = self.controller()
        try:
            return int(controller.status()["listen"][0].rpartition(":")[2])
        finally:
            controller.close()

    def session_members(self) -> list[int]:
        controller = self.controller()
        try:
            return [each["pid"] for each in controller.status()["generations"]]
        finally:
            controller.close()


@contextmanager
def serve(
    layout: Layout,
    command: list[str],
    *options: str,
    listen: tuple[str, ...] = ("127.0.0.1:0",),
    environment: dict[str, str] | None = None,
    name: str = "serve.sock",
    wait: bool = True,
    prefix: tuple[str, ...] = (),
) -> Iterator[Served]:
    """Starts it, waits until its first server answers, and ends it."""
    log = Path(layout.base).parent / ("log-%d" % time.monotonic_ns())
    words = [*prefix, sys.executable, layout.serve]
    for each in listen:
        words += ["--listen", each]
    with log.open("wb") as handle:
        process = subprocess.Popen(
            [*words, *options, "--", *command],
            cwd=layout.base,
            stdout=handle,
            stderr=handle,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PWD": layout.base, **(environment or {})},
        )
    made = Served(layout, process, log, name)
    try:
        until(lambda: is_answered(made.socket) or process.poll() is not None)
        if wait:
            until(lambda: first_state(made) == "live")
        yield made
    finally:
        made.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def is_answered(path: str) -> bool:
    """Whether somebody listens there: one that is dead may have left it behind."""
    try:
        Controller(path).close()
    except OSError:
        return False
    return True


def first_state(served: Served) -> str:
    assert served.process.poll() is None, served.text()
    controller = served.controller()
    try:
        return str(controller.states()[0][1])
    finally:
        controller.close()


def until(condition: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.02)


def get(port: int, path: str = "/", host: str = "127.0.0.1") -> str:
    """The answer to a request on a connection of its own."""
    with socket.create_connection((host, port), timeout=30) as connection:
        return request(connection, path)


def request(connection: socket.socket, path: str = "/", more: str = "Connection: close\r\n") -> str:
    connection.sendall(("GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % (path, more)).encode())
    received = b""
    while True:
        read = connection.recv(65536)
        received += read
        if not read or is_whole(received):
            break
    if not is_whole(received):
        raise ConnectionError("cut: %r" % received[-200:])
    return body_of(received)


def is_whole(received: bytes) -> bool:
    head, blank, body = received.partition(b"\r\n\r\n")
    if not blank:
        return False
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        return body.endswith(b"0\r\n\r\n")
    _, found, length = lower.partition(b"content-length:")
    return bool(found) and len(body) >= int(length.split()[0])


def body_of(received: bytes) -> str:
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    if b"transfer-encoding: chunked" not in head.lower():
        return body.decode()
    found = b""
    while body:
        length, _, body = body.partition(b"\r\n")
        found, body = found + body[: int(length, 16)], body[int(length, 16) + 2 :]
    return found.decode()


class Clients:
    """Some that ask all the time, each request on a connection of its own."""

    def __init__(self, ask: Callable[[], str], count: int = 8, pause: float = 0.004) -> None:
        self.ask = ask
        self.pause = pause
        # (begin, end, answer) and what failed.
        self.answers: list[tuple[float, float, str]] = []
        self.failures: list[str] = []
        self.is_over = False
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(count)]

    def __enter__(self) -> Clients:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self.is_over = True
        for thread in self.threads:
            thread.join(60)

    def _run(self) -> None:
        while not self.is_over:
            began = time.monotonic()
            try:
                answer = self.ask()
            except (OSError, AssertionError, http.client.HTTPException) as raised:
                self.failures.append("%s: %s" % (type(raised).__name__, raised))
            else:
                self.answers.append((began, time.monotonic(), answer))
            time.sleep(self.pause)

    def releases(self) -> list[str]:
        return [answer.split()[0] for _, _, answer in self.answers]
