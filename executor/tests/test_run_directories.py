"""What runs have on disk: made, kept, tidied, and safe from whoever the base path belongs to."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hot_deploy import held_trees, run_directories, run_leftovers
from hot_deploy.failures import StepFailed
from hot_deploy.layout import Layout
from hot_deploy.run_directories import RunDirectory

RUN = "0123456789abcdef"
KEY = run_directories.name_of_key("a key")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to fear other users' links")


def names(layout: Layout) -> list[str]:
    return sorted(os.listdir(layout.runs))


def test_a_run_has_a_directory_of_its_own_and_leaves_nothing(layout: Layout) -> None:
    open_before = len(os.listdir("/proc/self/fd"))
    run = RunDirectory(layout, RUN, None)
    fd = run.open_input("output")
    os.write(fd, b"given")
    assert run.input is not None
    assert Path(run.input).read_bytes() == b"given"
    assert os.path.basename(run.input) == "output"
    Path(run.output, "a.txt").write_text("made")
    assert run.files() == ([("a.txt", 4)], 1)
    assert run.read("a.txt", 1, 2) == b"ad"
    run.remove_input()
    assert not os.path.exists(run.input)
    run.close()
    run.close()
    assert names(layout) == []
    assert len(os.listdir("/proc/self/fd")) == open_before


@pytest.mark.parametrize("path", ["../../started.json", "/etc/passwd", "link", "up/secret", "pipe", "", ".."])
def test_nothing_outside_of_the_output_is_read(layout: Layout, path: str) -> None:
    run = RunDirectory(layout, RUN, None)
    Path(run.path, "started.json").write_text("{}")
    Path(layout.base, "secret").write_text("secret")
    os.symlink(os.path.join(layout.base, "secret"), os.path.join(run.output, "link"))
    os.symlink(layout.base, os.path.join(run.output, "up"))
    os.mkfifo(os.path.join(run.output, "pipe"))
    with pytest.raises((OSError, StepFailed)):
        run.read(path, 0, 10)
    assert run.files() == ([], 0)


@as_root
def test_a_link_in_the_place_of_work_gives_nobody_a_file_elsewhere(layout: Layout, tmp_path: Path) -> None:
    """Its user may replace `input` and `output`, in a directory that is theirs."""
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    run = RunDirectory(layout, RUN, (65534, 65534))
    work = os.path.join(run.path, "work")
    for name in ("input", "output"):
        os.rmdir(os.path.join(work, name))
        os.symlink(elsewhere, os.path.join(work, name))
    with pytest.raises(OSError):
        run.open_input("cron")
    (elsewhere / "shadow").write_text("secret")
    assert run.files() == ([], 0)
    with pytest.raises(OSError):
        run.read("shadow", 0, 10)
    run.close()
    assert os.listdir(elsewhere) == ["shadow"]


@as_root
def test_a_run_whose_directory_is_replaced_works_in_its_own(layout: Layout, tmp_path: Path) -> None:
    """Whoever the base path belongs to may rename what lies in `runs`."""
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    run = RunDirectory(layout, KEY, (65534, 65534))
    os.rename(run.path, run.path + "-moved")
    os.symlink(elsewhere, run.path)
    run.make_work()
    os.close(os.dup(run.open_input("cron")))
    run.close()
    assert os.listdir(elsewhere) == []
    assert os.listdir(run.path + "-moved") == ["work"]


@as_root
def test_what_replaced_a_runs_directory_is_not_removed_for_it(layout: Layout, tmp_path: Path) -> None:
    run = RunDirectory(layout, RUN, (65534, 65534))
    os.rename(run.path, run.path + "-moved")
    os.mkdir(run.path)
    Path(run.path, "file").touch()
    run.close()
    assert os.path.exists(os.path.join(run.path, "file"))


def test_a_link_in_the_place_of_runs_is_refused(layout: Layout, tmp_path: Path) -> None:
    os.symlink(tmp_path, layout.runs)
    with pytest.raises(StepFailed):
        RunDirectory(layout, RUN, None)
    with pytest.raises(StepFailed):
        run_directories.slots(layout)
    with pytest.raises(StepFailed):
        run_leftovers.tidy(layout)


@as_root
def test_runs_and_slots_made_by_root_belong_to_whose_the_base_path_is(layout: Layout) -> None:
    os.chown(layout.base, 65534, 65534)
    place = run_directories.slots(layout)
    assert [os.stat(path).st_uid for path in (layout.runs, place)] == [65534, 65534]


def test_of_a_key_one_has_the_directory_and_others_know(layout: Layout) -> None:
    first = RunDirectory(layout, KEY, None)
    second = RunDirectory(layout, KEY, None)
    assert (first.busy, second.busy) == (False, True)
    second.close()
    assert RunDirectory(layout, KEY, None).busy
    first.close()
    third = RunDirectory(layout, KEY, None)
    assert not third.busy
    third.close()
    assert names(layout) == [KEY]


def test_what_a_crash_left_goes_and_what_is_in_use_stays(layout: Layout) -> None:
    run_leftovers.tidy(layout)
    live = RunDirectory(layout, RUN, None)
    left = Path(layout.runs, "f" * 16, "work", "output")
    left.mkdir(parents=True)
    run_directories.slots(layout)
    Path(layout.runs, "of-others").touch()
    run_leftovers.tidy(layout)
    assert names(layout) == [RUN, "of-others", "slots"]
    live.close()


@pytest.mark.parametrize("outcome", [True, False])
def test_what_is_known_of_a_key_goes_after_a_week_also_where_nobody_knows_its_end(
    layout: Layout, outcome: bool
) -> None:
    RunDirectory(layout, KEY, None).close()
    place = os.path.join(layout.runs, KEY)
    if outcome:
        place = os.path.join(place, "outcome.json")
        Path(place).touch()
    run_leftovers.tidy(layout)
    assert names(layout) == [KEY]
    past = time.time() - run_leftovers.KEPT_SECONDS - 1
    os.utime(place, (past, past))
    run_leftovers.tidy(layout)
    assert names(layout) == []


def test_of_more_outcomes_than_are_kept_the_oldest_go(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_leftovers, "KEPT_OUTCOMES", 2)
    keys = [run_directories.name_of_key(str(number)) for number in range(4)]
    for age, key in enumerate(keys):
        RunDirectory(layout, key, None).close()
        os.utime(os.path.join(layout.runs, key), (time.time() - age, time.time() - age))
    run_leftovers.tidy(layout)
    assert names(layout) == sorted(keys[:2])


def test_one_that_cannot_be_removed_keeps_no_run_from_starting(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    Path(layout.runs, "f" * 16).mkdir(parents=True)

    def refused(_name: str, _above: int) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(held_trees, "remove", refused)
    run_leftovers.tidy(layout)
    assert names(layout) == ["f" * 16]


def test_remove_all_leaves_what_goes_on(layout: Layout) -> None:
    run_leftovers.remove_all(layout)
    live = RunDirectory(layout, KEY, None)
    run_directories.slots(layout)
    Path(layout.runs, "f" * 16).mkdir()
    run_leftovers.remove_all(layout)
    assert names(layout) == [KEY, "slots"]
    live.close()
    run_leftovers.remove_all(layout)
    assert not os.path.exists(layout.runs)
