"""Torture: what a disturbed run leaves is judged by the bytes, and runs that are killed or refused a call leave it whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from tests.conftest import SAMPLE
from tools.torture import __main__ as torture
from tools.torture import check, trial, world
from tools.torture.trial import Disturbance
from tools.torture.world import World

DIGEST = "d" * 64


def tree(folder, **files):
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder


@pytest.fixture
def states(tmp_path):
    """A world of one model and one site, whose states differ in every file."""
    old = tree(tmp_path / "old", models__m__a="1", models__m__b="1", site__index="1", site__page="1")
    new = tree(tmp_path / "new", models__m__a="2", models__m__b="2", site__index="2", site__page="2")
    return World("made", old, new, (), ("models/m", "site"), ("site",))


@pytest.fixture
def left(states, tmp_path):
    return shutil.copytree(states.old, tmp_path / "left")


# ------------------------------------------------------------------------------------------------------------ the checks
def test_old_and_new_are_whole_also_of_different_units(states, left):
    assert check.whole(states, left) == []
    shutil.rmtree(left / "site")
    shutil.copytree(states.new / "site", left / "site")
    assert check.whole(states, left) == []


def test_a_mixture_a_partial_file_and_a_missing_site_are_not(states, left):
    (left / "models" / "m" / "a").write_text("2")
    (found,) = check.whole(states, left)
    assert found.startswith("models/m is neither old nor new")
    shutil.copytree(states.new / "models", left / "models", dirs_exist_ok=True)
    (left / "models" / "m" / "c").write_text("")
    assert "(c)" in check.whole(states, left)[0]
    shutil.rmtree(left / "models")
    shutil.rmtree(left / "site")
    assert check.whole(states, left) == ["models/m is missing", "site is missing"]


def test_a_swap_may_be_half_done_but_not_that_of_the_site(states, left):
    (left / "models" / "m").rename(left / "models" / ".m.old")
    assert check.whole(states, left) == []
    (left / "site").rename(left / ".site.old")
    assert check.whole(states, left) == ["site is missing"]


def test_a_document_that_names_other_bytes_contradicts_its_folder(tmp_path):
    folder = tree(
        tmp_path / "m", a="1", run_json=json.dumps({"files": {"a": check.digest(tree(tmp_path, x="1") / "x")}})
    )
    assert not check.contradiction(folder)
    (folder / "a").write_text("2")
    assert check.contradiction(folder) == "m: a is not what run.json describes"


def test_a_computation_that_was_done_again_is_noticed(tmp_path):
    root = tree(tmp_path, build__cache__fits__one_json='{"seconds": 1}')
    before = check.kept(root)
    assert check.repeated(before, root) == []
    tree(root, build__cache__fits__one_json='{"seconds": 2}', build__cache__fits__two_json="{}")
    assert "build/cache/fits/one.json" in check.repeated(before, root)[0]


def test_what_the_next_run_leaves_or_lacks_is_told(states, left):
    ended = trial.Ended(0, "")
    shutil.rmtree(left)
    shutil.copytree(states.new, left)
    tree(left, tmp__x="", models__m__b="2")
    (left / "site" / "page").unlink()
    found = check.recovered(states, left, ended)
    assert "after the next run site is not as when nothing disturbs" in found
    assert "left behind: 1 paths (tmp/x)" in found
    assert "missing: 1 paths (site/page)" in found
    assert "ends with status 1: no" in check.recovered(states, left, trial.Ended(1, "no"))[0]


def test_processes_that_outlive_the_run_are_found_and_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "PATIENCE", 0.2)
    environment = os.environ | {"TORTURE_ROOT": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env=environment)
    try:
        assert check.processes(tmp_path / "other") == []
        assert check.processes(tmp_path) == ["1 processes are left"]
        assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()


@pytest.mark.parametrize(
    ("what", "status", "said", "found"),
    [
        ("KILL", -9, "Traceback", []),
        ("KILL", None, "", ["it hangs"]),
        ("ENOSPC", 0, "", []),
        ("ENOSPC", 1, "error: no room", []),
        ("ENOSPC", 1, "", ["it says no error"]),
        ("EIO", 1, "Traceback\nerror: no", ["it ends in a traceback: Traceback\nerror: no"]),
        ("EIO", -11, "", ["it ends with status -11"]),
    ],
)
def test_a_failed_call_is_told_in_words(what, status, said, found):
    assert check.told(Disturbance("hook", "open", 1, what), trial.Ended(status, said, disturbed=True)) == found


# -------------------------------------------------------------------------------------------------------------- the hook
def test_a_disturbance_is_known_by_its_name():
    for found in (Disturbance("time", "main", 1.25, "KILL"), Disturbance("hook", "rename", 3, "EIO")):
        assert Disturbance.of(found.name) == found


WRITES = """
import os, subprocess, sys
from concurrent.futures import ThreadPoolExecutor
folder = sys.argv[1]
def write(number):
    path = os.path.join(folder, str(number))
    with open(path + ".partial", "w") as stream: os.fsync(stream)
    os.replace(path + ".partial", path)
