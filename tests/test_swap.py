"""Folders are replaced whole: whatever is refused, wherever the process dies, readers find the old one or the new one."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import yaml

from benchmark import results, swap
from benchmark.errors import DiskError
from benchmark.faults import any_told
from benchmark.measure.record import place_folder
from benchmark.publish import build
from benchmark.publish.origin import Origin
from benchmark.swap import new_folder, recover, replace_folder, standing
from tests import made
from tests.conftest import ROOT
from tests.refusing import REFUSALS, refusing


def folder(path, text):
    path.mkdir(parents=True)
    (path / "f").write_text(text)
    return path


def names(parent):
    return sorted(path.name for path in parent.iterdir())


@pytest.fixture(params=[True, False], ids=["exchange", "two renames"])
def exchange(request, monkeypatch):
    """Whether two folders can change places here."""
    if not request.param:
        monkeypatch.setattr(swap, "_exchange", lambda: None)
    elif swap._exchange() is None:
        pytest.skip("this system cannot exchange two folders")
    return request.param


def test_a_folder_is_replaced_whole(tmp_path, exchange):
    target = folder(tmp_path / "m", "old")
    folder(new_folder(target), "new")
    replace_folder(target)
    assert (target / "f").read_text() == "new"
    assert names(tmp_path) == ["m"]


def test_a_link_that_leads_nowhere_is_replaced(tmp_path, exchange):
    (tmp_path / "m").symlink_to("nowhere")
    folder(tmp_path / ".m.new", "new")
    replace_folder(tmp_path / "m")
    assert (tmp_path / "m" / "f").read_text() == "new"
    assert names(tmp_path) == ["m"]


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ({".m.old", ".m.new"}, "new"),
        ({".m.old"}, "old"),
        ({".m.old", "m"}, "m"),
        ({".m.new", "m"}, "m"),
        ({".m.new"}, None),
    ],
)
def test_readers_find_what_the_next_writer_puts_in_place(tmp_path, present, expected):
    for name in present:
        folder(tmp_path / name, name.rpartition(".")[2])
    target = tmp_path / "m"
    before = names(tmp_path)
    found = (standing(target) / "f").read_text() if standing(target).exists() else None
    assert names(tmp_path) == before  # a reader moves nothing
    recover(tmp_path)
    assert found == expected == ((target / "f").read_text() if target.exists() else None)
    assert names(tmp_path) == ([] if expected is None else ["m"])


def test_folders_of_other_names_are_left_alone(tmp_path):
    strangers = ["...old", "....old", ".Mine.old", ".a b.new", ".x.y.old", ".file.old", ".link.old"]
    for name in strangers[:-2]:
        folder(tmp_path / "in" / name, name)
    (tmp_path / "in" / ".file.old").write_text("a file")
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / ".link.old").symlink_to(tmp_path / "out")
    recover(tmp_path / "in")
    assert names(tmp_path / "in") == sorted(strangers)
    assert names(tmp_path) == ["in", "out"]


def test_a_reader_that_looks_all_the_time_always_finds_whole_results(tmp_path, exchange):
    home = tmp_path / "made"
    made.write_table(home, ["m"])
    made.write_model(home, "m", made.predictions([0]))
    ended = threading.Event()

    def write():
        for wrong in range(1, 40):
            made.write_model(tmp_path / "beside", "m", made.predictions(range(wrong)))
            (tmp_path / "beside" / "m").rename(home / ".m.new")
            replace_folder(home / "m")
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not ended.is_set():
        stored = results.load_results(tmp_path, "made")
        seen.add(int((~stored.correct(stored.models[0])).sum()))
    writer.join()
    assert len(seen) > 1


# ------------------------------------------------------------------------------------ refused at the n-th call, for every n
DOCUMENTS = ("metrics.json", "curves.json", "run.json")


def staged_model(parent):
    """Lay out an old result of the model `m` and the files of a new one; return what puts that in place."""
    old, staged = folder(parent / "models" / "m", "old"), parent / "cache" / "key"
    staged.mkdir(parents=True)
    for name in ("model.pkl", "scores.npy"):
        (staged / name).write_text("new")
        (old / name).write_text("old")
    (old / "f").unlink()
    for name in DOCUMENTS:
        (old / name).write_text("old")
    setting, entry = SimpleNamespace(folder=parent / "models"), SimpleNamespace(name="m")
    return lambda: place_folder(setting, entry, dict.fromkeys(DOCUMENTS, "new"), staged)


def staged_site(parent):
    """Lay out an old site and the sources of a new one; return what writes that."""
    folder(parent / "build" / "site", "old")
    (parent / "source" / "assets").mkdir(parents=True)
    for name in ("a.css", "b.js"):
        (parent / "source" / "assets" / name).write_text("new")

    def mkdocs(command, **_):
        config = yaml.safe_load((parent / "build" / "mkdocs.yml").read_text())
        (parent / "build" / config["site_dir"]).mkdir()
        (parent / "build" / config["site_dir"] / "f").write_text("new")
        return subprocess.CompletedProcess(command, 0, "", "")

    site = SimpleNamespace(
        files={"index.md": b"new", "deep/page.md": b"new"},
        nav=[],
        dataset=SimpleNamespace(entry=SimpleNamespace(title="Made")),
        gallery=SimpleNamespace(tile_size=(4, 4)),
        origin=Origin(),
        nested=False,
        parts=[],
        has_feed=False,
    )

    def write():
        build.subprocess.run = mkdocs
        recover(parent / "build")
        new = new_folder(parent / "build" / "site")
        build.remove(new)
        build._write(site, parent / "source", parent / "build" / "docs")
        build._mkdocs(site, parent / "build", new)
        build.finish(new)
        replace_folder(parent / "build" / "site")

    return write


STAGED = {"model": (staged_model, "models/m"), "site": (staged_site, "build/site")}


@pytest.mark.parametrize("what", STAGED)
@pytest.mark.parametrize("number", REFUSALS)
def test_a_refusal_at_any_call_leaves_the_old_folder_or_the_new_one(tmp_path, monkeypatch, exchange, what, number):
    monkeypatch.setattr(build.subprocess, "run", None)
    stage, place = STAGED[what]
    for n in range(1, 500):
        home = tmp_path / str(n)
        write, target = stage(home), home / place
        refused = False
        with refusing(home, n, number, exchange=exchange) as watch:
            try:
                with any_told():
                    write()
            except DiskError as error:
                refused = True
                assert str(home) in error.problem  # noqa: PT017
        found = {path.name: path.read_text() for path in standing(target).iterdir()}
        assert set(found.values()) in ({"old"}, {"new"}), n
        assert not refused or watch.count >= n
        write()
        assert {path.read_text() for path in target.iterdir()} == {"new"}, n
        assert [name for name in names(target.parent) if ".partial" in name] == [], n
        if watch.count < n:
            break
    assert n > 10


SCRIPT = """
import sys
from pathlib import Path
from tests.refusing import KILLED, in_a_child, refusing
from tests.test_swap import STAGED, names, recover, standing
home, what, exchange = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "True"
stage, place = STAGED[what]
for n in range(1, 500):
    folder = home / str(n)
    write, target = stage(folder), folder / place

    def work():
        with refusing(folder, n, KILLED, exchange=exchange):
            write()

    status = in_a_child(work)
    assert status in (0, KILLED), status
    assert target.exists() or not exchange, f"nothing there after {n} calls"
    found = {path.read_text() for path in standing(target).iterdir()}
    assert found in ({"old"}, {"new"}), (n, found)
    recover(target.parent)
    assert {path.read_text() for path in target.iterdir()} == found, n
    write()
    assert {path.read_text() for path in target.iterdir()} == {"new"}, n
    assert not [name for name in names(target.parent) if name.endswith((".old", ".new"))], n
    if not status:
        break
print(n)
"""


@pytest.mark.parametrize("what", STAGED)
def test_a_process_that_dies_at_any_call_leaves_the_old_folder_or_the_new_one(tmp_path, exchange, what):
    # in a process without threads, because it forks
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), what, str(exchange)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10
