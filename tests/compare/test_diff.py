"""What changed between two commits: verdicts from outside p values, honest refusals, exit statuses as a process."""

from __future__ import annotations

import html
import json
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from scipy.stats import binom
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from benchmark import results
from benchmark.commands import measuring, parser
from benchmark.compare import diff, documents, terminal, verdicts, words
from benchmark.compare.repository import Repository
from benchmark.compare.sides import read_side, use_of_test_set
from benchmark.errors import BenchmarkError, ResultsError
from benchmark.statistics import mcnemar_midp
from tests import made
from tests.conftest import ROOT, run_command

GOLDEN = ROOT / "tests" / "golden"
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
    return read_side(before, **where), read_side(after, **where)


def by_name(comparison):
    return {model["name"]: model for model in comparison["models"]}


def judged(before, after, truth):
    """Return verdict and test by model of two sets of predictions in memory."""
    side = {"label": "", "commit": None, "date": None, "subject": None, "n_test": len(truth), "digest": ""}
    found = diff.compare_results((side, made.stored(before, truth)), (side, made.stored(after, truth)))
    return {name: (model["verdict"], model["test"]) for name, model in by_name(found).items()}


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


@pytest.mark.parametrize("n", [10, 40, 150])
@pytest.mark.parametrize(("lost", "won"), [(1, 0), (0, 1), (1, 1)])
def test_so_many_images_in_each_direction_give_the_verdict_of_their_p(n, lost, won):
    before = {"m": made.predictions(BASE)}
    verdict, test = judged(before, {"m": made.predictions(changed(n * lost, n * won))}, made.labels())["m"]
    p = outside_midp(n * lost, n * won)
    assert test["p"] == test["p_adjusted"] == pytest.approx(p, abs=1e-9)
    assert verdict == ("within noise" if p >= 0.05 else "improved" if won else "regressed")


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


