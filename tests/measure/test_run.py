"""The whole run on a real sample: results, pickles, site; again, killed, altered, broken."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from benchmark import disk, load_model, results
from benchmark.dataset import subset
from benchmark.errors import BenchmarkError, EntryError, FitError, ResultsError
from benchmark.measure import keys, run, steps
from benchmark.measure.arrays import Room
from benchmark.measure.engine import Shared
from benchmark.measure.entries import entries_document
from benchmark.measure.entry import ModelEntry
from benchmark.measure.entry_checks import fitting, misfits
from benchmark.measure.model import Model
from benchmark.measure.setting import Setting
from benchmark.models import MODELS
from benchmark.progress import Reporter
from tests.conftest import ROOT, RUN_MODELS, SAMPLE

NAMES = RUN_MODELS.split(",")


def run_again(folder, command, *more, models=RUN_MODELS):
    return command(
        "bench",
        "--dataset",
        SAMPLE,
        "--models",
        models,
        "--build-dir",
        folder / "build",
        "--models-dir",
        folder / "models",
        "--no-site",
        *more,
    )


@pytest.fixture
def copy(whole_run, tmp_path):
    """A copy of the whole run that a test may spoil."""
    shutil.copytree(whole_run[0], tmp_path / "run")
    return tmp_path / "run"


def tracked(folder, name):
    return {file: (folder / "models" / SAMPLE / name / file).read_bytes() for file in results.TRACKED}


def test_every_model_has_all_its_files(whole_run):
    folder, done = whole_run
    for name in NAMES:
        found = {path.name for path in (folder / "models" / SAMPLE / name).iterdir()}
        assert found == {*results.TRACKED, "run.json", "model.pkl", "scores.npy"}
        assert json.loads((folder / "models" / SAMPLE / name / "run.json").read_text())["machine"]["kernel"]
    assert "Traceback" not in done.stderr
    assert "Warning" not in done.stderr


def test_every_point_of_a_learning_curve_has_its_costs(whole_run):
    for model in results.load_results(whole_run[0] / "models", SAMPLE).models:
        growth = model.run.get("growth", [])
        curve = model.study["learning_curve"]
        assert [cost["n_train"] for cost in growth] == [
            point["n_train"] for point in (curve or {"points": []})["points"]
        ]
        for cost in growth:
            assert min(cost["features_seconds"], cost["fit_seconds"], cost["predict_seconds"]) > 0
            assert cost["n_predict"] >= curve["n_held_out"]
            assert (cost["memory_bytes"] or 0) < 2**30


def test_it_ends_with_the_leaderboard_and_each_named_models_paired_test(whole_run):
    _, done = whole_run
    assert done.stdout.startswith("rank")
    assert "against" in done.stdout
    assert "adjusted p" in done.stdout
    assert "not measured" in done.stdout


def test_figures_recomputed_from_predictions_equal_the_stored_ones(whole_run):
    stored = results.load_results(whole_run[0] / "models", SAMPLE)
    assert [model.name for model in stored.models] == NAMES
    for model in stored.models:
        test = model.metrics["test"]
        assert test["accuracy"]["value"] == results.round_measured(
            accuracy_score(stored.test_labels, model.predictions)
        )
        assert test["confusion"] == confusion_matrix(stored.test_labels, model.predictions).tolist()


def test_the_pickle_predicts_what_is_stored(whole_run, sample):
    folder = whole_run[0] / "models" / SAMPLE / "lr-hog"
    model = load_model(folder / "model.pkl")
    stored = results.load_results(whole_run[0] / "models", SAMPLE)
    expected = next(m.predictions for m in stored.models if m.name == "lr-hog")
    assert np.array_equal(model.predict(np.asarray(sample.test_images)), expected)


def test_seeds_are_spread_for_the_forest_alone(whole_run):
    for model in results.load_results(whole_run[0] / "models", SAMPLE).models:
        seeds = model.metrics["seeds"]
        assert (seeds is not None) == (model.name == "rf-pixels")
        if seeds:
            assert seeds["n"] == 5
            assert seeds["accuracy"]["values"][0] == model.metrics["test"]["accuracy"]["value"]


def test_neighbours_are_scored_in_sample_without_themselves(whole_run):
    stored = {model.name: model for model in results.load_results(whole_run[0] / "models", SAMPLE).models}
    assert stored["knn-pixels"].metrics["train"]["method"] == "leave-one-out"
    assert stored["knn-pixels"].metrics["train"]["accuracy"]["value"] < 0.95
    assert stored["lr-hog"].metrics["train"]["method"] == "resubstitution"


def test_a_second_run_trains_nothing(copy, command):
    before = {name: (copy / "models" / SAMPLE / name / "run.json").stat().st_mtime_ns for name in NAMES}
    done = run_again(copy, command)
    assert done.returncode == 0
    assert "nothing was trained" in done.stderr
    assert before == {name: (copy / "models" / SAMPLE / name / "run.json").stat().st_mtime_ns for name in NAMES}


def test_an_altered_file_is_found_and_rewritten_from_the_cache_without_a_fit(copy, command):
    expected = tracked(copy, "lr-hog")
    (copy / "models" / SAMPLE / "lr-hog" / "predictions.txt").write_text("0")
    (copy / "models" / SAMPLE / "knn-pixels" / "model.pkl").unlink()
    done = run_again(copy, command)
    assert done.returncode == 0
    assert "predictions.txt was altered" in done.stderr
    assert "model.pkl is missing" in done.stderr
    assert "search:" not in done.stderr
    assert "final fit" not in done.stderr
    assert tracked(copy, "lr-hog") == expected


def test_scores_altered_in_place_never_reach_the_figures(copy, command):
    expected = tracked(copy, "svm-pixels")
    path = copy / "models" / SAMPLE / "svm-pixels" / "scores.npy"
    (kept,) = [
        p for p in (copy / "build" / "cache" / "models").glob("*/scores.npy") if p.read_bytes() == path.read_bytes()
    ]
    for place in (path, kept):  # links to one file, before the copy
        np.save(place, -np.load(place))
    (copy / "models" / SAMPLE / "svm-pixels" / "curves.json").unlink()
    done = run_again(copy, command)
    assert done.returncode == 0, done.stderr
    assert "in-sample and test scores: 1 done" in done.stderr
    assert "search: " not in done.stderr
    assert "final fit" not in done.stderr
    assert tracked(copy, "svm-pixels") == expected


def test_one_job_and_two_threads_give_the_same_bytes(whole_run, tmp_path, command):
    models = "svm-pixels"
    done = run_again(
        tmp_path, lambda *a: command(*a, OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2"), "--jobs", "1", models=models
    )
    assert done.returncode == 0, done.stderr
    for name in models.split(","):
        assert tracked(tmp_path, name) == tracked(whole_run[0], name)


def test_a_killed_run_resumes_without_repeating_a_fit_and_gives_the_same_bytes(whole_run, tmp_path, command):
    fits = tmp_path / "build" / "cache" / "fits"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "benchmark",
            "bench",
            "--dataset",
            SAMPLE,
            "--models",
            "lr-hog",
            "--build-dir",
            str(tmp_path / "build"),
            "--models-dir",
            str(tmp_path / "models"),
            "--no-site",
            "--jobs",
            "2",
        ],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(list(fits.glob("*.json"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = {path: path.read_bytes() for path in fits.glob("[!.]*.json")}
    assert 5 <= len(kept) < 36
    assert not (tmp_path / "models" / SAMPLE / "lr-hog").exists()
    done = run_again(tmp_path, command, models="lr-hog")
    assert done.returncode == 0, done.stderr
    assert f"search: {36 - len(kept)} done" in done.stderr
    assert kept == {path: path.read_bytes() for path in kept}
    assert tracked(tmp_path, "lr-hog") == tracked(whole_run[0], "lr-hog")


def test_a_run_that_is_told_to_end_says_what_is_kept(tmp_path):
    words = f"bench --dataset {SAMPLE} --models rf-pixels --no-site --jobs 2".split()
    folders = ["--build-dir", tmp_path / "build", "--models-dir", tmp_path / "models"]
    with (tmp_path / "said").open("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmark", *words, *folders],
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        try:
            deadline = time.monotonic() + 300
            while not list((tmp_path / "build" / "cache" / "fits").glob("[!.]*.json")) and time.monotonic() < deadline:
                time.sleep(0.05)
            process.terminate()
            assert process.wait(timeout=300) == 143
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        said.seek(0)
        text = said.read()
    assert "every fit that was done is kept" in text
    assert "Traceback" not in text


def test_a_dry_run_says_why_and_writes_nothing(copy, command, tmp_path):
    (copy / "models" / SAMPLE / "dummy" / "metrics.json").unlink()
    done = run_again(copy, command, "--dry-run")
    assert "metrics.json is missing (last time about" in done.stdout
    assert "current\n" in done.stdout
    assert not (copy / "models" / SAMPLE / "dummy" / "metrics.json").exists()


def test_list_and_a_dry_run_say_the_same_of_a_pickle_that_is_missing(copy, command):
    (copy / "models" / SAMPLE / "dummy" / "model.pkl").unlink()
    dry = run_again(copy, command, "--dry-run").stdout
    arguments = ("list", "--dataset", SAMPLE, "--models", RUN_MODELS, "--models-dir", copy / "models")
    listed = command(*arguments, "--check")
    assert listed.returncode == 0  # the tracked result is current
    [line] = [line for line in listed.stdout.splitlines() if line.startswith("dummy ")]
    assert line.endswith("  current, but model.pkl is missing here")
    assert f"{line} (last time about" in dry
    row = json.loads(command(*arguments, "--json").stdout)[0]
    assert (row["name"], row["current"], row["why"], row["here"]) == ("dummy", True, "", "model.pkl is missing")


def test_list_check_names_the_part_that_moved_and_exits_3(copy, command):
    arguments = ("list", "--dataset", SAMPLE, "--models", RUN_MODELS, "--models-dir", copy / "models")
    assert command(*arguments, "--check").returncode == 0
    path = copy / "models" / SAMPLE / "dummy" / "run.json"
    run = json.loads(path.read_text())
    run["key"]["libraries"] = "0"
    path.write_text(json.dumps(run))
    done = command(*arguments, "--check")
    assert done.returncode == 3
    assert "changed since it was measured: the locked library versions" in done.stdout


def test_another_value_in_a_grid_fits_nothing_that_exists(sample, tmp_path):
    grid = {"features__n_components": [5], "classifier__n_neighbors": [1, 3]}
    entry = ModelEntry("knn", "Neighbours", "knn", "pixels", KNeighborsClassifier(algorithm="brute"), grid)
    setting = Setting(ROOT, tmp_path / "models", tmp_path / "build", sample, 1, Reporter(quiet=True))
    images = Shared("images", "images", lambda: sample, ())
    model = Model(setting, entry, images, rank=0)
    for task in steps.search_tasks(model):
        scores = [0.25 * len(params) for params in task.arguments[1]]
        task.keep((scores, [0] * len(scores), 1.0, 1.0))
    assert steps.search_tasks(model) == []
    more = replace(model, entry=replace(entry, grid={**grid, "classifier__n_neighbors": [1, 3, 5]}))
    asked = [task.arguments[1] for task in steps.search_tasks(more)]
    assert [[params["classifier__n_neighbors"] for params in group] for group in asked] == [[5]] * 3
    for task in steps.search_tasks(more):
        task.keep(([0.5], [0], 1.0, 1.0))
    assert steps.searched(more).scores[:2] == steps.searched(model).scores


def test_a_second_run_in_the_same_folders_is_refused(sample, tmp_path):
    setting = Setting(ROOT, tmp_path / "models", tmp_path / "build", sample, 1, Reporter(quiet=True))
    with run._alone(setting), pytest.raises(BenchmarkError, match="another run is active"):
        run.run(setting, [], [])
    run.run(setting, [], [])


@pytest.mark.parametrize(("what", "words"), [("title", "its title"), ("family", "its family"), ("class", "a class")])
def test_results_under_an_old_name_are_not_current(copy, sample, what, words):
    entry = next(entry for entry in MODELS if entry.name == "dummy")
    setting = Setting(ROOT, copy / "models", copy / "build", sample, 1, Reporter(quiet=True))
    assert not keys.statuses(setting, [entry])[0].why
    if what == "class":
        names = ("Shirt!", *sample.class_names[1:])
        setting = replace(setting, dataset=replace(sample, entry=replace(sample.entry, class_names=names)))
    else:
        entry = replace(entry, **{what: "new"})
    assert keys.statuses(setting, [entry])[0].why == f"{words} was renamed since"


def test_a_model_that_no_table_names_any_more_is_said_to_be_left_out(copy, sample):
    said = []
    report = Reporter(quiet=True)
    report.line = said.append
    setting = Setting(ROOT, copy / "models", copy / "build", sample, 1, report)
    run._prepare(setting, [entry for entry in MODELS if entry.name != "lr-hog"])
    assert [line.split()[0] for line in said] == ["lr-hog"]


class RaisingClassifier(GaussianNB):
    """A classifier whose fit fails."""

    def fit(self, X, y, sample_weight=None):
        raise RuntimeError("no such luck")


@pytest.fixture
def few(sample, tmp_path):
    """Some images of the sample: describing all of them takes many seconds."""
    return subset(sample, 300, 100, cache_dir=tmp_path / "few")


def test_a_model_whose_fit_raises_is_named_and_leaves_the_others_intact(few, tmp_path):
    entries = [
        ModelEntry("bad", "Bad", "nb", "pixels", RaisingClassifier(), {"features__n_components": [5]}),
        ModelEntry("good", "Good", "nb", "pixels", GaussianNB(), {"features__n_components": [5, 10]}),
    ]
    setting = Setting(ROOT, tmp_path / "models", tmp_path / "build", few, 1, Reporter(quiet=True))
    with pytest.raises(FitError, match="1 of 2 models(?s:.*)'bad'(?s:.*)no such luck"):
        run.run(setting, entries, entries)
    stored = results.load_results(tmp_path / "models", SAMPLE)
    assert ([m.name for m in stored.models], stored.missing) == (["good"], ["bad"])


def test_a_pickle_of_another_digest_is_not_opened(copy):
    path = copy / "models" / SAMPLE / "dummy" / "model.pkl"
    path.unlink()  # it may be linked into the cache
    path.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(ResultsError, match="it was not opened"):
        load_model(path)


def test_a_pickle_of_another_scikit_learn_is_not_opened(copy):
    folder = copy / "models" / SAMPLE / "dummy"
    run = json.loads((folder / "run.json").read_text())
    run["libraries"]["scikit-learn"] = "0.1"
    (folder / "run.json").write_text(json.dumps(run))
    with pytest.raises(ResultsError, match="another scikit-learn(?s:.*)0.1"):
        load_model(folder / "model.pkl")
    del run["libraries"]["scikit-learn"]
    (folder / "run.json").write_text(json.dumps(run))
    with pytest.raises(ResultsError, match="run.json does not say which scikit-learn wrote model.pkl"):
        load_model(folder / "model.pkl")


def test_a_pickle_apart_from_its_results_is_opened_by_the_digest_given(whole_run, tmp_path):
    source = whole_run[0] / "models" / SAMPLE / "lr-hog" / "model.pkl"
    shutil.copy(source, tmp_path / "downloaded.pkl")
    sha256 = disk.file_sha256(source)
    assert load_model(tmp_path / "downloaded.pkl", sha256).n_features_in_ == 28 * 28
    assert load_model(tmp_path / "downloaded.pkl", f"sha256:{sha256.upper()}")
    with pytest.raises(ResultsError, match="not the pickle of the digest given; it was not opened"):
        load_model(tmp_path / "downloaded.pkl", "0" * 64)


def test_models_that_do_not_fit_a_data_set_are_left_out_or_refused_when_named(tmp_path):
    from benchmark.dataset import DatasetEntry, load_dataset, write_idx

    entry, rng = DatasetEntry("small", "Small", ("a", "b"), "CC0", "here"), np.random.default_rng(0)
    for part, n in (("train", 600), ("t10k", 20)):
        write_idx(tmp_path / "data" / "small" / f"{part}-images-idx3-ubyte", rng.integers(0, 256, (n, 8, 8), np.uint8))
        write_idx(tmp_path / "data" / "small" / f"{part}-labels-idx1-ubyte", np.arange(n, dtype=np.uint8) % 2)
    small = load_dataset("small", root=tmp_path, cache_dir=tmp_path, datasets={"small": entry}, accept=True, report=str)
    said = io.StringIO()
    setting = Setting(ROOT, tmp_path / "models", tmp_path / "build", small, 1, Reporter(said))
    names = [entry.name for entry in fitting(setting, MODELS, named=False)]
    assert {"dummy", "rf-pixels", "rf-hog"} <= set(names)
    assert "left out: model 'svm-pixels' does not fit the data set small: features__n_components=100" in said.getvalue()
    assert len(said.getvalue().splitlines()) == len(MODELS) - len(names)
    with pytest.raises(EntryError, match="'lr-hog' does not fit the data set small"):
        fitting(setting, [entry for entry in MODELS if entry.name == "lr-hog"], named=True)
    found = misfits(setting, MODELS)
    assert set(found) == {entry.name for entry in MODELS} - set(names)
    table = entries_document(MODELS, "small", small.image_shape, found)
    assert {entry["name"] for entry in table["entries"] if "misfit" in entry} == set(found)


class OneVersusOne(SVC):
    """A classifier with a score for each pair of classes."""

    def __init__(self, decision_function_shape="ovo"):
        super().__init__(decision_function_shape=decision_function_shape)


def test_scores_that_are_none_of_the_classes_are_refused(few, tmp_path):
    before = Room.folder
    entries = [ModelEntry("pairs", "Pairs", "svm", "pixels", OneVersusOne(), {"features__n_components": [5]})]
    setting = Setting(ROOT, tmp_path / "models", tmp_path / "build", few, 1, Reporter(quiet=True))
    with pytest.raises(
        FitError, match=r"one column per class(?s:.*)decision_function returned an array of shape \(100, 45\)"
    ):
        run.run(setting, entries, entries)
    assert Room.folder == before  # the run has removed its own folder


def test_predictions_that_do_not_yield_the_figures_are_an_error_naming_both(copy):
    path = copy / "models" / SAMPLE / "dummy" / "predictions.txt"
    path.write_text(path.read_text().replace("0", "1"))
    with pytest.raises(ResultsError, match="predictions.txt does not reproduce the metrics in(?s:.*)metrics.json"):
        results.load_results(copy / "models", SAMPLE)


def test_photographs_of_either_polarity_and_any_size_are_classified(whole_run, sample, tmp_path, command):
    from PIL import Image

    index = int(np.flatnonzero(sample.test_labels == 1)[0])
    image = Image.fromarray(np.asarray(sample.test_images[index]))
    image.save(tmp_path / "same.png")
    padded = Image.new("L", (300, 200), 255)
    padded.paste(Image.fromarray(255 - np.asarray(image)).resize((140, 140)), (80, 30))
    padded.convert("RGB").save(tmp_path / "photo.jpg", quality=95)
    done = command(
        "predict", whole_run[0] / "models" / SAMPLE / "lr-hog", tmp_path / "same.png", tmp_path / "photo.jpg"
    )
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[1] for line in done.stdout.splitlines()] == ["Trouser", "Trouser"]
    named = ("--dataset", SAMPLE, "--models-dir", whole_run[0] / "models")
    told = command("predict", "lr-hog", tmp_path / "same.png", *named, "--json")
    [row] = json.loads(told.stdout)
    scores = [row["score"], *(other["score"] for other in row["others"])]
    assert len({row["class"], *(other["class"] for other in row["others"])}) == len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    assert done.stdout.splitlines()[0].endswith(
        f"then {', '.join('{class} ({score:.4g})'.format(**other) for other in row['others'])}"
    )
    nobody = command("predict", "lr-hig", tmp_path / "same.png", *named)
    assert nobody.returncode == 2
    assert "there are no results of a model 'lr-hig'" in nobody.stderr
    assert "one of dummy, knn-pixels, lr-hog, rf-pixels, svm-pixels" in nobody.stderr
    (tmp_path / "no.png").write_text("no")
    refused = command("predict", whole_run[0] / "models" / SAMPLE / "lr-hog", tmp_path / "no.png")
    assert refused.returncode == 1
    assert "no.png cannot be read as a picture" in refused.stderr


def test_results_that_cannot_be_written_are_refused_in_words(tmp_path, command):
    (tmp_path / "models").write_text("a file where a folder should be")
    done = run_again(tmp_path, command, models="dummy")
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
