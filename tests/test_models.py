"""The table of models is valid, and wrong entries are refused with a clear error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from benchmark.errors import EntryError
from benchmark.features import HogFeatures
from benchmark.measure.entries import entries_document, select_entries
from benchmark.measure.entry import parts
from benchmark.measure.entry_checks import check_entries, check_fits
from benchmark.models import MODELS
from benchmark.patches import PatchFeatures
from benchmark.results import Entries, read_document
from benchmark.rich import GradientFeatures
from tests.conftest import ROOT

GOOD = replace(MODELS[1], name="mine", estimator=RidgeClassifier(), grid={"classifier__alpha": [1.0]})


def test_the_table_is_sound():
    check_entries(MODELS)
    assert [entry.name for entry in MODELS if entry.baseline] == ["dummy"]


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.name)
def test_every_model_of_the_table_fits_and_tells_garments_apart(entry, sample):
    """An entry that is added to the table is tested without another line here."""
    images, labels = sample.train_images[:1000], sample.train_labels[:1000]
    model = entry.pipeline(sample.image_shape).set_params(**entry.candidates()[0]).fit(images.reshape(1000, -1), labels)
    right = model.predict(sample.test_images.reshape(1000, -1)) == sample.test_labels
    assert right.mean() == pytest.approx(0.1) if entry.baseline else right.mean() > 0.6


def test_the_grids_are_as_large_as_the_readme_says():
    sizes = {entry.name: len(entry.candidates()) for entry in MODELS}
    assert all(sizes[f"svm-{features}"] >= 9 for features in ("pixels", "hog"))
    assert all(sizes[f"rf-{features}"] >= 6 for features in ("pixels", "hog"))
    assert all(sizes[f"knn-{features}"] >= 8 for features in ("pixels", "hog"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Not a folder"}, "an invalid name"),
        ({"name": "../up"}, "an invalid name"),
        ({"name": "index"}, "an invalid name"),
        ({"name": "nul"}, "an invalid name(?s:.*)a device of Windows"),
        ({"title": " \n"}, "a title that is no text"),
        ({"title": 5}, "a title that is no text(?s:.*)5"),
        ({"note": "half a character: \udc80"}, "a note that is no text"),
        ({"grid": {"classifier__solver": ["\udc80"]}}, "cannot be stored"),
        ({"features": "sift"}, "unknown features(?s:.*)'sift'"),
        ({"features": StandardScaler}, "unknown features(?s:.*)with its parentheses"),
        ({"features": RidgeClassifier()}, "unknown features"),
        ({"estimator": RidgeClassifier}, "no estimator(?s:.*)with its parentheses"),
        ({"estimator": Pipeline([("features", StandardScaler()), ("c", RidgeClassifier())])}, "step called features"),
        ({"grid": {}}, "empty grid"),
        ({"grid": {"classifier__alpha": []}}, "empty grid"),
        ({"grid": [{"classifier__alpha": [1]}]}, "an invalid grid"),
        ({"grid": {"classifier__alpha": np.logspace(0, 1, 3)}}, "an invalid grid(?s:.*)a list of values"),
        ({"grid": {"classifier__alpha": 1.0}}, "an invalid grid"),
        ({"grid": {"classifier__alpha": list(np.arange(3))}}, "cannot be stored(?s:.*)int64(?s:.*)tolist"),
        ({"grid": {"classifier__alpha": [float("inf")]}}, "cannot be stored(?s:.*)float: inf"),
        ({"grid": {"classifier": [RidgeClassifier()]}}, "cannot be stored(?s:.*)RidgeClassifier"),
        (
            {"estimator": RidgeClassifier(random_state=np.random.RandomState(0))},
            "without a value of its own(?s:.*)seed|RandomState",
        ),
        ({"features": FunctionTransformer(lambda X: X)}, "cannot be pickled(?s:.*)top level of a module"),
        ({"stochastic": True}, "is stochastic, but has no seed(?s:.*)random_state=0"),
        (
            {"estimator": VotingClassifier([("a", SVC())]), "grid": {"classifier__voting": ["hard"]}},
            "gives no class scores",
        ),
        ({"grid": {"alpha": [1]}}, "no parameter 'alpha'(?s:.*)classifier__alpha"),
        (
            {"estimator": LinearRegression(), "grid": {"classifier__fit_intercept": [True]}},
            "gives no class scores(?s:.*)LinearRegression",
        ),
    ],
)
def test_a_wrong_entry_is_refused_with_what_mends_it(wrong, words):
    with pytest.raises(EntryError, match=words) as caught:
        check_entries([replace(GOOD, **wrong)])
    assert "try:" in str(caught.value)


class Alters(RidgeClassifier):
    """An estimator that keeps another value than it was given, which scikit-learn refuses to clone."""

    def __init__(self, alpha=(1.0,)):
        self.alpha = list(alpha)


class Forgets(RidgeClassifier):
    def __init__(self, alpha=1.0):
        pass


class Speechless:
    def __repr__(self):
        raise ZeroDivisionError


class Raises(RidgeClassifier):
    @property
    def predict_proba(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "wrong",
    [
        {"estimator": Alters()},
        {"estimator": Forgets()},
        {"estimator": Raises()},
        {"estimator": Pipeline([("a", "passthrough")])},
        {"estimator": Pipeline([RidgeClassifier()])},
        {"estimator": Pipeline(None)},
        {"estimator": RidgeClassifier(class_weight={(1, 2): 1.0})},
        {"estimator": Speechless()},
        {"title": Speechless()},
        {"features": Speechless()},
        {"grid": {5: [1]}},
        {"grid": {None: [1]}},
        {"grid": {"classifier__alpha": [Speechless()]}},
        {"grid": {"classifier__alpha": [10**5000]}},
    ],
)
def test_whatever_an_entry_raises_when_it_is_looked_at_it_is_refused(wrong):
    with pytest.raises(EntryError, match="^model 'mine' ") as caught:
        check_entries([replace(GOOD, **wrong)])
    assert "try:" in str(caught.value)


def test_components_that_are_no_number_do_not_fit():
    entry = replace(GOOD, grid={"features__n_components": ["a"]})
    with pytest.raises(EntryError, match="'mine' does not fit the data set small"):
        check_fits(entry, "small", (8, 8), 100)


def test_two_entries_of_one_name_are_refused():
    with pytest.raises(EntryError, match="the name 'mine' is used twice"):
        check_entries([GOOD, GOOD])
    with pytest.raises(EntryError, match="the title .* is used twice"):
        check_entries([GOOD, replace(GOOD, name="other")])


@pytest.mark.parametrize(
    "sound",
    [
        {"estimator": make_pipeline(StandardScaler(), RidgeClassifier()), "grid": {"ridgeclassifier__alpha": (1, 2.5)}},
        {"features": FunctionTransformer(np.log1p)},
        {"features": make_pipeline(FunctionTransformer(np.sqrt), StandardScaler())},
        {"estimator": RidgeClassifier(class_weight={0: 2.0}), "title": "mine"},
        {
            "estimator": RandomForestClassifier(random_state=1),
            "stochastic": True,
            "grid": {"classifier__max_features": [None, "sqrt", 2]},
        },
    ],
)
def test_what_scikit_learn_takes_is_taken(sound):
    check_entries([replace(GOOD, **sound)])


def test_entries_fit_a_data_set_that_has_as_many_components():
    knn = next(entry for entry in MODELS if entry.name == "knn-pixels")
    check_fits(knn, "small", (16, 10), 160)
    for shape, n_rows in (((12, 13), 4000), ((28, 28), 159)):
        with pytest.raises(
            EntryError, match="'knn-pixels' does not fit the data set small: features__n_components=160"
        ):
            check_fits(knn, "small", shape, n_rows)
    hog = next(entry for entry in MODELS if entry.name == "rf-hog")
    check_fits(hog, "small", (8, 8), 4000)
    with pytest.raises(EntryError, match="'rf-hog' does not fit(?s:.*)whole number(?s:.*)cells of 4"):
        check_fits(hog, "small", (10, 8), 4000)
    check_fits(replace(GOOD, features=StandardScaler()), "small", (1, 1), 1)


@pytest.mark.parametrize(
    "features", [PatchFeatures((28, 28)), GradientFeatures((28, 28)), HogFeatures((28, 28))], ids=repr
)
def test_features_made_for_another_size_are_refused_before_anything_is_fitted(features):
    entry = replace(GOOD, features=features, grid={"classifier__alpha": [1.0]})
    check_fits(entry, "small", (28, 28), 4000)
    with pytest.raises(EntryError, match=r"'mine' does not fit the data set small: image_shape=\(28, 28\)"):
        check_fits(entry, "small", (32, 32), 4000)


def test_an_array_counts_by_all_its_values():
    arrays = [np.arange(5000), np.arange(5000)]
    arrays[1][2500] = -1
    first, second = (parts(FunctionTransformer(np.add, kw_args={"x2": array})) for array in arrays)
    assert first != second


def test_models_are_chosen_by_name_and_a_wrong_name_lists_them():
    assert [entry.name for entry in select_entries(MODELS, ["svm-hog", "dummy"])] == ["dummy", "svm-hog"]
    assert len(select_entries(MODELS, [])) == len(MODELS)
    with pytest.raises(EntryError, match="svm-hog"):
        select_entries(MODELS, ["svm-hogg"])


def test_no_estimator_is_calibrated_inside_its_own_fit():
    for entry in MODELS:
        last = entry.pipeline((28, 28)).steps[-1][1]
        assert not (isinstance(last, SVC) and last.get_params().get("probability") is True)


def test_the_tracked_table_equals_the_table():
    path = ROOT / "models" / "fashion-mnist" / "entries.json"
    stored = read_document(path, Entries)
    from benchmark.results import dump_document

    names = {entry.name for entry in MODELS}  # a run of one's own adds rows, and breaks no test
    stored["entries"] = [entry for entry in stored["entries"] if entry["name"] in names]
    assert dump_document(stored, Entries) == dump_document(
        entries_document(MODELS, "fashion-mnist", (28, 28), {}), Entries
    )
