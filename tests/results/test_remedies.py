"""What an error says to do helps in the state that it is said in: each command is run there."""

from __future__ import annotations

import os
import subprocess

import pytest

from benchmark.command import Command, as_typed
from benchmark.errors import BenchmarkError, ResultsError
from benchmark.results import load_results, reading
from tests import made


@pytest.fixture
def folder(tmp_path):
    """A repository with results of two models, in a folder whose name a shell has to be told of."""
    folder = made.repository(tmp_path / "it's a repository") / "models" / "made"
    made.write_table(folder, ["one", "two"])
    for name in ("one", "two"):
        made.write_model(folder, name, made.predictions(range(100)))
    made.commit(folder, "One")
    return folder


def remedy(folder):
    with pytest.raises(BenchmarkError) as caught:
        load_results(folder.parent, folder.name)
    return caught.value.remedy


def run(text):
    subprocess.run(["bash", "-c", text], check=True, capture_output=True, cwd="/")


BROKEN = "<<<<<<< HEAD\n"


@pytest.mark.parametrize("staged", [False, True])
@pytest.mark.parametrize(
    "name", ["one/metrics.json", "two/run.json", "one/predictions.txt", "entries.json", "test_labels.txt"]
)
def test_a_damaged_file_comes_back_from_the_commit_even_if_the_damage_is_staged(folder, name, staged):
    (folder / name).write_text(BROKEN)
    if staged:
        made.git(folder, "add", "-A")
    run(remedy(folder))
    assert len(load_results(folder.parent, folder.name).models) == 2


@pytest.mark.parametrize(("name", "again"), [("one/metrics.json", {"models": "one"}), ("entries.json", {})])
def test_what_no_commit_has_whole_is_measured_again(folder, tmp_path, monkeypatch, name, again):
    (folder / name).write_text(BROKEN)
    made.commit(folder, "Broken")
    assert remedy(folder) == Command("bench", **again)
    (folder.parent.parent / ".git").rename(tmp_path / "git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert remedy(folder) == Command("bench", **again)


def test_ignored_results_are_measured_again(folder):
    (folder.parent.parent / ".git" / "info" / "exclude").write_text("/elsewhere\n")
    other = folder.parent.parent / "elsewhere" / "made"
    folder.parent.rename(other.parent)
    (other / "one" / "metrics.json").write_text(BROKEN)
    assert remedy(other) == Command("bench", models="one")


@pytest.mark.parametrize("side", ["--ours", "--theirs"])
def test_in_a_merge_one_side_is_kept_and_the_model_measured_again(folder, side):
    made.git(folder, "switch", "--quiet", "--create", "theirs")
    made.write_model(folder, "one", made.predictions(range(200)), fit=2.0)
    made.commit(folder, "Theirs")
    made.git(folder, "switch", "--quiet", "main")
    made.write_model(folder, "one", made.predictions(range(50)), fit=3.0)
    made.commit(folder, "Ours")
    with pytest.raises(subprocess.CalledProcessError):
        made.git(folder, "merge", "theirs")
    told = as_typed(remedy(folder))
    before, _, rest = told.partition(": ")
    keep, _, again = rest.partition(" (or --theirs), then ")
    assert before == "a merge is under way, so keep one side"
    assert again == "make bench MODELS=one"
    run(keep.replace("--ours", side))
    found = load_results(folder.parent, folder.name).models[0]
    assert found.run["seconds"]["fit"] == {"--ours": 3.0, "--theirs": 2.0}[side]


def test_a_file_that_may_not_be_read_may_be_afterwards(folder, monkeypatch):
    path = folder / "one" / "metrics.json"
    path.chmod(0)
    if path.stat().st_uid == 0:  # root reads it anyway
        opened = type(path).open

        def refuse(own, *how, **more):
            if own == path:
                raise PermissionError(13, "Permission denied")
            return opened(own, *how, **more)

        monkeypatch.setattr(type(path), "open", refuse)
        monkeypatch.setattr(os, "access", lambda own, _: own != path)
    told = remedy(folder)
    monkeypatch.undo()
    run(told)
    assert path.stat().st_mode & 0o400


def test_a_commit_cannot_be_mended(folder):
    assert reading.restore_remedy("HEAD:models/made/one/metrics.json") == reading.OTHER_COMMIT
    assert reading.restore_remedy("HEAD" + "^0" * 300 + ":models/made/one/metrics.json") == reading.OTHER_COMMIT


def test_what_is_written_by_hand_is_mended_by_hand(folder):
    path = folder / "published.json"
    path.write_text(BROKEN)
    with pytest.raises(ResultsError) as caught:
        reading.read_document(path, dict)
    assert as_typed(caught.value.remedy) == "mend or remove it, then make site"
