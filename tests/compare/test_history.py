"""The history: every commit that changed results, judged by its own family, broken where the data are others."""

from __future__ import annotations

import json
import shlex

import msgspec
import numpy as np
import pytest

from benchmark import results
from benchmark.compare import diff, history, sides
from benchmark.compare.repository import Repository
from benchmark.errors import BenchmarkError
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
    comparison = diff.compare_results(*(sides.read_side(sha, **where) for sha in shas[1:3]))
    model = next(model for model in comparison["models"] if model["name"] == "a")
    assert model["test"]["difference"] == found["points"][2]["difference"]
    assert model["test"]["p_adjusted"] == found["points"][2]["p_adjusted"]


def test_the_document_fits_its_type(told):
    msgspec.convert(told[1], history.History)
    assert json.loads(json.dumps(told[1], allow_nan=False)) == told[1]


def test_a_shallow_clone_says_that_it_ends(told, tmp_path):
    made.git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{told[0]}", "shallow")
    repository = Repository(tmp_path / "shallow")
    found = history.read_history(repository, repository.commit("HEAD").sha, "models/made")
    assert found["truncated"]
    assert {point["step"] for point in found["points"] if point["commit"] == 0} == {"first"}
    assert "git fetch --unshallow" in history.format_text(found, [results.metric_named("accuracy")])


@pytest.fixture
def clone(told, tmp_path):
    made.git(tmp_path, "clone", "--quiet", str(told[0]), "clone")
    return tmp_path / "clone"


def read(root):
    repository = Repository(root)
    return history.read_history(repository, repository.commit("HEAD").sha, "models/made")


def last_steps(found):
    number = len(found["commits"]) - 1
    return {point["model"]: (point["step"], point["series"]) for point in found["points"] if point["commit"] == number}


UNREADABLE = [
    ("run.json", lambda text: text.replace('"schema_version": 1', '"schema_version": 9'), "another schema version"),
    ("run.json", lambda text: text.replace('"cores"', '"kernels"'), "machine: Object missing required field cores"),
    ("metrics.json", lambda text: text[:-9], "not valid JSON"),
    ("predictions.txt", lambda text: text[9:], "do not belong together"),
    ("predictions.txt", lambda text: text[::-1], "does not reproduce the accuracy"),
    (
        "metrics.json",
        lambda text: text.replace('"low": null', '"low": 0.99').replace('"high": null', '"high": 1.0'),
        "impossible",
    ),
    (
        "metrics.json",
        lambda text: text.replace('"low": null', '"low": 0.1', 1).replace('"high": null', '"high": 1.0', 1),
        "interval",
    ),
    ("metrics.json", lambda text: "", "not valid JSON"),
    ("metrics.json", lambda text: "[" * 100_000, "not valid JSON"),
]


@pytest.mark.parametrize(("file", "spoil", "why"), UNREADABLE)
def test_what_cannot_be_read_is_named_and_skipped(told, clone, file, spoil, why):
    path = clone / "models" / "made" / "a" / file
    path.write_text(spoil(path.read_text()))
    made.commit(clone, "From the future")
    found = read(clone)
    assert found["points"] == told[1]["points"]
    (line,) = found["unreadable"]
    assert line.startswith("a at ")
    assert why in line
    assert f"skipped: {line}" in history.format_text(found, [results.metric_named("accuracy")])


def test_results_older_than_the_answer_key_are_skipped(clone):
    made.git(clone, "rm", "--quiet", "models/made/test_labels.txt")
    made.write_model(clone / "models" / "made", "b", made.predictions(WRONG[:9]))
    made.commit(clone, "No labels")
    assert "do not belong together" in read(clone)["unreadable"][0]


def test_other_labels_break_the_line_though_the_commit_that_brought_them_is_another(clone):
    folder = clone / "models" / "made"
    truth = made.labels()
    truth[:2] = truth[1::-1]
    made.write_table(folder, ["a", "b"], truth)
    made.commit(clone, "Other labels")
    made.write_model(folder, "b", made.predictions(WRONG[:250]), truth=truth)
    made.commit(clone, "b against them")
    assert last_steps(read(clone)) == {"b": ("not comparable", 1)}


def test_a_model_that_comes_back_begins_a_new_line(clone):
    made.git(clone, "rm", "--quiet", "-r", "models/made/b")
    made.commit(clone, "b is gone")
    made.write_model(clone / "models" / "made", "b", made.predictions(WRONG[:250]))
    made.commit(clone, "b is back")
    assert last_steps(read(clone)) == {"b": ("returned", 1)}


def test_the_same_code_on_the_same_machine_is_judged(clone):
    made.write_model(clone / "models" / "made", "b", made.predictions(WRONG[:100]), cpu="Another")
    made.commit(clone, "b once more")
    assert last_steps(read(clone)) == {"b": ("improved", 0)}


def test_a_commit_that_only_timed_again_has_no_tests(clone):
    made.write_model(clone / "models" / "made", "b", made.predictions(WRONG[:301]), cpu="Another", fit=2.0)
    made.commit(clone, "Timed again")
    found = read(clone)
    assert last_steps(found) == {"b": ("unchanged", 0)}
    assert found["commits"][-1]["tests"] == 0
    assert found["points"][-1]["values"]["fit_seconds"] == {"value": 2.0}


