"""Whatever documents and folders say, nothing is written outside the folders of the call: a hook in every process watches."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from benchmark import results
from benchmark.cache import Cache
from benchmark.disk import below
from benchmark.errors import DiskError, ResultsError
from benchmark.layout import LONGEST_NAME, is_name
from tests import made
from tests.conftest import SAMPLE

# Python imports it in every process that has its folder on the path, those that MkDocs and Dask start as well.
HOOK = """
import os, sys
allowed, log = os.environ["WATCHED_ALLOWED"].split(":"), os.open(os.environ["WATCHED_LOG"], os.O_WRONLY | os.O_APPEND)
names = {"os.mkdir": 1, "os.rename": 2, "os.remove": 1, "os.rmdir": 1, "os.link": 2, "os.symlink": 2, "os.truncate": 1, "os.chmod": 1}
writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
def watch(event, args):
    if event == "open":
        paths = args[:1] if isinstance(args[2], int) and args[2] & writing else ()
    else:
        paths = args[: names.get(event, 0)]
    for path in paths:
        if isinstance(path, (str, bytes, os.PathLike)):
            if event in ("os.mkdir", "os.remove", "os.rmdir") and args[-1] >= 0:  # the path is relative to an open folder
                path = os.path.join(os.readlink(f"/proc/self/fd/{args[-1]}"), os.fsdecode(path))
            folder, name = os.path.split(os.fsdecode(path))
            # a link is removed, renamed or replaced itself; written and changed is what it leads to
            followed = event in ("open", "os.truncate", "os.chmod") or not name
            path = os.path.realpath(os.fsdecode(path)) if followed else os.path.join(os.path.realpath(folder), name)
            if not any(path == folder or path.startswith(folder + "/") for folder in allowed):
                os.write(log, f"{event} {path}\\n".encode())
sys.addaudithook(watch)
"""


@pytest.fixture
def watched(tmp_path, command):
    """Run a command; return how it ended and what it wrote outside of `tmp_path/call`."""
    hooks, log = tmp_path / "hooks", tmp_path / "log"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOK)
    (tmp_path / "call" / "tmp").mkdir(parents=True)

    def run(*words):
        log.write_text("")
        done = command(
            *words,
            PYTHONPATH=str(hooks),
            PYTHONDONTWRITEBYTECODE="1",
            TMPDIR=str(tmp_path / "call" / "tmp"),
            WATCHED_LOG=str(log),
            WATCHED_ALLOWED=":".join(["/dev", "/proc", os.path.realpath(tmp_path / "call")]),
        )
        return done, log.read_text()

    return run


CLIMBING = [
    "../../../out",
    "/out",
    "..",
    ".",
    "",
    "a/b",
    "a\0b",
    "A",
    "a b",
    "-a",
    "x" * (LONGEST_NAME + 1),
    "é",
    "con",
    "index",
]


def test_a_name_is_one_part_of_a_path():
    assert all(map(is_name, ("a", "svm-hog", "fashion-mnist", "7", "x" * LONGEST_NAME)))
    assert not any(map(is_name, CLIMBING))


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "..", ".", "", "a/.."])
def test_a_file_of_a_site_lies_below_its_folder(tmp_path, name):
    with pytest.raises(DiskError, match="is no file below"):
        below(tmp_path / "docs", name)
    assert below(tmp_path / "docs", "a/b.md") == tmp_path / "docs" / "a" / "b.md"


def set_dataset(folder, name):
    for path in folder.glob("*/metrics.json"):
        document = json.loads(path.read_text())
        document["dataset"]["name"] = name
        path.write_text(json.dumps(document))


def set_entry(folder, name):
    document = json.loads((folder / "entries.json").read_text())
    document["entries"][0]["name"] = name
    (folder / "entries.json").write_text(json.dumps(document))


def set_table(folder, name):
    document = json.loads((folder / "entries.json").read_text())
    (folder / "entries.json").write_text(json.dumps(document | {"dataset": name}))


def set_file(folder, name):
    for path in folder.glob("*/run.json"):
        document = json.loads(path.read_text())
        document["files"] = {name: "0" * 64}
        path.write_text(json.dumps(document))


def set_own_name(folder, name):
    for path in folder.glob("*/metrics.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"name": name}))


@pytest.mark.parametrize("name", CLIMBING)
@pytest.mark.parametrize("change", [set_dataset, set_entry, set_table, set_file, set_own_name])
def test_a_document_with_a_name_that_no_entry_may_have_is_refused(tmp_path, change, name):
    made.write_table(tmp_path / "made", ["one"])
    made.write_model(tmp_path / "made", "one", made.predictions([0]))
    assert results.load_results(tmp_path, "made").models
    change(tmp_path / "made", name)
    with pytest.raises(ResultsError, match=r"\.json holds a name that cannot be part of a path") as caught:
        results.load_results(tmp_path, "made")
    assert len(str(caught.value)) < 1000


@pytest.fixture
def copied(whole_run, tmp_path):
    """The options of a call on a copy of the whole run."""
    call = tmp_path / "call"
    for name in ("models", "build"):
        shutil.copytree(whole_run[0] / name, call / name, symlinks=True)
    return ["--dataset", SAMPLE, "--models-dir", call / "models", "--build-dir", call / "build"]


def test_a_bench_and_its_site_write_nothing_elsewhere(copied, watched, tmp_path):
    shutil.rmtree(tmp_path / "call" / "models" / SAMPLE / "dummy")
    done, outside = watched("bench", *copied, "--models", "dummy", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "call" / "build" / "site" / "index.html").exists()
    assert outside == ""


@pytest.mark.parametrize("change", [set_dataset, set_entry, set_file])
def test_hostile_results_lead_no_command_out_of_its_folders(copied, watched, tmp_path, change):
    folder = tmp_path / "call" / "models" / SAMPLE
    change(folder, "../../../out/pwn")
    for command in ("site", "diff", "list"):
        done, outside = watched(command, *copied)
        assert "Traceback" not in done.stderr
        assert outside == "", command
    assert not (tmp_path / "out").exists()


def test_hostile_folders_and_caches_lead_no_command_out_of_its_folders(copied, watched, tmp_path):
    call = tmp_path / "call"
    folder = call / "models" / SAMPLE
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("kept")
    (folder / ".link.old").symlink_to(tmp_path / "precious")
    (folder / "...old").mkdir()
    shutil.rmtree(folder / "dummy")
    (folder / "dummy").symlink_to(tmp_path / "precious")
    for path in (call / "build" / "cache" / "pictures").glob("*.json"):
        Cache(call / "build" / "cache").write("pictures", path.stem, {"../../../../out.svg": "<svg/>"})
    for words in (["site"], ["bench", "--models", "dummy", "--jobs", "1"]):
        done, outside = watched(*words, *copied)
        assert "Traceback" not in done.stderr
        assert outside == "", words
    assert [path.name for path in (tmp_path / "precious").iterdir()] == ["file"]
    assert not (tmp_path / "out.svg").exists()
    assert (folder / "dummy" / "metrics.json").exists()
    assert not (folder / "dummy").is_symlink()
