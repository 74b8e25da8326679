"""The check that asks a service over HTTP, from the engine's side: over its own loopback, in its container."""

from __future__ import annotations

import json
import os
import socket
import sys
from urllib.parse import urlsplit, urlunsplit

import hot_deploy
from hot_deploy import checking, engine_check, entrypoints, own_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.checking import OnOutput
    from hot_deploy.layout import Layout
    from hot_deploy.wire import Wire

    Json = dict[str, Any]
    Started = tuple[list[str], str]

# The program ends by itself, and says why; it is ended where it can't.
GRACE_SECONDS = 5


# What of a start command is where the release is asked.
PORT = "{port}"


def run(args: Json, ports: range | None, wire: Wire, on_output: OnOutput, start: Started | None = None) -> Json:
    """Asks until the answer is right, for as long as the check may take. `args`: those of `run`, with `http`.

    `ports`: those to ask from, by which a service knows that what waits is meant. `start`: the command that is
    started for it and ended afterwards, and where.
    """
    wanted, seconds = args["http"], float(args.get("timeoutSeconds") or 60)
    settings = json.dumps(
        dict(wanted, seconds=seconds, ports=list(ports) if ports else [], start=start[0] if start else None)
    )
    # Over standard input: headers have secrets, which no command line may show.
    text = "%s\nraise SystemExit(main(json.loads(%r)));\n" % (hot_deploy.program["modules"]["http_probe"], settings)
    options = {"timeoutSeconds": seconds + GRACE_SECONDS, "secrets": secrets_of(wanted["headers"])}
    environment, directory = (own_environment.read(), start[1]) if start else (dict(os.environ), "/")
    return checking.end_of([sys.executable, "-I", "-S", "-"], directory, environment, options, wire, on_output, text)


def run_aside(layout: Layout, args: Json, wire: Wire, on_output: OnOutput) -> Json:
    """As run(), of a release that is started for it on a port of its own, as a workflow would start it; see engine_check.py.

    Nothing else is told where it is: the one that answers at the address goes on.
    """
    wanted = args["http"]
    port = str(_free_port(wanted["url"]))
    words = [word.replace(PORT, port) for word in args["start"]]
    there = dict(args, http=dict(wanted, url=_at(wanted["url"], port)))
    with engine_check.Shown(layout, args["release"], entrypoints.Launcher("", b"")) as shown:
        way, argv = shown.command(words, wire)
        return dict(run(there, None, wire, on_output, (argv, layout.base)), startedAs=way)


def _free_port(url: str) -> int:
    """One that nobody listens at, on the address that is asked."""
    host = urlsplit(url).hostname or ""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as found:
        found.bind(("::1" if ":" in host else "127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _at(url: str, port: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    return urlunsplit(parts._replace(netloc="%s:%s" % ("[%s]" % host if ":" in host else host, port)))


def secrets_of(headers: dict[str, str]) -> list[str]:
    """What an answer, or whatever repeats a request, must not show: values, and what comes behind a scheme such as Bearer."""
    values = list(headers.values())
    return [each for value in values for each in (value, value.split(" ")[-1]) if len(each) >= 8]
