"""What a service is handed over with: addresses, pinning, long requests, its own update, its control socket."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from served import (
    FULL_SIZE,
    LATE,
    STANDARD,
    Clients,
    Served,
    flip,
    get,
    is_answered,
    make_base,
    make_release,
    release_id,
    request,
    serve,
    until,
)

from hot_deploy.layout import Layout

COMMAND = ["python3", "standard.py"]
UVICORN = ["uvicorn", "service:app", "--fd", "{fd}", "--no-access-log"]
QUICK = {"START_SECONDS": "0"}


def test_one_that_listens_long_before_it_accepts_is_waited_for(layout: Layout, two: tuple[str, str]) -> None:
    """As gunicorn, whose workers load the application later. So on IPv4 as on IPv6: no other slot's server passes for it."""
    for given in ("127.0.0.1:0", "[::1]:0"):
        command = ["gunicorn", "service:wsgi", "--bind", "fd://{fd}", "--threads", "2"]
        with serve(layout, command, listen=(given,), environment={"START_SECONDS": "1.5"}) as running:
            assert running.controller().prepare(two[1])["milliseconds"] >= 1500


def hand_over_and_back(running: Served, releases: tuple[str, str], ask: Any, times: int = 2) -> Clients:
    controller = running.controller()
    with Clients(ask, 4) as clients:
        for _ in range(times):
            for release in (releases[1], releases[0]):
                controller.hand_over(release, drain=20)
                seen = len(clients.answers)
                until(lambda seen=seen: len(clients.answers) > seen + 20)  # type: ignore[misc]
    until(lambda: len(controller.states()) == 1)
    assert clients.failures == []
    assert set(clients.releases()) == set(releases)
    assert controller.status()["abandoned"] == 0
    return clients


@pytest.mark.parametrize(("given", "host"), [("127.0.0.1:0", "127.0.0.1"), ("[::]:0", "::1"), ("[::]:0", "127.0.0.1")])
def test_connections_of_a_probe_go_to_the_one_that_waits(
    layout: Layout, two: tuple[str, str], given: str, host: str
) -> None:
    with serve(layout, COMMAND, listen=(given,), environment=QUICK) as running:
        port, controller = running.port, running.controller()
        with Clients(lambda: get(port, host=host), 4) as clients:
            assert controller.prepare(two[1], probePorts=[23001, 23009])["live"] == two[0]
            for source in range(23001, 23009):
                with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    # The answer's end is the server's: no port is left waiting here.
                    probe.bind((host, source))
                    probe.connect((host, port))
                    assert request(probe).split()[0] == two[1]
            assert controller.ask("back") == {"event": "back", "live": two[0]}
        assert clients.failures == [] and set(clients.releases()) == {two[0]}


@pytest.mark.parametrize("given", ["[::1]:0", "[::]:0"])
def test_ipv6(layout: Layout, two: tuple[str, str], given: str) -> None:
    with serve(layout, UVICORN, listen=(given,), environment=QUICK) as running:
        port = running.port
        hosts = ["::1", "127.0.0.1"] if given == "[::]:0" else ["::1"]
        count = iter(range(1 << 30))
        hand_over_and_back(running, two, lambda: get(port, host=hosts[next(count) % len(hosts)]))


def ask_unix(path: str) -> str:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(path)
        return request(connection)


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
def test_a_unix_socket_is_handed_over_too(layout: Layout, two: tuple[str, str], server: str, tmp_path: Path) -> None:
    commands = {"uvicorn": UVICORN, "gunicorn": ["gunicorn", "service:wsgi", "--bind", "fd://{fd}", "--threads", "4"]}
    path = str(tmp_path / "service.sock")
    with serve(layout, commands[server], listen=("unix:" + path,), environment=QUICK) as running:
        hand_over_and_back(running, two, lambda: ask_unix(path))
        assert ask_unix(path).split()[0] == two[0]
    assert [name for name in os.listdir(tmp_path) if "service.sock" in name] == []


def one_of(ways: list[Callable[[], str]], number: int) -> str:
    return ways[number % len(ways)]()


