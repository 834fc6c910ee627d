"""A site whose every name, title, note, licence, source and message is hostile: built strictly, read by a parser and in a browser."""

from __future__ import annotations

import csv
import html.parser
import json
import re
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmark import results
from benchmark.dataset import Dataset, DatasetEntry, check_dataset_entry
from benchmark.measure.study_data import dataset_study
from benchmark.publish.build import build_site
from benchmark.text import addresses, chart_text, one_line
from tests import made
from tests.publish.test_pages import give_growth, give_interval, write_curves
from tools.browsing import DESKTOP, until
from tools.browsing import addresses as addresses_of
from tools.links import Page, dead_links
from tools.served import serving

RUN = "window.ran=(window.ran||0)+1"
LONG = "long " * 2000
CLASSES = [
    f'<img src=x onerror="{RUN}">',
    f"</title><script>{RUN}</script>",
    "\\sum {{ 7 * 7 }} {% raw %} __x__ *y* `z` F#",
    f"[a](javascript:{RUN})",
    f"\"quoted' onmouseover={RUN} {{: onclick={RUN} }} | %{{x}} $x$ 50 %",
    "index",
    "A",
    "a",
    "お",
    "- key: [value\n---\n\n# R\u202eTL \x1b[31m",
]
TITLES = {
    "careful": f"</h1><script>{RUN}</script> & <b>bold</b> {LONG}".strip(),
    "hasty": f"<svg onload={RUN}> \\n [x]: y",
}
NOTE = f"!!! note\n\n    <iframe src=javascript:{RUN}> [link](javascript:{RUN}) ![](https://elsewhere.example/a.png) {{{{ 1 }}}}"
SUBJECT = f"<script>{RUN}</script> [x](javascript:{RUN}) \x1e\x1d\x1b[2J \u202e "
SECTION, N = "made", 200


def wrong_of(name):
    return range(20) if name == "careful" else range(10, 60)


def write_results(folder, patch):
    """Write two models' results, of classes and with titles as above, and a newer commit's that differ."""
    truth = np.arange(N) % len(CLASSES)
    patch.setattr(made, "CLASSES", CLASSES)
    patch.setattr(made, "N", N)
    patch.setattr(made, "labels", lambda n=N: np.arange(n) % len(CLASSES))
    made.write_table(folder, TITLES, truth)
    table = json.loads((folder / "entries.json").read_text())
    for entry in table["entries"]:
        entry |= {
            "title": TITLES[entry["name"]],
            "note": NOTE,
            "pipeline": CLASSES[0],
            "grid": {f"x__{CLASSES[0]}": [CLASSES[1], 2]},
        }
    results.write_document(folder / "entries.json", table, results.Entries)
    for name in TITLES:
        write_model(folder, name, wrong_of(name))


