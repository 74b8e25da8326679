"""What goes wrong in a hand-over leaves the old server answering, and is told."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from served import Clients, flip, get, make_release, release_id, serve, until

from hot_deploy import changes, history
from hot_deploy.layout import Layout

COMMAND = ["python3", "standard.py"]
QUICK = {"START_SECONDS": "0"}
BROKEN = "import sys\nprint('no database at db:5432', file=sys.stderr)\nsys.exit(3)\n"
HANGING = "import time\nprint('waits for a lock', flush=True)\ntime.sleep(600)\n"
# Ends by itself when a file is there.
FRAIL = (
    "import os, threading, time\nVERSION = %r\n"
    "def watch():\n    while not os.path.exists('crash'): time.sleep(0.02)\n    os._exit(9)\n"
    "threading.Thread(target=watch, daemon=True).start()\n"
)


def is_there(pid: int) -> bool:
    try:
        text = Path("/proc/%d/stat" % pid).read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


def session(leader: int) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(name))
    return found


def test_one_that_ends_at_its_start_is_told_with_its_last_lines(layout: Layout, two: tuple[str, str]) -> None:
    broken = make_release(layout, 2, version=BROKEN)
    with serve(layout, COMMAND, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        with Clients(lambda: get(port), 4) as clients:
            failed = controller.prepare(broken)
            time.sleep(0.1)
        assert (failed["why"], failed["exitCode"]) == ("died", 3)
        assert "no database at db:5432" in failed["lastLines"]
        assert clients.failures == [] and set(clients.releases()) == {two[0]}
        until(lambda: controller.states() == [(two[0], "live")])
        controller.hand_over(two[1])
        assert get(port).split()[0] == two[1]
        assert "no database at db:5432" in running.text()


def test_one_that_does_not_get_ready_is_ended(layout: Layout, two: tuple[str, str]) -> None:
    hanging = make_release(layout, 2, version=HANGING)
    with serve(layout, COMMAND, environment=QUICK) as running:
        controller = running.controller()
        failed = controller.prepare(hanging, readySeconds=1)
        # It has {fd} nowhere, and reads HOT_DEPLOY_FD.
        assert failed == {"event": "failed", "why": "socketNotTaken", "seconds": 1, "lastLines": "waits for a lock"}
        until(lambda: controller.states() == [(two[0], "live")])
        assert get(running.port).split()[0] == two[0]
    with serve(layout, ["env", "X={fd}", *COMMAND], environment=QUICK) as running:
        assert running.controller().prepare(hanging, readySeconds=1)["why"] == "notReady"


def test_what_is_not_there_or_can_not_be_started_is_told(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, ["./start"], environment=QUICK, wait=False) as running:
        controller = running.controller()
        assert controller.prepare(release_id(7)) == {
            "event": "failed",
            "why": "releaseMissing",
            "release": release_id(7),
        }
        assert controller.prepare("../x")["why"] == "releaseMissing"
        failed = controller.prepare(two[1])
        assert (failed["why"], failed["said"]) == ("notStartable", "./start: No such file or directory") or (
            "No such file" in failed["said"]
        )


def test_one_that_ignores_being_told_to_stop_is_killed(layout: Layout, two: tuple[str, str]) -> None:
    deaf = "import signal\nsignal.signal = lambda *_: None\nVERSION = 'deaf'\n"
    ignoring = make_release(layout, 2, version="import signal\nsignal.signal(15, signal.SIG_IGN)\n" + deaf)
    flip(layout, ignoring)
    with serve(layout, COMMAND, environment=QUICK) as running:
        controller, port = running.controller(), running.port
        old = controller.status()["generations"][0]["pid"]
        with Clients(lambda: get(port), 2) as clients:
            controller.hand_over(two[1], drain=1)
            until(lambda: not is_there(old), 25)
        assert clients.failures == []
        until(lambda: controller.states() == [(two[1], "live")])


@pytest.mark.parametrize("steered", [False, True])
def test_whoever_asked_and_is_gone_before_it_is_kept_leaves_all_as_it_was(
    layout: Layout, two: tuple[str, str], steered: bool
) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        port, controller, watching = running.port, running.controller(), running.controller()
        with Clients(lambda: get(port), 4) as clients:
            assert controller.prepare(two[1])["event"] == "ready"
            if steered:
                controller.ask("steer")
                until(lambda: two[1] in clients.releases())
            controller.close()
            until(lambda: (two[0], "live") in watching.states())
            seen = len(clients.answers)
            until(lambda: len(clients.answers) > seen + 20)
            until(lambda: watching.states() == [(two[0], "live")])
        assert clients.failures == []
        assert set(clients.releases()[seen + 8 :]) == {two[0]}
        watching.hand_over(two[1])


def test_one_that_ends_between_steering_and_keeping_is_taken_back(layout: Layout, two: tuple[str, str]) -> None:
    frail = make_release(layout, 2, version=FRAIL % "frail")
    with serve(layout, COMMAND, environment=QUICK) as running:
        controller, port = running.controller(), running.port
        assert controller.prepare(frail)["event"] == "ready"
        controller.ask("steer")
        Path(layout.base, "crash").touch()
        until(lambda: get_or_none(port) == two[0])
        failed = controller.ask("keep")
        assert (failed["why"], failed["exitCode"]) == ("died", 9)
        Path(layout.base, "crash").unlink()
        controller.hand_over(two[1])


def get_or_none(port: int) -> str | None:
    try:
        return get(port).split()[0]
    except OSError:
        return None


def test_servers_do_not_outlive_a_serve_that_was_killed(layout: Layout, two: tuple[str, str]) -> None:
    command = ["uvicorn", "service:app", "--fd", "{fd}", "--workers", "2"]
    with serve(layout, command, environment=QUICK) as running:
        leader = running.session_members()[0]
        until(lambda: len(session(leader)) >= 3)
        running.process.kill()
        running.process.wait()
        until(lambda: session(leader) == [])
    # What it left behind is no obstacle.
    with serve(layout, COMMAND, environment=QUICK) as running:
        assert get(running.port).split()[0] == two[0]


def test_a_server_that_ends_is_started_again_later_each_time(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        controller, port = running.controller(), running.port
        waits = []
        for count in range(1, 4):
            os.kill(controller.status()["generations"][0]["pid"], signal.SIGKILL)
            began = time.monotonic()
            until(lambda: (two[0], "restarting") in controller.states())
            # Meanwhile they wait.
            assert get(port).split()[0] == two[0]
            waits.append(time.monotonic() - began)
            until(lambda count=count: controller.status()["generations"][0]["restarts"] == count)  # type: ignore[misc]
            until(lambda: (two[0], "live") in controller.states())
        assert waits[0] >= 0.5 and waits[1] >= 1 and waits[2] >= 2
        assert "it is started again in 2 s" in running.text()


def test_one_that_ends_again_and_again_gives_way_to_the_one_before(layout: Layout, two: tuple[str, str]) -> None:
    frail = make_release(layout, 2, version=FRAIL % "frail")
    with serve(layout, COMMAND, "--restarts", "2", environment=QUICK) as running:
        controller, port = running.controller(), running.port
        controller.hand_over(frail, keep=60)
        assert sorted(controller.states()) == sorted([(two[0], "kept"), (frail, "live")])
        Path(layout.base, "crash").touch()
        until(lambda: controller.status()["reverted"])
        assert get(port).split()[0] == two[0]
        reverted = controller.status()["reverted"]
        assert (reverted["event"], reverted["from"], reverted["to"]) == ("revertedItself", frail, two[0])
        until(lambda: controller.states() == [(two[0], "live")])
        assert "the history does not tell of it: No such file or directory" in running.text()


def test_the_history_tells_that_a_service_went_back_by_itself(layout: Layout, two: tuple[str, str]) -> None:
    frail = make_release(layout, 2, version=FRAIL % "frail")
    history.append(layout, "note")
    # As a crash leaves it.
    with open(layout.history, "a") as handle:
        handle.write('{"at":"2026')
    with serve(layout, COMMAND, "--restarts", "2", environment=QUICK) as running:
        controller = running.controller()
        controller.hand_over(frail, keep=60)
        Path(layout.base, "crash").touch()
        until(lambda: changes.changes(layout, 10))
        (told,) = changes.changes(layout, 10)
        assert (told["end"], told["operation"], told["by"]) == ("serviceReverted", "serve", None)
        assert (told["from"], told["to"], told["reason"]) == (
            frail,
            two[0],
            "2 crashes within 60 s, the last one: exitCode 9",
        )
        assert told["at"] == controller.status()["reverted"]["at"]


def test_without_one_before_it_is_started_again_for_ever(layout: Layout, two: tuple[str, str]) -> None:
    broken = make_release(layout, 2, version=BROKEN)
    flip(layout, broken)
    with serve(layout, COMMAND, "--restarts", "2", environment=QUICK, wait=False) as running:
        controller = running.controller()
        until(lambda: controller.status()["generations"][0]["restarts"] >= 3)
        # The next one may be better.
        controller.hand_over(two[1])
        assert get(running.port).split()[0] == two[1]
        until(lambda: controller.states() == [(two[1], "live")])
