"""Keys: what moves them and what does not."""

from __future__ import annotations

import functools
import os
import pickle
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmark import results
from benchmark.errors import BenchmarkError
from benchmark.measure import code, evaluate, keys, search, study_data, study_model
from benchmark.measure import fit as fitting
from benchmark.measure.code import code_digest
from benchmark.measure.setting import Setting
from benchmark.models import MODELS
from tests.conftest import ROOT

CODE = '''"""Says something."""
def f(a, b=1):
    """Adds."""
    return a + b  # why
'''


def digest_of(tmp_path, text):
    path = tmp_path / "m.py"
    path.write_text(text)
    return code_digest([path])


@pytest.mark.parametrize(
    "same",
    [
        CODE.replace("Adds", "Sums"),
        CODE.replace("  # why", ""),
        CODE.replace("a, b=1", "a,\n      b = 1"),
        "\n\n" + CODE,
    ],
)
def test_comments_docstrings_and_layout_do_not_move_a_code_digest(tmp_path, same):
    assert digest_of(tmp_path, same) == digest_of(tmp_path, CODE)


@pytest.mark.parametrize(
    "other", [CODE.replace("b=1", "b=2"), CODE.replace("a + b", "a - b"), CODE.replace("f(", "g(")]
)
def test_what_code_does_moves_its_digest(tmp_path, other):
    assert digest_of(tmp_path, other) != digest_of(tmp_path, CODE)


