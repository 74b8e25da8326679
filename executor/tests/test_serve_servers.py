"""Each server is handed over under load, and no request is lost. P13."""

from __future__ import annotations

import time

import pytest
import served
from served import BIN, FULL_SIZE, Clients, flip, get, make_base, make_release, serve, until

from hot_deploy.layout import Layout

HAND_OVERS = 50 if FULL_SIZE else 5
REQUESTS = 5000

COMMANDS = {
    "uvicorn": ["uvicorn", "service:app", "--fd", "{fd}", "--no-access-log"],
    "uvicorn on asyncio": ["uvicorn", "service:app", "--fd", "{fd}", "--loop", "asyncio", "--no-access-log"],
    "uvicorn with workers": ["uvicorn", "service:app", "--fd", "{fd}", "--workers", "2", "--no-access-log"],
    "gunicorn": ["gunicorn", "service:wsgi", "--bind", "fd://{fd}", "--threads", "4"],
    "gunicorn with workers": ["gunicorn", "service:wsgi", "--bind", "fd://{fd}", "--workers", "2"],
    "gunicorn by LISTEN_FDS": ["gunicorn", "service:wsgi", "--threads", "4"],
    "hypercorn": ["hypercorn", "service:app", "--bind", "fd://{fd}"],
    "daphne": ["daphne", "--fd", "{fd}", "service:app"],
    "flask": ["env", "WERKZEUG_RUN_MAIN=true", "WERKZEUG_SERVER_FD={fd}", "flask", "--app", "flask_app", "run"],
    "standard library": ["python3", "standard.py"],
}


@pytest.mark.parametrize("server", COMMANDS)
def test_p13_no_request_is_lost_or_answered_by_two(layout: Layout, server: str) -> None:
    make_base(layout)
    releases = [make_release(layout, number) for number in range(3)]
    flip(layout, releases[0])
    with serve(layout, COMMANDS[server]) as running:
        port, controller = running.port, running.controller()
        steered = []
        with Clients(lambda: get(port)) as clients:
            time.sleep(0.3)
            for number in range(1, HAND_OVERS + 1):
                release = releases[number % 3]
                # Every fifth goes back to a server that is still there; the others start one, as each deployment does.
                assert controller.prepare(release, again=number % 5 != 0)["event"] == "ready"
                assert controller.ask("steer")["event"] == "steered"
                steered.append((time.monotonic(), release))
                assert controller.ask("keep", drainSeconds=20)["event"] == "kept"
                flip(layout, release)
                time.sleep(0.2)
            until(lambda: len(clients.answers) >= REQUESTS, 600)
        until(lambda: len(controller.states()) == 1)
        status = controller.status()
        slowest = max(end - began for began, end, _ in clients.answers)
        counts = len(clients.failures), len(clients.answers)
        print("%s: %d of %d lost over %d hand-overs, slowest %.0f ms" % (server, *counts, HAND_OVERS, slowest * 1000))
        assert clients.failures == []
        assert status["abandoned"] == 0 and status["cut"] == 0 and status["handOvers"] == HAND_OVERS
        assert {each["restarts"] for each in status["generations"]} == {0}
        assert set(clients.releases()) == set(releases)
        assert after_steered(clients, steered) == []
        controller.close()


def after_steered(clients: Clients, steered: list[tuple[float, str]]) -> list[str]:
    """Answers of another release than the one that was steered to before they were asked for."""
    wrong = []
    for began, end, answer in clients.answers:
        before = [release for at, release in steered if at <= began]
        since = [release for at, release in steered if began < at <= end]
        # Between the steering and our knowing of it lies some time.
        soon = [release for at, release in steered if end < at <= end + 0.5]
        if before and answer.split()[0] not in [before[-1], *since, *soon]:
            wrong.append(answer)
    return wrong


def test_servers_are_there() -> None:
    assert (BIN / "uvicorn").exists(), served.SERVERS
