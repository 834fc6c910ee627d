"""Pages as they are written: Markdown from results made up, compared with golden files word by word."""

from __future__ import annotations

import dataclasses
import io
import os
import re

import numpy as np
import pytest
from PIL import Image
from statsmodels.stats.proportion import proportion_confint

from benchmark import command, results
from benchmark.command import as_typed
from benchmark.dataset import Dataset, DatasetEntry
from benchmark.layout import shipped
from benchmark.publish.chart import Chart
from benchmark.publish.pages.methods import circumstances
from benchmark.publish.past import Past
from benchmark.publish.render import charts_in, render
from benchmark.publish.site import Part as PartOfSite
from benchmark.publish.site import Site
from tests import made
from tests.conftest import ROOT
from tools.browsing import KINDS

GOLDEN = ROOT / "tests" / "golden" / "pages"
REFRESH = "REFRESH=1 make test PYTEST=tests/publish/test_pages.py"
PAGES = {
    "home": "index.md",
    "model": "made/models/careful.md",
    "class": "made/classes/coat.md",
    "errors": "made/errors.md",
    "compare": "made/compare.md",
    "hardest": "made/hardest.md",
    "data": "made/data.md",
    "methods": "methods.md",
    "cite": "cite.md",
    "datasets": "datasets.md",
}


def write_curves(folder, name):
    """Write curves of two straight pieces, a learning curve of two points and blocks that all matter alike."""
    curves = {
        "schema_version": 1,
        "name": name,
        "roc": {label: {"fpr": [0.0, 0.02, 1.0], "tpr": [0.0, 0.9, 1.0]} for label in made.CLASSES},
        "precision_recall": {
            label: {"recall": [1.0, 0.9, 0.0], "precision": [0.25, 0.9, 1.0]} for label in made.CLASSES
        },
        "reliability": None,
    }
    points = [
        {"n_train": n, "accuracy": {"value": v, "low": v - 0.1, "high": v + 0.1}} for n, v in ((3, 0.5), (6, 0.7))
    ]
    study = {
        "schema_version": 1,
        "name": name,
        "confident_mistakes": [{"index": 100, "true": "Shirt", "predicted": "Coat", "margin": 0.5}],
        "learning_curve": {"fold": 0, "n_held_out": 4, "points": points},
        "importances": [
            {
                "method": "permutation",
                "shape": [2, 2],
                "block": 4,
                "n_images": 10,
                "pictures": {
                    label: [0.1, 0.2, 0.0, 0.1] for label in (results.all_classes(made.CLASSES), *made.CLASSES)
                },
            }
        ],
    }
    results.write_document(folder / name / "curves.json", curves, results.Curves)
    results.write_document(folder / name / "study.json", study, results.Study)


def give_interval(path):
    """Put the interval of its accuracy into made-up metrics."""
    document = results.read_document(path, results.Metrics)
    accuracy = document["test"]["accuracy"]
    low, high = proportion_confint(round(accuracy["value"] * made.N), made.N, method="wilson")
    document["test"]["accuracy"] |= {"low": float(low), "high": float(high)}
    results.write_document(path, document, results.Metrics)


def give_growth(path, exponent, memory=3 * 2**20):
    """Put the costs of fits on four sizes into a made-up run, near a power law of this exponent."""
    document = results.read_document(path, results.Run)
    document["growth"] = [
        {
            "n_train": n,
            "features_seconds": 0.01 * n,
            "fit_seconds": 0.1 * n**exponent * noise,
            "predict_seconds": 0.002 * n,
            "n_predict": 100,
            "memory_bytes": memory and memory * n**2,
        }
        for n, noise in ((1, 1.1), (2, 0.9), (4, 1.0), (6, 1.05))
    ]
    results.write_document(path, document, results.Run)


