"""What changed between two commits: verdicts from outside p values, honest refusals, exit statuses as a process."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from benchmark import diff, report, results
from benchmark.errors import BenchmarkError, ResultsError
from tests import made
from tests.conftest import run_command

GOLDEN = Path(__file__).parent / "golden"
MODELS = ["same", "ten", "forty", "many"]
BASE = np.arange(0, 1200, 3)  # 400 images that every model gets wrong at first
FLIPS = {"same": (0, 0), "ten": (10, 6), "forty": (40, 12), "many": (20, 150)}


def changed(lost, won):
    """Return what is wrong when `lost` images more are and `won` no longer."""
    return np.concatenate([BASE[won:], np.arange(1, 3 * lost + 1, 3)])


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A repository with two commits of results."""
    root = made.repository(tmp_path_factory.mktemp("scratch") / "repo")
    folder = root / "models" / "made"
    made.write_table(folder, MODELS)
    for name in MODELS:
        made.write_model(folder, name, made.predictions(BASE))
    made.commit(root, "Before")
    for name, (lost, won) in FLIPS.items():
        made.write_model(folder, name, made.predictions(changed(lost, won)))
    made.commit(root, "After")
    return root


def sides(root, before="HEAD~1", after="HEAD"):
    where = {"repository": root, "models_dir": root / "models", "dataset": "made"}
    return diff.read_side(before, **where), diff.read_side(after, **where)


def by_name(comparison):
    return {model["name"]: model for model in comparison["models"]}


def outside_midp(b, c):
    """Mid-p as statsmodels' exact p less the probability of the table itself; 1 where both are equal."""
    if b == c:
        return 1.0
    exact = mcnemar([[0, b], [c, 0]], exact=True).pvalue
    return exact - binom.pmf(min(b, c), b + c, 0.5)


def test_p_values_and_verdicts_are_those_of_statsmodels(scratch):
    found = by_name(diff.compare_results(*sides(scratch)))
    tested = [name for name in MODELS if name != "same"]
    raw = [outside_midp(*FLIPS[name]) for name in tested]
    adjusted = multipletests(raw, method="holm")[1]
    for name, p, p_adjusted in zip(tested, raw, adjusted, strict=True):
        test = found[name]["test"]
        assert (test["only_before"], test["only_after"]) == FLIPS[name]
        assert test["p"] == pytest.approx(p, abs=1e-9)
        assert test["p_adjusted"] == pytest.approx(p_adjusted, abs=1e-9)
    assert {name: model["verdict"] for name, model in found.items()} == {
        "same": "unchanged",
        "ten": "within noise",
        "forty": "regressed",
        "many": "improved",
    }


def test_classes_are_a_family_of_their_own(scratch):
    found = diff.compare_results(*sides(scratch))
    rows = [row for model in found["models"] for row in model["classes"]]
    raw = [outside_midp(row["only_before"], row["only_after"]) for row in rows]
    assert found["secondary"]["size"] == len(rows) == 3 * len(made.CLASSES)
    assert [row["p_adjusted"] for row in rows] == pytest.approx(multipletests(raw, method="holm")[1], abs=1e-9)
    assert found["primary"]["size"] == 3


MIRRORED = {"improved": "regressed", "regressed": "improved"}


def test_swapping_the_sides_mirrors_everything(scratch):
    before, after = sides(scratch)
    there, back = by_name(diff.compare_results(before, after)), by_name(diff.compare_results(after, before))
    for name in MODELS:
        assert back[name]["verdict"] == MIRRORED.get(there[name]["verdict"], there[name]["verdict"])
        if name == "same":
            continue
        one, other = there[name]["test"], back[name]["test"]
        assert other["difference"] == -one["difference"]
        assert (other["low"], other["high"]) == pytest.approx((-one["high"], -one["low"]), abs=1e-12)
        assert other["p_adjusted"] == one["p_adjusted"]
        assert [flip["index"] for flip in back[name]["right_to_wrong"]] == [
            flip["index"] for flip in there[name]["wrong_to_right"]
        ]


def test_flips_are_the_very_images(scratch):
    model = by_name(diff.compare_results(*sides(scratch)))["forty"]
    lost, won = FLIPS["forty"]
    assert [flip["index"] for flip in model["right_to_wrong"]] == list(range(1, 3 * lost + 1, 3))
    assert [flip["index"] for flip in model["wrong_to_right"]] == BASE[:won].tolist()
    first = model["wrong_to_right"][0]
    assert (first["true"], first["before"], first["after"]) == ("Shirt", "Coat", "Shirt")


