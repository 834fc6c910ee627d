"""Documents: written to be diffed, read back, refused when they do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from benchmark import disk, results
from benchmark.errors import ResultsError
from benchmark.layout import slug
from benchmark.results import reading
from tests import made
from tests.conftest import ROOT

CURVES = {
    "schema_version": 1,
    "name": "m",
    "roc": {"a": {"tpr": [0, 1], "fpr": [0.123456789, 1]}},
    "precision_recall": {},
    "reliability": None,
}


def test_a_document_is_written_to_be_diffed():
    assert (
        results.dump_document(CURVES, results.Curves)
        == """\
{
  "schema_version": 1,
  "name": "m",
  "roc": {
    "a": {
      "fpr": [0.123457, 1.0],
      "tpr": [0.0, 1.0]
    }
  },
  "precision_recall": {},
  "reliability": null
}
"""
    )


def test_parameters_are_sorted_and_never_rounded():
    candidate = {"params": {"b": 0.123456789, "a": 1}, "scores": [0.987654321]}
    text = results.dump_document(candidate, results.Candidate)
    assert text.index('"a"') < text.index('"b"')
    assert "0.123456789" in text
    assert "[0.987654]" in text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.5", True])
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ResultsError, match="finite number"):
        results.dump_document({"value": value}, results.Value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_twice_is_rounding_once(value):
    once = results.round_measured(value)
    assert results.round_measured(once) == once


def test_what_is_written_is_read_back(tmp_path):
    results.write_document(tmp_path / "curves.json", CURVES, results.Curves)
    found = results.read_document(tmp_path / "curves.json", results.Curves)
    assert found["roc"]["a"]["fpr"] == [0.123457, 1.0]
    assert [path.name for path in tmp_path.iterdir()] == ["curves.json"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "another schema version"),
        ('{"schema_version": 2}', "another schema version(?s:.*)newer version"),
        ('{"schema_version": 0}', "another schema version(?s:.*)make bench"),
        ('{"schema_version": 1, "name": "m"}', "does not fit Curves(?s:.*)roc"),
        ('{"schema_version": 1, "name": 5, "roc": {}, "precision_recall": {}, "reliability": null}', "name(?s:.*)str"),
    ],
)
def test_a_foreign_or_damaged_document_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "curves.json"
    path.write_text(text)
    with pytest.raises(ResultsError, match=words) as caught:
        results.read_document(path, results.Curves)
    assert str(path) in str(caught.value)


def test_a_missing_document_names_the_command():
    with pytest.raises(ResultsError, match="make bench"):
        results.read_document(Path("nowhere.json"), results.Curves)


@given(st.lists(st.integers(0, 61), max_size=350))
def test_predictions_are_read_back(labels):
    text = results.encode_predictions(labels)
    assert all(len(line) <= 100 for line in text.splitlines())
    found = results.decode_predictions(text, "p", n_classes=62, n_images=len(labels))
    assert found.tolist() == labels


def test_predictions_of_no_class_or_another_number_are_refused():
    with pytest.raises(ResultsError, match="not a class"):
        results.decode_predictions("019A\n", "p", n_classes=10)
    with pytest.raises(ResultsError, match="another number"):
        results.decode_predictions("019\n", "p", n_classes=10, n_images=4)


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(RuntimeError), disk.atomic_path(path) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["f"]


def test_the_schema_has_every_document_and_requires_every_field():
    schema = results.json_schema(results.DOCUMENTS)
    json.dumps(schema, allow_nan=False)
    assert set(results.DOCUMENTS) < set(schema["$defs"])
    for folder in sorted((ROOT / "models" / "fashion-mnist").glob("*/")):
        for name in ("metrics.json", "curves.json", "study.json", "run.json"):
            one = Draft202012Validator(schema | {"$ref": f"#/$defs/{name}"})
            document = json.loads((folder / name).read_bytes())
            one.validate(document)
            assert not one.is_valid({key: value for key, value in document.items() if key != "name"})


# ------------------------------------------------------------------------------------------------ documents may grow
def grown(tmp_path, change):
    """Write a model's `metrics.json` after `change` has been made to it, and read it back."""
    path = tmp_path / "metrics.json"
    document = made.metrics("one", made.predictions([0, 3]))
    document["test"]["calibration"] = CALIBRATION | {"log_loss": {"value": 0.3, "low": 0.2, "high": 0.4}}
    change(document)
    path.write_text(json.dumps(document))
    return results.read_document(path, results.Metrics)