def write_model(folder, name, wrong):
    predicted = (np.arange(N) + np.isin(np.arange(N), wrong)) % len(CLASSES)
    made.write_model(folder, name, predicted, cpu=CLASSES[0])
    write_curves(folder, name)
    study = results.read_document(folder / name / "study.json", results.Study)
    study["confident_mistakes"] = [{"index": 10, "true": CLASSES[0], "predicted": CLASSES[1], "margin": 0.5}]
    results.write_document(folder / name / "study.json", study, results.Study)
    path = folder / name / "metrics.json"
    metrics = results.read_document(path, results.Metrics)
    metrics["title"] = TITLES[name]
    metrics["search"]["best_params"] = {f"x__{CLASSES[0]}": CLASSES[1]}
    metrics["search"]["candidates"] = [
        {"params": {f"x__{CLASSES[0]}": value}, "scores": [0.9, 0.8, 0.7]} for value in (CLASSES[1], "2 %{y}")
    ]
    results.write_document(path, metrics, results.Metrics)
    give_interval(path)
    give_growth(folder / name / "run.json", 1.5)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with two commits of such results, and their data set."""
    root = made.repository(tmp_path_factory.mktemp("hostile") / "repo")
    with pytest.MonkeyPatch.context() as patch:
        write_results(root / "models" / SECTION, patch)
        made.commit(root, SUBJECT)
        write_model(root / "models" / SECTION, "careful", range(5))
        published = {"schema_version": 1, "dataset": SECTION, "choice": CLASSES[1], "results": [
            {"title": CLASSES[0], "accuracy": 0.9, "n_images": 100, "source": f'javascript:{RUN} https://example.org/a_b*c "><i>', "read": "<b>"}
        ]}  # fmt: skip
        results.write_document(root / "data" / SECTION / "published.json", published, results.Published)
        made.commit(root, f"{SUBJECT} {LONG}")
    made.git(root, "remote", "add", "origin", 'https://example.org/a"onclick="x/b.git')
    return root


@pytest.fixture(scope="module")
def dataset():
    rng, truth = np.random.default_rng(0), (np.arange(N) % len(CLASSES)).astype(np.uint8)
    images = rng.integers(0, 256, (N, 8, 8), dtype=np.uint8)
    hostile = {
        "licence": f"<script>{RUN}</script> *free*",
        "source": f"javascript:{RUN} or https://example.org/x_y_z <b>",
    }
    entry = DatasetEntry(SECTION, f'"Data" </title><script>{RUN}</script>', tuple(CLASSES), **hostile, families={"<i>": (CLASSES[6], CLASSES[7])})  # fmt: skip
    check_dataset_entry(entry)
    return Dataset(entry, images[:100], truth[:100], images, truth, "d" * 64)


@pytest.fixture(scope="module")
def site(root, dataset, tmp_path_factory):
    """The folder of the built site."""
    results.write_document(root / "data" / SECTION / "study.json", dataset_study(dataset), results.DatasetStudy)
    (root / "data" / SECTION / "citation.bib").write_text(f"@misc{{a,\n\n```\n{CLASSES[0]}</code></pre>\n{CLASSES[1]}")
    build = tmp_path_factory.mktemp("build")
    (build / "released.json").write_text(json.dumps({"tag_name": CLASSES[1], "assets": [
        {"name": "careful.pkl", "browser_download_url": 'https://example.org/"onclick="x.pkl', "digest": f"sha256:{64 * 'a'}"}
    ]}))  # fmt: skip
    return build_site(root=root, models_dir=root / "models", dataset=dataset, build_dir=build, report=lambda _: None)


class Parsed(html.parser.HTMLParser):
    """The tags of a page with their attributes, and its text outside scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.titles = [], [], {"title": "", "h1": ""}
        self.within = ""
        self.feed(text)
        self.close()
        self.text = "".join(self.words)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.within = tag

    def handle_endtag(self, tag):
        self.within = ""

    def handle_data(self, data):
        if self.within in self.titles:
            self.titles[self.within] += data
        if self.within not in {"script", "style"}:
            self.words.append(data)