if sys.argv[2] == "again": subprocess.run([sys.executable, __file__, folder, "once"], check=True)
with ThreadPoolExecutor(4) as pool: list(pool.map(write, range(10)))
"""


@pytest.mark.parametrize(("kind", "n"), [("rename", 7), ("rename", 13), ("fsync", 20), ("open", 11)])
def test_the_nth_call_of_all_threads_and_processes_is_met(tmp_path, kind, n):
    (tmp_path / "old").mkdir()
    script = tmp_path / "writes.py"
    script.write_text(WRITES)
    made = World("writes", tmp_path / "old", tmp_path / "old", (str(script), "{root}", "again"), (), seconds=1)
    assert trial.survey(made, tmp_path / "survey") == {"open": 20, "fsync": 20, "rename": 20}
    for what in ("KILL", "ENOSPC"):
        control = tmp_path / what / "control"
        control.mkdir(parents=True)
        root = tree(tmp_path / what / "root", x="")
        ended = trial.run(made, root, control, Disturbance("hook", kind, n, what))
        assert ended.disturbed
        assert ended.status == (-signal.SIGKILL if what == "KILL" else 1)
        assert len(trial.calls(control)) == 1
        assert "Traceback" not in ended.said if what == "KILL" else "No space left" in ended.said
    assert not trial.run(made, root, control, Disturbance("hook", kind, 21, "KILL")).disturbed


# -------------------------------------------------------------------------------------------------------------- the runs
def test_results_are_whole_wherever_writing_them_is_disturbed(tmp_path, capsys):
    words = ["--worlds", "swap", "--kills", "6", "--points", "1", "--by", "time,hook", "--seed", "1"]
    status = torture.main([*words, "--folder", str(tmp_path / "torture")])
    said = capsys.readouterr().out
    assert "failed calls in" in said
    assert status == 0, said


def test_a_bench_that_is_killed_while_it_places_a_model_leaves_no_part_of_it(whole_run, tmp_path):
    name = f"models/{SAMPLE}/dummy"
    old = shutil.copytree(whole_run[0], tmp_path / "old")
    shutil.rmtree(old / name)
    where = "--build-dir", "{root}/build", "--models-dir", "{root}/models"
    words = ("-m", "benchmark", "bench", "--dataset", SAMPLE, "--models", "dummy", "--no-site", "--jobs", "1", *where)
    made = World("bench", old, tmp_path / "new", words, (name,), seconds=world.after(words, old, tmp_path / "new"))
    outcome = trial.attempt(
        made, [Disturbance("hook", "rename", 6, "KILL"), Disturbance("hook", "link", 2, "KILL")], tmp_path / "trial"
    )
    assert (outcome.disturbed, outcome.violations) == ([True, True], [])


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_a_data_set_is_whole_where_strace_kills_it(tmp_path):
    made = world.data(tmp_path)
    outcome = trial.attempt(made, [Disturbance("strace", "rename", 2, "KILL")], tmp_path / "trial")
    assert (outcome.disturbed, outcome.violations) == ([True], [])
