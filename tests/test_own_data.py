"""Other data sets, end to end: digits of 8 x 8 as a folder of PNG files, and images of 20 x 20 in seven classes."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pytest
from PIL import Image

from benchmark import results
from benchmark.dataset import FILES, read_idx
from tests import own_data

MODELS = {"numerals": "dummy,near,linear", "shapes": "knn-pixels,near,linear"}
N_CLASSES = {"numerals": 10, "shapes": 7}
SHAPES = {"numerals": (8, 8), "shapes": (20, 20)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own-data")
    own_data.write_entries(folder)
    own_data.write_digits(folder / "numerals")
    own_data.write_drawn(folder / "shapes", 7, (20, 20))
    return folder


@pytest.fixture(scope="module")
def run(folder, command):
    def run(name, dataset, *more):
        results = () if name == "data" else ("--models-dir", folder / "models")  # describing images needs none
        return command(
            name, "--dataset", dataset, "--entries", folder / "my_data.py", *results,
            "--build-dir", folder / "build" / dataset, *more,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module", params=list(MODELS))
def measured(request, run):
    """The name of a data set that has been accepted and measured, and the folder of its site."""
    accepted = run("data", request.param, "--accept")
    assert accepted.returncode == 0, accepted.stderr
    done = run("bench", request.param, "--models", MODELS[request.param], "--jobs", 2)
    assert done.returncode == 0, done.stderr
    return request.param


def test_nobody_has_said_what_it_is_until_it_is_accepted(run):
    refused = run("data", "shapes")
    assert refused.returncode == 1
    assert "the checksums of the data set shapes are not recorded" in refused.stderr
    assert re.search(
        r"python -m benchmark data --dataset shapes --accept --entries \S+my_data.py --build-dir ", refused.stderr
    )


def test_it_is_described_by_name(measured, folder, command):
    done = command("data", measured, "--entries", folder / "my_data.py", "--build-dir", folder / "build" / measured, "--json", "--quiet")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert tuple(found["image_shape"]) == SHAPES[measured]
    assert len(found["classes"]) == N_CLASSES[measured]
    sums = (folder / measured / "SHA256SUMS").read_text()
    assert all(name in sums for name in FILES)


def test_it_has_results_of_its_own_and_a_second_run_trains_nothing(measured, folder, run):
    stored = results.load_results(folder / "models", measured)
    assert [model.name for model in stored.models] == MODELS[measured].split(",")
    assert stored.model("near").accuracy > 0.8
    again = run("bench", measured, "--models", MODELS[measured], "--no-site", "--json")
    assert json.loads(again.stdout)["measured"] == []
    assert run("list", measured, "--models", MODELS[measured], "--check").returncode == 0


def test_its_site_has_its_name_its_classes_and_its_shape(measured, folder):
    site = folder / "build" / measured / "site"
    assert len(list((site / measured / "classes").glob("*/index.html"))) == N_CLASSES[measured]
    assert len(list((site / measured / "models").glob("*/index.html"))) == 3
    title = measured.capitalize()
    home = html.unescape((site / "index.html").read_text())
    assert f"{title} benchmark" in home
    stored = results.load_results(folder / "models", measured)
    assert list(stored.misfits) == ["elsewhere"]  # its features are of images of another size
    for name, reason in stored.misfits.items():
        assert name not in stored.missing
        assert f"{name} ({reason})" in home
    assert "because they do not fit this data set" in home
    explorer = json.loads((site / measured / "explorer.json").read_text())
    assert explorer["tile"] == [max(2, 56 // max(SHAPES[measured])) * side for side in SHAPES[measured]]


def test_its_images_are_predicted_from_files(measured, folder, command, run, tmp_path):
    source = folder / "shapes" if measured == "shapes" else folder / "build" / "numerals" / "data" / "numerals"
    images, labels = (read_idx(source / name) for name in FILES[2:])
    paths = []
    for label in range(3):
        paths.append(tmp_path / f"{label}.png")
        Image.fromarray(np.asarray(images[np.flatnonzero(labels == label)[0]])).save(paths[-1])
    done = command("predict", folder / "models" / measured / "near", *paths, "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)) == 3


def test_two_folders_of_its_results_can_be_diffed(measured, folder, command):
    place = folder / "models" / measured
    done = command("diff", place, place, "--dataset", measured, "--exit-code", "--min-effect", "1")
    assert "3 unchanged" in done.stdout, done.stderr