def test_the_code_digest_is_equal_on_every_python_found_here():
    modules = [f"benchmark/{name}.py" for name in (*keys.FIT_CODE, *keys.EVALUATION_CODE, *keys.STUDY_CODE)]
    script = (
        "import sys, pathlib; sys.path.insert(0, '.');"
        "from benchmark.measure.code import code_digest;"
        f"print(code_digest([pathlib.Path(m) for m in {modules!r}]))"
    )
    expected = code_digest([ROOT / module for module in modules])
    for version in ("3.11", "3.12", "3.13", "3.14"):
        python = shutil.which(f"python{version}")
        if python is None:
            continue
        done = subprocess.run([python, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:  # a name on the PATH is not always a Python that runs
            assert done.stdout.strip() == expected, version


# ------------------------------------------------------------------------------------------ which file is in which key
KEY_FILES = {"code": keys.FIT_CODE, "figures": keys.EVALUATION_CODE, "study": keys.STUDY_CODE}
FILES = sorted(
    path.relative_to(ROOT / "benchmark").with_suffix("").as_posix() for path in (ROOT / "benchmark").rglob("*.py")
)
# they write what they are given, count cores and bytes, or refuse what a model returns
DECIDES_NO_BYTE = {"disk", "errors", "layout", "machine", "returned"}


def test_a_change_of_a_file_moves_the_keys_of_the_bytes_it_decides_and_no_other(tmp_path, monkeypatch):
    package = tmp_path / "benchmark"
    shutil.copytree(ROOT / "benchmark", package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(keys, "PACKAGE", package)
    monkeypatch.setattr(code, "shape_of", functools.cache(code.shape_of))  # one file of all is another each time
    digest = keys.code_of.__wrapped__
    before = {part: digest(names) for part, names in KEY_FILES.items()}
    for file in FILES:
        path = package / f"{file}.py"
        text = path.read_text(encoding="utf-8")
        asking = {part for part, names in KEY_FILES.items() if file in names}
        path.write_text(f"{text}\nfrom benchmark.elsewhere import moved\nimport benchmark.moved\n", encoding="utf-8")
        assert {part: digest(KEY_FILES[part]) for part in asking} == {part: before[part] for part in asking}, file
        path.write_text(f"{text}\nA_CHANGE = 1\n", encoding="utf-8")
        assert {part for part, names in KEY_FILES.items() if digest(names) != before[part]} == asking, file
        path.write_text(text, encoding="utf-8")


def files_at_work(function):
    """Return which files of the package run while `function` does, and what it returns."""
    seen = set()
    package = f"{ROOT / 'benchmark'}{os.sep}"
    monitoring = lambda frame, event, _: seen.add(frame.f_code.co_filename) if event == "call" else None  # noqa: E731
    sys.setprofile(monitoring)
    try:
        answer = function()
    finally:
        sys.setprofile(None)
    return {name.removeprefix(package).removesuffix(".py") for name in seen if name.startswith(package)}, answer


@pytest.mark.parametrize("name", ["lr-pixels", "svm-hog", "rf-pixels", "knn-hog"])
def test_every_file_that_decides_a_stored_byte_is_in_its_key(sample, tmp_path, name):
    entry = next(entry for entry in MODELS if entry.name == name)
    images, labels = np.asarray(sample.train_images)[:800], np.asarray(sample.train_labels)[:800]
    test_images, test_labels = np.asarray(sample.test_images)[:200], np.asarray(sample.test_labels)[:200].astype(int)
    classes, shape = list(sample.class_names), sample.image_shape
    small = {key: values[:1] for key, values in entry.grid.items()} | {"features__n_components": [20]}
    small = {key: values for key, values in small.items() if key in entry.pipeline(shape).get_params()}
    pipeline, params = entry.pipeline(shape), {key: values[0] for key, values in small.items()}

    def fit():
        groups = search.shared_search([params], pipeline)
        features, n_columns = search.feature_source(pipeline, params, images[0].size, 400)
        described = search.fold_features(features, images, labels, 0)
        scores, *_ = search.score_candidates(pipeline, groups[0], labels, 0, described, n_columns)
        best = search.choose([params], [scores])
        found = search.search_document(small, [params], [scores * 3], best)
        final = fitting.fit_final(pipeline, params, (images, labels), test_images, tmp_path, 1)
        fitted = pickle.loads((tmp_path / "model.pkl").read_bytes())
        about, scores, predictions = fitting.score_final(fitted, (images, labels), test_images)
        own = evaluate.Scored(about["scores"], scores, test_labels, predictions)
        return found, final | about, fitting.seed_spread(0, [0.5] * 5) if entry.stochastic else None, own

    def study():
        n = study_model.curve_sizes(pipeline, params, labels)[0]
        features, n_columns = search.feature_source(pipeline, params, images[0].size, n)
        described, seconds = study_model.share_features(features, images, labels, n)
        rows = tmp_path / "fit.npy", tmp_path / "predict.npy"
        np.save(rows[0], described[:n, :n_columns])
        np.save(rows[1], described[n:, :n_columns])
        tail = search.tail_of(pipeline, params)
        about = {"classes": classes, "image_shape": shape}
        point, importance, _ = study_model.fit_share(tail, labels, n, rows, seconds, about)
        mistakes = study_model.confident_mistakes(scored.scores, scored.labels, scored.predictions, classes)
        own = study_model.carried_back(pickle.loads((tmp_path / "model.pkl").read_bytes()), shape, classes)
        curve = study_model.learning_curve([point], 400)
        document = study_model.study_document(name, mistakes, curve, [importance, *([own] if own else [])])
        return results.dump_document(document, results.Study)

    def figures():
        small_set = replace(sample, test_labels=test_labels)
        document = entry.document(shape)
        metrics = evaluate.metrics_document(document, small_set, found, final, seeds, scored, 0)
        curves = evaluate.curves(name, scored.scores, scored.kind, scored.labels, classes)
        results.dump_document(metrics, results.Metrics)
        results.dump_document(curves, results.Curves)
        results.encode_predictions(scored.predictions)

    at_fit, (found, final, seeds, scored) = files_at_work(fit)
    at_study, _ = files_at_work(study)
    at_figures, _ = files_at_work(figures)
    assert at_fit - DECIDES_NO_BYTE <= set(keys.FIT_CODE)
    assert at_study - DECIDES_NO_BYTE <= {*keys.FIT_CODE, *keys.STUDY_CODE}
    assert at_figures - DECIDES_NO_BYTE - {"dataset/images", "measure/code"} <= {*keys.FIT_CODE, *keys.EVALUATION_CODE}


def test_no_file_is_in_a_key_for_nothing(sample, tmp_path):
    at_work, study = files_at_work(lambda: study_data.dataset_study(sample))
    told, _ = files_at_work(lambda: results.dump_document(study, results.DatasetStudy))
    assert {"measure/study_data", "results/writing"} <= at_work | told
    assert at_work | told <= {*keys.FIT_CODE, *keys.STUDY_CODE, "dataset/images", *DECIDES_NO_BYTE}


def test_an_entrys_values_count_and_its_title_does_not(sample, tmp_path):
    from benchmark.progress import Reporter

    setting = Setting(ROOT, tmp_path, tmp_path, sample, 1, Reporter(quiet=True))
    entry = MODELS[1]
    key = keys.model_key(setting, entry)
    assert keys.model_key(setting, replace(entry, title="other", note="other")) == key
    assert keys.model_key(setting, replace(entry, grid={**entry.grid, "classifier__C": [9.0]}))["entry"] != key["entry"]


def test_another_value_in_a_grid_moves_no_other_candidates_key(sample, tmp_path):
    from benchmark.progress import Reporter

    setting = Setting(ROOT, tmp_path, tmp_path, sample, 1, Reporter(quiet=True))
    pipeline = MODELS[1].pipeline((28, 28))
    params = MODELS[1].candidates()[0]
    assert keys.fit_key(setting, pipeline, params, 0) == keys.fit_key(
        setting, pipeline, dict(reversed(params.items())), 0
    )
    assert keys.fit_key(setting, pipeline, params, 0) != keys.fit_key(setting, pipeline, params, 1)


def test_locked_versions_are_all_that_a_lock_pins_whatever_python_asks(tmp_path):
    lock = tmp_path / "some.lock"
    lock.write_text(
        "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=a\nnumpy==2.5.5 ; python_full_version >= '3.12'\n"
    )
    assert code.locked_versions(lock, ["numpy"]) == {"numpy": "2.4.6, 2.5.5"}


def test_locked_versions_come_from_the_lock_file():
    assert code.locked_versions(ROOT / "requirements.lock", ["scikit-learn"])["scikit-learn"].startswith("1.9")
    with pytest.raises(BenchmarkError, match="does not pin nosuch"):
        code.locked_versions(ROOT / "requirements.lock", ["nosuch"])


def test_where_there_is_no_lock_file_the_installed_versions_count(tmp_path):
    import sklearn

    assert code.locked_versions(tmp_path / "none.lock", ["scikit-learn"]) == {"scikit-learn": sklearn.__version__}


def test_code_counts_with_what_it_imports_beside_it_and_without_the_tables(tmp_path):
    (tmp_path / "own.py").write_text("import helper\nMODELS = [1]\n\n\ndef f():\n    from sub import deep\n")
    (tmp_path / "helper.py").write_text("import own\nx = 1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "__init__.py").write_text("")
    (tmp_path / "sub" / "deep.py").write_text("from . import deeper\n")
    (tmp_path / "sub" / "deeper.py").write_text("y = 1\n")
    (tmp_path / "apart.py").write_text("z = 1\n")

    def found():
        code._own_code.cache_clear()
        return code._own_code(tmp_path / "own.py", 0)

    before = found()
    for name, text, moves in [
        ("apart.py", "z = 2\n", False),
        ("helper.py", "import own\nx = 1  # why\n", False),
        ("own.py", "import helper\nMODELS = [1, 2]\nMODELS += [3]\n\n\ndef f():\n    from sub import deep\n", False),
        ("helper.py", "import own\nx = 2\n", True),
        ("sub/deeper.py", "y = 2\n", True),
    ]:
        kept = (tmp_path / name).read_text()
        (tmp_path / name).write_text(text)
        assert (found() != before) == moves, name
        (tmp_path / name).write_text(kept)