@pytest.fixture(scope="module")
def pages(site):
    return {
        path.relative_to(site).as_posix(): Parsed(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")
    }


def words(text):
    """Return text as a page has it: in one line, with single spaces, and units kept beside their numbers."""
    return " ".join(one_line(text).split())


def test_no_page_has_a_tag_an_attribute_or_an_address_of_a_name(pages):
    assert len(pages) == 11 + len(TITLES) + len(CLASSES) - 1
    for path, page in pages.items():
        for tag, attributes in page.tags:
            assert tag not in {"iframe", "i", "b", "object", "embed", "base"}, path
            assert not [name for name in attributes if name.startswith("on")], (path, attributes)
            for name in ("href", "src", "srcset", "action", "data-figure"):
                address = attributes.get(name) or ""
                assert urlsplit(address).scheme in {"", "https"}, (path, address)
                if urlsplit(address).scheme:
                    assert tag == "a", (path, tag, address)


def test_every_name_is_read_as_text(pages):
    own = addresses(CLASSES)
    for name, address in own.items():
        page = pages[f"{SECTION}/classes/{address}/index.html"]
        assert words(page.titles["title"]).startswith(words(name))
        assert words(page.titles["h1"]).removesuffix("¶").strip() == words(name)
        for path, other in pages.items():  # in the navigation
            assert words(name) in words(other.text), (path, name)
    for model, title in TITLES.items():
        page = pages[f"{SECTION}/models/{model}/index.html"]
        assert words(page.titles["h1"]).removesuffix("¶").strip() == words(title)
        assert words(NOTE) in words(page.text)
    for path in ("changes", "history"):
        assert words(SUBJECT) in words(pages[f"{SECTION}/{path}/index.html"].text)
    data = words(pages[f"{SECTION}/data/index.html"].text)
    assert "*free*" in data
    assert "https://example.org/x_y_z" in data
    assert "description:" not in "".join(page.text for page in pages.values())


def test_every_link_leads_somewhere(site):
    documents = {
        path: Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html") if path.name != "404.html"
    }
    assert not dead_links(documents, site)


def test_charts_hold_names_as_text_alone(site):
    def texts(value):
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, str):
                yield item
            elif isinstance(item, (dict, list)):
                yield from texts(item)

    charts = list((site / "figures").glob("*.json"))
    assert len(charts) > 30
    for path in charts:
        for text in texts(json.loads(path.read_text(encoding="utf-8"))):
            assert set(re.findall(r"<[^>]*>?", text)) <= {"<b>", "</b>", "<br>", "<extra>", "</extra>"}, (
                path.name,
                text,
            )
            assert not re.search(r"[\x00-\x1f\u202e]", text)
    shown = json.loads((site / "figures" / "careful-confusion.json").read_text(encoding="utf-8"))
    assert set(shown["layout"]["xaxis"]["ticktext"]) == set(map(chart_text, CLASSES))


def test_the_search_index_holds_names_as_html_reads_them(site):
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    for entry in index["docs"]:
        for part in (entry["title"], entry["text"]):
            assert not {tag for tag, _ in Parsed(part).tags} & {"script", "img", "svg", "iframe", "a", "b", "i"}


def test_the_feed_and_each_pair_of_commits_hold_names_as_text(site):
    feed = ElementTree.parse(site / "feed.xml").getroot()  # noqa: S314  # what this very program wrote
    entries = [found.text for found in feed.iterfind(".//{*}entry/{*}content")]
    assert len(entries) == 2
    for entry in entries:
        for tag, attributes in Parsed(entry).tags:
            assert tag in {"ul", "li", "p", "a"}
            assert set(attributes) <= {"href"}
            assert attributes.get("href", "https://example.org/").startswith("https://example.org/")
    assert words(TITLES["hasty"]) in words(Parsed(entries[1]).text)
    files = list((site / SECTION / "changes").glob("*.json"))
    assert len(files) == 1
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\x00-\x1f\u202e]|\\u00", text)
        assert all(side["link"].startswith("https://example.org/") for side in json.loads(text)["sides"])


def test_a_spreadsheet_of_the_results_computes_nothing(site):
    with (site / "results.csv").open(encoding="utf-8", newline="") as stream:
        names = {row["class"] for row in csv.DictReader(stream)}
    assert not [name for name in names if name.startswith(("=", "+", "-", "@"))]
    assert {name.removeprefix("'") for name in names} == {"", *CLASSES}


# ---------------------------------------------------------------------------------------------------------- in a browser
@pytest.fixture
def visit(site, new_context):
    """Open a page and return it; a script that ran, a request elsewhere and any complaint fail the test."""
    wrong = []
    page = new_context(**DESKTOP).new_page()
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
    with serving(site) as address:
        page.on("request", lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url))

        def visit(path):
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            return page

        yield visit
        assert page.evaluate("window.ran") is None
    assert not wrong


def test_no_page_runs_a_script_or_asks_elsewhere(site, visit):
    for path in addresses_of(site):
        page = visit(path)
        page.evaluate("document.querySelectorAll('.plot').forEach(place => place.click())")
        until(page, "[...document.querySelectorAll('.plot')].every(place => place.classList.contains('live'))")
        assert page.evaluate("window.ran") is None, path