def test_within_noise_says_what_it_could_have_seen(scratch):
    model = by_name(diff.compare_results(*sides(scratch)))["ten"]
    detectable = model["test"]["detectable"]
    rng = np.random.default_rng(0)
    discordance = 16 / made.N  # one of three tests is left when two are rejected: its level is 5 %
    apart = max(discordance, detectable)
    shares = [(apart + detectable) / 2, (apart - detectable) / 2, 1 - apart]
    tables = rng.multinomial(made.N, shares, size=3000)
    power = np.mean([outside_midp(int(b), int(c)) < 0.05 for b, c, _ in tables[:400]])
    assert power == pytest.approx(0.8, abs=0.07)
    assert f"{100 * detectable:.2f} points would have been found" in model["reason"]


@pytest.fixture
def pair(tmp_path):
    """Two folders of results, alike, that a test may change."""
    folders = [tmp_path / side / "made" for side in ("before", "after")]
    for folder in folders:
        made.write_table(folder, ["one", "two"])
        for name in ("one", "two"):
            made.write_model(folder, name, made.predictions(BASE))
    return folders


def compared(pair):
    where = {"repository": pair[0], "models_dir": pair[0], "dataset": "made"}
    return by_name(diff.compare_results(*(diff.read_side(str(folder), **where) for folder in pair)))


def test_other_data_or_labels_are_not_comparable(pair):
    made.write_model(pair[1], "one", made.predictions(changed(40, 0)), digest="e" * 64)
    found = compared(pair)
    assert found["one"]["verdict"] == "not comparable"
    assert found["one"]["test"] is None
    assert found["two"]["verdict"] == "unchanged"


def test_added_removed_and_not_measured_are_told_apart(pair):
    made.write_table(pair[0], ["one", "two", "gone"])
    made.write_table(pair[1], ["one", "two", "new", "later"])
    made.write_model(pair[0], "gone", made.predictions(BASE))
    made.write_model(pair[1], "new", made.predictions(BASE))
    verdicts = {name: model["verdict"] for name, model in compared(pair).items()}
    assert verdicts == {
        "one": "unchanged", "two": "unchanged", "new": "added", "later": "not measured", "gone": "removed",
    }  # fmt: skip


def test_a_difference_that_another_seed_makes_is_said_to_be_one(pair):
    made.write_model(pair[1], "one", made.predictions(changed(40, 12)), seeds=0.01)
    made.write_model(pair[1], "two", made.predictions(changed(40, 12)), seeds=0.001)
    found = compared(pair)
    assert found["one"]["verdict"] == found["two"]["verdict"] == "regressed"
    assert found["one"]["reason"] == "1.40 points; another seed moves it as much"
    assert found["two"]["reason"] == "1.40 points; another seed moves it less"


def test_what_else_changed_is_named(pair):
    made.write_model(pair[1], "one", made.predictions(BASE), best=2, cpu="Another", code="b" * 64)
    whats = [item["what"] for item in compared(pair)["one"]["changed"]]
    assert whats == ["best parameters", "machine", "code"]


def test_predictions_that_do_not_yield_the_figures_are_refused(pair):
    text = results.encode_predictions(made.predictions(BASE[1:]))
    (pair[1] / "one" / "predictions.txt").write_text(text)
    with pytest.raises(ResultsError, match=r"predictions.txt does not yield the figures in .*metrics.json"):
        compared(pair)


def test_a_precision_that_does_not_follow_is_refused(pair):
    path = pair[1] / "one" / "metrics.json"
    document = json.loads(path.read_text())
    document["test"]["per_class"]["Coat"]["precision"]["value"] = 0.5
    path.write_text(json.dumps(document))
    with pytest.raises(ResultsError, match="precision of Coat"):
        compared(pair)


def test_another_schema_version_says_which_way_out(pair):
    path = pair[1] / "one" / "run.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(ResultsError, match=r"another schema version[\s\S]*git pull"):
        compared(pair)


def test_a_revision_that_does_not_exist_is_named(scratch):
    with pytest.raises(BenchmarkError, match="'nowhere' is neither a commit"):
        sides(scratch, "nowhere")
    with pytest.raises(BenchmarkError, match="neither a commit"):
        sides(scratch, "--help")


