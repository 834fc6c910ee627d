"""The pages *Changes* and *History*: from two commits with results to a strict site, and from less to what is missing."""

from __future__ import annotations

import html
import json
import math
import re
import shutil

import numpy as np
import pytest

from benchmark import results
from benchmark.compare.documents import Comparison
from benchmark.compare.history import History
from benchmark.compare.repository import Repository
from benchmark.models import MODELS
from benchmark.publish.build import build_site
from benchmark.publish.charts.history import history_chart
from benchmark.publish.gallery import Gallery
from benchmark.publish.pages import changes
from benchmark.publish.pages.history import history_page
from benchmark.publish.past import Past, _newest_step, read_past
from tests import made
from tests.conftest import ROOT, RUN_MODELS, SAMPLE

WRONG = np.arange(0, 1200, 3)
TO_WRONG, TO_RIGHT = 30, 2
SUBJECT = "Worse, see [notes](nowhere.md) & <b>*"


# ------------------------------------------------------------------------------------------------------ the whole site
@pytest.fixture(scope="module")
def published(whole_run, tmp_path_factory):
    """A repository with all that a site needs and two commits of real results; the second made two models worse, and timed one again."""
    root = made.repository(tmp_path_factory.mktemp("published") / "repo")
    for folder in ("templates", "site_src"):
        shutil.copytree(ROOT / folder, root / folder)
    shutil.copy(ROOT / "mkdocs.yml", root)
    shutil.copytree(whole_run[0] / "models", root / "models", ignore=shutil.ignore_patterns("*.pkl", "*.npy"))
    made.commit(root, "Before")
    folder = root / "models" / SAMPLE
    stored = results.load_results(root / "models", SAMPLE)
    for name in ("svm-pixels", "knn-pixels"):
        predicted, right = stored.model(name).predictions.copy(), stored.correct(stored.model(name))
        lost, won = np.flatnonzero(right)[:TO_WRONG], np.flatnonzero(~right)[:TO_RIGHT]
        predicted[lost] = (predicted[lost] + 1) % 10
        predicted[won] = stored.test_labels[won]
        made.rewrite(folder, name, predicted)
    timed = results.read_document(folder / "lr-hog" / "run.json", results.Run)
    timed["seconds"]["fit"] *= 2  # the same predictions, in another time
    results.write_document(folder / "lr-hog" / "run.json", timed, results.Run)
    made.commit(root, SUBJECT)
    made.git(root, "remote", "add", "origin", "https://example.org/a/b.git")
    return root


def built(root, dataset, build_dir):
    """Build the site strictly; return the texts of *Changes* and *History*."""
    site = build_site(
        root=root, models_dir=root / "models", dataset=dataset, build_dir=build_dir, report=lambda _: None
    )
    return [(site / SAMPLE / page / "index.html").read_text(encoding="utf-8") for page in ("changes", "history")]


def test_the_newest_change_is_told_and_its_flips_are_shown(published, sample, tmp_path):
    root = tmp_path / "repo"
    shutil.copytree(published, root)
    shutil.rmtree(root / "models" / SAMPLE / "knn-pixels")  # a change whose model has no page any more
    told, history = built(root, sample, tmp_path / "build")
    absent = len(MODELS) - len(RUN_MODELS.split(","))
    hero = rf'<p class="hero">2 regressed, {absent} not measured, 3 unchanged \(2 tests, Holm at 5\xa0%\)\.'
    assert re.search(hero, told)
    assert SUBJECT in html.unescape(told)
    assert not re.search('<b>|href="[^"]*nowhere', told)
    head = Repository(root).commit("HEAD").sha
    assert f'href="https://example.org/a/b/commit/{head}"' in told
    assert f'href="https://example.org/a/b/commit/{head}"' in history
    assert f"Right before, wrong now ({TO_WRONG})" in told
    assert f"Wrong before, right now ({TO_RIGHT})" in told
    galleries = re.findall(r'<ul class="garments"[^>]*>(.*?)</ul>', told, flags=re.DOTALL)
    assert [gallery.count("<li>") for gallery in galleries] == [changes.N_FLIPS, TO_RIGHT] * 2
    first = galleries[0].split("</li>")[0]
    assert re.search(r"<span>(.+) → <strong>(?!\1<).+</strong></span><small>is \1, no. \d+</small>", first)
    changed, same = re.split(r'<h2 id="[^"]*">The same predictions', told)
    assert re.findall(r"<summary>(.*?)</summary>", same) == ["Logistic regression, HOG"]
    assert "Fit time" in same
    assert ": unchanged<" not in changed
    assert 'href="../models/svm-pixels/"' in told
    assert 'href="../models/knn-pixels/"' not in told
    assert (
        "2 changes of predictions were tested, in 1 commit (Holm at 5\u00a0% within each); 2 are more than noise"
        in history
    )
    assert "where chance alone would show a false one in about 0.05 commits" in history
    for metric in results.METRICS:
        assert (f'id="history-{metric.name}"' in history) == (
            tmp_path / f"build/site/figures/history-{metric.name}.json"
        ).exists()
    assert 'id="history-accuracy"' in history


