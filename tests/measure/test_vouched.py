"""A pickle in the cache is opened only if the results folder names its digest."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark import load_model, results
from benchmark.cache import Cache
from benchmark.errors import ResultsError
from benchmark.measure.vouched import LIST, is_vouched, vouch
from tests import made
from tests.conftest import SAMPLE

ONE, TWO = "1" * 64, "2" * 64


@pytest.fixture
def setting(tmp_path):
    return SimpleNamespace(folder=tmp_path / "models" / "made")


def test_a_digest_counts_if_a_run_has_noted_it_or_a_result_names_it(setting):
    assert not is_vouched(setting, ONE)
    vouch(setting, ONE)
    vouch(setting, TWO)
    assert is_vouched(setting, ONE)
    assert is_vouched(setting, TWO)
    assert not is_vouched(setting, "3" * 64)
    run = made.run("m") | {"pickle": {"sha256": "3" * 64, "bytes": 1}}
    results.write_document(setting.folder / "m" / "run.json", run, results.Run)
    assert is_vouched(setting, "3" * 64)


def test_a_list_that_a_killed_process_has_left_is_read_as_far_as_it_is_whole(setting):
    vouch(setting, ONE)
    with (setting.folder / LIST).open("ab") as stream:
        stream.write(b"\n" + b"2" * 30 + b"\xff")
    vouch(setting, TWO)
    assert is_vouched(setting, ONE)
    assert is_vouched(setting, TWO)
    assert not is_vouched(setting, "2" * 30)
    assert not is_vouched(setting, "")


class Payload:
    """What leaves a trace when its pickle is loaded."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def put(cache, name, content):
    """Put another pickle into the cache for the model `name`, and its digest everywhere in there."""
    (kept,) = [path.parent for path in (cache / "models").glob("*/model.pkl") if path.read_bytes() == name]
    (kept / "model.pkl").unlink()  # it is linked into the results
    (kept / "model.pkl").write_bytes(content)
    entry = json.loads((cache / "finals" / f"{kept.name}.json").read_text())["value"]
    sha256 = hashlib.sha256(content).hexdigest()
    found = entry | {"pickle_sha256": sha256, "pickle_bytes": len(content), "digests": {"model.pkl": sha256}}
    Cache(cache).write("finals", kept.name, found)
    return kept


@pytest.mark.parametrize("lost", ["scores", "results"])
def test_a_pickle_that_was_put_into_the_cache_is_neither_run_nor_published(whole_run, tmp_path, command, lost):
    shutil.copytree(whole_run[0], tmp_path / "run")
    model, trace = tmp_path / "run" / "models" / SAMPLE / "lr-hog", tmp_path / "trace"
    own = (model / "model.pkl").read_bytes()
    kept = put(tmp_path / "run" / "build" / "cache", own, pickle.dumps(Payload(trace)))
    if lost == "scores":
        (kept / "scores.npy").unlink()
        (model / "curves.json").unlink()
    else:
        shutil.rmtree(model)
    where = ("--build-dir", tmp_path / "run" / "build", "--models-dir", tmp_path / "run" / "models", "--no-site")
    done = command("bench", "--dataset", SAMPLE, "--models", "lr-hog", *where)
    assert done.returncode == 0, done.stderr
    assert "final fit and prediction: 1 done" in done.stderr
    assert "search: " not in done.stderr
    assert load_model(model / "model.pkl").n_features_in_ == 28 * 28
    assert not trace.exists()


def test_fold_scores_and_studies_of_another_shape_are_computed_anew(whole_run, tmp_path, command):
    shutil.copytree(whole_run[0], tmp_path / "run")
    folder, cache = tmp_path / "run" / "models" / SAMPLE, tmp_path / "run" / "build" / "cache"
    tracked = {path: path.read_bytes() for path in folder.glob("*/metrics.json")}
    for kind in ("fits", "finals", "scores", "seeds", "shares", "studies"):
        for number, path in enumerate(sorted((cache / kind).glob("*.json"))):
            if number % 3 == 0:
                path.write_bytes(path.read_bytes().replace(b"0.", b"1.", 1))
            elif number % 3 == 1:
                Cache(cache).write(kind, path.stem, [{"score": "high"}])
    (folder / "dummy" / "curves.json").unlink()
    (folder / "knn-pixels" / "curves.json").unlink()
    where = ("--build-dir", tmp_path / "run" / "build", "--models-dir", tmp_path / "run" / "models", "--no-site")
    done = command("bench", "--dataset", SAMPLE, "--models", "dummy,knn-pixels", *where)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert tracked == {path: path.read_bytes() for path in tracked}


# ------------------------------------------------------------------------------------------------- what load_model opens
def test_a_pickle_is_loaded_from_the_bytes_that_were_checked(tmp_path, monkeypatch):
    path, trace = tmp_path / "m.pkl", tmp_path / "trace"
    path.write_bytes(pickle.dumps({"a": 1}))
    sha256, read = hashlib.sha256(path.read_bytes()).hexdigest(), Path.read_bytes

    def then_replaced(self):
        content = read(self)
        path.write_bytes(pickle.dumps(Payload(trace)))
        return content

    monkeypatch.setattr(Path, "read_bytes", then_replaced)
    assert load_model(path, sha256) == {"a": 1}
    with pytest.raises(ResultsError, match="it was not opened"):
        load_model(path, sha256)
    assert not trace.exists()
