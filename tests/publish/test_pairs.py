"""Any two commits: each pair's file says what `diff` prints of it, and the page shows the file."""

from __future__ import annotations

import dataclasses
import html
import itertools
import json
import re
import shutil

import numpy as np
import pytest

from benchmark.__main__ import main
from benchmark.command import as_typed
from benchmark.compare.diff import compare_results
from benchmark.compare.history import read_history
from benchmark.compare.repository import Repository
from benchmark.compare.words import HEADER, class_rows, flip_lines, model_row, notes
from benchmark.dataset import Dataset, DatasetEntry
from benchmark.publish import pairs
from benchmark.publish.build import build_site
from benchmark.publish.past import Past, read_past
from benchmark.publish.render import render
from tests import made
from tests.publish.test_pages import give_interval, write_curves, written
from tools.browsing import DESKTOP, PHONE, addresses, axe, until, violations
from tools.links import Page, dead_links
from tools.served import serving

WRONG = np.arange(0, 1200, 3)
VERDICTS = {
    "regressed", "improved", "within noise", "rerun", "not comparable", "not measured", "added", "removed", "unchanged"
}  # fmt: skip


def write(folder, name, wrong, **more):
    made.write_model(folder, name, made.predictions(wrong), **more)
    write_curves(folder, name)
    give_interval(folder / name / "metrics.json")


@pytest.fixture(scope="module")
def root(once):
    """A repository of nine commits with results, between which each verdict is given."""
    return once("pairs", lambda folder: repository(folder / "repo"))[1]


def repository(folder):
    root = made.repository(folder)
    folder = root / "models" / "made"
    made.write_table(folder, ["a", "b"])
    write(folder, "a", WRONG)
    write(folder, "b", WRONG[:300])
    made.commit(root, "First of a and b")
    write(folder, "b", WRONG[:303])
    made.commit(root, "b within noise")
    write(folder, "b", WRONG[:303], fit=2.0)
    made.commit(root, "b timed again")
    write(folder, "a", WRONG[200:])
    write(folder, "b", WRONG)
    made.commit(root, "a better, b worse")
    write(folder, "b", WRONG[2:], cpu="Another")
    made.commit(root, "b elsewhere")
    made.write_table(folder, ["a", "b", "c", "d"])
    write(folder, "c", range(50), seeds=0.01)
    made.commit(root, "c is new, d not measured")
    write(folder, "a", WRONG[100:], digest="e" * 64)
    made.commit(root, "a of other data")
    shutil.rmtree(folder / "b")
    made.write_table(folder, ["a", "c", "d"])
    write(folder, "c", range(60), seeds=0.01)
    made.commit(root, "b is gone")
    write(folder, "a", WRONG[220:])
    made.commit(root, "a of the old data")
    return root


def say(text):
    """Return text with its commands as they are typed for this data set."""
    return as_typed(text, {"dataset": "made"})


@pytest.fixture(scope="module")
def past(root):
    return read_past(Repository(root), "models/made", "d" * 64, say)


@pytest.fixture(scope="module")
def found(past):
    """The document of each pair's file, by the names of its commits."""
    return {tuple(name.removesuffix(".json").split("-")): json.loads(text) for name, text in past.pairs.files.items()}


def printed(root, base, head, capsys):
    main(["diff", "--dataset", "made", "--repository", str(root), base, head, "--format", "json"])
    return json.loads(capsys.readouterr().out)


def plain(text):
    return text.replace("\u00a0%", " %")


def test_each_file_says_what_the_command_prints_of_its_pair(root, past, found, capsys):
    names = [choice.sha for choice in reversed(past.pairs.choices)]
    assert list(found) == list(itertools.combinations(names, 2))
    assert len(names) == 9
    verdicts = set()
    for (base, head), document in found.items():
        told = printed(root, base, head, capsys)
        verdicts |= {model["verdict"] for model in told["models"]}
        changed = [model for model in told["models"] if model["verdict"] != "unchanged"]
        assert plain(document["sentence"]) == told["sentence"]
        assert list(map(plain, document["header"])) == list(HEADER)
        assert [row[0] for row in document["rows"]] == [model["title"] for model in changed]
        assert [list(map(plain, row[1:])) for row in document["rows"]] == [list(model_row(m)[1:]) for m in changed]
        assert list(map(plain, document["notes"])) == notes(told)
        unchanged = [model["title"] for model in told["models"] if model["verdict"] == "unchanged"]
        assert document["unchanged"] == ", ".join(unchanged)
        assert [side["sha"] for side in document["sides"]] == [base, head]
        for model, part in zip(changed, document["models"], strict=True):
            assert part["classes"] == [list(row) for row in class_rows(model)]
            assert not set(flip_lines(model, pairs.N_INDICES)) - set(part["lines"])
    assert verdicts == VERDICTS


