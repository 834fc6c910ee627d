"""The page *Hardest class* at its edges: nobody ranked, no error, one model or two, two classes, ties, images that all miss."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from benchmark.publish.charts.hardest import class_scores, confused_with, neighbours
from benchmark.publish.pages.readings import N_SHOWN
from benchmark.results import load_results
from tests import made
from tests.conftest import ROOT
from tests.publish.test_edges import plain, site_of

CHARTS = {"hardest-class-scores", "hardest-class-confusions"}


def page_of(folder, **how):
    """Return the page as text without tags, and the site."""
    site = site_of(folder, **how)
    return plain(site.files["made/hardest.md"].decode()), site


def charts_of(site):
    return {name for name in CHARTS if f"figures/{name}.json" in site.files}


def test_where_nobody_is_ranked_the_page_names_the_command(tmp_path):
    page, site = page_of(tmp_path, wrong={"dummy": range(900)}, baselines=["dummy"])
    assert page.endswith("# Hardest class No ranked model has been measured yet: make bench.")
    assert not charts_of(site)
    assert not any("/hardest/" in site.files[f"made/classes/{name.lower()}.md"].decode() for name in made.CLASSES)


@pytest.mark.parametrize(
    ("wrong", "who"),
    [({"perfect": []}, "the only ranked model gets"), ({"perfect": [], "other": []}, "all 2 ranked models get")],
)
def test_without_an_error_no_class_is_hard(tmp_path, wrong, who):
    page, site = page_of(tmp_path, wrong=wrong)
    assert page.endswith(f"# Hardest class No class is hard: {who} every test image right.")
    assert not charts_of(site)


def test_a_single_model_has_no_votes(tmp_path):
    page, site = page_of(tmp_path, wrong={"one": range(0, 400, 4), "dummy": range(9)}, baselines=["dummy"])
    assert "Model one, the only ranked model, finds 80.0 % of 500 test images of Shirt, with an F1 of 88.9 %." in page
    assert "It misses 100. Of all 2,000 test images it misses 100; 100 of the 100 (100.0 %) are labelled Shirt." in page
    assert "Shirt is the class with the lowest F1, 88.9 %; next comes Coat with 90.9 %" in page
    assert "a single model is no witness" in page
    assert "Images that no model gets right" not in page
    assert "Accuracy without suspected labels" not in page
    assert charts_of(site) == CHARTS


def test_two_models_miss_and_suspect_nothing(tmp_path):
    page, _ = page_of(tmp_path, wrong={"one": range(0, 40, 4), "two": range(0, 80, 4)})
    assert "10 of them are missed by both models, each with one and the same wrong label." in page
    assert "10 images of Shirt and none of Coat divide the models" in page
    assert "These are 10 of its 500 test images (2.0 %)." in page
    assert "a single model is no witness" in page


def test_three_models_suspect_what_two_of_them_agree_on_and_the_table_is_worked_by_hand(tmp_path):
    wrong = {"one": [0, 4, 8, 3], "two": [0, 4, 8, 3, 7], "three": [0, 4, 12, 16, 20, 24, 28]}  # Shirts, and Boots
    page, site = page_of(tmp_path, wrong=wrong)
    assert "2 of them are missed by all 3 models, each with one and the same wrong label." in page
    assert (
        "Both models of the better half of the leaderboard take 3 of its 500 test images (0.6 %) for one and the same other "
        "class, and 1 image of other classes for Shirt; of all 2,000 test images 4 are suspected so." in page
    )
    table = re.search(r"<table.*?</table>", site.files["made/hardest.md"].decode().split("## Accuracy")[1], re.DOTALL)[
        0
    ]
    cells = [[plain(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in table.split("<tr>")[2:]]
    percents = lambda *shares: [f"{100 * share:.2f} %" for share in shares]  # noqa: E731
    assert [row[2:] for row in cells] == [
        [*percents(1996 / 1996, 2000 / 2000), "+0.20"],
        [*percents(1995 / 1996, 1999 / 2000), "+0.20"],
        [*percents(1991 / 1996, 1993 / 2000), "+0.00"],  # it gains 0 and 4, and loses 8 and 3
    ]
    assert "relabelling adds 0.20 points to each of them whatever is right; to the others it adds 0.00." in page
    assert "This is circular" in page


def test_classes_that_are_equally_hard_are_named_and_the_first_is_shown(tmp_path):
    page, _ = page_of(tmp_path, wrong={"one": range(100)})
    assert "# Hardest class: Shirt" in page
    assert "Shirt, Coat, Bag and Boot have the lowest F1, 95.0 %; of equals, this page is about the first." in page


def test_two_classes_whose_names_are_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(made, "CLASSES", ["7", "1"])
    monkeypatch.setattr(made, "labels", lambda n=made.N: np.arange(n) % 2)
    page, site = page_of(tmp_path, wrong={"a": [0, 2, 4], "b": [0, 2], "c": [0, 2, 6], "d": [0, 4]})
    assert "# Hardest class: 7" in page
    assert "of class 7 than any other" not in page
    assert "as many of the test images of class 7 as any other model" in page
    assert "1 of them is missed by all 4 models, with one and the same wrong label." in page
    assert "No test image has its votes spread over three classes or more" in page
    assert json.loads(site.files["figures/hardest-class-confusions.json"])["layout"]["yaxis"]["ticktext"] == ["1"]


def test_a_class_without_a_test_image_is_last_and_no_neighbour_by_share(tmp_path):
    page, site = page_of(tmp_path, wrong={"one": range(100), "two": range(50)}, truth=made.labels() % 3)
    assert "# Hardest class: Coat" in page
    rows = site.files["made/hardest.md"].decode().split("## All classes")[1]
    assert plain(rows).endswith("Boot–00000")
    assert "Boot,0.00,0.0,–,0.0" in site.files["figures/hardest-class-confusions.csv"].decode()


def test_three_images_are_enough(tmp_path):
    page, _ = page_of(tmp_path, wrong={"one": [1], "two": [1], "three": [1]}, n=3)
    assert "It is missed by all 3 models, with one and the same wrong label." in page
    assert "This is its only test image. Its label is suspected, as told below" in page
    assert "take its only test image for one and the same other class" in page


def test_no_more_pictures_are_shown_than_said_and_each_says_its_votes(tmp_path):
    page, site = page_of(tmp_path, wrong={f"m{place}": range(0, 400 + 4 * place, 4) for place in range(4)})
    text = site.files["made/hardest.md"].decode()
    galleries = [part.split("</ul>")[0].count("<li>") for part in text.split('<ul class="garments"')[1:]]
    assert galleries == [1, N_SHOWN]  # one divides the models, all others stand under label errors
    assert f"The {N_SHOWN} that most models agree on are shown." in page
    assert "The labels of all of them are suspected, as told below" in page
    assert "no. 0: Coat (4)" in page


def test_the_page_is_linked_from_errors_and_from_its_class(tmp_path):
    _, site = page_of(tmp_path, wrong={"one": range(0, 400, 4)})
    linked = {path for path, text in site.files.items() if path.endswith(".md") and b'made/hardest/"' in text}
    assert linked == {"made/errors.md", "made/classes/shirt.md"}
    assert {"Errors": [{"Errors": "made/errors.md"}, {"Hardest class": "made/hardest.md"}]} in site.nav


# ---------------------------------------------------------------------------------------------------------------- charts
@pytest.fixture(scope="module")
def stored():
    return load_results(ROOT / "models", "fashion-mnist")


def test_the_scores_are_those_of_the_documents_the_highest_f1_first(stored):
    name = stored.dataset["classes"][0]
    chart = class_scores(stored, name)
    shown = {trace["name"]: trace["x"] for trace in chart.spec["data"]}
    assert shown["F1"] == sorted(shown["F1"], reverse=True)
    by_title = {model.metrics["title"]: model.metrics["test"] for model in stored.contestants}
    for place, row in enumerate(chart.rows):
        figures = by_title[row[0]]["per_class"][name]
        for trace in ("F1", "recall", "precision"):
            assert shown[trace][place] == pytest.approx(100 * figures[trace.lower()]["value"], rel=1e-3)
        found, of = (int(cell.replace(",", "")) for cell in row[4:6])
        assert found / of == pytest.approx(figures["recall"]["value"], rel=1e-5)
        assert found / (found + int(row[6])) == pytest.approx(figures["precision"]["value"], rel=1e-5)


def test_both_ways_add_up_to_what_is_lost_and_what_is_wrongly_called(stored):
    for label, name in enumerate(stored.dataset["classes"]):
        near = neighbours(stored, name)
        missed = np.mean([((stored.test_labels == label) & (m.predictions != label)).sum() for m in stored.contestants])
        called = np.mean([((stored.test_labels != label) & (m.predictions == label)).sum() for m in stored.contestants])
        assert sum(other.lost for other in near) == pytest.approx(missed)
        assert sum(other.won for other in near) == pytest.approx(called)
        both = [other.lost + other.won for other in near]
        assert both == sorted(both, reverse=True)


def test_classes_that_are_never_confused_have_a_row_and_no_bar(stored):
    name = stored.dataset["classes"][0]
    near = neighbours(stored, name)
    chart = confused_with(stored, name, near)
    drawn = chart.spec["layout"]["yaxis"]["ticktext"]
    assert len(chart.rows) == len(near) >= len(drawn)
    assert len(drawn) == sum(bool(other.lost or other.won) for other in near)
