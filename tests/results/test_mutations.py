"""Documents that are wrong in any way: read, or refused in words; never anything else."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark import results
from benchmark.compare import diff, leaderboard, terminal, words
from benchmark.compare.sides import read_side
from benchmark.errors import BenchmarkError, ResultsError
from benchmark.publish.outside import read_released
from benchmark.results import checks, reading
from tests import made
from tests.conftest import ROOT
from tests.mutations import DIGITS, mutated

MODEL = ROOT / "models" / "fashion-mnist" / "rf-pixels"
FILES = {
    "metrics.json": MODEL / "metrics.json",
    "curves.json": MODEL / "curves.json",
    "study.json": MODEL / "study.json",
    "run.json": MODEL / "run.json",
    "entries.json": MODEL.parent / "entries.json",
    "dataset-study.json": ROOT / "data" / "fashion-mnist" / "study.json",
    "published.json": ROOT / "data" / "fashion-mnist" / "published.json",
}
DOCUMENTS = {name: json.loads(path.read_bytes()) for name, path in FILES.items()}


def shortened(value, most=6):
    """Return a document whose lists are short, so that a mutation seldom meets but a number among thousands."""
    if isinstance(value, dict):
        return {key: shortened(item, most) for key, item in value.items()}
    return [shortened(item, most) for item in value[:most]] if isinstance(value, list) else value


def refusal(read):
    """Return the words in which `read` refuses what it reads; any other exception fails the test. All names are in no refusal."""
    try:
        read()
    except BenchmarkError as error:
        return str(error)
    return " ".join([*FILES, "describe a release", "made"])


@pytest.mark.parametrize("name", FILES)
def test_every_tracked_document_has_no_fault(name):
    assert (
        checks.first_fault(results.read_document(FILES[name], results.DOCUMENTS[name]), results.DOCUMENTS[name]) is None
    )


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=60)
@given(st.data())
def test_a_document_is_read_or_refused_in_words(name, data):
    content = data.draw(mutated(shortened(DOCUMENTS[name])))
    refused = refusal(lambda: reading.parse_document(content, name, results.DOCUMENTS[name]))
    assert name in refused
    assert len(refused) < 2000


@settings(max_examples=100)
@given(st.binary(max_size=40) | st.text().map(str.encode))
def test_any_bytes_are_refused_as_results(content):
    with pytest.raises(ResultsError):
        reading.parse_document(content, "metrics.json", results.Metrics)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10**6,
        '{"schema_version": ' + "[" * 900 + "]" * 900 + "}",
        '{"schema_version": ' + DIGITS + "}",
        '{"a": "' + "x" * 10**6,
        DIGITS * 100,
    ],
)
def test_what_is_deep_or_long_is_refused_at_once(text):
    start = time.perf_counter()
    with pytest.raises(ResultsError):
        reading.parse_document(text.encode(), "metrics.json", results.Metrics)
    assert time.perf_counter() - start < 5  # on a busy machine


RELEASE = {
    "tag_name": "v1",
    "assets": [{"name": "a.pkl", "browser_download_url": "https://example.org/a.pkl", "digest": f"sha256:{'ab' * 32}"}],
}


@settings(max_examples=100)
@given(st.data())
def test_what_github_says_of_a_release_is_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "released.json"
    path.write_bytes(data.draw(mutated(RELEASE)))
    found = {}
    assert "describe a release" in refusal(lambda: found.update(read_released(path)))
    pickles = [release.pickle for release in found.values()]
    assert all(pickle.url.startswith("http") and len(pickle.sha256) == 64 for pickle in pickles)


# ------------------------------------------------------------------------------------------- a folder of results, compared
@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of two models, which mutations are written into one after the other."""
    folder = tmp_path_factory.mktemp("mutated") / "made"
    made.write_table(folder, ["one", "two"])
    for name, wrong in (("one", range(100)), ("two", range(50, 170))):
        made.write_model(folder, name, made.predictions(wrong))
    return folder


@pytest.mark.parametrize(
    "file", ["one/metrics.json", "one/run.json", "entries.json", "one/predictions.txt", "test_labels.txt"]
)
@settings(max_examples=30)
@given(st.data())
def test_a_folder_with_one_wrong_file_is_compared_or_refused(folder, file, data):
    path = folder / file
    whole = path.read_bytes()
    where = {"repository": folder, "models_dir": folder.parent, "dataset": "made"}
    before = read_side(str(folder), **where)
    if file.endswith(".json"):
        content = data.draw(mutated(json.loads(whole)))
    else:
        place, cut = data.draw(st.integers(0, len(whole))), data.draw(st.integers(0, 3))
        content = whole[:place] + data.draw(st.binary(max_size=3)) + whole[place + cut :]
    path.write_bytes(content)

    def compared():
        after = read_side(str(folder), **where)
        terminal.format_text(diff.compare_results(before, after))
        words.format_markdown(diff.compare_results(after, before))
        leaderboard.format_text(leaderboard.leaderboard(after[1]), after[1].missing)

    try:
        assert "made" in refusal(compared)
    finally:
        path.write_bytes(whole)


# --------------------------------------------------------------------------------------------------- what each check says
def estimate(value, low, high):
    return {"value": value, "low": low, "high": high}


