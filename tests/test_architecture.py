"""The two halves stay apart, and the modules in the order of the picture."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from tests.conftest import ROOT

ORDER = [
    "errors",
    "layout",
    "results",
    "statistics",
    "progress",
    "cache",
    "image_folder",
    "dataset",
    "features",
    "svm",
    "models",
    "entries",
    "train",
    "evaluate",
    "study",
    "bench",
    "predict",
    "repository",
    "diff",
    "report",
    "leaderboard",
    "history",
    "gallery",
    "figures",
    "pictures",
    "changes",
    "explorer",
    "pages",
    "site",
]
PUBLISHING = (
    "repository",
    "diff",
    "report",
    "history",
    "leaderboard",
    "figures",
    "pictures",
    "gallery",
    "changes",
    "explorer",
    "pages",
    "site",
    "image_folder",
    "dataset",
    "layout",
    "results",
    "statistics",
)


def imports(module):
    tree = ast.parse((ROOT / "benchmark" / f"{module}.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "benchmark":
                yield from (f"benchmark.{alias.name}" for alias in node.names)
            else:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_every_module_stands_in_the_order():
    found = {path.stem for path in (ROOT / "benchmark").glob("*.py")} - {"__init__", "__main__", "environment"}
    assert found == set(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_a_module_imports_only_what_stands_before_it(module):
    own = {name.partition(".")[2] for name in imports(module) if name.startswith("benchmark.")}
    assert own <= set(ORDER[: ORDER.index(module)])


@pytest.mark.parametrize("module", PUBLISHING)
def test_the_publishing_half_imports_nothing_that_measures(module):
    foreign = {"sklearn", "pickle", "joblib", "torch"}
    assert not {name.partition(".")[0] for name in imports(module)} & foreign
    assert not {"benchmark.models", "benchmark.train", "benchmark.bench"} & set(imports(module))


def test_diff_and_history_run_without_anything_that_measures():
    script = (
        "import sys, numpy, scipy.special\n"  # these use pickle themselves
        "for name in ('sklearn', 'pickle', 'joblib', 'pandas', 'scipy.stats', 'plotly'): sys.modules[name] = None\n"
        "from benchmark.__main__ import main\n"
        "assert main(['diff', 'HEAD', 'HEAD']) == 0\n"
        "assert main(['history']) == 0\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_the_package_does_nothing():
    script = "import sys, benchmark; assert not {'numpy', 'sklearn', 'pandas'} & set(sys.modules), 'too much'"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_no_file_names_a_shape_or_class_of_a_data_set_outside_its_entry():
    for path in (ROOT / "benchmark").glob("*.py"):
        if path.stem not in ("dataset", "features"):
            text = path.read_text()
            assert "Ankle" not in text, path
            assert "784" not in text, path