def test_files_of_one_content_are_each_read_as_what_they_are(clone):
    folder = clone / "models" / "made" / "b"
    for name in ("metrics.json", "run.json", "predictions.txt"):
        (folder / name).write_text("")
    made.commit(clone, "Three empty files")
    assert read(clone)["unreadable"][0].endswith("b/metrics.json is not valid JSON")


def test_a_class_of_another_name_is_no_other_data(clone):
    path = clone / "models" / "made" / "b" / "metrics.json"
    path.write_text(path.read_text().replace('"Boot"', '"Shoe"'))
    made.commit(clone, "Boots are shoes")
    assert last_steps(read(clone)) == {"b": ("unchanged", 0)}


def test_the_same_predictions_on_another_machine_are_unchanged(clone):
    made.write_model(clone / "models" / "made", "b", made.predictions(WRONG[:301]), cpu="A third")
    made.commit(clone, "Once more elsewhere")
    found = read(clone)
    assert last_steps(found) == {"b": ("unchanged", 0)}


@pytest.mark.parametrize("ignored", [True, False])
def test_results_that_nobody_committed_come_with_the_command_that_does(tmp_path, ignored):
    root = made.repository(tmp_path / "repo")
    if ignored:
        (root / ".gitignore").write_text("models/made\n")
    made.commit(root, "Nothing")
    made.write_table(root / "models" / "made", ["a"])
    made.write_model(root / "models" / "made", "a", made.predictions(WRONG))
    with pytest.raises(BenchmarkError, match="has results") as caught:
        read(root)
    for command in str(caught.value.remedy).split(", then "):
        words = shlex.split(command)[3:]  # after git -C <folder>
        made.git(root, *words, *(["-m", "Results"] if words == ["commit"] else []))
    assert [commit["subject"] for commit in read(root)["commits"]] == ["Results"]


def test_without_results_it_is_an_error(tmp_path):
    root = made.repository(tmp_path / "empty")
    made.commit(root, "Nothing")
    repository = Repository(root)
    with pytest.raises(BenchmarkError, match="has results"):
        history.read_history(repository, repository.commit("HEAD").sha, "models/made")
    assert Repository.around(tmp_path) is None


def test_the_command_prints_a_table_and_json(told):
    shared = ("history", "--dataset", "made", "--repository", told[0])
    table = run_command(*shared).stdout.splitlines()
    assert len(table) == 1 + len(told[1]["commits"])
    assert table[1].split()[2:] == ["Other", "data", "a", "90.00", "%", "not", "comparable"]
    table = run_command(*shared, "--verbose").stdout.splitlines()
    assert len(table) == 1 + len(told[1]["points"])
    assert table[1].split()[2:] == ["a", "90.00", "%", "not", "comparable", "Other", "data"]
    assert json.loads(run_command(*shared, "--format", "json").stdout) == told[1]


def test_models_and_metrics_choose_rows_and_columns_of_the_table_and_of_json(told):
    shared = (
        "history",
        "--dataset",
        "made",
        "--repository",
        told[0],
        "--model",
        "b",
        "--metric",
        "fit_seconds,accuracy",
    )
    header, *rows = run_command(*shared, "--verbose").stdout.splitlines()
    assert [cell.strip() for cell in header.split("  ") if cell] == [
        "commit", "date", "model", "Fit time", "Accuracy", "accuracy's step", "subject",
    ]  # fmt: skip
    assert len(rows) == 2
    points = json.loads(run_command(*shared, "--format", "json").stdout)["points"]
    assert {point["model"] for point in points} == {"b"}
    assert {tuple(point["values"]) for point in points} == {("accuracy", "fit_seconds")}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--metric", "beauty"), "there is no metric 'beauty'"),
        (("--model", "c"), "there is no model 'c' in any commit"),
    ],
)
def test_an_unknown_metric_or_model_is_named(told, wrong, words):
    done = run_command("history", "--dataset", "made", "--repository", told[0], *wrong)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {words}")
    assert "expected: one of" in done.stderr


@pytest.mark.parametrize(
    ("kernels", "step"),
    [
        (("SkylakeX", "Haswell"), "rerun"),
        (("Haswell", "Haswell"), "within noise"),
        ((None, "Haswell"), "within noise"),  # older results do not record it
    ],
)
def test_another_kernel_is_another_machine(tmp_path, kernels, step):
    root = made.repository(tmp_path / "repo")
    folder = root / "models" / "made"
    made.write_table(folder, ["a"])
    for number, kernel in enumerate(kernels):
        made.write_model(folder, "a", made.predictions(WRONG[number:]))
        path = folder / "a" / "run.json"
        run = json.loads(path.read_text())
        run["machine"] |= {"kernel": kernel} if kernel else {}
        path.write_text(json.dumps(run, indent=2) + "\n")
        made.commit(root, f"Measured with {kernel}")
    assert read(root)["points"][-1]["step"] == step