METRICS = [
    (("test", "macro_auc"), estimate(1.7, 0.9, 0.95), "test.macro_auc.value", "a number from 0 to 1", "1.7"),
    (("test", "macro_auc"), estimate(0.9, 0.95, 0.99), "test.macro_auc", "low <= value <= high", "0.95, 0.9, 0.99"),
    (("test", "macro_auc"), estimate(0.9, 0.8, None), "test.macro_auc", "low and high, or null for both", "{'value': 0.9"),
    (("test", "macro_f1"), estimate(0.9, 0.95, 0.94), "test.macro_f1", "low <= high", "0.95, 0.9, 0.94"),
    (("test", "per_class", "Bag", "support"), -1, "test.per_class.Bag.support", "a whole number from 0 to", "-1"),
    (("test", "confusion"), [[1]], "test.confusion", "4 rows of 4", "1 rows of 1"),
    (("dataset", "n_test"), 10**30, "dataset.n_test", "a whole number from 1 to", "1000000000"),
    (("dataset", "classes"), ["a", "a"], "dataset.classes", "each name once", "a"),
    (("dataset", "classes"), [str(i) for i in range(63)], "dataset.classes", "1 to 62 names", "63"),
    (("search", "candidates"), [], "search.candidates", "a candidate or more", "none"),
    (("search", "candidates", 0, "scores"), [0.5], "search.candidates[0].scores", "n_splits = 3 scores", "1"),
    (("search", "best_params"), {"classifier__C": 9}, "search.best_params", "those of a candidate", "9"),
    (("search", "candidates", 0, "params"), {"b": 1}, "search.candidates[0].params", "those of best_params", "b"),
    (("train", "accuracy", "value"), 1.01, "train.accuracy.value", "a number from 0 to 1", "1.01"),
    (("distinct_scores",), 0, "distinct_scores", "a whole number from 1", "0"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "field", "expected", "found"), METRICS, ids=[row[2] for row in METRICS])
def test_what_cannot_be_is_refused_with_file_field_expected_and_found(tmp_path, path, value, field, expected, found):
    document = made.metrics("one", made.predictions([0]))
    owner = document
    for key in path[:-1]:
        owner = owner[key]
    owner[path[-1]] = value
    (tmp_path / "metrics.json").write_text(json.dumps(document))
    with pytest.raises(ResultsError) as caught:
        results.read_document(tmp_path / "metrics.json", results.Metrics)
    error = caught.value
    assert error.problem == f"{tmp_path / 'metrics.json'} holds an impossible {field}"
    assert error.expected.startswith(expected)
    assert found in error.found


@pytest.mark.parametrize("deep", [[[[[[[[[[1]]]]]]]]], {"a": [{"b": [{"c": [{"d": [{"e": 1}]}]}]}]}])
def test_the_value_of_a_parameter_is_no_deep_structure(deep):
    document = made.metrics("one", made.predictions([0]))
    for params in (document["search"]["best_params"], *(c["params"] for c in document["search"]["candidates"])):
        params["classifier__C"] = deep
    fault = checks.first_fault(document, results.Metrics)
    assert fault.expected == "values that are nested 8 times at most"


RUNS = [
    ({"n_predict_many": 0}, "n_predict_many"),
    ({"seconds": made.run("one")["seconds"] | {"fit": -1.0}}, "seconds.fit"),
    ({"pickle": {"sha256": "", "bytes": -1}}, "pickle.bytes"),
]


@pytest.mark.parametrize(("change", "field"), RUNS, ids=[row[1] for row in RUNS])
def test_a_run_that_cannot_have_been_is_refused(change, field):
    with pytest.raises(ResultsError, match=f"impossible {field}"):
        reading.parse_document(json.dumps(made.run("one") | change).encode(), "run.json", results.Run)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\0b"])
def test_a_file_beside_a_run_has_a_name_and_no_path(name):
    document = made.run("one") | {"files": {name: "0" * 64}}
    with pytest.raises(ResultsError, match="a name that cannot be part of a path, in the field 'files'"):
        reading.parse_document(json.dumps(document).encode(), "run.json", results.Run)


def test_a_resampled_interval_need_not_hold_its_value():
    """With few images a class's F1 may lie above the percentiles of its resamples."""
    document = made.metrics("one", made.predictions([0]))
    document["test"]["macro_f1"] = estimate(0.9, 0.7, 0.89)
    assert checks.first_fault(document, results.Metrics) is None


def test_curves_without_one_of_the_classes_and_mistakes_beyond_the_test_images_are_refused(tmp_path):
    folder = tmp_path / "made"
    made.write_table(folder, ["one"])
    made.write_model(folder, "one", made.predictions([0]))
    roc = {"fpr": [0.0, 1.0], "tpr": [0.0, 1.0]}
    curves = {"schema_version": 1, "name": "one", "roc": {"Shirt": roc}, "precision_recall": {}, "reliability": None}
    mistake = {"index": made.N, "true": "Shirt", "predicted": "Coat", "margin": 1.0}
    study = {
        "schema_version": 1,
        "name": "one",
        "confident_mistakes": [mistake],
        "learning_curve": None,
        "importances": [],
    }
    (folder / "one" / "curves.json").write_text(json.dumps(curves))
    (folder / "one" / "study.json").write_text(json.dumps(study))
    model = results.load_results(tmp_path, "made").model("one")
    with pytest.raises(ResultsError, match="does not belong to the metrics.json beside it: roc(?s:.*)a curve of Coat"):
        _ = model.curves
    with pytest.raises(ResultsError, match="confident_mistakes(?s:.*)from 0 to 1999(?s:.*)2000"):
        _ = model.study


def test_predictions_of_no_image_are_no_result(tmp_path):
    folder = tmp_path / "made"
    made.write_table(folder, ["one"], np.array([], dtype=int))
    made.write_model(folder, "one", made.predictions([0]))
    with pytest.raises(ResultsError, match="test_labels.txt has another number of images than"):
        results.load_results(tmp_path, "made")