def written(folder, baselines=(), *, growth=True, titles=()):
    """Return the site of two models, of which these are baselines; without `growth` as from an older version's results.

    `titles` are those of all data sets, where there are several.
    """
    wrong = {"careful": range(150), "hasty": range(100, 320)}
    made.write_table(folder / "made", wrong)
    for name, where in wrong.items():
        made.write_model(folder / "made", name, made.predictions(where))
        write_curves(folder / "made", name)
        give_interval(folder / "made" / name / "metrics.json")
    if growth:
        give_growth(folder / "made" / "careful" / "run.json", 1.5)
        give_growth(folder / "made" / "hasty" / "run.json", 1, memory=None)
    stored = results.load_results(folder, "made")
    for model in stored.models:
        model.entry["baseline"] = model.name in baselines
    truth = stored.test_labels
    images = np.random.default_rng(0).integers(0, 256, (len(truth), 8, 8), dtype=np.uint8)
    entry = DatasetEntry("made", "Made up", tuple(made.CLASSES), "none", "a generator", {"Tops": ("Coat", "Shirt")})
    dataset = Dataset(entry, images[:40], truth[:40], images, truth, stored.dataset["digest"])
    site = Site(stored, dataset, None, shipped("templates"), Past(None, None, "There is no history.", "git clone"))
    site.parts = [PartOfSite(title, f"{title.lower()}/", site) for title in titles]
    render(site)
    return site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return written(tmp_path_factory.mktemp("models"), titles=["Made", "Beside"])


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_word_for_word_its_golden_file(site, kind):
    golden = GOLDEN / f"{kind}.md"
    found = re.sub(r"sprites/[0-9a-f]{16}", "sprites/…", site.files[PAGES[kind]].decode())  # WebP's encoder may change
    found = re.sub(r"base64,[\w+/=]+", "base64,…", found)  # and zlib's
    if os.environ.get("REFRESH"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    expected = golden.read_text(encoding="utf-8") if golden.exists() else ""
    assert found == expected, f"if that is meant: {REFRESH}, and read what changed"


def test_every_kind_of_page_has_a_golden_file():
    made_elsewhere = {"changes", "history"}  # tests/publish/test_changes.py makes the commits that they need
    assert PAGES.keys() | made_elsewhere == set(KINDS), "add the page to PAGES, then: " + REFRESH


def test_a_lone_contestant_is_ahead_of_nobody(tmp_path):
    files = written(tmp_path, baselines=["hasty"]).files
    home = files["index.md"].decode()
    assert "</a> is the only ranked model: it gets <strong>92.5\u00a0%</strong>" in home
    assert " ahead of " not in home
    assert "The only ranked model." in files["made/models/careful.md"].decode()
    assert "It is 3.50 points behind Model careful" in files["made/models/hasty.md"].decode()
    assert (
        "It takes two ranked models to compare, and here is one: <code>make bench</code>"
        in files["made/compare.md"].decode()
    )


def test_baselines_alone_have_a_table_and_neither_leader_nor_chart(tmp_path):
    files = written(tmp_path, baselines=["careful", "hasty"]).files
    home = files["index.md"].decode()
    assert home.count('class="baseline" data-last>') == 2
    assert 'class="hero"' not in home
    assert 'class="chart"' not in home
    assert "No ranked model has been measured yet" in files["made/errors.md"].decode()
    assert "It has 500 test images; no ranked model is measured." in files["made/classes/coat.md"].decode()
    assert "and here is none" in files["made/compare.md"].decode()


def test_results_without_the_costs_of_fits_leave_out_how_cost_grows(tmp_path):
    files = written(tmp_path, growth=False).files
    assert "How cost grows" not in files["made/models/careful.md"].decode()
    assert 'id="cost-growth"' not in files["index.md"].decode()
    methods = files["methods.md"].decode()
    assert "by the fitted lines" not in methods
    assert "What breaks first" in methods


def test_a_page_says_where_memory_was_not_measured(site):
    words = "Memory was not measured"
    assert words in site.files["made/models/hasty.md"].decode()
    assert words not in site.files["made/models/careful.md"].decode()


def test_a_page_says_that_a_run_failed_and_what_did_not_converge(site):
    message = "model 'hasty' could not be fitted: search, fold 1: ValueError: <b>*x*</b>"
    failure = {"model": "hasty", "results": "here", "at": "2026-11-27T10:00:00+00:00", "message": message}
    warned = {"convergence_warnings": {"search": 2, "final_fit": 1}}
    models = [dataclasses.replace(model, metrics=model.metrics | warned) for model in site.stored.models]
    stored = dataclasses.replace(site.stored, models=models)
    again = dataclasses.replace(site, stored=stored, failures={"hasty": failure}, files={}, nav=[])
    render(again)
    for name in ("careful", "hasty"):
        before, page = (each.files[f"made/models/{name}.md"].decode() for each in (site, again))
        assert ("Last run here failed" in page) == (name == "hasty")
        assert "scikit-learn gave 3 convergence warnings: 2 in the search, 1 in the final fit." in page
        assert not re.search("Last run here failed|convergence", before)
    told = again.files["made/models/hasty.md"].decode()
    assert "On 2026-11-27; what this page shows is older. model &#39;hasty&#39;" in told
    assert "ValueError: &lt;b&gt;&#42;x&#42;&lt;/b&gt;</p>" in told


def size_of(picture):
    """Return the width and the height of a picture, as its file has them."""
    if picture.startswith(b"<svg"):
        return [int(length) for length in re.findall(rb'^<svg [^>]* width="(\d+)" height="(\d+)"', picture)[0]]
    with Image.open(io.BytesIO(picture)) as opened:
        return [opened.width, opened.height]


def test_every_picture_says_how_large_it_is(site):
    pages = [content.decode() for path, content in site.files.items() if path.endswith(".md")]
    images = [image for page in pages for image in re.findall(r"<img [^>]*>", page)]
    assert images
    for image in images:
        size, (path,) = re.findall(r' (width|height)="(\d+)"', image), re.findall(r'src="[./]*([^"]+)"', image)
        assert [name for name, _ in size] == ["width", "height"], image
        if "object-position" not in image and not path.startswith("data:"):  # the whole file is shown
            assert [int(length) for _, length in size] == size_of(site.files[path]), image


@dataclasses.dataclass
class Part:
    last: list[Chart]


@dataclasses.dataclass
class Whole:
    title: str
    first: Chart
    none: Chart | None
    more: Chart | None
    part: Part | None
    nothing: Part | None


def test_charts_are_found_in_fields_lists_and_parts_in_the_order_of_the_fields():
    a, b, c, d = (Chart(name, "", "", {}, (), [], 0) for name in "abcd")
    assert charts_in(Whole("", a, None, b, Part([c, d]), None)) == [a, b, c, d]


@pytest.mark.parametrize(
    ("in_checkout", "bench", "compare"),
    [
        (True, "make bench MODELS=hasty DATASET=made", "make compare MODELS=hasty,careful DATASET=made"),
        (
            False,
            "fashion-bench bench --models hasty --dataset made",
            "fashion-bench compare hasty careful --dataset made",
        ),
    ],
    ids=["checkout", "installed"],
)
def test_pages_name_commands_as_one_types_them(monkeypatch, site, in_checkout, bench, compare):
    monkeypatch.setattr(command, "is_checkout", lambda: in_checkout)
    again = dataclasses.replace(site, files={}, nav=[])
    render(again, lambda text: as_typed(text, {"dataset": "made"}))
    assert f"<code>{compare}</code></span></p>" in again.files[PAGES["compare"]].decode()
    page = again.files["made/models/hasty.md"].decode()
    assert f"<code>{bench}</code> makes it" in page
    assert f"`{command.program()} predict models/made/hasty photo.png`" in page


def test_the_circumstances_name_the_kernel_and_the_usable_cores_where_they_are_recorded(site):
    before, after = (dict(circumstances(stored))["Machine"] for stored in (site.stored, _recorded(site.stored)))
    assert after == f"{before.replace('2 cores', '1 of 2 cores')}, BLAS kernel Haswell"


def _recorded(stored):
    more = {"kernel": "Haswell", "usable_cores": 1}
    models = [
        dataclasses.replace(each, run=each.run | {"machine": each.run["machine"] | more}) for each in stored.models
    ]
    return dataclasses.replace(stored, models=models)