def test_commits_are_read_from_bare_and_shallow_clones(scratch, tmp_path):
    made.git(tmp_path, "clone", "--quiet", "--bare", str(scratch), "bare")
    made.git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{scratch}", "shallow")
    expected = diff.compare_results(*sides(scratch))["models"]
    for clone in ("bare", "shallow"):
        assert diff.compare_results(*sides(tmp_path / clone))["models"] == expected
    made.git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{scratch}", "shallower")
    with pytest.raises(BenchmarkError, match="git fetch --unshallow"):
        sides(tmp_path / "shallower")


def test_the_use_of_the_test_set_is_counted(scratch, tmp_path):
    made.git(tmp_path, "clone", "--quiet", str(scratch), "clone")
    root = tmp_path / "clone"
    made.commit(root, "Nothing of results")
    repository = diff.Repository(root)
    assert diff.use_of_test_set(repository, repository.commit("HEAD").sha, "models/made") == {
        "commits": 1,
        "at_least": False,
    }


def test_two_models_of_one_commit_are_compared_the_same_way(scratch):
    _, (side, stored) = sides(scratch)
    found = diff.compare_models((side, stored), stored.model("forty"), stored.model("many"))
    (model,) = found["models"]
    assert model["verdict"] == "improved"
    assert model["test"]["difference"] == pytest.approx((28 + 130) / made.N)


# ----------------------------------------------------------------------------------------------- the command, as a process
def run_diff(*arguments):
    return run_command("diff", *arguments, "--dataset", "made", "--exit-code")


def test_exit_statuses(pair):
    assert run_diff(*pair).returncode == 0
    made.write_model(pair[1], "one", made.predictions(changed(40, 12)))
    assert run_diff(*pair).returncode == 1
    assert run_diff(*pair, "--min-effect", "2").returncode == 0
    made.write_table(pair[1], ["one", "two", "three"])
    assert run_diff(*pair, "--min-effect", "2").returncode == 3
    assert run_diff(*pair).returncode == 1  # a regression comes first
    (pair[1] / "one" / "predictions.txt").write_text("9")
    broken = run_diff(*pair)
    assert broken.returncode == 2
    assert "error:" in broken.stderr
    assert "Traceback" not in broken.stderr
    assert run_diff("nowhere").returncode == 2


def test_max_loss_fails_where_there_is_too_little_data(pair):
    made.write_model(pair[1], "one", made.predictions(changed(10, 6)))
    assert run_diff(*pair).returncode == 0
    assert run_diff(*pair, "--max-loss", "0.3").returncode == 1
    assert run_diff(*pair, "--max-loss", "1").returncode == 0


def test_without_the_option_a_comparison_ends_well(pair):
    made.write_model(pair[1], "one", made.predictions(changed(40, 12)))
    assert run_command("diff", *pair, "--dataset", "made").returncode == 0


def test_json_follows_its_schema(pair):
    made.write_model(pair[1], "one", made.predictions(changed(40, 12)), seeds=0.001)
    document = json.loads(run_command("diff", *pair, "--dataset", "made", "--format", "json").stdout)
    assert results.fits(document, diff.Comparison)
    assert document["models"][0]["test"]["p_adjusted"] == pytest.approx(outside_midp(40, 12), abs=1e-12)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_words_are_those_of_the_golden_file(scratch, form):
    """Refresh with `REFRESH=1 make test PYTEST=tests/test_diff.py`, and read what changed."""
    comparison = diff.compare_results(*sides(scratch), {"commits": 3, "at_least": True})
    for side in ("before", "after"):
        comparison[side] |= {"commit": "0123456789abcdef", "date": "2026-01-01T00:00:00+00:00"}
    found = {"text": report.format_text, "markdown": report.format_markdown}[form](comparison) + "\n"
    golden = GOLDEN / f"diff.{'md' if form == 'markdown' else 'txt'}"
    if os.environ.get("REFRESH"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    assert found == golden.read_text(encoding="utf-8")


def test_colour_marks_the_verdict_and_nothing_else(scratch):
    comparison = diff.compare_results(*sides(scratch))
    coloured = report.format_text(comparison, colour=True)
    assert "\x1b[31mforty" in coloured
    assert coloured.replace("\x1b[31m", "").replace("\x1b[32m", "").replace("\x1b[0m", "") == report.format_text(
        comparison
    )
