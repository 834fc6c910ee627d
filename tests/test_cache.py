"""Keys: what moves them and what does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import pytest

from benchmark import bench, cache
from benchmark.cache import Cache, code_digest
from benchmark.errors import BenchmarkError
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
    modules = [f"benchmark/{name}.py" for name in (*bench.FIT_CODE, *bench.FIGURES_CODE, *bench.STUDY_CODE)]
    script = (
        "import sys, types, pathlib; sys.path.insert(0, '.');"
        "sys.modules['benchmark.results'] = types.ModuleType('r'); sys.modules['benchmark.results'].write_atomically = None;"
        "from benchmark.cache import code_digest;"
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


def test_an_entrys_values_count_and_its_title_does_not(sample, tmp_path):
    from dataclasses import replace

    from benchmark.models import MODELS
    from benchmark.progress import Reporter

    setting = bench.Bench(ROOT, tmp_path, tmp_path, sample, 1, Reporter(quiet=True))
    entry = MODELS[1]
    key = bench.model_key(setting, entry)
    assert bench.model_key(setting, replace(entry, title="other", note="other")) == key
    assert (
        bench.model_key(setting, replace(entry, grid={**entry.grid, "classifier__C": [9.0]}))["entry"] != key["entry"]
    )


def test_another_value_in_a_grid_moves_no_other_candidates_key(sample, tmp_path):
    from benchmark.models import MODELS
    from benchmark.progress import Reporter

    setting = bench.Bench(ROOT, tmp_path, tmp_path, sample, 1, Reporter(quiet=True))
    pipeline = MODELS[1].pipeline((28, 28))
    params = MODELS[1].candidates()[0]
    assert bench._fit_key(setting, pipeline, params, 0) == bench._fit_key(
        setting, pipeline, dict(reversed(params.items())), 0
    )
    assert bench._fit_key(setting, pipeline, params, 0) != bench._fit_key(setting, pipeline, params, 1)


def test_locked_versions_are_all_that_a_lock_pins_whatever_python_asks(tmp_path):
    lock = tmp_path / "some.lock"
    lock.write_text(
        "numpy==2.4.6 ; python_full_version < '3.12' \\\n    --hash=a\nnumpy==2.5.5 ; python_full_version >= '3.12'\n"
    )
    assert cache.locked_versions(lock, ["numpy"]) == {"numpy": "2.4.6, 2.5.5"}


def test_locked_versions_come_from_the_lock_file():
    assert cache.locked_versions(ROOT / "requirements.lock", ["scikit-learn"])["scikit-learn"].startswith("1.9")
    with pytest.raises(BenchmarkError, match="does not pin nosuch"):
        cache.locked_versions(ROOT / "requirements.lock", ["nosuch"])


def test_where_there_is_no_lock_file_the_installed_versions_count(tmp_path):
    import sklearn

    assert cache.locked_versions(tmp_path / "none.lock", ["scikit-learn"]) == {"scikit-learn": sklearn.__version__}


def test_code_counts_with_what_it_imports_beside_it_and_without_the_tables(tmp_path):
    (tmp_path / "own.py").write_text("import helper\nMODELS = [1]\n\n\ndef f():\n    from sub import deep\n")
    (tmp_path / "helper.py").write_text("import own\nx = 1\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "__init__.py").write_text("")
    (tmp_path / "sub" / "deep.py").write_text("from . import deeper\n")
    (tmp_path / "sub" / "deeper.py").write_text("y = 1\n")
    (tmp_path / "apart.py").write_text("z = 1\n")

    def found():
        cache._own_code.cache_clear()
        return cache._own_code(tmp_path / "own.py", 0)

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


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path):
    store = Cache(tmp_path)
    for i, key in enumerate(("a", "b", "c")):
        store.write("fits", key, "x" * 100)
        os.utime(store.path("fits", key, ".json"), (time.time() - 10 + i,) * 2)
    store.read("fits", "a")
    store.trim(250)
    assert [store.read("fits", key) is None for key in ("a", "b", "c")] == [False, True, False]


def test_content_is_made_once(tmp_path):
    cache, made = Cache(tmp_path), []

    def make():
        made.append(1)
        return b"sprite"

    assert [cache.content("sprites", "key", make) for _ in range(2)] == [b"sprite"] * 2
    assert len(made) == 1
    assert cache.content("sprites", "other", lambda: b"") == b""


def test_a_damaged_cache_file_counts_as_absent(tmp_path):
    store = Cache(tmp_path)
    store.write("fits", "a", 1)
    store.path("fits", "a", ".json").write_text("{")
    assert store.read("fits", "a") is None