def test_the_command_on_the_page_is_the_one_that_prints_it(found):
    (base, head), document = next(iter(found.items()))
    assert document["command"] == f"make diff BASE={base} HEAD={head} DATASET=made"


def test_the_newest_step_is_chosen_at_first(past):
    names = [choice.sha for choice in past.pairs.choices]
    assert (past.pairs.head, past.pairs.base) == (names[0], names[1])
    assert past.pairs.choices[0].label == f"{past.history['commits'][-1]['date'][:10]}, {names[0]}: a of the old data"


def chosen(root, **more):
    repository = Repository(root)
    history = read_history(repository, repository.commit("HEAD").sha, "models/made")
    return history, pairs.read_pairs(repository, history, "models/made", len(history["commits"]) - 1, **more)


def test_the_newest_commits_alone_can_be_chosen(root, monkeypatch):
    monkeypatch.setattr(pairs, "N_COMMITS", 4)
    history, few = chosen(root)
    assert (len(few.choices), len(few.files), few.n_older, few.n_unreadable) == (4, 6, 5, 0)
    assert few.step(history, 8) == f"base={few.choices[1].sha}&head={few.choices[0].sha}"
    assert few.step(history, 5) == ""  # its predecessor is too old
    assert few.step(history, 0) == ""


def test_a_commit_that_cannot_be_read_is_left_out_and_counted(root, tmp_path):
    made.git(tmp_path, "clone", "--quiet", root, "clone")
    path = tmp_path / "clone" / "models" / "made" / "c" / "metrics.json"
    now = path.read_text()
    path.write_text(now.replace('"schema_version": 1', '"schema_version": 0'))
    write(path.parents[1], "a", WRONG[221:])
    made.commit(tmp_path / "clone", "Another schema")
    path.write_text(now)
    write(path.parents[1], "a", WRONG[222:])
    made.commit(tmp_path / "clone", "Back")
    _, most = chosen(tmp_path / "clone")
    assert (len(most.choices), most.n_unreadable) == (10, 1)
    assert most.head == most.choices[0].sha


def test_one_commit_is_no_pair(tmp_path):
    root = made.repository(tmp_path / "repo")
    made.write_table(root / "models" / "made", ["a"])
    write(root / "models" / "made", "a", WRONG)
    made.commit(root, "Alone")
    assert chosen(root)[1].choices == []


def test_a_pair_with_too_much_to_say_leaves_classes_and_flips_to_the_command(monkeypatch):
    old, new = (made.stored({f"m{i}": made.predictions(WRONG[k:]) for i in range(3)}, made.labels()) for k in (0, 90))
    side = {"label": "x", "commit": "0" * 40, "date": "2026-01-01", "subject": "\x1b \u202e", "n_test": 1, "digest": ""}
    compared = compare_results((side, old), (side, new))
    whole = json.loads(pairs.pair_file(compared, "", "make"))
    assert whole["whole"]
    assert len(whole["models"]) == 3
    assert whole["sides"][0]["subject"] == "\\x1b \\u202e"
    monkeypatch.setattr(pairs, "MOST_BYTES", 2500)
    content = pairs.pair_file(compared, "", "make")
    short = json.loads(content)
    assert len(content) <= 2500
    assert (short["whole"], short["models"], short["rows"]) == (False, [], whole["rows"])


# ------------------------------------------------------------------------------------------------------- in a browser
@pytest.fixture(scope="module")
def site(root, once):
    """The folder of the built site, with a removed model's history and other data in it."""
    return once("pairs-site", lambda folder: built(root, folder))[1]


def built(root, build_dir):
    truth = made.labels()
    images = np.random.default_rng(0).integers(0, 256, (len(truth), 8, 8), dtype=np.uint8)
    entry = DatasetEntry("made", "Made up", tuple(made.CLASSES), "none", "a generator", {})
    dataset = Dataset(entry, images[:40], truth[:40], images, truth, "d" * 64)
    models = root / "models"
    return build_site(
        root=root, models_dir=models, dataset=dataset, build_dir=build_dir, report=lambda _: None, say=say
    )


