"""The page *Compare* and the way from a cell of a matrix to its images: in Python, and in a browser against Python's figures."""

from __future__ import annotations

import json
import re
from itertools import combinations
from types import SimpleNamespace
from urllib.parse import parse_qsl

import numpy as np
import pytest

from benchmark.compare.columns import best, column, groups
from benchmark.compare.leaderboard import leaderboard
from benchmark.publish.cells import selection
from benchmark.publish.explorer import Explorer
from benchmark.publish.gallery import Gallery
from benchmark.publish.pages.compare import compare_data, compare_page
from benchmark.results import load_results
from benchmark.results.numbers import points
from tests import made
from tests.conftest import SAMPLE
from tests.publish.test_browser import ASKED, MODEL, heard_after, ready, waits_for_interest
from tools.browsing import PHONE, enliven, until

CHOSEN = [["lr-hog", "rf-pixels"], ["rf-pixels", "lr-hog"], ["knn-pixels", "svm-pixels", "rf-pixels"], ["rf-pixels", "knn-pixels", "lr-hog", "svm-pixels"]]  # fmt: skip


def explorer_of(wrong, n=40):
    stored = made.stored({name: made.predictions(where, n) for name, where in wrong.items()}, made.labels(n))
    gallery = Gallery(np.zeros((n, 4, 4), np.uint8), {})
    return Explorer(stored, gallery, made.CLASSES[::-1], leaderboard(stored))


# ---------------------------------------------------------------------------------------------------------- in Python
def test_both_galleries_are_in_the_order_of_the_classes_then_of_the_numbers():
    """Classes go round by number, so that images 0, 4, 8 … are of the first; the order of the site is the reverse."""
    first, second = range(12), range(12, 36)
    explorer = explorer_of({"one": first, "other": second})
    explorer.stored.models[0].predictions[5] = 3  # the leader takes one coat for a boot, the others for a bag
    page = compare_page(explorer)
    for side, where in zip(page.selection.sides, (second, first), strict=True):
        shown = [item.garment.index for item in side.items]
        expected = sorted(where, key=lambda i: (-(i % 4), i))
        assert shown == expected[: len(shown)]
        assert side.title.endswith(f"is right: {len(where)} images")


def test_the_counts_of_two_models_are_all_of_the_images():
    page = compare_page(explorer_of({"one": range(10), "other": range(6, 30)}))
    assert page.selection.counts == [
        ("Both right", "10", "25.0 %"),
        ("Only Model one right", "20", "50.0 %"),
        ("Only Model other right", "6", "15.0 %"),
        ("Neither right", "4", "10.0 %"),
    ]
    assert page.selection.pair[5:7] == ("20", "6")


@pytest.mark.parametrize(("n_models", "n_fields"), [(1, 1), (2, 2), (3, 3), (42, 4)])
def test_there_are_as_many_fields_as_models_to_choose_four_at_most(n_models, n_fields):
    explorer = explorer_of({f"m{k}": range(k) for k in range(n_models)}, 60)
    page = compare_page(explorer)
    assert (page.selection is None) == (n_models == 1)
    assert n_models == 1 or len(page.fields) == n_fields
    assert len(json.loads(compare_data(explorer))["models"]) == n_models


def test_counts_have_a_comma_in_thousands_wherever_they_stand():
    explorer = explorer_of({"one": range(2), "other": range(2, 3000)}, 4000)
    page = compare_page(explorer)
    assert page.rows[0][3:5] == ("2,998", "2")
    assert page.selection.pair[5] == page.selection.counts[1][1] == "2,998"


def test_a_selection_names_classes_as_the_fields_do():
    found = dict(parse_qsl(selection("one", "50 % wool\n& more", "a#b")[1:], strict_parsing=True))
    assert found == {"model": "one", "true": "50\u00a0% wool & more", "predicted": "a#b"}


