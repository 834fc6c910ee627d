"""Models from a file of one's own: the whole way for four kinds of them, and one clear error for what is wrong."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from benchmark import load_model, results
from benchmark.errors import EntryError, ResultsError
from benchmark.measure.own_entries import load_entries
from tests.conftest import SAMPLE

NAMES = ("boosting", "my-pipeline", "other-package", "my-class")
MODELS = """
from nearest_mean import NearestMean
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from benchmark.models import ModelEntry
from my_estimators import Bright, halve

MODELS = [
    ModelEntry(
        name="boosting",
        title="Gradient boosting",
        family="gb",
        features="pixels",
        estimator=HistGradientBoostingClassifier(max_iter=5, random_state=0),
        grid={"features__n_components": [10], "classifier__learning_rate": [0.1, 0.3]},
    ),
    ModelEntry(
        name="my-pipeline",
        title="Ridge on features of my own",
        family="ridge",
        features=make_pipeline(FunctionTransformer(halve), PCA(16, random_state=0)),
        estimator=make_pipeline(MinMaxScaler(), RidgeClassifier()),
        grid={"ridgeclassifier__alpha": [0.1, 1.0, 10.0]},
    ),
    ModelEntry(
        name="other-package",
        title="Nearest mean",
        family="mean",
        features="pixels",
        estimator=NearestMean(),
        grid={"features__n_components": [10, 20]},
    ),
    ModelEntry(
        name="my-class",
        title="Brightness",
        family="mean",
        features="pixels",
        estimator=Bright(),
        grid={"classifier__power": [1, 2], "classifier__sizes": [[1], [1, 2]]},
    ),
]
"""
ESTIMATORS = """
from nearest_mean import NearestMean


def halve(X):
    return X / 2


class Bright(NearestMean):
    def __init__(self, power=1, sizes=(1,)):
        self.power = power
        self.sizes = sizes

    def _seen(self, X):
        return X.mean(axis=1, keepdims=True) ** self.power
"""
PACKAGE = """
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin


class NearestMean(ClassifierMixin, BaseEstimator):
    def _seen(self, X):
        return X

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.array([self._seen(X[y == label]).mean(axis=0) for label in self.classes_])
        return self

    def decision_function(self, X):
        return -np.square(self._seen(X)[:, np.newaxis] - self.means_).sum(axis=2)

    def predict(self, X):
        return self.classes_[self.decision_function(X).argmax(axis=1)]
