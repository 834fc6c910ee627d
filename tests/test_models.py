"""The table of models: sound as it is, and wrong entries refused in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.svm import SVC

from benchmark.errors import EntryError
from benchmark.models import MODELS, check_entries, entries_document, select_entries
from benchmark.results import Entries, read_document
from tests.conftest import ROOT

GOOD = replace(MODELS[1], name="mine", estimator=RidgeClassifier(), grid={"classifier__alpha": [1.0]})


def test_the_table_is_sound():
    check_entries(MODELS, (28, 28))
    assert [entry.name for entry in MODELS if entry.baseline] == ["dummy"]


def test_the_grids_are_as_large_as_the_readme_says():
    sizes = {entry.name: len(entry.candidates()) for entry in MODELS}
    assert all(sizes[f"svm-{features}"] >= 9 for features in ("pixels", "hog"))
    assert all(sizes[f"rf-{features}"] >= 6 for features in ("pixels", "hog"))
    assert all(sizes[f"knn-{features}"] >= 8 for features in ("pixels", "hog"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Not a folder"}, "name that is no folder's"),
        ({"name": "../up"}, "name that is no folder's"),
        ({"features": "sift"}, "unknown features"),
        ({"grid": {}}, "empty grid"),
        ({"grid": {"classifier__alpha": []}}, "empty grid"),
        ({"grid": {"alpha": [1]}}, "no parameter 'alpha'(?s:.*)classifier__alpha"),
        (
            {"estimator": LinearRegression(), "grid": {"classifier__fit_intercept": [True]}},
            "gives no class scores(?s:.*)LinearRegression",
        ),
    ],
)
def test_a_wrong_entry_is_refused_with_what_mends_it(wrong, words):
    with pytest.raises(EntryError, match=words) as caught:
        check_entries([replace(GOOD, **wrong)], (28, 28))
    assert "try:" in str(caught.value)


def test_two_entries_of_one_name_are_refused():
    with pytest.raises(EntryError, match="stands twice"):
        check_entries([GOOD, GOOD], (28, 28))


def test_models_are_chosen_by_name_and_a_wrong_name_lists_them():
    assert [entry.name for entry in select_entries(MODELS, "svm-hog, dummy")] == ["dummy", "svm-hog"]
    assert len(select_entries(MODELS, "")) == len(MODELS)
    with pytest.raises(EntryError, match="svm-hog"):
        select_entries(MODELS, "svm-hogg")


def test_no_estimator_is_calibrated_inside_its_own_fit():
    for entry in MODELS:
        last = entry.pipeline((28, 28)).steps[-1][1]
        assert not (isinstance(last, SVC) and last.get_params().get("probability") is True)


def test_the_tracked_table_equals_the_table():
    path = ROOT / "models" / "fashion-mnist" / "entries.json"
    stored = read_document(path, Entries)
    from benchmark.results import dump_document

    assert dump_document(stored, Entries) == dump_document(entries_document(MODELS, "fashion-mnist", (28, 28)), Entries)