# ------------------------------------------------------------------------------------------------------- in a browser
@pytest.fixture(scope="module")
def stored(whole_run):
    return load_results(whole_run[0] / "models", SAMPLE)


@pytest.fixture(scope="module")
def explorer(stored):
    order = [*stored.dataset["classes"]]
    return Explorer(stored, SimpleNamespace(), order, leaderboard(stored))


def rows(page, selector):
    """Return the rows of a table as lists of the texts of their cells."""
    told = """selector => [...document.querySelectorAll(`${selector} tbody tr`)].map(row => [...row.cells].map(cell =>
      [...cell.childNodes].filter(part => part.className !== 'best').map(part => part.textContent.trim()).filter(Boolean).join(' ')))"""
    return page.evaluate(told, selector)


@pytest.mark.parametrize("names", CHOSEN, ids=len)
def test_what_stands_beside_each_other_is_what_python_says_of_these_models(visit, stored, explorer, names):
    page = visit(f"{SAMPLE}/compare/#models={','.join(names)}")
    until(page, "n => document.querySelectorAll('.columns')[0].querySelectorAll('thead th').length === n && document.querySelector('.comparer').dataset.n == n", arg=len(names))  # fmt: skip
    models = [stored.model(name) for name in names]
    titles = [model.metrics["title"] for model in models]
    order = page.evaluate("[...document.querySelectorAll('.columns')[3].querySelectorAll('tbody th')].map(cell => cell.textContent)")  # fmt: skip
    columns = [column(model, order) for model in models]
    marks = page.evaluate("[...document.querySelectorAll('.columns')].map(part => [...part.querySelectorAll('tbody tr')].map(row => [...row.cells].slice(1).map(cell => !!cell.querySelector('.best'))))")  # fmt: skip
    for k, group in enumerate(groups(order, models[0].run["n_predict_many"])):
        table = page.locator(".columns").nth(k)
        assert table.locator("thead th").all_inner_texts() == titles
        shown = rows(page, f".groups section:nth-child({k + 1})")
        cells = [[each.cells[k][i] for each in columns] for i in range(len(group.lines))]
        assert [row[0] for row in shown] == [line.title for line in group.lines]
        assert [[text.replace("\u00a0", " ") for text in row[1:]] for row in shown] == [[" ".join(filter(None, cell[:2])) for cell in row] for row in cells]  # fmt: skip
        assert marks[k] == [best(line, columns, row) for line, row in zip(group.lines, cells, strict=True)]

    right = np.array([stored.correct(model) for model in models])
    n_right, n_models, n_test = right.sum(axis=0), len(models), right.shape[1]
    alone = [int((own & (n_right == 1)).sum()) for own in right]
    some = [int(((n_right > 1) & (n_right < n_models)).sum())] if n_models > 2 else []
    expected = [int((n_right == n_models).sum()), *alone, *some, int((n_right == 0).sum())]
    assert sum(expected) == n_test
    assert [row[1] for row in rows(page, ".counts")] == [f"{n:,}" for n in expected]
    heads = [head for head in page.locator(".side h3").all_inner_texts() if head]
    assert heads == [f"Only {title} is right: {n} image{'' if n == 1 else 's'}" for title, n in zip(titles, alone, strict=True)]  # fmt: skip

    pairs = [explorer.board.pair(*pair) for pair in combinations(names, 2)]
    shown = rows(page, ".pairs")
    assert [row[0] for row in shown] == [" against ".join(pair) for pair in combinations(titles, 2)]
    assert [row[1] for row in shown] == [f"{points(p.test.difference, '+')} [{points(p.test.low, '+')}, {points(p.test.high, '+')}]" for p in pairs]  # fmt: skip
    assert [row[4] for row in shown] == ["a real difference" if pair.p_adjusted < 0.05 else "within noise" for pair in pairs]  # fmt: skip
    assert [row[5:7] for row in shown] == [[f"{p.test.only_first:,}", f"{p.test.only_second:,}"] for p in pairs]
    commands = page.locator("[data-command] code").all_inner_texts()
    assert [re.findall(r"MODELS=(\S+)", text) for text in commands] == [[f"{b},{a}"] for a, b in combinations(names, 2)]
    said = page.locator(".verdict").inner_text()
    assert said.endswith(".")
    if n_models == 2:
        assert said.startswith(titles[0])
        assert (" ahead of " in said) == (pairs[0].test.difference > 0)
        assert (" behind " in said) == (pairs[0].test.difference < 0)
    else:
        assert said.startswith(max(models, key=lambda model: model.accuracy).metrics["title"])