def test_a_live_chart_shows_a_name_as_it_is(visit):
    page = visit(f"{SECTION}/models/careful/")
    page.locator("#careful-classes").scroll_into_view_if_needed()
    page.wait_for_selector("#careful-classes .plot.live")
    told = page.evaluate("[...document.querySelectorAll('#careful-classes .ytick text')].map(text => text.textContent)")
    assert sorted(told) == sorted(html.unescape(chart_text(name)) for name in CLASSES)


@pytest.mark.parametrize("path", ["errors", "compare"])
def test_an_address_selects_known_names_alone(visit, path):
    attack = quote(f'<img src=x onerror="{RUN}">')
    page = visit(f"{SECTION}/{path}/")
    usual = page.evaluate("[...document.querySelectorAll('.choices select')].map(field => field.value)")
    for words in (
        f"model={attack}&first={attack}&true=x&missed=-1",
        f"models={attack},__proto__,{attack}",
        "__proto__=1&constructor=2",
        '"]',
        attack,
    ):
        page = visit(f"{SECTION}/{path}/#{words}")
        page.reload()
        page.wait_for_load_state("networkidle")
        found = page.evaluate("[...document.querySelectorAll('.choices select')].map(field => field.value)")
        assert all(value in {*usual, ""} for value in found)
    page.evaluate("document.querySelector('.explorer, .comparer').show()")


@pytest.mark.parametrize("path", ["errors", "compare"])
def test_a_field_is_no_wider_than_the_page_however_long_its_names_are(visit, path):
    page = visit(f"{SECTION}/{path}/")
    ends = page.evaluate(
        "[...document.querySelectorAll('.choices select')].map(field => field.getBoundingClientRect().right)"
    )
    assert ends
    assert max(ends) <= DESKTOP["viewport"]["width"]


def test_a_cell_of_the_matrix_is_chosen_whatever_its_classes_are_called(visit):
    page = visit(f"{SECTION}/errors/")
    buttons = page.locator(".cells button")
    for place in range(buttons.count()):
        buttons.nth(place).click()
        until(page, "n => document.querySelectorAll('.cells button')[n].ariaPressed === 'true'", arg=place)
        assert page.locator(".garments li").count() > 0
        names = [page.evaluate(f"document.querySelector('[name={field}]').value") for field in ("true", "predicted")]
        assert page.locator(".chosen").inner_text().startswith(" ".join(f"{names[0]} taken for {names[1]}".split()[:2]))


def test_a_cell_of_a_models_matrix_leads_to_its_images_whatever_its_classes_are_called(visit):
    page = visit(f"{SECTION}/models/careful/")
    links = page.evaluate(
        "[...document.querySelectorAll('#careful-confusion table a')].map(link => [link.href, +link.textContent, link.closest('tr').cells[0].textContent])"
    )
    assert links
    for address, n, truth in links:
        page = visit(f"{SECTION}/errors/#{address.partition('#')[2]}")
        page.reload()
        until(
            page,
            "n => document.querySelector('.chosen')?.textContent.endsWith(`: ${n} image${n === 1 ? '' : 's'}`)",
            arg=n,
        )
        assert page.evaluate("document.querySelector('[name=true]').value") == truth
        assert page.locator("[aria-pressed=true]").inner_text() == str(n)


def test_models_side_by_side_are_called_what_they_are_called(visit):
    page = visit(f"{SECTION}/compare/#models=hasty,careful")
    page.reload()
    until(page, "document.querySelector('.comparer').dataset.n === '2'")
    heads = page.locator(".columns").first.locator("thead th").all_inner_texts()
    assert heads[0] == TITLES["hasty"]
    assert page.locator(".columns").nth(3).locator("tbody th").count() == len(CLASSES)


def test_search_shows_a_name_as_it_is(visit):
    page = visit("")
    page.locator("[data-md-toggle=search]").evaluate("box => box.click()")
    page.locator("input.md-search__input").press_sequentially("raw")
    page.wait_for_selector(".md-search-result__item")
    assert "{{ 7 * 7 }}" in page.locator(".md-search-result__list").inner_text()
