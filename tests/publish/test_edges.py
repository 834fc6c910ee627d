"""What pages say at the edges: ties, references ahead, nobody ranked, no error, numbers and `all` as classes, few images."""

from __future__ import annotations

import html
import json
import os
import re

import numpy as np
import pytest

from benchmark import results
from benchmark.dataset import Dataset, DatasetEntry
from benchmark.errors import ResultsError
from benchmark.layout import shipped
from benchmark.publish.outside import of_other_data
from benchmark.publish.pages.home import headline
from benchmark.publish.past import Past
from benchmark.publish.readme import readme_table
from benchmark.publish.render import render
from benchmark.publish.site import Site
from tests import made
from tests.conftest import ROOT
from tests.publish.test_pages import give_interval, write_curves

GOLDEN = ROOT / "tests" / "golden" / "edges-pages.txt"


def site_of(folder, wrong, *, n=made.N, baselines=(), truth=None, other_data=()):
    """Return the site of models that get the images `wrong` wrong."""
    truth = made.labels(n) if truth is None else truth
    made.write_table(folder / "made", wrong, truth)
    for name, where in wrong.items():
        predicted = truth.copy()
        predicted[list(where)] = (predicted[list(where)] + 1) % len(made.CLASSES)
        digest = ("e" if name in other_data else "d") * 64
        made.write_model(folder / "made", name, predicted, truth=truth, digest=digest)
        write_curves(folder / "made", name)
        study = folder / "made" / name / "study.json"
        study.write_text(json.dumps(json.loads(study.read_text()) | {"confident_mistakes": []}))
        if n == made.N:
            give_interval(folder / "made" / name / "metrics.json")
    stored = results.load_results(folder, "made")
    for model in stored.models:
        model.entry["baseline"] = model.name in baselines
    images = np.random.default_rng(0).integers(0, 256, (max(40, n), 8, 8), dtype=np.uint8)
    entry = DatasetEntry("made", "Made up", tuple(made.CLASSES), "none", "a generator", {})
    dataset = Dataset(entry, images[:40], made.labels(40), images[:n], truth, stored.dataset["digest"])
    site = Site(stored, dataset, None, shipped("templates"), Past(None, None, "There is no history.", "git clone"))
    render(site)
    return site


def plain(text):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).replace("\u00a0", " ").split())


def told(site):
    """Return the sentences of a site's pages that depend on its results."""
    pages = {path: content.decode() for path, content in site.files.items() if path.endswith(".md")}
    keep = r'class="hero|<figcaption>(?!Mean|\d+ training)|^It is |^Ranked |^The only|^- <a |^Of its |^Its only |^It has |^Hardest|^Nothing:|class="chosen"|missed by|^It takes|^No ranked|^The (only|first|\d+)( one)? of its'
    lines = [headline(site.board) or "nobody leads"]
    for path in (
        "index.md",
        *(f"made/models/{m.name}.md" for m in site.stored.models),
        "made/errors.md",
        "made/compare.md",
    ):
        lines += [
            f"[{path}]",
            *(plain(line) for line in pages[path].splitlines() if re.search(keep, line) and "<li>" not in line),
        ]
    for path in sorted(path for path in pages if "/classes/" in path):
        lines += [
            f"[{path}]",
            *(plain(line) for line in pages[path].splitlines() if re.search(keep, line) and "<li>" not in line),
        ]
    return list(dict.fromkeys(line for line in lines if line))


@pytest.fixture
def names(monkeypatch):
    """A function that gives the classes other names."""
    return lambda *classes: monkeypatch.setattr(made, "CLASSES", list(classes))


EDGES = {
    "a tie for the lead": {"wrong": {"one": range(150), "other": range(150, 300), "poor": range(600)}},
    "a reference that is better": {"wrong": {"one": range(192, 384), "dummy": []}, "baselines": ["dummy"]},
    "nobody ranked": {"wrong": {"dummy": range(900)}, "baselines": ["dummy"]},
    "a model without an error": {"wrong": {"perfect": [], "fair": range(100)}},
    "only a model without an error": {"wrong": {"perfect": []}},
    "three images": {"wrong": {"one": [], "two": [1]}, "n": 3},
    "a class without a test image": {"wrong": {"one": range(100), "two": range(50)}, "truth": made.labels() % 3},
}