CALIBRATION = {"expected_calibration_error": {"value": 0.01}, "brier_score": {"value": 0.2}}
LOG_LOSS = results.metric_named("log_loss")


def test_a_document_without_a_field_added_since_is_read_and_the_field_is_absent(tmp_path):
    assert LOG_LOSS.read(grown(tmp_path, lambda _: None)) == {"value": 0.3, "low": 0.2, "high": 0.4}
    older = grown(tmp_path, lambda document: document["test"]["calibration"].pop("log_loss"))
    assert LOG_LOSS.read(older) is None
    assert not LOG_LOSS.is_in(older)


GROWTH = {
    "n_train": 2500,
    "features_seconds": 0.25,
    "fit_seconds": 1.5,
    "predict_seconds": 0.125,
    "n_predict": 20_000,
    "memory_bytes": None,
}


def test_the_costs_of_fits_may_be_absent_and_are_checked_where_they_are_there(tmp_path):
    path = tmp_path / "run.json"
    for more in ({}, {"growth": [GROWTH, GROWTH | {"memory_bytes": 10**9}]}):
        results.write_document(path, made.run("one") | more, results.Run)
        assert results.read_document(path, results.Run) == made.run("one") | more
        schema = results.json_schema(results.DOCUMENTS) | {"$ref": "#/$defs/run.json"}
        Draft202012Validator(schema).validate(json.loads(path.read_bytes()))
    path.write_text(json.dumps(made.run("one") | {"growth": [GROWTH | {"n_train": "many"}]}))
    with pytest.raises(ResultsError, match="n_train"):
        results.read_document(path, results.Run)


def test_a_metric_that_does_not_apply_is_recorded_without_a_value(tmp_path):
    scored = grown(tmp_path, lambda document: document["test"].update(calibration=None))
    assert LOG_LOSS.read(scored) is None
    assert LOG_LOSS.is_in(scored)


def test_a_document_with_more_fields_than_are_known_here_is_read(tmp_path):
    def add(document):
        document["invented"] = {"deep": [1, {"er": None}]}
        document["test"]["accuracy"]["median"] = 0.5

    assert grown(tmp_path, add) == grown(tmp_path, lambda _: None)


def test_a_document_of_an_older_schema_version_is_upgraded_step_by_step(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "SCHEMA_VERSION", 3)
    steps = {
        1: lambda document, kind: {**document, "families": document["family"]},
        2: lambda document, kind: {**document, "family": document["families"].upper()},
    }
    monkeypatch.setattr(reading, "UPGRADES", steps)
    found = grown(tmp_path, lambda _: None)
    assert (found["schema_version"], found["family"]) == (3, "MADE")
    with pytest.raises(ResultsError, match="newer version of this benchmark"):
        grown(tmp_path, lambda document: document.update(schema_version=4))
    monkeypatch.setattr(reading, "UPGRADES", {2: steps[2]})
    with pytest.raises(ResultsError, match="another schema version"):
        grown(tmp_path, lambda _: None)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"schema_version": ' + b"[" * 100_000, b"\xff", b"", b"nan"])
def test_bytes_that_are_no_document_are_refused_in_words(content):
    with pytest.raises(ResultsError, match=r"m\.json is (not valid JSON|of another schema version)"):
        reading.parse_document(content, "m.json", results.Metrics)


def test_every_metric_is_declared_once_with_unit_direction_and_definition():
    names = [metric.name for metric in (*results.METRICS, *results.CLASS_METRICS)]
    assert len(names) == len(set(names))
    assert all((metric.unit and metric.definition.endswith(".")) or metric.name == "f1" for metric in results.METRICS)
    assert {metric.better for metric in results.METRICS} == {"higher", "lower"}


def test_results_of_other_classes_beside_each_other_are_refused(tmp_path):
    folder = tmp_path / "made"
    made.write_table(folder, ["one", "two"])
    for name in ("one", "two"):
        made.write_model(folder, name, made.predictions([0]))
    path = folder / "two" / "metrics.json"
    path.write_text(path.read_text().replace('"Boot"', '"Shoe"'))
    with pytest.raises(ResultsError, match="two/metrics.json has different classes from the results beside it"):
        results.load_results(tmp_path, "made")


def test_the_confusion_matrix_counts_true_by_predicted():
    assert results.confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist() == [[1, 1], [0, 1]]


def test_slugs_are_parts_of_addresses():
    assert [slug(name) for name in ("T-shirt/top", "Ankle boot", "SVM (RBF), HOG")] == [
        "t-shirt-top",
        "ankle-boot",
        "svm-rbf-hog",
    ]