def test_without_git_the_site_is_built_and_says_what_is_missing(published, sample, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    root = tmp_path / "repo"
    shutil.copytree(published, root, ignore=shutil.ignore_patterns(".git"))
    for text in built(root, sample, tmp_path / "build"):
        assert "this is no clone" in text
        assert "<code>git clone</code>" in text


def test_a_shallow_clone_is_built_and_says_what_is_missing(published, sample, tmp_path):
    made.git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{published}", "shallow")
    for text in built(tmp_path / "shallow", sample, tmp_path / "build"):
        assert "shallow clone" in text
        assert "<code>git fetch --unshallow</code>" in text


def test_each_document_that_a_command_prints_has_its_own_schema_on_the_site(whole_run):
    site = whole_run[0] / "build" / "site"
    for name, kind in (("diff", Comparison), ("history", History)):
        schema = json.loads((site / f"{name}.schema.json").read_text())
        assert schema == results.document_schema(name, kind)
        assert set(schema["$defs"][kind.__name__]["required"]) == set(kind.__annotations__)


# ------------------------------------------------------------------------------------------------------- what is missing
@pytest.fixture
def repository(tmp_path):
    """A repository with one commit of results."""
    root = made.repository(tmp_path / "repo")
    made.write_table(root / "models" / "made", ["one", "two"])
    for name in ("one", "two"):
        made.write_model(root / "models" / "made", name, made.predictions(WRONG))
    made.commit(root, "First")
    return root


def past(root, digest="d" * 64):
    return read_past(Repository(root), "models/made", digest)


def second(root, **more):
    made.write_model(root / "models" / "made", "one", made.predictions(WRONG[100:]), **more)
    made.commit(root, "Second")


def test_one_commit_is_too_few(repository):
    found = past(repository)
    assert found.comparison is None
    assert len(found.history["commits"]) == 1
    assert found.missing.startswith("There are no two commits with results")


def test_results_that_nobody_committed_are_no_reason_to_build_no_site(tmp_path):
    root = made.repository(tmp_path / "repo")
    made.commit(root, "Nothing yet")
    found = past(root)
    assert (found.history, found.comparison) == (None, None)
    assert re.fullmatch(r"No commit up to \w+ has results in models/made.", found.missing)
    assert found.remedy == "make bench"
    made.write_model(root / "models" / "made", "one", made.predictions(WRONG))
    assert (
        past(root).remedy
        == f"git -C {root} add --force 'models/made/*.json' 'models/made/*.txt', then git -C {root} commit"
    )


def test_a_repository_that_git_refuses_or_that_is_empty_is_no_reason_to_build_no_site(
    repository, tmp_path, monkeypatch
):
    empty = made.repository(tmp_path / "empty")
    assert past(empty).missing == "This repository has no commit yet."
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    found = past(repository)
    assert found.missing == "Git does not read this repository, because another user owns it."
    assert found.remedy == f"git config --global --add safe.directory {repository}"


def test_without_git_the_page_says_so(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert (past(repository).missing, past(repository).remedy) == ("Git cannot be run.", "install git")


def test_a_predecessor_of_another_schema_is_named(repository):
    path = repository / "models" / "made" / "two" / "metrics.json"
    now = path.read_text()
    path.write_text(now.replace('"schema_version": 1', '"schema_version": 0'))
    second(repository)
    path.write_text(now)
    made.write_model(repository / "models" / "made", "one", made.predictions(WRONG[200:]))
    made.commit(repository, "Third")
    found = past(repository)
    assert found.history is not None
    assert "two/metrics.json is of another schema version." in found.missing
    assert found.remedy.startswith("another commit")


def test_flips_of_other_images_have_no_pictures_here(repository):
    second(repository)
    assert past(repository).comparison["counts"]["improved"] == 1
    assert past(repository, "e" * 64).comparison is None


def test_an_improvement_on_the_page_comes_with_the_use_of_the_test_set(repository):
    second(repository)
    gallery = Gallery(np.zeros((made.N, 4, 4), np.uint8), {})
    stored = results.load_results(repository / "models", "made")
    page = changes.changes_page(gallery, past(repository), stored, made.CLASSES)
    assert "changed in 1 commit since the labels last did" in page.newest.notes[-1]
    (model,) = page.newest.models
    assert model.linked
    assert model.changed == ["times on: A processor, 2 cores"]
    assert [flips.n for flips in model.flips] == [100]
    assert {item.true for item in model.flips[0].items[:4]} == set(made.CLASSES)  # a class in turn


# ------------------------------------------------------------------------------------------------------------ the chart
def history_of(*steps):
    """Return the history of one model; each step is its name, series and accuracy."""
    return {
        "schema_version": 1, "dataset": "made", "web": "", "truncated": False, "unreadable": [],
        "commits": [
            {"sha": f"{i:040}", "date": f"2026-01-0{i + 1}T00:00:00+00:00", "subject": f"Commit {i}", "tests": 1}
            for i in range(len(steps))
        ],
        "points": [
            {
                "commit": i, "model": "one", "series": series, "step": step, "difference": None, "p_adjusted": None,
                "machine": "", "values": {
                    "accuracy": {"value": value, "low": value - 0.01, "high": value + 0.02},
                    "fit_seconds": {"value": 1.0},
                },
            }
            for i, (step, series, value) in enumerate(steps)
        ],
    }  # fmt: skip


STEPS = [
    ("first", 0, 0.8), ("improved", 0, 0.9), ("regressed", 0, 0.85), ("rerun", 0, 0.85), ("within noise", 0, 0.86),
    ("not comparable", 1, 0.7), ("unchanged", 1, 0.71),
]  # fmt: skip


def line_of(metric):
    chart = history_chart(history_of(*STEPS), results.metric_named(metric), {"one": "Model one"})
    return chart, chart.spec["data"][0]


def test_a_line_breaks_where_data_change_and_nowhere_else():
    _, line = line_of("accuracy")
    assert line["y"] == [80, 90, 85, 85, 86, None, 70, 71]
    assert line["connectgaps"] is False


def test_the_caption_of_a_fall_gives_both_ends_and_the_table_a_true_minus():
    history = history_of(("first", 0, 0.857), ("regressed", 0, 0.829))
    chart = history_chart(history, results.metric_named("accuracy"), {"one": "Model one"})
    assert chart.caption == "Model one differs most between its first result and its last: from 85.70 to 82.90 %."
    assert chart.rows == [("Model one", "2", "85.70", "82.90", "−2.80")]


@pytest.mark.parametrize("metric", ["accuracy", "fit_seconds"])
def test_a_line_is_named_at_its_end_in_its_own_colour_within_an_axis_that_holds_all(metric):
    chart, line = line_of(metric)
    (name,) = chart.spec["layout"]["annotations"]
    assert (name["text"], name["name"], name["x"]) == ("one", line["meta"], 1.0)
    low, high = chart.spec["layout"]["yaxis"]["range"]
    ends = [
        (y - down, y + up)
        for y, down, up in zip(line["y"], line["error_y"]["arrayminus"], line["error_y"]["array"], strict=True)
        if y is not None
    ]
    if metric == "accuracy":
        assert name["y"] == line["y"][-1]
    else:
        assert name["y"] == pytest.approx(math.log10(line["y"][-1]))
        ends = [(math.log10(a), math.log10(b)) for a, b in ends]
    assert low < min(a for a, _ in ends)
    assert high > max(b for _, b in ends)


def test_a_model_looks_the_same_on_every_chart_also_where_another_has_no_such_value():
    chart = history_chart(
        history_of(*STEPS), results.metric_named("accuracy"), {"silent": "No values", "one": "Model one"}
    )
    (line,), (name,) = chart.spec["data"], chart.spec["layout"]["annotations"]
    assert (line["meta"], line["line"]["dash"], name["name"]) == ("c1", "dash", "c1")


def test_intervals_and_who_did_what_when_stand_at_each_point():
    _, line = line_of("accuracy")
    assert line["error_y"]["array"][0] == pytest.approx(2)
    assert line["error_y"]["arrayminus"][0] == pytest.approx(1)
    assert line["text"][1] == "0000000, 2026-01-02: Commit 1<br>improved"


def test_the_accuracy_chart_alone_marks_what_was_judged_and_a_rerun_is_hollow_on_all():
    marks = {"improved": "triangle-up", "regressed": "triangle-down", "rerun": "circle-open"}
    symbols = line_of("accuracy")[1]["marker"]["symbol"]
    steps = [step for step, *_ in STEPS[:5]]
    assert symbols[:5] == [marks.get(step, "circle") for step in steps]
    assert line_of("fit_seconds")[1]["marker"]["symbol"][:5] == ["circle"] * 3 + ["circle-open", "circle"]


def test_the_same_predictions_on_another_machine_are_hollow_as_well():
    history = history_of(("first", 0, 0.8), ("unchanged", 0, 0.8), ("unchanged", 0, 0.8))
    history["points"][2]["machine"] = "Another"
    chart = history_chart(history, results.metric_named("fit_seconds"), {"one": "Model one"})
    assert chart.spec["data"][0]["marker"]["symbol"] == ["circle", "circle", "circle-open"]


def test_values_of_other_data_are_not_subtracted():
    chart, _ = line_of("accuracy")
    assert chart.rows == [("Model one", "2", "70.00", "71.00", "+1.00")]
    assert chart.caption == (
        "Model one differs most between the first result and the last of its newest line: from 70.00 to 71.00 %."
    )


@pytest.mark.parametrize(("metric", "zero"), [("accuracy", "+0.00"), ("macro_auc", "+0.0000")])
def test_a_change_that_rounds_to_nothing_has_no_minus(metric, zero):
    history = history_of(("first", 0, 0.85700001), ("within noise", 0, 0.857))
    for point in history["points"]:
        point["values"]["macro_auc"] = point["values"]["accuracy"]
    chart = history_chart(history, results.metric_named(metric), {"one": "Model one"})
    assert chart.rows[0][-1] == zero
    assert chart.caption == f"{results.metric_named(metric).title} moved in no model over 2 commits with results."


def test_the_page_counts_tests_and_the_false_ones_to_expect():
    found = Past(history_of(*STEPS), None)
    stored = made.stored({"one": made.predictions(WRONG)}, made.labels())
    record = history_page(found, stored).record
    assert (record.n_tests, record.n_families, record.n_real, record.expected_false) == (7, 7, 2, "0.35")


def test_steps_call_every_model_by_its_title_a_baseline_too_and_only_contestants_are_drawn():
    stored = made.stored({"one": made.predictions(WRONG)}, made.labels())
    stored.entries[0] |= {"title": "What guessing is worth", "baseline": True}
    record = history_page(Past(history_of(*STEPS), None), stored).record
    assert [changed.items for changed in record.commits[-2].changed] == [["What guessing is worth 90.00 %"]]
    assert record.charts == []


@pytest.mark.parametrize(
    ("steps", "newest"),
    [
        (["first", "unchanged", "unchanged"], 2),
        (["first", "regressed", "unchanged", "unchanged"], 1),
        (["first", "rerun", "within noise", "unchanged"], 2),
    ],
)
def test_the_newest_step_is_the_last_that_changed_a_prediction(steps, newest):
    assert _newest_step(history_of(*[(step, 0, 0.8) for step in steps])) == newest


def test_commits_that_changed_no_prediction_are_counted_not_shown(published, sample, tmp_path):
    root = tmp_path / "repo"
    shutil.copytree(published, root)
    path = root / "models" / SAMPLE / "rf-pixels" / "run.json"
    timed = results.read_document(path, results.Run)
    timed["seconds"]["fit"] *= 2
    results.write_document(path, timed, results.Run)
    made.commit(root, "Timed again")
    told, _ = built(root, sample, tmp_path / "build")
    assert "1 commit with results since then changed no prediction." in told
    assert re.search(r'<p class="hero">2 regressed, \d+ not measured, 3 unchanged', told)
    assert SUBJECT in html.unescape(told)
    assert re.search(r"Unchanged: [^<]*Random forest, pixels", told)
