"""Models that misbehave beside models that do not: what each is told, and that it hurts no other."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchmark import results
from benchmark.results.failures import read_failures
from tests.conftest import SAMPLE

ENTRIES = Path(__file__).with_name("misbehaving.py")
sys.path.append(str(ENTRIES.parent))
import misbehaving  # as the command imports it

HARMLESS = ["good", *map(misbehaving.named, misbehaving.HARMLESS)]
REFUSED = {misbehaving.named(kind): words for kind, words in misbehaving.REFUSED.items()}
REFUSED |= {"shortens": "transform returned an array of shape (", "leaves": "SystemExit: 0"}
LATER = {"lambda", "exceeds", "lacks", "undefined", "turned", "told"}  # what a search does not ask of a model


def bench(folder, command, models, *more):
    (folder / "marks").mkdir(exist_ok=True)
    return command(
        "bench", "--dataset", SAMPLE, "--entries", ENTRIES, "--models", ",".join(models), "--jobs", 2,
        "--models-dir", folder / "models", "--build-dir", folder / "build", *more,
        MARKS=str(folder / "marks"), TMPDIR=str(folder / "tmp"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def harmless(once, command):
    """The folder of a run of all models that must hurt nobody, and what it printed."""

    def run(folder):
        (folder / "tmp").mkdir()
        return bench(folder, command, HARMLESS, "--json", "--no-site")

    folder, done = once("harmless", run)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def refused(once, harmless, command):
    """A copy of the folder after a run of all models."""

    def run(folder):
        shutil.copytree(harmless[0], folder, dirs_exist_ok=True)
        return bench(folder, command, [*HARMLESS, *REFUSED], "--fit-limit", "6s")

    return once("refused", run)


def marks(folder, name):
    return (folder / "marks" / name).read_text().splitlines()


def gone(pid):
    try:
        return psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# --------------------------------------------------------------------------------------------- what must not hurt anybody
def test_what_models_print_leaves_stdout_to_the_results_and_lies_in_a_file(harmless):
    folder, done = harmless
    assert set(json.loads(done.stdout)["measured"]) == set(HARMLESS)
    path = folder / "build" / "output" / "prints.txt"
    assert done.stderr.count(str(path)) == 1
    assert f"prints: what it prints goes to {path}" in done.stderr
    text = path.read_text()
    assert "the last line" in text
    assert "--- prints: final fit and prediction" in text
    assert len(text) < 500_000
    assert "xxxx" not in done.stderr


def test_models_that_change_what_they_can_predict_what_they_would_alone(harmless):
    folder, _ = harmless
    stored = {model.name: model for model in results.load_results(folder / "models", SAMPLE).models}
    assert set(stored) == set(HARMLESS)
    for name in HARMLESS:
        assert np.array_equal(stored[name].predictions, stored["good"].predictions), name
        assert stored[name].metrics["search"] == stored["good"].metrics["search"], name


def test_no_process_file_or_folder_of_a_fit_is_left(harmless):
    folder, _ = harmless
    assert len(marks(folder, "Forks")) >= 2 * 4
    assert all(map(gone, marks(folder, "Forks")))
    assert marks(folder, "Litters")
    assert not any(Path(path).exists() for path in marks(folder, "Litters"))
    assert not list((folder / "tmp").iterdir())
    assert not (folder / "build" / "workers").exists()


def test_convergence_warnings_are_counted_and_told(harmless):
    folder, done = harmless
    for model in results.load_results(folder / "models", SAMPLE).models:
        expected = {"search": 3, "final_fit": 1} if model.name == "warns" else {"search": 0, "final_fit": 0}
        assert model.metrics["convergence_warnings"] == expected
    [line] = [line for line in done.stderr.splitlines() if "convergence warning" in line]
    assert line.startswith("warns: cross-validated ")
    assert line.endswith(", 4 convergence warnings: 3 in the search, 1 in the final fit")


# ---------------------------------------------------------------------------------------------------- what must be refused
def test_a_bench_with_models_that_fail_exits_with_1_and_keeps_the_others(refused):
    folder, done = refused
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"error: {len(REFUSED)} of {len(REFUSED)} models could not be measured" in done.stderr
    stored = results.load_results(folder / "models", SAMPLE)
    assert [model.name for model in stored.models] == HARMLESS
    assert set(REFUSED) <= set(stored.missing)


@pytest.mark.parametrize("name", REFUSED)
def test_a_model_that_fails_is_told_with_its_step_fold_and_parameters(refused, name):
    folder, done = refused
    message = read_failures(folder / "build", folder / "models" / SAMPLE)[name]["message"]
    assert message.startswith(f"model {name!r} could not be fitted: ")
    where = r"final fit|in-sample and test scores" if name in LATER else r"search, fold [123]"
    assert re.search(rf": ({where}).*, features__n_components=5: ", message), message
    assert REFUSED[name] in message
    assert message.partition(": ")[0] in done.stderr


def test_failures_are_listed_and_forgotten_once_a_model_is_measured(refused, command):
    folder, _ = refused
    where = ("--models-dir", folder / "models", "--build-dir", folder / "build")
    options = ("--dataset", SAMPLE, "--entries", ENTRIES, *where, "--models", "good,exits")
    environment = {"MARKS": str(folder / "marks")}
    listed = command("list", *options, **environment).stdout
    assert re.search(r"exits +– +no result yet\n +last run here failed, \d{4}-\d\d-\d\d: model 'exits' ", listed)
    assert re.search(r"good +\d+\.\d\d % +current\n", listed)
    rows = {row["name"]: row for row in json.loads(command("list", "--json", *options, **environment).stdout)}
    assert rows["good"]["failed"] is None
    assert rows["exits"]["failed"]["model"] == "exits"


def test_importing_the_file_prints_nothing_to_stdout(refused, command):
    done = command("list", "--dataset", SAMPLE, "--entries", ENTRIES, "--models", "good", "--json")
    assert json.loads(done.stdout)
    assert "printed while it is imported" in done.stderr
