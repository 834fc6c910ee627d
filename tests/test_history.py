"""The history: every commit that changed results, judged by its own family, broken where the data are others."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmark import diff, history, results
from benchmark.errors import BenchmarkError
from benchmark.repository import Repository
from tests import made
from tests.conftest import run_command

WRONG = np.arange(0, 1200, 3)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """A history of seven commits and its repository."""
    root = made.repository(tmp_path_factory.mktemp("history") / "repo")
    folder = root / "models" / "made"
    (root / "README").write_text("before any result")
    made.commit(root, "Nothing measured")
    made.write_table(folder, ["a", "b"])
    made.write_model(folder, "a", made.predictions(WRONG))
    made.commit(root, "First a")
    made.write_model(folder, "b", made.predictions(WRONG[:300]))
    made.commit(root, "First b")
    made.git(root, "checkout", "--quiet", "-b", "side")
    made.write_model(folder, "a", made.predictions(WRONG[5:]))
    made.commit(root, "A little better")
    made.write_model(folder, "a", made.predictions(WRONG[200:]))
    made.commit(root, "Much better")
    made.git(root, "checkout", "--quiet", "main")
    made.git(root, "merge", "--quiet", "--no-ff", "-m", "Merge side", "side")
    (root / "README").write_text("no result changed")
    made.commit(root, "Words")
    made.write_model(folder, "b", made.predictions(WRONG[:301]), cpu="Another")
    made.commit(root, "b again elsewhere")
    made.write_model(folder, "a", made.predictions(WRONG[200:]), digest="e" * 64)
    made.commit(root, "Other data")
    repository = Repository(root)
    return root, history.read_history(repository, repository.commit("HEAD").sha, "models/made")


def test_commits_are_those_of_the_first_parent_that_changed_results(told):
    subjects = [commit["subject"] for commit in told[1]["commits"]]
    assert subjects == ["First a", "First b", "Merge side", "b again elsewhere", "Other data"]


def test_steps_are_judged_within_their_commit(told):
    steps = [(point["model"], point["step"], point["series"]) for point in told[1]["points"]]
    assert steps == [
        ("a", "first", 0),
        ("b", "first", 0),
        ("a", "improved", 0),
        ("b", "rerun", 0),
        ("a", "not comparable", 1),
    ]
    assert [commit["tests"] for commit in told[1]["commits"]] == [0, 0, 1, 0, 0]


def test_a_step_equals_the_diff_of_its_commits(told):
    root, found = told
    where = {"repository": root, "models_dir": root / "models", "dataset": "made"}
    shas = [commit["sha"] for commit in found["commits"]]
    comparison = diff.compare_results(*(diff.read_side(sha, **where) for sha in shas[1:3]))
    model = next(model for model in comparison["models"] if model["name"] == "a")
    assert model["test"]["difference"] == found["points"][2]["difference"]
    assert model["test"]["p_adjusted"] == found["points"][2]["p_adjusted"]


def test_the_document_fits_its_type(told):
    assert results.fits(told[1], history.History)
    assert json.loads(json.dumps(told[1], allow_nan=False)) == told[1]


def test_a_shallow_clone_says_that_it_ends(told, tmp_path):
    made.git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{told[0]}", "shallow")
    repository = Repository(tmp_path / "shallow")
    found = history.read_history(repository, repository.commit("HEAD").sha, "models/made")
    assert found["truncated"]
    assert {point["step"] for point in found["points"] if point["commit"] == 0} == {"first"}
    assert "git fetch --unshallow" in history.format_text(found, results.metric_named("accuracy"), [])


def test_a_document_of_another_version_is_named_and_skipped(told, tmp_path):
    made.git(tmp_path, "clone", "--quiet", str(told[0]), "clone")
    path = tmp_path / "clone" / "models" / "made" / "a" / "run.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 9'))
    made.commit(tmp_path / "clone", "From the future")
    repository = Repository(tmp_path / "clone")
    found = history.read_history(repository, repository.commit("HEAD").sha, "models/made")
    assert len(found["points"]) == len(told[1]["points"])
    assert "another schema version" in found["unreadable"][0]


def test_without_results_it_is_an_error(tmp_path):
    root = made.repository(tmp_path / "empty")
    made.commit(root, "Nothing")
    repository = Repository(root)
    with pytest.raises(BenchmarkError, match="has results"):
        history.read_history(repository, repository.commit("HEAD").sha, "models/made")
    assert Repository.around(tmp_path) is None


def test_the_command_prints_a_table_and_json(told):
    shared = ("history", "--dataset", "made", "--repository", told[0])
    table = run_command(*shared, "--metric", "fit_seconds", "--model", "b").stdout.splitlines()
    assert table[0].split() == ["commit", "date", "model", "Fit", "time", "step", "subject"]
    assert len(table) == 3
    assert json.loads(run_command(*shared, "--format", "json").stdout) == told[1]
    wrong = run_command(*shared, "--metric", "beauty")
    assert wrong.returncode == 1
    assert "there is no metric 'beauty'" in wrong.stderr