"""


def install(folder, version):
    """Lay out a package as an installer would."""
    (folder / "nearest_mean").mkdir(parents=True)
    (folder / "nearest_mean" / "__init__.py").write_text(PACKAGE)
    about = folder / f"nearest_mean-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: nearest-mean\nVersion: {version}\n")
    (about / "RECORD").write_text("nearest_mean/__init__.py,,\n")


def run(command, name, folder, *more, models=NAMES):
    return command(
        name, "--dataset", SAMPLE, "--entries", folder / "my_models.py", "--models", ",".join(models),
        "--models-dir", folder / "models", "--build-dir", folder / "build", *more, PYTHONPATH=str(folder / "packages"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def own(once, command):
    """A folder with the file, and with one whole run of its models."""

    def measure(folder):
        (folder / "my_models.py").write_text(MODELS)
        (folder / "my_estimators.py").write_text(ESTIMATORS)
        install(folder / "packages", "1.2")
        return run(command, "bench", folder, "--jobs", 2)

    folder, done = once("own-entries", measure)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture
def copy(own, tmp_path):
    """A copy of it that a test may spoil."""
    shutil.copytree(own[0], tmp_path / "own")
    return tmp_path / "own"


def states(command, folder, *more, models=NAMES):
    done = run(command, "list", folder, "--json", *more, models=models)
    assert done.returncode in (0, 3), done.stderr
    return {row["name"]: row["why"] for row in json.loads(done.stdout)}


def test_each_kind_of_entry_gets_results_a_page_and_a_row(own):
    folder, done = own
    stored = results.load_results(folder / "models", SAMPLE)
    assert [model.name for model in stored.models] == list(NAMES)
    assert all(model.accuracy > 0.1 for model in stored.models)
    for model in stored.models:
        page = (folder / "build" / "site" / SAMPLE / "models" / model.name / "index.html").read_text()
        assert model.metrics["title"] in page
        assert model.metrics["title"] in done.stdout
    assert "Traceback" not in done.stderr


def test_a_second_run_trains_nothing(own, command):
    done = run(command, "bench", own[0], "--no-site", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["measured"] == []


def test_they_can_be_diffed(own, command):
    folder = own[0] / "models" / SAMPLE
    done = command("diff", folder, folder, "--dataset", SAMPLE, "--json")
    assert done.returncode == 0, done.stderr
    verdicts = {row["name"]: row["verdict"] for row in json.loads(done.stdout)["models"]}
    assert [name for name, verdict in verdicts.items() if verdict == "unchanged"] == list(NAMES)


def test_the_table_as_data_is_the_same_in_every_process(own):
    text = (own[0] / "models" / SAMPLE / "entries.json").read_text()
    assert "<function halve>" in text
    assert " at 0x" not in text


def test_code_of_ones_own_moves_the_models_that_use_it_alone(copy, command):
    (copy / "my_estimators.py").write_text(ESTIMATORS.replace("X / 2", "X / 3"))
    moved = {name for name, why in states(command, copy).items() if why}
    assert moved == {"my-pipeline", "my-class"}
    (copy / "my_estimators.py").write_text(ESTIMATORS.replace("X / 2", "X / 2  # why"))
    assert not any(states(command, copy).values())


def test_another_version_of_a_package_moves_what_comes_from_it(copy, command):
    shutil.rmtree(copy / "packages")
    install(copy / "packages", "1.3")
    moved = {name for name, why in states(command, copy).items() if why}
    assert moved == {"other-package"}


def test_another_entry_in_the_file_moves_no_other(copy, command):
    more = 'MODELS += [ModelEntry("more", "More", "more", "pixels", Bright(), {"classifier__power": [3]})]\n'
    (copy / "my_models.py").write_text(MODELS + more)
    assert states(command, copy, models=[*NAMES, "more"]) == dict.fromkeys(NAMES, "") | {"more": "no result yet"}


def test_a_pickle_of_ones_own_class_loads_with_its_file_and_says_what_it_lacks_without(own, command, tmp_path):
    from PIL import Image

    picture = Image.new("L", (40, 30), 200)
    picture.paste(40, (10, 5, 30, 25))
    picture.save(tmp_path / "grey.png")
    model = own[0] / "models" / SAMPLE / "my-pipeline"
    done = command("predict", model, tmp_path / "grey.png", "--json", "--entries", own[0] / "my_models.py", PYTHONPATH=str(own[0] / "packages"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["kind"] == "decision_function"
    with pytest.raises(ResultsError, match="needs code that is not here(?s:.*)my_estimators(?s:.*)--entries"):
        load_model(model / "model.pkl")


@pytest.fixture
def file(tmp_path, monkeypatch):
    """Write a file of entries and return its path; its import is undone."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    before = set(sys.modules)

    def write(text, name="wrong_entries.py"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    yield write
    for name in set(sys.modules) - before:
        if name.startswith("wrong"):
            del sys.modules[name]


ENTRY = 'ModelEntry("a", "A", "a", "pixels", None, {})'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "defines no entries(?s:.*)MODELS = .ModelEntry(?s:.*)found:    x"),
        ("x = 1\n\ndef f(:\n", "cannot be imported(?s:.*)SyntaxError(?s:.*)line 3"),
        ("x = 1\nx.nothing\n", "cannot be imported(?s:.*)AttributeError: .*nothing.* .line 2."),
        ("import nosuch\nMODELS = []\n", "cannot be imported(?s:.*)No module named 'nosuch' .line 1."),
        ("MODELS = 3\n", "not a list of entries(?s:.*)a list of ModelEntry(?s:.*)int: 3"),
        ("MODELS = ['svm']\n", "not a list of entries(?s:.*)str: 'svm'"),
        (f"from benchmark.models import ModelEntry\nMODELS = {ENTRY}\n", "not a list of entries(?s:.*)ModelEntry: "),
        ("from benchmark.models import ModelEntry\nMODELS = [ModelEntry('a')]\n", "TypeError: .*missing"),
        ("DATASETS = {'a': 1}\n", "DATASETS in .* is not a list of entries(?s:.*)a list of DatasetEntry"),
    ],
)
def test_a_wrong_file_is_one_clear_error(file, text, words):
    with pytest.raises(EntryError, match=words) as caught:
        load_entries(file(text))
    assert "try:" in str(caught.value)


def test_a_file_that_changes_the_current_folder_does_not_move_those_of_the_options(file, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    load_entries(file("import os\nos.chdir('/')\nMODELS = []\n"))
    assert tmp_path.samefile(".")


def test_a_data_set_that_stands_twice_is_refused(file):
    entry = f"DatasetEntry('{SAMPLE}', 'A', ('a', 'b'), 'MIT', 'here')"
    with pytest.raises(EntryError, match="is defined twice"):
        load_entries(file(f"from benchmark.dataset import DatasetEntry\nDATASETS = [{entry}]\n"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("wrong-name.py", "has a name that Python cannot import"),
        ("wrong.txt", "has a name that Python cannot import"),
        ("json.py", "the name of another module"),
    ],
)
def test_a_file_that_cannot_be_told_by_its_name_is_refused(file, name, words):
    with pytest.raises(EntryError, match=f"{words}(?s:.*)mv "):
        load_entries(file("MODELS = []\n", name))


def test_a_missing_file_ends_the_command_with_one_error(command, tmp_path):
    done = command("list", "--dataset", SAMPLE, "--entries", tmp_path / "none.py")
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'none.py'} does not exist")
    assert "Traceback" not in done.stderr


def test_a_name_of_the_table_is_refused_in_ones_own_file(command, tmp_path):
    entry = "ModelEntry('dummy', 'Mine', 'mine', 'pixels', GaussianNB(), {'features__n_components': [5]})"
    imports = "from sklearn.naive_bayes import GaussianNB\nfrom benchmark.models import ModelEntry\n"
    (tmp_path / "twice.py").write_text(f"{imports}MODELS = [{entry}]\n")
    done = command("bench", "--dataset", SAMPLE, "--entries", tmp_path / "twice.py", "--build-dir", tmp_path)
    assert done.returncode == 1
    assert "the name 'dummy' is used twice" in done.stderr