def test_fields_choose_models_the_address_keeps_them_and_that_of_an_older_site_is_understood(visit):
    page = visit(f"{SAMPLE}/compare/#first=lr-hog&second=rf-pixels")
    values = "[...document.querySelectorAll('.choices select')].map(field => field.value)"
    until(page, f"{values}.join() === 'lr-hog,rf-pixels,,'")
    page.get_by_label("Model 4").focus()
    page.get_by_label("Model 4").select_option("knn-pixels")
    until(page, "location.hash === '#models=lr-hog,rf-pixels,knn-pixels'")
    until(page, "document.querySelector('.comparer').dataset.n === '3'")
    assert page.evaluate(values) == [
        "lr-hog",
        "rf-pixels",
        "",
        "knn-pixels",
    ]  # a field does not change under one's hand,
    assert page.evaluate("document.activeElement.name") == "fourth"  # and is not left
    assert page.locator(".verdict").get_attribute("aria-live") == "polite"
    page.get_by_label("Model 3").select_option("lr-hog")
    until(page, "location.hash === '#models=lr-hog,rf-pixels,lr-hog,knn-pixels'")
    assert page.locator(".pairs tbody tr").count() == 3  # the same model once more is no fourth
    page.go_back()
    until(
        page,
        f"{values}.join() === 'lr-hog,rf-pixels,,knn-pixels' || {values}.join() === 'lr-hog,rf-pixels,knn-pixels,'",
    )
    page.goto(page.url.partition("#")[0] + "#models=lr-hog,lr-hog")
    until(page, "document.querySelector('.verdict').textContent.includes('two different models')")
    assert not page.locator(".beside").is_visible()
    page.goto(page.url.partition("#")[0] + "#models=nobody,rf-pixels,__proto__")
    until(page, f"{values}.slice(0, 1).join() === 'rf-pixels' && !document.querySelector('.beside').hidden")
    assert page.locator(".columns").first.locator("thead th").count() == 2


def test_the_first_selection_comes_with_the_page_in_the_words_of_the_script(visit):
    page = visit(f"{SAMPLE}/compare/")
    waits_for_interest(page, ".comparer")
    seen = """() => [[...document.querySelectorAll('.verdict, .beside :is(h2, h3, th, td, code)')].map(part => part.outerHTML.replace(/ data-search-exclude(="")?|(?<=href=").*(?=models.)/g, '')),
      document.querySelector('.pairs .scroll').getAttribute('aria-label'),
      ...[...document.querySelectorAll('.side')].map(side => [...side.querySelectorAll('li')].map(item => item.querySelector('img').alt + item.textContent + item.querySelector('a').href))]"""
    before = page.evaluate(seen)
    page.locator(".side .more:visible").first.click()
    until(page, ASKED)
    until(page, "n => document.querySelectorAll('.side li').length > n", arg=sum(map(len, before[2:])))
    after = page.evaluate(seen)
    assert list(zip(before[0], after[0], strict=True)) == [(one, one) for one in before[0]]
    assert before[1] == after[1]
    for less, more in zip(before[2:], after[2:], strict=True):
        assert 0 < len(less) <= len(more)
        assert less == more[: len(less)]


