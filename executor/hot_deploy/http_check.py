"""The check that asks a service over HTTP, from the engine's side: over its own loopback, in its container."""

from __future__ import annotations

import json
import os
import sys

import hot_deploy
from hot_deploy import checking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hot_deploy.checking import OnOutput
    from hot_deploy.wire import Wire

    Json = dict[str, Any]

# The program ends by itself, and says why; it is ended where it can't.
GRACE_SECONDS = 5


def run(args: Json, ports: range | None, wire: Wire, on_output: OnOutput) -> Json:
    """Asks until the answer is right, for as long as the check may take. `args`: those of `run`, with `http`.

    `ports`: those to ask from, by which a service knows that what waits is meant.
    """
    wanted, seconds = args["http"], float(args.get("timeoutSeconds") or 60)
    settings = json.dumps(dict(wanted, seconds=seconds, ports=list(ports) if ports else []))
    # Over standard input: headers have secrets, which no command line may show.
    text = "%s\nraise SystemExit(main(json.loads(%r)));\n" % (hot_deploy.program["modules"]["http_probe"], settings)
    options = {"timeoutSeconds": seconds + GRACE_SECONDS, "secrets": secrets_of(wanted["headers"])}
    return checking.end_of([sys.executable, "-I", "-S", "-"], "/", dict(os.environ), options, wire, on_output, text)


def secrets_of(headers: dict[str, str]) -> list[str]:
    """What an answer, or whatever repeats a request, must not show: values, and what comes behind a scheme such as Bearer."""
    values = list(headers.values())
    return [each for value in values for each in (value, value.split(" ")[-1]) if len(each) >= 8]