@pytest.fixture
def visit(site, new_context):
    """Open a page of the site and return it; a complaint, or a request elsewhere, fails the test."""
    wrong = []
    with serving(site) as address:

        def visit(path, like=DESKTOP):
            page = new_context(**like).new_page()
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: wrong.append(said.text) if said.type in {"error", "warning"} else None)
            page.on(
                "request", lambda asked: None if asked.url.startswith((address, "data:")) else wrong.append(asked.url)
            )
            page.goto(address + path)
            page.wait_for_load_state("networkidle")
            return page

        yield visit
    assert not wrong


SHOWN = "text => document.querySelector('.chosen .hero').textContent === text"
CELLS = """[...document.querySelectorAll('.chosen .scroll')[0].querySelectorAll('tbody tr')].map(row => [...row.cells].map(cell => cell.textContent))"""


def test_the_page_shows_a_pair_as_its_file_has_it(visit, found):
    page = visit("made/changes/")
    assert page.locator(".chosen").is_hidden()
    for (base, head), document in [*found.items()][::5]:
        page.evaluate("hash => { location.hash = hash; }", f"base={base[:7]}&head={head}")
        until(page, SHOWN, arg=document["sentence"])
        until(page, "sha => document.querySelector('.chosen li:last-child code')?.textContent === sha", arg=head)
        if document["rows"]:  # another pair may have the same sentence
            until(page, f"rows => JSON.stringify({CELLS}) === JSON.stringify(rows)", arg=document["rows"])
            assert page.evaluate(CELLS) == document["rows"]
        fields = page.evaluate("[...document.querySelectorAll('.commits select')].map(field => field.value)")
        assert fields == [base, head]
    assert page.get_by_role("heading", level=2).count() == len(document["models"])  # those of the newest are hidden
    page.evaluate("() => { location.hash = ''; }")
    until(page, "() => document.querySelector('.chosen').hidden")
    assert page.locator("article > .hero").is_visible()


def test_a_choice_by_keyboard_goes_into_the_address_and_back(visit, past, found):
    page = visit("made/changes/")
    page.locator("[name=base]").focus()
    page.keyboard.press("End")
    oldest, newest = past.pairs.choices[-1].sha, past.pairs.choices[0].sha
    until(page, SHOWN, arg=found[oldest, newest]["sentence"])
    assert page.url.endswith(f"#base={oldest}&head={newest}")
    page.locator("[name=head]").select_option(past.pairs.choices[-2].sha)
    until(page, SHOWN, arg=found[oldest, past.pairs.choices[-2].sha]["sentence"])
    page.go_back()
    until(page, SHOWN, arg=found[oldest, newest]["sentence"])


def test_the_older_of_two_commits_is_the_base_and_a_commit_equals_itself(visit, past, found):
    old, new = past.pairs.choices[-1].sha, past.pairs.choices[2].sha
    page = visit(f"made/changes/#base={new}&head={old}")
    until(page, SHOWN, arg=found[old, new]["sentence"])
    page.evaluate("hash => { location.hash = hash; }", f"base={old}&head={old}")
    until(page, SHOWN, arg="Choose two different commits.")


@pytest.mark.parametrize(
    "attack", ["base=<img src=x onerror=alert(1)>&head=1", "base=../../x&head=fffffff", "head=0000000"]
)
def test_an_address_selects_known_commits_alone(visit, past, attack):
    page = visit(f"made/changes/#{attack}")
    until(page, SHOWN, arg="The address names a commit that cannot be chosen here.")
    fields = page.evaluate("[...document.querySelectorAll('.commits select')].map(field => field.value)")
    assert fields == [past.pairs.base, past.pairs.head]


def test_two_commits_chosen_in_the_history_are_compared(visit, past, found):
    page = visit("made/history/", PHONE)
    old, new = past.pairs.choices[4].sha, past.pairs.choices[1].sha
    page.locator("[name=base]").select_option(old)
    page.locator("[name=head]").select_option(new)
    page.get_by_role("button", name="Compare these two").click()
    until(page, "() => !!document.querySelector('.chosen')")
    until(page, SHOWN, arg=found[old, new]["sentence"])
    assert page.url.endswith(f"made/changes/#base={old}&head={new}")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_what_cannot_be_loaded_is_said_and_the_choice_stays(visit, past, found):
    page = visit("made/changes/")
    page.route("**/changes/*.json", lambda route: route.fulfill(status=200, body="{"))
    old, new = past.pairs.choices[3].sha, past.pairs.choices[0].sha
    page.evaluate("hash => { location.hash = hash; }", f"base={old}&head={new}")
    until(page, SHOWN, arg="What belongs to this choice could not be loaded. The choice is kept.")
    page.unroute("**/changes/*.json")
    page.get_by_role("button", name="Try again").click()
    until(page, SHOWN, arg=found[old, new]["sentence"])