def test_several_addresses_are_handed_over_together(layout: Layout, two: tuple[str, str], tmp_path: Path) -> None:
    path = str(tmp_path / "service.sock")
    command = ["hypercorn", "service:app", "--bind", "fd://{fd}", "--bind", "fd://{fd}", "--bind", "fd://{fd3}"]
    listen = ("127.0.0.1:0", "[::1]:0", "unix:" + path)
    with serve(layout, command, listen=listen, environment=QUICK) as running:
        given = running.controller().status()["listen"]
        four, six = (int(each.rpartition(":")[2]) for each in given[:2])
        ways = [lambda: get(four), lambda: get(six, host="::1"), lambda: ask_unix(path)]
        count = iter(range(1 << 30))
        hand_over_and_back(running, two, lambda: one_of(ways, next(count)), 1)


@pytest.mark.parametrize("way", ["place", "code"])
def test_p1_what_is_imported_late_is_the_servers_own(layout: Layout, way: str) -> None:
    make_base(layout)
    releases = [make_release(layout, number, pinning=None if way == "place" else way) for number in range(2)]
    flip(layout, releases[0])
    hand_overs = 50 if FULL_SIZE else 4
    with serve(layout, UVICORN, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        wrong = []
        for number in range(hand_overs):
            release = releases[number % 2]
            for late in range(6):
                # What is current by now is another one.
                answer = get(port, "/late/%d" % ((number * 6 + late) % LATE))
                if answer != release:
                    wrong.append((release, answer))
                flip(layout, releases[(number + late) % 2])
            controller.hand_over(releases[(number + 1) % 2], drain=5)
        assert wrong == []
        assert {each["pinning"] for each in controller.status()["generations"]} == {way}


def test_from_a_plain_directory_to_a_release_and_back(layout: Layout) -> None:
    make_base(layout)
    release = make_release(layout, 0)
    for name in os.listdir(layout.release(release)):
        if name.endswith(".py"):
            os.unlink(os.path.join(layout.base, name))
            shutil.copy(os.path.join(layout.release(release), name), layout.base)
    Path(layout.base, "version.py").write_text("VERSION = 'plain'\n")
    with serve(layout, [sys.executable, "standard.py"], environment=QUICK) as running:
        port, controller = running.port, running.controller()
        assert get(port).split()[0] == "plain"
        ready = controller.prepare(release)
        assert (ready["event"], ready["live"]) == ("ready", None)
        controller.ask("steer")
        controller.ask("keep")
        assert get(port).split()[0] == release
        controller.hand_over(None)
        assert get(port).split()[0] == "plain"


def test_a_long_answer_ends_while_the_server_is_drained(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, UVICORN, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        answers: list[str] = []
        asking = threading.Thread(target=lambda: answers.append(get(port, "/long/70")))
        asking.start()
        until(lambda: controller.status()["generations"][0]["connections"] == 1)
        controller.hand_over(two[1], drain=30)
        asking.join()
        assert answers[0].count(two[0]) == 71
        until(lambda: controller.states() == [(two[1], "live")])
        assert controller.status()["cut"] == 0


def slow_and_rude(layout: Layout, number: int, threading_too: bool) -> str:
    """A release whose server ends at once when it is told to, whatever it is at; it may answer one after the other."""
    text = STANDARD.replace("sys.exit(0)", "os._exit(0)")
    return make_release(layout, number, standard=text if threading_too else text.replace("Threading", ""))


def test_what_was_queued_for_the_old_one_is_answered_by_it(layout: Layout, two: tuple[str, str]) -> None:
    flip(layout, slow_and_rude(layout, 2, False))
    with serve(layout, COMMAND, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        answers: list[str] = []
        asking = [threading.Thread(target=lambda: answers.append(get(port, "/slow/4"))) for _ in range(8)]
        for each in asking:
            each.start()
        time.sleep(0.2)
        controller.hand_over(two[1], drain=30)
        for each in asking:
            each.join()
        assert {answer.split()[0] for answer in answers} == {release_id(2)} and len(answers) == 8
        until(lambda: controller.states() == [(two[1], "live")])
        assert controller.status()["abandoned"] == 0


def test_an_answer_that_takes_long_is_waited_for(layout: Layout, two: tuple[str, str]) -> None:
    flip(layout, slow_and_rude(layout, 2, True))
    with serve(layout, COMMAND, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        answers: list[str] = []
        asking = threading.Thread(target=lambda: answers.append(get(port, "/slow/60")))
        asking.start()
        until(lambda: controller.status()["generations"][0]["connections"] == 1)
        controller.hand_over(two[1], drain=30)
        asking.join()
        assert answers[0].split()[0] == release_id(2)


def test_what_comes_to_where_nobody_is_any_more_is_turned_away_and_counted(
    layout: Layout, two: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "service.sock"
    with serve(layout, COMMAND, listen=("unix:%s" % path,), environment=QUICK) as running:
        controller = running.controller()
        assert controller.status()["abandoned"] == 0
        with pytest.raises(OSError):
            ask_unix(str(tmp_path / ".service.sock.2"))
        until(lambda: controller.status()["abandoned"] == 1)


def test_a_name_that_a_server_has_removed_is_there_for_the_next(
    layout: Layout, two: tuple[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "service.sock"
    with serve(layout, COMMAND, listen=("unix:%s" % path,), environment=QUICK) as running:
        controller = running.controller()
        for slot in (1, 2):
            (tmp_path / (".service.sock.%d" % slot)).unlink()
            controller.hand_over(two[slot % 2], drain=5)
            assert ask_unix(str(path)).split()[0] == two[slot % 2]


def test_at_the_limit_it_is_told_to_stop_and_what_is_cut_is_counted(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, [*UVICORN, "--timeout-graceful-shutdown", "1"], environment=QUICK) as running:
        port, controller = running.port, running.controller()
        cut: list[BaseException] = []

        def ask() -> None:
            with pytest.raises(OSError) as raised:
                get(port, "/long/300")
            cut.append(raised.value)

        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: controller.status()["generations"][0]["connections"] == 1)
        controller.hand_over(two[1], drain=4)
        until(lambda: controller.states() == [(two[1], "live")])
        asking.join()
        assert len(cut) == 1 and controller.status()["cut"] == 1


def test_one_that_is_kept_answers_again_at_once(layout: Layout, two: tuple[str, str]) -> None:
    three = make_release(layout, 2), make_release(layout, 3)
    with serve(layout, COMMAND, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        before = controller.status()["generations"][0]["pid"]
        with Clients(lambda: get(port), 4) as clients:
            controller.hand_over(two[1], keep=600)
            ready = controller.prepare(two[0])
            assert ready["reused"] is True
            assert controller.ask("steer")["event"] == "steered"
            assert int(get(port).split()[1]) == before
            controller.ask("keep", keepOldSeconds=600)
            assert sorted(controller.states()) == sorted([(two[0], "live"), (two[1], "kept")])
            # The third and last slot, and then the oldest's.
            controller.hand_over(three[0], keep=600)
            assert len(controller.states()) == 3
            controller.hand_over(three[1], keep=600)
            assert (three[1], "live") in controller.states()
            stopped = controller.ask("stop", release=three[0])
            assert stopped["event"] == "stopping"
        assert clients.failures == []
        assert controller.ask("stop", release=three[1])["why"] == "inUse"


def test_a_release_that_is_live_is_started_anew_only_when_asked(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        pid = get(port).split()[1]
        assert controller.hand_over(two[0])["reused"] is True
        assert get(port).split()[1] == pid
        assert "reused" not in controller.prepare(two[0], again=True)
        controller.ask("steer")
        controller.ask("keep")
        assert get(port).split()[1] != pid


def test_a_second_hand_over_waits_for_its_turn(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        one, other = running.controller(), running.controller()
        one.prepare(two[1])
        assert other.prepare(two[1]) == {"event": "failed", "why": "busy"}
        assert other.ask("steer")["event"] == "refused"
        assert one.ask("keep")["event"] == "refused"
        one.ask("back")
        other.hand_over(two[1])


def test_a_hangup_hands_over_to_what_is_current(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        port = running.port
        with Clients(lambda: get(port), 4) as clients:
            flip(layout, two[1])
            running.process.send_signal(signal.SIGHUP)
            until(lambda: two[1] in clients.releases())
        assert clients.failures == []


@pytest.mark.parametrize("server", ["uvicorn", "standard"])
def test_its_own_update_loses_nothing(layout: Layout, two: tuple[str, str], server: str) -> None:
    with serve(layout, UVICORN if server == "uvicorn" else COMMAND, environment=QUICK) as running:
        port, controller = running.port, running.controller()
        assert controller.ask("update") == {"event": "current"}
        with Clients(lambda: get(port), 8) as clients:
            controller.hand_over(two[1], keep=600)
            text = Path(layout.serve).read_text()
            Path(layout.serve).write_text("raise SystemExit('broken')\n")
            assert controller.ask("update") == {"event": "failed", "why": "unusable", "said": "broken"}
            Path(layout.serve).write_text(text + "\n# Newer.\n")
            before = controller.status()
            assert controller.ask("update") == {"event": "updating"}
            assert controller.event() == {"event": "closed"}
            until(lambda: is_answered(running.socket))
            after = running.controller()
            status = after.status()
            assert status["pid"] == before["pid"] == running.process.pid and status["text"] != before["text"]
            same = ("release", "state", "pid", "restarts", "pinning")
            assert [[each[name] for name in same] for each in status["generations"]] == [
                [each[name] for name in same] for each in before["generations"]
            ]
            assert status["handOvers"] == 1
            # It goes on: with the one that is kept, a new one, and one that ends.
            assert after.hand_over(two[0], keep=600)["reused"] is True
            after.prepare(two[0], again=True)
            after.ask("steer")
            after.ask("keep")
        os.kill(after.status()["generations"][-1]["pid"], signal.SIGKILL)
        until(lambda: after.status()["generations"][-1]["restarts"] == 1)
        until(lambda: after.states()[-1][1] == "live")
        assert clients.failures == [] and len(clients.answers) > 50


# -- its process, and its control socket ------------------------------------------------------------------------------------


def test_told_to_end_it_ends_its_servers_in_time(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, [*UVICORN, "--workers", "2"], environment=QUICK) as running:
        running.controller().hand_over(two[1], keep=600)
        pids = running.session_members()
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(20) == 0
        assert time.monotonic() - began < 10
        assert [pid for pid in pids if os.path.exists("/proc/%d" % pid)] == []
        assert not os.path.exists(running.socket)


def test_as_process_1_it_reaps_and_ends(layout: Layout, two: tuple[str, str]) -> None:
    prefix = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    if os.geteuid() != 0 or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("process 1 can be had as root only")
    orphans = "import subprocess\nsubprocess.run(['sh', '-c', 'sleep 0.2 & sleep 0.3 &'])\nVERSION = 'orphans'\n"
    flip(layout, make_release(layout, 2, version=orphans))
    with serve(layout, COMMAND, environment=QUICK, prefix=prefix) as running:
        controller = running.controller()
        assert controller.status()["pid"] == 1
        time.sleep(0.6)
        assert controller.status()["generations"][0]["processes"] == 1
        own = int(Path("/proc/%d/task/%d/children" % ((running.process.pid,) * 2)).read_text().split()[0])
        children = Path("/proc/%d/task/%d/children" % (own, own)).read_text().split()
        assert len(children) == 2  # The server, and the warden.
        os.kill(own, signal.SIGTERM)
        assert running.process.wait(20) == 0


# Brings the loopback device of a new network namespace up, and becomes what follows.
LOOPBACK = """
import fcntl, os, socket, struct, sys
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
os.execvp(sys.argv[1], sys.argv[1:])
"""
# Asks so many times, each on a connection of its own.
ASKING = """
import sys, urllib.request
for _ in range(int(sys.argv[2])):
    urllib.request.urlopen("http://127.0.0.1:%s/" % sys.argv[1], timeout=30).read()
"""


def test_requests_of_each_version_are_counted_where_nothing_else_listens(layout: Layout, two: tuple[str, str]) -> None:
    prefix = ("unshare", "--net", sys.executable, "-c", LOOPBACK)
    if os.geteuid() != 0 or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("a network namespace can be had as root only")
    with serve(layout, COMMAND, environment=QUICK, prefix=prefix) as running:
        port, controller = str(running.port), running.controller()

        def inside(*words: str) -> list[str]:
            return ["nsenter", "--net=/proc/%d/ns/net" % running.process.pid, sys.executable, "-c", *words]

        def accepted() -> list[int | None]:
            return [each["accepted"] for each in controller.status()["generations"]]

        (before,) = accepted()
        assert before is not None
        subprocess.run(inside(ASKING, port, "7"), check=True)
        assert accepted() == [before + 7]
        controller.hand_over(two[1], keep=600)
        old, new = accepted()
        # Meanwhile the new one was asked whether it is ready.
        assert old is not None and old >= before + 7
        subprocess.run(inside(ASKING, port, "5"), check=True)
        assert accepted() == [old, (new or 0) + 5]
        Path(layout.serve).write_text(Path(layout.serve).read_text() + "\n# Newer.\n")
        assert controller.ask("update") == {"event": "updating"}
        assert controller.event() == {"event": "closed"}
        until(lambda: is_answered(running.socket))
        controller = running.controller()
        subprocess.run(inside(ASKING, port, "3"), check=True)
        assert accepted() == [old, (new or 0) + 8]
        other = "import socket\nwith socket.create_server(('127.0.0.1', 0)):\n    print(flush=True)\n    input()"
        with subprocess.Popen(inside(other), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as listening:
            assert listening.stdout is not None
            listening.stdout.readline()
            assert accepted() == [old, None]
            listening.communicate(b"\n")
        assert accepted() == [old, (new or 0) + 8]


def test_a_second_one_of_the_same_name_says_so_and_ends(layout: Layout, two: tuple[str, str]) -> None:
    words = [sys.executable, layout.serve, "--listen", "127.0.0.1:0", "--", *COMMAND]
    with serve(layout, COMMAND, environment=QUICK):
        second = subprocess.run(words, cwd=layout.base, capture_output=True, text=True, timeout=20, check=False)
        assert second.returncode == 64
        assert "another serve.py of this base path runs" in second.stderr and "--name" in second.stderr
        with serve(layout, COMMAND, "--name", "api", environment=QUICK, name="serve-api.sock") as other:
            assert other.controller().status()["name"] == "api"


def test_who_listens_there_already_is_not_joined(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        words = [sys.executable, layout.serve, "--name", "b", "--listen", "127.0.0.1:%d" % running.port, "--", *COMMAND]
        second = subprocess.run(words, cwd=layout.base, capture_output=True, text=True, timeout=20, check=False)
        assert second.returncode == 64 and "stop what listens there already" in second.stderr
        assert [name for name in os.listdir(layout.state) if name.startswith("serve-b")] == []


def test_others_than_owner_and_root_are_turned_away(layout: Layout, two: tuple[str, str]) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs another user")
    with serve(layout, COMMAND, environment=QUICK) as running:
        os.chmod(running.socket, 0o777)
        for above in Path(running.socket).parents:
            if str(above).startswith("/tmp/"):
                os.chmod(above, 0o755)
        ask = "import socket,sys\ns=socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
        ask += 's.sendall(b\'{"do":"status"}\\n\')\nprint(len(s.recv(100)))'
        words = ["/usr/bin/python3", "-c", ask, running.socket]
        answered = subprocess.run(words, capture_output=True, text=True, timeout=20, user=65534, check=False)
        assert answered.stdout.strip() == "0" or "Error" in answered.stderr
        assert running.controller().status()["event"] == "status"


def test_what_is_no_request_is_refused(layout: Layout, two: tuple[str, str]) -> None:
    with serve(layout, COMMAND, environment=QUICK) as running:
        controller = running.controller()
        for line in (b"{", b"[]", b"\xff", b'{"do":"no"}', b'{"do":"prepare","release":7}', b"[" * 60000):
            controller.connection.sendall(line + b"\n")
            assert controller.event()["event"] == "refused"
        controller.send(do="prepare", release=two[1], probePorts=[5, 1])
        assert controller.event()["event"] == "refused"
        assert controller.status()["event"] == "status"
        controller.connection.sendall(b"x" * 70000)
        assert controller.event()["event"] == "refused"
        assert controller.event()["event"] == "closed"


def test_a_long_base_path_has_its_control_socket_too(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / ("long" * 30)))
    layout.create()
    make_base(layout)
    flip(layout, make_release(layout, 0))
    with serve(layout, COMMAND, environment=QUICK) as running:
        assert running.controller().states()[0][1] == "live"
