"""The cache: what is damaged, another's or of another shape counts as absent; what was used longest ago goes first."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.cache import Cache
from benchmark.measure.kept import FoldScore
from tests.conftest import ROOT


def test_the_cache_forgets_what_was_used_longest_ago(tmp_path):
    store = Cache(tmp_path)
    for i, key in enumerate(("a", "b", "c")):
        store.write("fits", key, "x" * 1000)
        os.utime(store.path("fits", key, ".json"), (time.time() - 10 + i,) * 2)
    store.read("fits", "a", str)
    store.trim(2500)
    assert [store.read("fits", key, str) is None for key in ("a", "b", "c")] == [False, True, False]


def test_content_is_made_once(tmp_path):
    cache, made = Cache(tmp_path), []

    def make():
        made.append(1)
        return b"sprite"

    assert [cache.content("sprites", "key", make) for _ in range(2)] == [b"sprite"] * 2
    assert len(made) == 1
    assert cache.content("sprites", "other", lambda: b"") == b""


VALUE = {"score": 0.875, "warnings": 0, "wall": 1.5, "cpu": 1.25}


@settings(max_examples=25)
@given(st.binary(max_size=200), st.integers(0, 10**6), st.integers(1, 255))
def test_a_damaged_cache_file_counts_as_absent(whole, place, change):
    with tempfile.TemporaryDirectory() as folder:
        store = Cache(Path(folder))
        store.write("fits", "a", VALUE)
        assert store.read("fits", "a", FoldScore) == VALUE
        path = store.path("fits", "a", ".json")
        content = bytearray(path.read_bytes())
        content[place % len(content)] ^= change
        for damaged in (bytes(content), whole, path.read_bytes()[:-1]):
            path.write_bytes(damaged)
            assert store.read("fits", "a", FoldScore) in (None, VALUE)  # a space may have become another
            path.write_bytes(damaged)
            made = store.content("fits", "a.json", lambda: b"anew")
            assert made == b"anew" == store.content("fits", "a.json", pytest.fail)


def test_an_entry_of_another_key_kind_or_shape_counts_as_absent(tmp_path):
    store = Cache(tmp_path)
    store.write("fits", "a", VALUE)
    for kind, key in (("fits", "b"), ("seeds", "a")):
        path = store.path(kind, key, ".json")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(store.path("fits", "a", ".json").read_bytes())
        assert store.read(kind, key, FoldScore) is None
    for value in (
        None,
        [],
        1,
        "x",
        {},
        {"score": 1},
        VALUE | {"score": 1.5},
        VALUE | {"wall": -1.0},
        VALUE | {"warnings": -1},
        VALUE | {"score": "0.9"},
        VALUE | {"wall": None},
    ):
        store.write("fits", "a", value)
        assert store.read("fits", "a", FoldScore) is None
    store.write("fits", "a", VALUE | {"score": 1})  # a whole number is one, too
    assert store.read("fits", "a", FoldScore)["score"] == 1
    store.content("sprites", "a", lambda: b"one")
    store.path("sprites", "b").write_bytes(store.path("sprites", "a").read_bytes())
    assert store.content("sprites", "b", lambda: b"other") == b"other"


def test_a_cache_that_may_only_be_read_is_read(tmp_path, monkeypatch):
    store = Cache(tmp_path)
    store.write("fits", "a", VALUE)
    store.content("sprites", "a", lambda: b"one")

    def refuse(*_):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "utime", refuse)
    assert store.read("fits", "a", FoldScore) == VALUE
    assert store.content("sprites", "a", pytest.fail) == b"one"
    monkeypatch.setattr("benchmark.disk.shutil.rmtree", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    store.trim(0)


CROWDED = """
import sys, threading, types
from pathlib import Path
from benchmark.cache import Cache

sys.setswitchinterval(1e-6)
cache = Cache(Path(sys.argv[1]))
cache.write("kind", "key", {"a": 1, "b": [{"a": 1, "b": None}]})
for n in range(200):
    module = types.ModuleType(f"shapes{n}")
    sys.modules[module.__name__] = module
    exec("from typing import TypedDict\\nclass One(TypedDict):\\n a: int\\n b: 'list[Other]'\\nclass Other(TypedDict):\\n a: int\\n b: 'list[One] | None'",
         module.__dict__)
    together, found = threading.Barrier(3), []
    def read():
        together.wait()
        found.append(cache.read("kind", "key", module.One))
    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert len(found) == 3 and all(found)
"""


def test_threads_that_read_a_shape_for_the_first_time_together_crash_nothing(tmp_path):
    """msgspec alone would end the process with a segmentation fault here."""
    done = subprocess.run(
        [sys.executable, "-c", CROWDED, tmp_path], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