def look(found, golden=GOLDEN):
    if os.environ.get("REFRESH"):
        golden.write_text(found, encoding="utf-8")
    refresh = "REFRESH=1 make test PYTEST=tests/publish/test_edges.py"
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    assert found == expected, f"if that is meant: {refresh}, and read what changed"


def test_the_sentences_are_those_of_the_golden_file(tmp_path, names):
    parts = [(edge, told(site_of(tmp_path / str(i), **how))) for i, (edge, how) in enumerate(EDGES.items())]
    names("7", "1", "0", "10")
    parts.append(
        ("numbers as class names", told(site_of(tmp_path / "numbers", {"one": range(100), "two": range(0, 400, 4)})))
    )
    look("\n".join(line for edge, lines in parts for line in [f"{edge}:", *(f"  {line}" for line in lines), ""]))


def test_a_class_called_all_has_a_picture_of_its_own(tmp_path, names):
    names("all", "(all)", "Bag", "Boot")
    site = site_of(tmp_path, {"one": range(100)})
    page = site.files["made/models/one.md"].decode()
    titles = re.findall(r"<span>([^<]*)</span><small>up to", page)
    assert titles == ["All classes", "all", "(all)", "Bag", "Boot"]
    assert json.loads((tmp_path / "made" / "one" / "study.json").read_text())["importances"][0]["pictures"].keys() == {
        "((all))", "all", "(all)", "Bag", "Boot",
    }  # fmt: skip


def test_importances_of_other_images_are_refused(tmp_path):
    site = site_of(tmp_path, {"one": range(100)})
    path = tmp_path / "made" / "one" / "study.json"
    study = json.loads(path.read_text())
    study["importances"][0] |= {"block": 10**9}
    path.write_text(json.dumps(study))
    site.stored.model("one").__dict__.pop("study")
    with pytest.raises(ResultsError, match="study.json holds importances of other images"):
        render(site)


def test_numbers_as_class_names_are_no_numeric_axis(tmp_path, names):
    names("7", "1", "0", "10")
    site = site_of(tmp_path, {"one": range(100)})
    chart = json.loads(site.files["figures/class-7-taken-for.json"])
    assert set(chart["layout"]["yaxis"]["ticktext"]) == {"1", "0", "10"}
    assert chart["layout"]["yaxis"]["tickvals"] == chart["data"][0]["y"] == [0, 1, 2]


def test_a_class_without_a_test_image_has_no_dot(tmp_path):
    site = site_of(tmp_path, **EDGES["a class without a test image"])
    (panel,) = [
        trace
        for trace in json.loads(site.files["figures/recall-by-class.json"])["data"]
        if "Boot" in trace["hovertemplate"]
    ]
    assert panel["x"] == [None, None]
    assert "figures/class-boot-recall.json" not in site.files


def test_results_of_other_data_have_no_page_and_are_named_on_the_first(tmp_path):
    site = site_of(tmp_path, {"one": range(100), "two": range(50), "late": range(10)}, other_data=["late"])
    assert "made/models/late.md" not in site.files
    home = plain(site.files["index.md"].decode())
    assert (
        "Measured on other data than these, so neither ranked nor compared: late on 10 + 2,000 images, digest eeeeeeeeeeee… "
        "(make bench MODELS=late)."
    ) in home
    assert "late" not in site.files["results.csv"].decode()
    assert "Not ranked, because measured on other data: Model late." in readme_table(site.stored)


STUDY = json.loads((ROOT / "data" / "fashion-mnist" / "study.json").read_bytes())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, ""), ({"digest": "0" * 64}, "digest"), ({"class_means": {}}, "classes"), ({"image_shape": [14, 56]}, "size of the images"),
        ({"map": STUDY["map"] | {"index": [60_000]}}, "number of training images"),
        ({"near_duplicates": STUDY["near_duplicates"] | {"nearest": [{"test": 10_000, "train": 0, "distance": 0.1}]}}, "number of test images"),
    ],
)  # fmt: skip
def test_a_study_of_other_images_is_told_apart(change, why):
    classes = tuple(STUDY["class_means"])
    train, test = (np.broadcast_to(np.uint8(0), (n, 28, 28)) for n in (60_000, 10_000))
    labels = np.broadcast_to(np.uint8(0), 60_000)
    dataset = Dataset(
        DatasetEntry("made", "Made up", classes, "none", "none", {}),
        train,
        labels,
        test,
        labels[:10_000],
        STUDY["digest"],
    )
    assert of_other_data(STUDY | change, dataset) == why
