"""A site of several data sets: each has its own pages, all lead to each other, and one that cannot be used is left out and named."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.command import Command
from benchmark.commands.main import main
from benchmark.dataset import Dataset, DatasetEntry
from benchmark.errors import BenchmarkError, DataError
from benchmark.publish.build import build_site
from benchmark.publish.parts import LeftOutError, Other
from tests import made
from tests.publish.test_pages import give_growth, give_interval, write_curves
from tools.browsing import DESKTOP, PHONE, addresses, build_for, kinds, until, violations
from tools.links import Page, dead_links
from tools.served import serving

HOSTILE = "<b onclick=x>Beside</b> {{ 7 * 7 }}"
TITLES = {"made": "Made", "beside": HOSTILE, "third": "Third"}
N = 200


def write_results(folder, name):
    truth = made.labels(N)
    made.write_table(folder, ["careful", "hasty"], truth)
    for model, wrong in (("careful", range(20)), ("hasty", range(10, 60))):
        made.write_model(folder, model, made.predictions(wrong, N))
        write_curves(folder, model)
        give_interval(folder / model / "metrics.json")
        give_growth(folder / model / "run.json", 1.5)
    for path in folder.rglob("*.json"):
        path.write_text(path.read_text().replace('"made"', f'"{name}"'))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("parts")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made, "N", N)
        for name in TITLES:
            write_results(root / "models" / name, name)
    return root


def dataset(name, **more):
    truth = made.labels(N).astype(np.uint8)
    images = np.random.default_rng(0).integers(0, 256, (N, 8, 8), dtype=np.uint8)
    entry = DatasetEntry(name, TITLES[name], tuple(made.CLASSES), "CC0", "drawn with a seed")
    return replace(Dataset(entry, images[:100], truth[:100], images, truth, "d" * 64), **more)


def other(name, **more):
    return Other(name, lambda: dataset(name, **more), str)


def built(root, build, others):
    return build_site(
        root=root, models_dir=root / "models", dataset=dataset("made"), build_dir=build, report=str, others=others
    )


@pytest.fixture(scope="module")
def site(once, root):
    return once("parts", lambda folder: built(root, folder, [other("beside"), other("third")]))[1]


def test_each_data_set_has_all_its_pages_in_its_own_folder(site):
    own = {path.removeprefix("made/") for path in addresses(site) if not path.startswith(("beside/", "third/"))}
    for name in ("beside", "third"):
        assert {path.removeprefix(f"{name}/") for path in addresses(site) if path.startswith(f"{name}/")} == own - {
            "datasets/"
        }
        index = json.loads((site / name / "search" / "search_index.json").read_text())
        assert {"careful", "models/careful/"} & {entry["location"] for entry in index["docs"]}
    assert sorted(path.name for path in (site / "beside" / "assets").iterdir()) == [
        "images",
        "javascripts",
        "stylesheets",
    ]
    assert (site / "beside" / "results.csv").read_text() != (site / "results.csv").read_text()
    rows = (site / "beside" / "results.csv").read_text().splitlines()
    assert all(row.startswith("beside,") for row in rows[1:])


def test_every_link_leads_somewhere_and_every_picture_is_there(site):
    documents = {
        path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if path.name != "404.html"
    }
    assert not dead_links(documents, site)


def test_every_page_leads_to_each_data_set_and_says_where_it_is(site):
    for path in addresses(site):
        text = (site / path / "index.html").read_text()
        menu = re.search(r'<ul class="md-select__list">(.*?)</ul>', text, re.DOTALL)[1]
        titles = [html.unescape(title) for title in re.findall(r">([^<>]+)</a>", menu)]
        assert titles == [*TITLES.values(), "All data sets"]
        here = re.search(r'aria-current="true">([^<>]+)</a>', menu)[1]
        part = path.split("/")[0]
        assert html.unescape(here) == TITLES.get(part if part in ("beside", "third") else "made")
        assert "<b onclick" not in text


def test_search_engines_are_told_of_the_pages_of_each(site, tmp_path):
    assert "Sitemap" not in (site / "robots.txt").read_text()  # its address is not known
    build_for("https://example.org/b/", site.parent / "mkdocs.yml", tmp_path)
    maps = re.findall("Sitemap: (.*)", (tmp_path / "robots.txt").read_text())
    assert maps == [f"https://example.org/b/{part}sitemap.xml" for part in ("", "beside/", "third/")]


def test_the_index_says_what_each_is_and_who_leads(site):
    text = html.unescape((site / "datasets" / "index.html").read_text()).replace("\xa0", " ")
    for title in TITLES.values():
        assert title in text
    assert text.count("100 training and 200 test images of 8 × 8 pixels in 4 classes; CC0.") == len(TITLES)
    assert text.count(
        "Model careful leads: it gets 90.0 % of the test images right, the best of 2 ranked models."
    ) == len(TITLES)
    assert not [name for name in ("datasets", "404.html", "robots.txt") if (site / "beside" / name).exists()]


def test_one_that_cannot_be_used_is_left_out_and_named_and_one_that_went_leaves_no_pages(root, tmp_path):
    def gone():
        raise DataError("its images are gone", expected="images", remedy=("make data ", "DATASET=fourth"))

    with pytest.raises(LeftOutError) as caught:
        built(root, tmp_path, [Other("fourth", gone, "".join), other("beside", digest="e" * 64), other("third")])
    message = str(caught.value)
    assert message.startswith("the site was built without the data set fourth, and without beside: its images are gone")
    assert message.endswith("  try:      make data DATASET=fourth")
    site = tmp_path / "site"
    assert (site / "third" / "models" / "careful" / "index.html").exists()
    assert not (site / "beside").exists()
    assert "&lt;b onclick" not in (site / "index.html").read_text()
    assert built(root, tmp_path, []) == site
    assert not (site / "datasets").exists()
    assert not (site / "third").exists()
    assert not (tmp_path / "parts").exists()
    for path in addresses(site):
        assert "md-select" not in (site / path / "index.html").read_text()


def test_the_command_takes_every_data_set_that_has_results_and_names_one_that_nobody_defines(monkeypatch, tmp_path):
    asked, said = {}, []

    def build(**arguments):
        asked.update(arguments)
        return tmp_path / "site"

    monkeypatch.setattr("benchmark.publish.build.build_site", build)
    monkeypatch.setattr("benchmark.commands.building.open_dataset", lambda images, _: images.dataset)
    monkeypatch.setattr("benchmark.commands.publishing.open_dataset", lambda images, _: images.dataset)
    monkeypatch.setattr("benchmark.commands.publishing.make_reporter", lambda quiet: SimpleNamespace(line=said.append))
    (tmp_path / "models" / "digits" / "a").mkdir(parents=True)
    (tmp_path / "models" / "digits" / "a" / "metrics.json").write_text("{}")
    for name in ("fashion-mnist", "unknown", "notes"):
        (tmp_path / "models" / name).mkdir(parents=True)
        if name != "notes":
            (tmp_path / "models" / name / "entries.json").write_text("{}")
    where = ["--models-dir", str(tmp_path / "models"), "--build-dir", str(tmp_path / "build")]
    assert main(["site", *where]) == 0
    assert [found.name for found in asked["others"]] == ["digits"]
    assert asked["others"][0].load() == "digits"
    assert asked["others"][0].say(Command("bench")) == "make bench DATASET=digits"
    assert len(said) == 1
    assert "models/unknown is not on the site, because no data set of that name is defined" in said[0]
    assert "DATASET" not in said[0]
    assert main(["site", "--dataset", "digits", *where]) == 0
    assert asked["others"] == []


def test_what_is_wrong_with_the_first_stops_the_build(root, tmp_path):
    with pytest.raises(BenchmarkError, match="are of other data") as caught:
        build_site(
            root=root, models_dir=root / "models", dataset=dataset("made", digest="e" * 64), build_dir=tmp_path,
            report=str, others=[other("beside")],
        )  # fmt: skip
    assert not isinstance(caught.value, LeftOutError)
    assert not (tmp_path / "site").exists()


# --------------------------------------------------------------------------------------------------------- in a browser
@pytest.mark.parametrize("like", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_one_comes_from_a_data_set_to_another_by_the_header(site, new_context, like):
    page, wrong = new_context(**like).new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    with serving(site) as address:
        page.goto(f"{address}made/models/careful/")
        page.get_by_role("button", name="Data sets").focus()
        page.get_by_role("link", name=HOSTILE).click()
        page.wait_for_url(f"{address}beside/")
        assert page.locator("h1").inner_text().startswith(f"Which model classifies {HOSTILE} best?")
        page.locator(".leaderboard a").first.click()
        page.wait_for_url(f"{address}beside/models/careful/")
        page.evaluate("document.querySelectorAll('.plot').forEach(place => place.click())")
        until(page, "[...document.querySelectorAll('.plot')].every(place => place.classList.contains('live'))")
        assert violations(page) == []
        page.goto(f"{address}{kinds(site)['datasets']}")
        assert violations(page) == []
        page.get_by_role("link", name="Third").last.click()
        page.wait_for_url(f"{address}third/")
    assert not wrong