def test_without_a_script_the_command_is_shown_and_the_fields_are_not(visit, past):
    page = visit("made/changes/", DESKTOP | {"java_script_enabled": False})
    assert page.locator(".commits").is_hidden()
    assert f"make diff BASE={past.pairs.base} HEAD={past.pairs.head}" in page.locator("noscript").inner_text()


def test_the_list_of_charts_leads_to_each_and_a_step_to_its_commit(visit):
    page = visit("made/history/", PHONE)
    links = page.locator("nav[aria-label='On this page'] a")
    charts = page.evaluate("[...document.querySelectorAll('.chart')].map(chart => `#${chart.id}`)")
    assert links.evaluate_all("links => links.map(link => link.hash)") == ["#commits", *charts]
    links.nth(links.count() - 2).tap()
    until(page, "id => Math.abs(document.querySelector(id).getBoundingClientRect().top) < 200", arg=charts[-2])
    assert "Largest gain" in page.locator("article").inner_text()


def test_every_link_of_the_site_leads_somewhere_and_the_feed_is_named_in_each_head(site):
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html") if path.name != "404.html"}
    assert not dead_links({path: Page(text) for path, text in pages.items()}, site)
    assert all('type="application/atom+xml"' in text.partition("</head>")[0] for text in pages.values())
    assert (site / "feed.xml").exists()
    assert len(addresses(site)) > 5


def test_axe_finds_nothing_in_a_pair_that_is_chosen_nor_in_the_history(visit, past):
    page = visit(f"made/changes/#base={past.pairs.choices[-1].sha}&head={past.pairs.choices[3].sha}")
    until(page, "() => document.querySelectorAll('.chosen h2').length > 0")
    assert not violations(page)
    page.set_viewport_size(PHONE["viewport"])
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert not axe().run(visit("made/history/", PHONE)).response["violations"]  # charts as they are


def test_opened_from_the_disk_another_pair_is_not_the_newest(site, new_context, past):
    page = new_context(**DESKTOP).new_page()
    page.goto(f"{(site / 'made' / 'history' / 'index.html').as_uri()}")
    page.locator("[name=base]").select_option(past.pairs.choices[5].sha)
    page.get_by_role("button", name="Compare these two").click()
    page.wait_for_url("**/changes/index.html#base=*")
    until(page, SHOWN, arg="What belongs to this choice could not be loaded. The choice is kept.")


# ---------------------------------------------------------------------------------------------------------- the pages
def rendered(folder, past):
    site = dataclasses.replace(written(folder), past=past, files={}, nav=[])
    render(site)
    return [re.sub(r"\s+", " ", site.files[f"made/{page}.md"].decode()) for page in ("changes", "history")]


def test_pages_say_which_commits_cannot_be_chosen(past, tmp_path):
    fewer = dataclasses.replace(past, pairs=dataclasses.replace(past.pairs, n_older=5, n_unreadable=1))
    for page in rendered(tmp_path, fewer):
        assert "The newest 9 commits with results can be chosen; 5 older ones are left to the command." in page
        assert "1 cannot be read by this version, and is left out." in page


def test_the_history_folds_commits_that_changed_no_prediction_and_names_the_largest_steps(past, tmp_path):
    changes, history = rendered(tmp_path, past)
    assert "1 commit that changed no prediction, " in history
    shas = {commit["subject"]: commit["sha"][:10] for commit in past.history["commits"]}
    better, timed = shas["a better, b worse"], shas["b timed again"]
    assert f'Largest gain: a +10.00 points in <a href="#commit-{better}">{better}</a> (improved).' in history
    assert (
        f'Largest losses: b −4.85 points in <a href="#commit-{better}">{better}</a> (regressed) and c −0.50 points'
        in history
    )
    assert "<strong>regressed:</strong> b −4.85<br><strong>improved:</strong> a +10.00<br>" in history
    assert f'href="../../made/changes/#base={timed}&head={better}"' in html.unescape(history)
    for page in (changes, history):
        assert '<a href="../../feed.xml" type="application/atom+xml">Atom feed</a>' in page


def test_a_page_without_a_past_has_neither_fields_nor_feed(tmp_path):
    changes, history = rendered(tmp_path, Past(None, None, "There is none.", "git clone"))
    for page in (changes, history):
        assert "There is none." in page
        assert not re.search("<form|<select|feed.xml|make diff", page)