@st.composite
def two_sets_of_predictions(draw):
    """Three models before and after, the second better or worse or the same."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    truth = made.labels(400)
    sides = []
    for _ in range(2):
        wrong = [draw(st.integers(0, 200)) for _ in range(3)]
        sides.append({f"m{i}": made.predictions(rng.permutation(400)[:n], 400) for i, n in enumerate(wrong)})
    if draw(st.booleans()):
        sides[1]["m0"] = sides[0]["m0"]
    return *sides, truth, rng.permutation(400)


@settings(max_examples=20)
@given(two_sets_of_predictions())
def test_verdicts_mirror_and_do_not_depend_on_the_order_of_images(drawn):
    before, after, truth, order = drawn
    there, back = judged(before, after, truth), judged(after, before, truth)
    shuffled = judged(*({name: p[order] for name, p in side.items()} for side in (before, after)), truth[order])
    assert shuffled == there
    for name, (verdict, test) in there.items():
        assert back[name][0] == MIRRORED.get(verdict, verdict)
        if test:
            assert back[name][1]["difference"] == -test["difference"]
            assert back[name][1]["p_adjusted"] == test["p_adjusted"]


def test_twelve_models_without_a_difference_seldom_get_a_verdict():
    rng = np.random.default_rng(0)
    families = 0
    for _ in range(2000):
        counts = [made.null_table(rng, discordance) for discordance in (0.003, 0.03, 0.06) * 4]
        tests = [{"p": mcnemar_midp(b, c)} for b, c in counts]
        families += verdicts._adjust(tests) > 0
    assert families <= 131  # the 99.9 % bound of a binomial with 2,000 draws of 5 %


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
    assert f"{100 * detectable:.2f} points would have been detected" in model["reason"]


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
    return by_name(diff.compare_results(*(read_side(str(folder), **where) for folder in pair)))


@pytest.mark.parametrize("other", [{"digest": "e" * 64}, {"profile": "quick"}])
def test_other_data_are_not_comparable(pair, other):
    made.write_model(pair[1], "one", made.predictions(changed(40, 0)), **other)
    found = compared(pair)
    assert found["one"]["verdict"] == "not comparable"
    assert found["one"]["reason"].startswith("measured on other data: 10 + 2,000 images, digest dddddddddddd…")
    assert found["one"]["test"] is None
    assert found["two"]["verdict"] == "unchanged"


def test_other_labels_are_not_comparable(pair):
    truth = made.labels()
    truth[:2] = truth[1::-1]
    made.write_table(pair[1], ["one", "two"], truth)
    for name in ("one", "two"):
        made.write_model(pair[1], name, made.predictions(BASE), truth=truth)
    assert {(m["verdict"], m["reason"]) for m in compared(pair).values()} == {
        ("not comparable", "the test labels differ")
    }


def test_an_interrupted_swap_is_finished_before_anything_is_said(pair):
    (pair[1] / "one").rename(pair[1] / ".one.old")
    assert compared(pair)["one"]["verdict"] == "unchanged"


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
    assert found["one"]["reason"] == "1.40 points; a change of seed does as much"
    assert found["two"]["reason"] == "1.40 points; a change of seed does less"


def test_what_else_changed_is_named(pair):
    made.write_model(pair[1], "one", made.predictions(BASE), best=2, cpu="Another", code="b" * 64)
    whats = [item["what"] for item in compared(pair)["one"]["changed"]]
    assert whats == ["best parameters", "machine", "code"]


def test_a_kernel_is_named_where_both_sides_record_it_and_it_differs(pair):
    def record(side, kernel):
        path = side / "one" / "run.json"
        run = json.loads(path.read_text())
        run["machine"]["kernel"] = kernel
        path.write_text(json.dumps(run))

    record(pair[1], "Haswell")
    assert not compared(pair)["one"]["changed"]
    record(pair[0], "SkylakeX")
    assert words.changed_lines(compared(pair)["one"]) == ["kernel: SkylakeX → Haswell"]
    record(pair[0], "Haswell")
    assert not compared(pair)["one"]["changed"]


def test_the_grid_is_the_one_that_was_searched_not_that_of_a_table_that_moved_on(pair):
    table = pair[1] / "entries.json"
    table.write_text(table.read_text().replace("[1, 2]", "[1, 2, 3]"))
    assert not compared(pair)["one"]["changed"]
    path = pair[1] / "one" / "metrics.json"
    document = json.loads(path.read_text())
    document["search"]["candidates"].append({"params": {"classifier__C": 3}, "scores": [0.8, 0.8, 0.8]})
    path.write_text(json.dumps(document))
    assert words.changed_lines(compared(pair)["one"]) == ["grid: C [1, 2] → [1, 2, 3]"]


def test_of_what_changed_only_the_parts_that_did_are_told(pair):
    path = pair[1] / "one" / "run.json"
    document = json.loads(path.read_text())
    document["libraries"] = {"numpy": "2", "scipy": "1"}
    path.write_text(json.dumps(document))
    assert words.changed_lines(compared(pair)["one"]) == ["libraries: scipy – → 1"]


def test_predictions_that_do_not_yield_the_figures_are_refused(pair):
    text = results.encode_predictions(made.predictions(BASE[1:]))
    (pair[1] / "one" / "predictions.txt").write_text(text)
    with pytest.raises(ResultsError) as error:
        compared(pair)
    where = f"{pair[1]}/one/"
    assert str(error.value).startswith(
        f"{where}predictions.txt does not reproduce the metrics in {where}metrics.json (AUC cannot be checked without scores)"
    )


def spoilt(test, what):
    if what in ("precision", "recall", "F1"):
        test["per_class"]["Coat"][what.lower()]["value"] = 0.5
    elif what == "support":
        test["per_class"]["Coat"]["support"] += 1
    elif what == "classes":
        del test["per_class"]["Coat"]
    elif what == "confusion":
        test["confusion"][0][0] += 1
    else:
        test[what.replace(" ", "_").lower()]["value"] = 0.5


@pytest.mark.parametrize(
    "what", ["accuracy", "precision", "recall", "F1", "support", "macro F1", "confusion", "classes"]
)
def test_each_figure_that_does_not_follow_is_refused(pair, what):
    path = pair[1] / "one" / "metrics.json"
    document = json.loads(path.read_text())
    spoilt(document["test"], what)
    path.write_text(json.dumps(document))
    with pytest.raises(ResultsError, match=f"expected: {what}"):
        compared(pair)


@pytest.mark.parametrize(("version", "remedy"), [(2, "git pull"), (0, "make bench")])
def test_another_schema_version_says_which_way_out(pair, version, remedy):
    path = pair[1] / "one" / "run.json"
    path.write_text(path.read_text().replace('"schema_version": 1', f'"schema_version": {version}'))
    with pytest.raises(ResultsError, match=rf"another schema version[\s\S]*{remedy}"):
        compared(pair)


def test_an_older_schema_version_in_a_commit_is_not_to_be_measured_again(tmp_path):
    root = made.repository(tmp_path / "repo")
    made.write_table(root / "models" / "made", ["one"])
    made.write_model(root / "models" / "made", "one", made.predictions(BASE))
    path = root / "models" / "made" / "one" / "metrics.json"
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 0'))
    made.commit(root, "Long ago")
    with pytest.raises(ResultsError, match=r"^HEAD:models/made/one/metrics.json is of another[\s\S]*another commit"):
        sides(root, "HEAD", "HEAD")


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
    with pytest.raises(BenchmarkError, match="fetch --unshallow"):
        sides(tmp_path / "shallower")


def test_the_use_of_the_test_set_is_counted(scratch, tmp_path):
    made.git(tmp_path, "clone", "--quiet", str(scratch), "clone")
    root = tmp_path / "clone"
    made.commit(root, "Nothing of results")
    repository = Repository(root)
    assert use_of_test_set(repository, repository.commit("HEAD").sha, "models/made") == {
        "commits": 1,
        "at_least": False,
    }
    made.write_table(root / "models" / "made", MODELS, made.labels()[::-1])
    made.commit(root, "Other labels")
    assert use_of_test_set(repository, repository.commit("HEAD").sha, "models/made")["commits"] == 0


def test_an_improvement_comes_with_the_use_of_the_test_set_and_nothing_else_does(scratch, tmp_path):
    made.git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{scratch}", "shallow")
    shared = ("--dataset", "made", "--repository")
    there = run_command("diff", "HEAD~1", "HEAD", *shared, scratch).stdout
    assert "changed in 1 commit since the labels" in there
    shallow = run_command("diff", "HEAD~1", "HEAD", *shared, tmp_path / "shallow").stdout
    assert "changed in at least 1 commit since the labels" in shallow
    assert "since the labels" not in run_command("diff", "HEAD", "HEAD", *shared, scratch).stdout


def test_two_models_of_one_commit_are_compared_the_same_way(scratch):
    _, (side, stored) = sides(scratch)
    found = diff.compare_models((side, stored), stored.model("forty"), stored.model("many"))
    (model,) = found["models"]
    assert model["verdict"] == "improved"
    assert model["test"]["difference"] == pytest.approx((28 + 130) / made.N)


# ----------------------------------------------------------------------------------------------- the command, as a process
def run_diff(*arguments):
    return run_command("diff", *arguments, "--dataset", "made", "--exit-code")


REGRESSED, NOISE = changed(40, 12), changed(10, 6)
CASES = {
    0: {"one": NOISE, "new": BASE},  # within noise; "gone" is removed, "new" added
    1: {"one": REGRESSED, "later": None},  # and one not measured
    2: {"one": REGRESSED, "later": None, "broken": BASE},
    3: {"one": NOISE, "later": None},
}


@pytest.mark.parametrize(("status", "after"), CASES.items())
def test_the_first_exit_status_that_applies_of_two_commits(tmp_path, status, after):
    root = made.repository(tmp_path / "repo")
    folder = root / "models" / "made"
    made.write_table(folder, ["one", "gone"])
    for name in ("one", "gone"):
        made.write_model(folder, name, made.predictions(BASE))
    made.commit(root, "Before")
    made.write_table(folder, list(after))
    for name, wrong in after.items():
        if wrong is not None:
            made.write_model(folder, name, made.predictions(wrong))
    if "broken" in after:
        (folder / "broken" / "predictions.txt").write_text(results.encode_predictions(made.predictions(NOISE)))
    made.commit(root, "After")
    done = run_diff("HEAD~1", "HEAD", "--repository", root)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(
        {0: "", 1: "exit status 1: one regressed", 2: "error: ", 3: "exit status 3: later"}[status]
    )
    without = run_command("diff", "HEAD~1", "HEAD", "--repository", root, "--dataset", "made")
    assert without.returncode == (2 if status == 2 else 0)


def test_the_exit_status_does_not_hang_on_how_much_is_read(pair):
    made.write_model(pair[1], "one", made.predictions(REGRESSED))
    words = [sys.executable, "-m", "benchmark", "diff", *map(str, pair), "--dataset", "made", "--exit-code"]
    reading, writing = os.pipe()
    os.close(reading)  # whoever read has gone
    done = subprocess.run(words, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "exit status 1: one regressed\n")


@pytest.mark.parametrize("name", ["<function halve>", "@somebody", "a|b", "__a__", "[a](http://example.org)"])
def test_no_name_is_a_tag_a_mention_or_a_column_of_markdown(name):
    truth = made.labels()
    before, after = (made.stored({"one": made.predictions(wrong)}, truth) for wrong in (BASE, REGRESSED))
    after.models[0].entry["pipeline"] = after.models[0].entry["note"] = name
    after.models[0].metrics["search"]["best_params"] = {"classifier__f": name}
    side = {"label": "", "commit": None, "date": None, "subject": None, "n_test": len(truth), "digest": ""}
    text = words.format_markdown(diff.compare_results((side, before), (side, after)))
    assert name in html.unescape(text.replace("\u200b", ""))
    assert not re.search(r"<function|@s", text)
    assert {row.count("|") for row in text.splitlines() if row.startswith("| one")} == {9}


def test_other_data_and_a_regression_below_the_least_effect(pair):
    made.write_model(pair[1], "one", made.predictions(REGRESSED))
    assert run_diff(*pair, "--min-effect", "1.4").returncode == 1  # 28 of 2,000 images
    assert run_diff(*pair, "--min-effect", "1.41").returncode == 0
    made.write_model(pair[1], "two", made.predictions(BASE), digest="e" * 64)
    done = run_diff(*pair, "--min-effect", "1.41")
    assert (done.returncode, done.stderr) == (3, "exit status 3: two is not comparable\n")


@pytest.mark.parametrize(
    "wrong",
    [
        ("nowhere",), ("--min-effect", "-1"), ("--min-effect", "nan"), ("--max-loss", "inf"), ("--max-loss", "much"),
        ("--format", "xml"), ("--models", "nobody"), ("--beauty",), ("HEAD", "HEAD", "HEAD"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_a_usage_error(scratch, wrong):
    done = run_diff(*wrong, "--repository", scratch)
    assert done.returncode == 2
    assert not done.stdout
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_gate_without_its_exit_status_is_refused(pair):
    done = run_command("diff", *pair, "--dataset", "made", "--max-loss", "1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "add --exit-code" in done.stderr


def test_max_loss_fails_where_there_is_too_little_data(pair):
    made.write_model(pair[1], "one", made.predictions(NOISE))
    assert run_diff(*pair).returncode == 0
    low = -100 * compared(pair)["one"]["test"]["low"]
    done = run_diff(*pair, "--max-loss", f"{low - 0.001:.4f}")
    assert (done.returncode, done.stderr) == (1, "exit status 1: one may have lost 0.62 points\n")
    assert run_diff(*pair, "--max-loss", f"{low + 0.001:.4f}").returncode == 0


def test_help_says_how_a_chain_of_small_losses_is_caught():
    words = " ".join(run_command("diff", "--help", COLUMNS="200").stdout.split())
    assert "a chain of small losses is caught by comparing with a fixed baseline revision" in words


def test_a_filter_hides_rows_and_changes_no_family_nor_verdict(pair):
    made.write_model(pair[1], "one", made.predictions(REGRESSED))
    made.write_model(pair[1], "two", made.predictions(NOISE))
    whole = json.loads(run_diff(*pair, "--format", "json").stdout)
    done = run_diff(*pair, "--format", "json", "--models", "two")
    found = json.loads(done.stdout)
    assert found == whole | {"models": [model for model in whole["models"] if model["name"] == "two"]}
    assert found["primary"]["size"] == 2


def test_the_exit_status_speaks_of_the_models_that_were_chosen(pair):
    made.write_model(pair[1], "one", made.predictions(REGRESSED))
    made.write_model(pair[1], "two", made.predictions(NOISE))
    assert run_diff(*pair).returncode == 1
    for chosen, status, told in (("one", 1, "one regressed"), ("two", 0, ""), ("one,two", 1, "one regressed")):
        done = run_diff(*pair, "--models", chosen)
        assert done.returncode == status
        assert told in done.stderr
    done = run_diff(*pair, "--models", "two", "--max-loss", "0")
    assert "two may have lost" in done.stderr
    assert "one" not in done.stderr
    assert run_diff(*pair, "--models", "three").returncode == 2


def test_bare_clones_are_read_by_the_commands(scratch, tmp_path):
    made.git(tmp_path, "clone", "--quiet", "--bare", str(scratch), "bare")
    shared = ("--dataset", "made", "--repository")
    for typed in (("diff", "HEAD~1", "HEAD"), ("history",)):
        assert run_command(*typed, *shared, tmp_path / "bare").stdout == run_command(*typed, *shared, scratch).stdout


def test_compare_prints_the_test_and_the_places(scratch):
    shared = ("compare", "forty", "many", "--dataset", "made", "--repository", scratch)
    text = run_command(*shared).stdout
    assert "many is 7.90 points ahead of forty: a real difference (adjusted p < 10⁻¹²)." in text
    assert "forty: rank 4 of 4, 7.90 points behind the leader [" in text
    assert "many: rank 1 of 4, the leader" in text
    document = json.loads(run_command(*shared, "--at", "HEAD", "--format", "json").stdout)
    msgspec.convert(document, documents.Comparison)
    assert [place["best"] for place in document["places"]] == [4, 1]
    unknown = run_command("compare", "forty", "nobody", "--dataset", "made", "--repository", scratch)
    assert unknown.returncode == 2
    assert "there is no model 'nobody' in " in unknown.stderr


def test_json_follows_its_schema_in_full_precision(pair):
    made.write_model(pair[1], "one", made.predictions(REGRESSED), seeds=0.001)
    done = run_command("diff", *pair, "--dataset", "made", "--format", "json")
    document = json.loads(done.stdout)
    schema = Draft202012Validator(results.document_schema("diff", documents.Comparison))
    schema.validate(document)
    assert not schema.is_valid(document | {"counts": None})
    assert not schema.is_valid({key: value for key, value in document.items() if key != "primary"})
    assert document["models"][0]["test"]["p_adjusted"] == pytest.approx(outside_midp(40, 12), abs=1e-12)
    assert document["models"][0]["test"]["difference"] == -28 / made.N


def test_colours_are_for_a_terminal_that_wants_them(scratch):
    words = ["diff", "HEAD~1", "HEAD", "--dataset", "made", "--repository", str(scratch)]
    command = [sys.executable, "-m", "benchmark", *words]

    def on_terminal(**environment):
        ours, theirs = pty.openpty()
        with subprocess.Popen(command, cwd=ROOT, stdout=theirs, env={**os.environ, "NO_COLOR": "", **environment}):
            os.close(theirs)
            shown = b""
            while True:
                try:
                    shown += (part := os.read(ours, 65536))
                except OSError:  # how Linux says that the other end is closed
                    break
                if not part:
                    break
        os.close(ours)
        return shown

    assert b"\x1b[31mforty" in on_terminal()
    assert b"\x1b" not in on_terminal(NO_COLOR="1")
    assert "\x1b" not in run_command(*words).stdout


def test_make_passes_both_sides_and_the_form_on():
    done = subprocess.run(
        ["make", "--dry-run", "diff", "BASE=HEAD^", "HEAD=v1", "FORMAT=json", "MODELS=a,b"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "benchmark diff 'HEAD^' 'v1' --models='a,b' --format='json'" in " ".join(done.stdout.split())


# ---------------------------------------------------------------------------------------------------- the end of a run
[PLAIN] = parser.parse(["bench"]).run.args


def run_of(root, models_dir=None):
    return SimpleNamespace(
        root=root,
        models_dir=models_dir or root / "models",
        dataset=SimpleNamespace(entry=SimpleNamespace(name="made")),
        report=SimpleNamespace(line=lambda _: None),
    )


def test_a_run_ends_with_what_changed_against_head(scratch, tmp_path, capsys):
    made.git(tmp_path, "clone", "--quiet", str(scratch), "clone")
    root = tmp_path / "clone"
    made.write_model(root / "models" / "made", "same", made.predictions(REGRESSED))
    measuring._conclude(run_of(root), PLAIN, [], ["same"])
    leaders, _, told = capsys.readouterr().out.partition("\nbefore  HEAD")
    assert leaders.startswith("rank")
    assert "1 regressed, 3 unchanged (1 test, Holm at 5 %). Regressed: same." in told
    measuring._conclude(run_of(root, tmp_path / "clone" / "models" / ".." / "models"), PLAIN, [], ["same"])
    assert "Regressed: same." in capsys.readouterr().out


def test_a_run_that_cannot_be_compared_with_head_says_why(scratch, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    made.git(tmp_path, "clone", "--quiet", str(scratch), "clone")
    root = tmp_path / "clone"
    (root / ".git").rename(tmp_path / "elsewhere")
    measuring._conclude(run_of(root), PLAIN, [], ["same"])
    assert f"\nno comparison with HEAD: {root} is no git clone" in capsys.readouterr().out


def test_a_run_into_another_folder_is_compared_with_nothing(scratch, tmp_path, capsys):
    measuring._conclude(run_of(tmp_path, scratch / "models"), PLAIN, [], ["same"])
    assert "HEAD" not in capsys.readouterr().out


# ------------------------------------------------------------------------------------------------------------ the words
def test_a_row_says_what_its_figures_do_not(pair):
    made.write_model(pair[1], "one", made.predictions(REGRESSED), seeds=0.01)
    made.write_model(pair[1], "two", made.predictions(NOISE), seeds=0.0001)
    made.write_table(pair[1], ["one", "two", "later"])
    found = compared(pair)
    assert words.model_row(found["one"])[-1] == "a change of seed does as much"
    assert words.model_row(found["two"])[-1] == "could detect 0.56 points; a change of seed does less"
    assert "is not (make bench MODELS=later)" in words.model_row(found["later"])[-1]


def test_other_times_of_the_same_predictions_are_shown_with_their_ratio_and_machines(pair):
    made.write_model(pair[1], "one", made.predictions(BASE), fit=2.5, cpu="Another")
    where = {"repository": pair[0], "models_dir": pair[0], "dataset": "made"}
    text = terminal.format_text(diff.compare_results(*(read_side(str(folder), **where) for folder in pair)))
    assert re.search(r"Fit time +1 s +2.5 s +× 2.50 +lower", text)
    assert "times on: A processor, 2 cores → Another, 2 cores" in text
    assert "one: unchanged (the same predictions)" in text
    assert "two: unchanged" not in text  # nothing of it moved


def test_a_comment_on_a_pull_request_begins_with_the_sentence_folds_the_images_and_fits(tmp_path):
    names = [f"model-{i}" for i in range(12)]
    n = 10_000
    truth = made.labels(n)
    before = made.stored({name: made.predictions(range(2000), n) for name in names}, truth)
    after = made.stored({name: made.predictions(range(1500, 3500), n) for name in names}, truth)
    side = {"label": "a`b", "commit": None, "date": None, "subject": "See #1 @x <b>", "n_test": n, "digest": ""}
    text = words.format_markdown(diff.compare_results((side, before), (side, after)))
    assert text.startswith("**12 within noise (12 tests, Holm at 5 %).**\n\n| model |")
    assert len(text) < 65_536  # what a comment may hold
    assert "- Before: `` a`b ``, `See #1 @x <b>`" in text  # nothing is a mention, a link or a tag
    folded = text[text.index("<details>") : text.rindex("</details>")]
    assert "images 0, 1, 2" in folded
    assert "images 0, 1, 2" not in text.replace(folded, "")


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_words_are_those_of_the_golden_file(scratch, form):
    comparison = diff.compare_results(*sides(scratch), {"commits": 3, "at_least": True})
    for side in ("before", "after"):
        comparison[side] |= {"commit": "0123456789abcdef", "date": "2026-01-01T00:00:00+00:00"}
    found = {"text": terminal.format_text, "markdown": words.format_markdown}[form](comparison) + "\n"
    golden = GOLDEN / f"diff.{'md' if form == 'markdown' else 'txt'}"
    if os.environ.get("REFRESH"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(found, encoding="utf-8")
    refresh = "REFRESH=1 make test PYTEST=tests/compare/test_diff.py"
    assert found == golden.read_text(encoding="utf-8"), f"if that is meant: {refresh}, and read what changed"


def test_a_message_sends_a_terminal_nothing_with_colours_or_without(scratch):
    before, after = sides(scratch)
    told = {**after[0], "subject": "all right\x1b[2J\x9b0m\u202e\nbefore  0000000000"}
    comparison = diff.compare_results(before, (told, after[1]))
    for colour in (False, True):
        text = terminal.format_text(comparison, colour=colour)
        assert r"all right\x1b[2J\x9b0m\u202e before  0000000000" in text
        assert set(re.findall("\x1b[^m]*m", text)) <= {"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"}


def test_colour_marks_the_verdict_and_nothing_else(scratch):
    comparison = diff.compare_results(*sides(scratch))
    coloured = terminal.format_text(comparison, colour=True)
    assert "\x1b[31mforty" in coloured
    assert coloured.replace("\x1b[31m", "").replace("\x1b[32m", "").replace("\x1b[0m", "") == terminal.format_text(
        comparison
    )


# ----------------------------------------------------------------------------------------- results older than a metric
def test_a_metric_added_since_is_not_recorded_before_and_named_once(pair):
    path = pair[1] / "one" / "metrics.json"
    document = json.loads(path.read_text())
    found = {"value": 0.3, "low": 0.2, "high": 0.4}
    calibration = {"expected_calibration_error": {"value": 0.01}, "brier_score": {"value": 0.2}}
    for folder, more in zip(pair, ({}, {"log_loss": found}), strict=True):
        document["test"]["calibration"] = calibration | more
        (folder / "one" / "metrics.json").write_text(json.dumps(document))
    comparison = diff.compare_results(
        *(read_side(str(folder), repository=ROOT, models_dir=ROOT, dataset="made") for folder in pair)
    )
    [change] = [change for change in comparison["models"][0]["metrics"] if change["metric"] == "log_loss"]
    assert (change["before"], change["after"], change["not_recorded"]) == (None, found, ["before"])
    text = terminal.format_text(comparison)
    assert "Recorded since, and not before: Log loss." in text
    back = diff.compare_results(
        *(read_side(str(folder), repository=ROOT, models_dir=ROOT, dataset="made") for folder in pair[::-1])
    )
    assert "Recorded since" not in terminal.format_text(back)
