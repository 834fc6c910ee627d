"""The wings stay independent: import-linter's contracts, and commands run without what they must not need."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SAMPLE

BLOCKED = """
import sys, numpy, scipy.special  # these use pickle themselves
import {also}
for name in {blocked!r}: sys.modules[name] = None
from benchmark.__main__ import main
sys.exit(main({arguments!r}))
"""


def run_blocked(arguments, *blocked, also="os"):
    script = BLOCKED.format(blocked=blocked, arguments=list(map(str, arguments)), also=also)
    return subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_contracts_of_imports_are_kept():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("arguments", [("diff", "HEAD", "HEAD"), ("history",), ("compare", "svm-hog", "lr-hog")])
def test_comparing_runs_without_anything_that_measures_or_draws(arguments):
    done = run_blocked(arguments, "sklearn", "pickle", "joblib", "pandas", "scipy.stats", "plotly", "PIL")
    assert done.returncode == 0, done.stderr


def test_the_site_is_built_without_anything_that_measures(whole_run, tmp_path):
    arguments = ("site", "--dataset", SAMPLE, "--models-dir", whole_run[0] / "models", "--build-dir", tmp_path)
    done = run_blocked(arguments, "sklearn", "joblib", also="pandas, plotly.graph_objects")
    assert done.returncode == 0, done.stderr


def test_importing_the_package_does_nothing():
    script = "import sys, benchmark; assert not {'numpy', 'sklearn', 'pandas'} & set(sys.modules), 'too much'"
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_no_file_names_a_shape_or_class_of_a_data_set_outside_its_entry():
    for path in (ROOT / "benchmark").rglob("*.py"):
        if path.relative_to(ROOT / "benchmark").as_posix() not in ("dataset/table.py", "features.py"):
            text = path.read_text()
            assert "Ankle" not in text, path
            assert "784" not in text, path


def test_no_file_is_too_long_to_read():
    for path in (ROOT / "benchmark").rglob("*.py"):
        n_lines = len(path.read_text().splitlines())
        assert n_lines <= 300, f"{path} has {n_lines} lines, at most 300: move a part into a module of its own"


def test_msgspec_reads_against_types_in_one_module():
    """Two threads that read a type for the first time together would end the process (benchmark/decoding.py)."""
    typed = re.compile(r"msgspec\.convert|json\.Decoder|msgspec\.json\.decode\([^)]*type=")
    found = [path for path in (ROOT / "benchmark").rglob("*.py") if typed.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in found] == ["decoding.py"]