def test_an_image_that_one_model_alone_gets_right_leads_to_its_like(visit, stored):
    names = ["svm-pixels", "rf-pixels", "knn-pixels"]
    page = visit(f"{SAMPLE}/compare/#models={','.join(names)}")
    until(page, "document.querySelector('.comparer').dataset.n === '3'")
    item = page.locator(".side li:has(a + a)").first  # the others take it for two classes
    number = int(re.findall(r"no\. (\d+)", item.inner_text())[0])
    link = item.locator("a").last
    address, told = dict(parse_qsl(link.get_attribute("href").partition("#")[2])), link.inner_text()
    assert address["model"] in told
    classes = stored.dataset["classes"]
    model = stored.model(address["model"])
    assert classes[stored.test_labels[number]] == address["true"]
    assert classes[model.predictions[number]] == address["predicted"]
    link.click()
    page.wait_for_selector(".explorer")
    until(page, "text => document.querySelector('.chosen').textContent.startsWith(text)", arg=f"{address['true']} taken for {address['predicted']} by {model.metrics['title']}: ")  # fmt: skip
    assert any(f"no. {number}," in text for text in page.locator(".garments li").all_inner_texts())


def test_a_cell_of_the_chart_leads_to_its_images_by_mouse_by_key_and_by_finger(visit):
    chart, told = "#rf-pixels-confusion", "#rf-pixels-confusion .told"
    cells = "document.querySelector('#rf-pixels-confusion .stage').calcdata[0][0].z.flatMap((row, i) => row.flatMap((z, j) => z !== undefined && z !== null && i !== j ? [[i, j]] : []))"
    for like in ({}, PHONE):
        page = visit(MODEL, **({"like": like} if like else {}))
        ready(page, chart)
        enliven(page, chart)
        drag = page.locator(f"{chart} .nsewdrag")
        drag.evaluate("part => part.scrollIntoView({ block: 'center', behavior: 'instant' })")
        place = """([i, j]) => { const { xaxis, yaxis, _size } = document.querySelector('#rf-pixels-confusion .stage')._fullLayout;
          return [xaxis.c2p(j), yaxis.c2p(i)] }"""
        x, y = page.evaluate(place, page.evaluate(cells)[0])
        page.wait_for_timeout(450)
        if like:
            drag.tap(position={"x": x, "y": y})
            page.wait_for_selector(f"{told} a")
            assert "/models/" in page.url  # a tap reads
            page.locator(f"{told} a").tap()
        else:
            drag.hover(position={"x": x, "y": y})
            page.wait_for_selector(f"{told} a")
            drag.click(position={"x": x, "y": y})
        page.wait_for_selector(".explorer")
        address = dict(parse_qsl(page.url.partition("#")[2]))
        assert address["model"] == "rf-pixels"
        until(page, "text => document.querySelector('.chosen').textContent.startsWith(text)", arg=f"{address['true']} taken for {address['predicted']} by ")  # fmt: skip
        assert page.locator(".garments li").count() > 0


def test_enter_leads_to_the_images_of_the_cell_that_was_read_and_the_diagonal_leads_nowhere(visit):
    page = visit(MODEL)
    ready(page, "#rf-pixels-confusion")
    enliven(page, "#rf-pixels-confusion")
    page.locator("#rf-pixels-confusion .stage").focus()
    told = heard_after(page, "ArrowRight", "#rf-pixels-confusion .told")
    assert re.match(r"(.*) taken for \1: ", told)  # it begins in a corner
    page.keyboard.press("Enter")
    for _ in range(12):
        told = heard_after(page, "ArrowRight", "#rf-pixels-confusion .told")
        if "Show on Errors" in told:
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".explorer")
    named, n = re.match(r"(.*): (\d+) image", told).groups()
    until(page, "([text, n]) => document.querySelector('.chosen').textContent.startsWith(text) && document.querySelector('.chosen').textContent.includes(`: ${n} image`)", arg=[named, n])  # fmt: skip
