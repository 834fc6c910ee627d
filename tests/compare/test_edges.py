"""Verdicts and sentences at the edges: ties, one model or none, references ahead, few images, other names, other machines."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from benchmark import results
from benchmark.command import as_typed
from benchmark.compare import diff, history, leaderboard, sentences, terminal, verdicts, words
from benchmark.compare.repository import Repository
from benchmark.compare.sides import read_side
from benchmark.errors import ResultsError
from benchmark.publish.explorer import Explorer
from benchmark.publish.gallery import Gallery
from benchmark.publish.pages.compare import compare_page
from benchmark.results.numbers import class_words, classes_words, listed
from tests import made
from tests.conftest import ROOT, run_command

GOLDEN = ROOT / "tests" / "golden" / "edges.txt"
BASE = np.arange(0, 1200, 3)
WORSE = np.concatenate([BASE, np.arange(1, 541, 3)])  # 180 images more


# --------------------------------------------------------------------------------------------------- one rule for pairs
# Of models that differ on n images, all in one direction, p is 2**-n; of ten pairs Holm multiplies the smallest by ten.
LADDER = {"a": range(2), "b": range(8), "c": range(14), "d": range(20), "e": range(26)}


def board_of(wrong, n=40, baselines=()):
    stored = made.stored({name: made.predictions(where, n) for name, where in wrong.items()}, made.labels(n))
    for model in stored.models:
        model.entry["baseline"] = model.name in baselines
    return stored


def side_of(stored):
    n = len(stored.test_labels)
    return {"label": "here", "commit": None, "date": None, "subject": None, "n_test": n, "digest": ""}, stored


def compared(stored, first, second):
    return diff.compare_models(side_of(stored), stored.model(first), stored.model(second))


def test_compare_the_page_and_the_leaderboard_give_a_pair_one_p_value_and_one_verdict():
    stored = board_of(LADDER)
    board = leaderboard.leaderboard(stored)
    raw = {(i, j): board.pairs[i, j].test.p for i, j in board.pairs}
    outside = dict(zip(raw, multipletests(list(raw.values()), method="holm")[1], strict=True))
    explorer = Explorer(stored, Gallery(np.zeros((40, 4, 4), np.uint8), {}), made.CLASSES, board)
    names = [row.name for row in board.rows]
    assert raw[0, 1] == pytest.approx(2**-6)  # alone it would be more than noise
    assert outside[0, 1] > 0.05
    for (i, j), p in outside.items():
        comparison = compared(stored, names[i], names[j])
        (model,) = comparison["models"]
        assert model["test"]["p_adjusted"] == board.pairs[i, j].p_adjusted == pytest.approx(p)
        assert (model["verdict"] == "within noise") == (p >= 0.05) == (not explorer.pair(i, j).real)
        assert (comparison["primary"]["size"], comparison["primary"]["rejected"]) == (
            10,
            sum(q < 0.05 for q in outside.values()),
        )
        assert comparison["sentence"].endswith(board.pairs[i, j].verdict + ".")
    assert compare_page(explorer).selection.verdict == "Model a is 15.00 points ahead of Model b: within noise."
    assert compared(stored, "b", "a")["sentence"] == (
        "a is 15.00 points ahead of b: within noise (adjusted p = 0.062)."
    )
    assert "10 tests, of all pairs of ranked models" in terminal.format_text(compared(stored, "b", "a"))


def test_the_pair_of_a_reference_is_a_test_by_itself():
    stored = board_of(LADDER, baselines=["b"])
    board = leaderboard.leaderboard(stored)
    comparison = compared(stored, "b", "a")
    assert comparison["sentence"] == "a is 15.00 points ahead of b: a real difference (p = 0.016)."
    assert board.rivalry(board.row("b")).pair.verdict == "a real difference (p = 0.016)"
    assert comparison["primary"]["size"] == 1
    assert "1 test: a reference is in no pair of ranked models" in terminal.format_text(comparison)


def test_the_command_says_what_the_leaderboard_says(tmp_path):
    folder = tmp_path / "made"
    made.write_table(folder, LADDER, made.labels(40))
    for name, where in LADDER.items():
        made.write_model(folder, name, made.predictions(where, 40))
    done = run_command("compare", "b", "a", "--dataset", "made", "--at", folder)
    assert done.stdout.splitlines()[0] == "a is 15.00 points ahead of b: within noise (adjusted p = 0.062)."


# ------------------------------------------------------------------------------------------------- sentences, word by word
def told(stored):
    """Return everything that is said of these models in a sentence."""
    board = leaderboard.leaderboard(stored)
    leaders = listed([row.title for row in board.leaders])
    lines = (
        [f"{leaders} {sentences.leading(len(board.leaders), len(board.ranked))} …"]
        if board.ranked
        else ["nobody leads"]
    )
    lines += [leaderboard.paired_sentence(board, row.name) or f"{row.name}: nothing to say" for row in board.rows]
    lines += [words.place_line(place) for place in leaderboard.places(board, [row.name for row in board.rows])]
    names = [row.name for row in board.rows]
    lines += [compared(stored, names[0], name)["sentence"] for name in names[1:]]
    return lines


EDGES = {
    "a tie for the lead": board_of({"one": range(2), "other": range(2, 4), "poor": range(20)}),
    "three that predict the same": board_of({name: range(2) for name in ("one", "two", "three")}),
    "one contestant and a reference": board_of({"only": range(2), "dummy": range(30)}, baselines=["dummy"]),
    "references alone": board_of({"dummy": range(30), "prior": range(20)}, baselines=["dummy", "prior"]),
    "a reference that is better": board_of({"one": range(20), "dummy": range(2)}, baselines=["dummy"]),
    "a reference that is level": board_of({"one": range(2), "dummy": range(2, 4)}, baselines=["dummy"]),
    "a model without an error": board_of({"perfect": [], "fair": range(9)}),
    "three images": board_of({"one": [], "two": [0]}, n=3),
    "one image": board_of({"one": [], "two": [0]}, n=1),
}


def test_the_sentences_are_those_of_the_golden_file():
    found = "\n".join(
        line for edge, stored in EDGES.items() for line in [f"{edge}:", *(f"  {line}" for line in told(stored)), ""]
    )
    if os.environ.get("REFRESH"):
        GOLDEN.write_text(found, encoding="utf-8")
    refresh = "REFRESH=1 make test PYTEST=tests/compare/test_edges.py"
    assert found == GOLDEN.read_text(encoding="utf-8"), f"if that is meant: {refresh}, and read what changed"


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (0.035, "3.50 points ahead of"), (-0.096, "9.60 points behind"), (0.0, "level with"),
        (1e-5, "less than 0.01 points ahead of"), (-1e-5, "less than 0.01 points behind"), (-1.0, "100.00 points behind"),
    ],
)  # fmt: skip
def test_a_distance_has_its_direction_in_words_and_never_a_sign(difference, words):
    assert sentences.distance(difference) == words


def test_a_class_that_is_a_number_is_called_a_class():
    assert [class_words(name) for name in ("Coat", "7", "T-shirt/top", "+", "お", "3D")] == [
        "Coat", "class 7", "T-shirt/top", "class +", "お", "3D",
    ]  # fmt: skip
    assert classes_words(["1", "Coat"]) == "class 1 and Coat"
    assert classes_words(["1", "2"], first=True) == "Class 1 and class 2"
    assert class_words("iris setosa", first=True) == "iris setosa"  # as its owner writes it
    assert classes_words([str(i) for i in range(9)]) == "9 classes"


@pytest.mark.parametrize(("n", "detectable"), [(3, False), (2000, True)])
def test_too_few_images_find_no_difference_and_say_so(n, detectable):
    before, after = (made.stored({"m": made.predictions(wrong, n)}, made.labels(n)) for wrong in ([], [0]))
    (model,) = diff.compare_results(side_of(before), side_of(after))["models"]
    assert model["verdict"] == "within noise"
    assert (model["test"]["detectable"] is not None) == detectable
    if not detectable:
        assert model["reason"] == "no difference would have been found in 4 of 5 cases: there are too few test images"
        assert words.model_row(model)[-1] == "too few images to find any"


def test_a_class_without_a_test_image_is_neither_hard_nor_tested():
    truth = made.labels(40) % 3  # no boots
    before, after = truth.copy(), truth.copy()
    before[:2], after[:9] = (truth[:2] + 1) % 3, (truth[:9] + 1) % 3
    sides = []
    for predicted in (before, after):
        stored = made.stored({"m": predicted}, truth)
        stored.models[0].metrics["test"]["per_class"]["Boot"]["recall"] = made.estimate(None)
        sides.append(stored)
    comparison = diff.compare_results(*map(side_of, sides))
    assert [row["name"] for row in comparison["models"][0]["classes"]] == made.CLASSES[:3]
    assert comparison["secondary"]["size"] == 3
    assert leaderboard.hardest_class(sides[0].models[0]) != "Boot"
    assert leaderboard.leaderboard(sides[0]).rows[0].least_recall > 0


# ------------------------------------------------------------------------------- two commits, as diff and history see them
@pytest.fixture
def steps(tmp_path):
    """A function that commits two results of one model and returns the diff of both, the history's last point, and the gate."""
    root = made.repository(tmp_path / "repo")
    folder = root / "models" / "made"

    def look(*states, change=lambda folder: None):
        for number, state in enumerate(states):
            made.write_table(folder, ["one"])
            made.write_model(folder, "one", **state)
            if number == len(states) - 1:
                change(folder)
            made.commit(root, f"Commit {number}")
        where = {"repository": root, "models_dir": root / "models", "dataset": "made"}
        comparison = diff.compare_results(read_side("HEAD~1", **where), read_side("HEAD", **where))
        repository = Repository(root)
        found = history.read_history(repository, repository.commit("HEAD").sha, "models/made")
        return comparison, found["points"][-1]["step"], verdicts.gate(comparison, max_loss=50.0)[0]

    return look


def state(wrong, **more):
    return {"predicted": made.predictions(wrong), **more}


def record_kernels(folder):
    path = folder / "one" / "run.json"
    run = json.loads(path.read_text())
    run["machine"]["kernel"] = "Haswell"
    path.write_text(json.dumps(run))


def test_a_drop_on_another_processor_is_a_rerun_to_both_and_no_regression_to_the_gate(steps):
    comparison, step, status = steps(state(BASE), state(WORSE, cpu="Another"))
    (model,) = comparison["models"]
    assert model["verdict"] == step == "rerun"
    assert model["reason"] == (
        "180 predictions differ on another machine, of the same data, entry, code and libraries: not judged"
    )
    assert status == 0
    assert (model["test"], comparison["primary"]["size"]) == (None, 0)
    assert comparison["sentence"] == "1 rerun (nothing to test)."
    assert len(model["right_to_wrong"]) == 180
    assert "right → wrong: 180" in terminal.format_text(comparison)


@pytest.mark.parametrize("more", [{"code": "b" * 64}, {}], ids=["other code", "same machine"])
def test_a_drop_by_other_code_or_on_the_same_machine_is_judged(steps, more):
    comparison, step, status = steps(state(BASE), state(WORSE, cpu="Another" if more else "A processor", **more))
    assert comparison["models"][0]["verdict"] == step == "regressed"
    assert status == 1


def test_the_same_predictions_on_another_machine_are_unchanged_to_both(steps):
    comparison, step, _ = steps(state(BASE), state(BASE, cpu="Another"))
    assert comparison["models"][0]["verdict"] == step == "unchanged"


def rename(folder):
    path = folder / "one" / "metrics.json"
    path.write_text(path.read_text().replace('"Boot"', '"9"'))


@pytest.mark.parametrize(("wrong", "verdict"), [(BASE, "unchanged"), (WORSE, "regressed")])
def test_a_renamed_class_leaves_the_data_what_they_are(steps, wrong, verdict):
    comparison, step, _ = steps(state(BASE), state(wrong, fit=2.0), change=rename)
    (model,) = comparison["models"]
    assert model["verdict"] == step == verdict
    assert "classes: Boot → 9" in words.changed_lines(model)
    if wrong is WORSE:
        assert {row["name"] for row in model["classes"]} == {*made.CLASSES[:3], "9"}
        flip = next(flip for flip in model["right_to_wrong"] if flip["true"] == "9")
        assert flip["before"] == "Boot"  # as it was called then
        assert "class 9 " in terminal.format_text(comparison)


def add_class(folder):
    path = folder / "one" / "metrics.json"
    document = json.loads(path.read_text())
    document["dataset"]["classes"].append("Hat")
    test = document["test"]
    nothing = made.estimate(None)
    test["per_class"]["Hat"] = {
        "auc": nothing,
        "precision": nothing,
        "recall": nothing,
        "f1": made.estimate(0),
        "support": 0,
    }
    test["confusion"] = [[*row, 0] for row in test["confusion"]] + [[0] * 5]
    test["macro_f1"] = made.estimate(test["macro_f1"]["value"] * 4 / 5)
    results.write_document(path, document, results.Metrics)


def test_a_class_added_without_an_image_is_no_other_data(steps):
    comparison, step, _ = steps(state(BASE), state(WORSE), change=add_class)
    assert comparison["models"][0]["verdict"] == step == "regressed"
    assert len(comparison["models"][0]["classes"]) == 4
    assert "classes: Shirt, Coat, Bag, Boot → Shirt, Coat, Bag, Boot, Hat" in words.changed_lines(
        comparison["models"][0]
    )


def test_other_data_have_nothing_to_test(steps):
    comparison, step, status = steps(state(BASE), state(WORSE, digest="e" * 64))
    assert comparison["models"][0]["verdict"] == step == "not comparable"
    assert comparison["sentence"] == "1 not comparable (nothing to test)."
    assert status == 3


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"unchanged": 2}, "no prediction changed"), ({"unchanged": 1, "added": 1}, "no prediction changed"),
        ({"unchanged": 1, "not comparable": 1}, "nothing to test"), ({"added": 1}, "nothing to test"), ({"rerun": 1}, "nothing to test"),
    ],
)  # fmt: skip
def test_what_is_said_without_a_test_is_true(counts, words):
    assert verdicts._tested(dict.fromkeys(verdicts.VERDICTS, 0) | counts, 0) == words


# ------------------------------------------------------------------------------------------------ other data in one folder
@pytest.fixture
def mixed(tmp_path):
    """A folder in which one model was measured on other images with the same labels, later than the others."""
    folder = tmp_path / "made"
    made.write_table(folder, ["one", "two", "late"])
    for name, wrong in (("one", BASE), ("two", BASE[5:]), ("late", WORSE)):
        made.write_model(folder, name, made.predictions(wrong), digest=("e" if name == "late" else "d") * 64)
    return folder


def date(folder, name, day):
    path = folder / name / "run.json"
    path.write_text(path.read_text().replace("2026-01-01", day))


def test_results_of_other_data_are_not_ranked_with_the_newest(mixed):
    stored = results.load_results(mixed.parent, "made")
    assert [model.name for model in stored.models] == ["one", "two"]  # of one day: the larger group
    assert [model.name for model in stored.apart] == ["late"]
    date(mixed, "late", "2026-01-02")
    stored = results.load_results(mixed.parent, "made")
    assert [model.name for model in stored.models] == ["late"]
    assert [model.name for model in stored.apart] == ["one", "two"]
    assert len(leaderboard.leaderboard(stored).rows) == 1


def test_results_of_the_quick_profile_are_not_ranked_with_the_whole(mixed):
    made.write_model(mixed, "late", made.predictions(range(9), 500), truth=made.labels(500), profile="quick")
    stored = results.load_results(mixed.parent, "made")
    assert [model.name for model in stored.apart] == ["late"]
    assert (
        results.about_data(stored.apart[0].metrics["dataset"]) == "10 + 500 images, digest dddddddddddd…, quick profile"
    )


def test_other_data_are_said_where_the_leaderboard_is_printed(mixed):
    stored = results.load_results(mixed.parent, "made")
    board = leaderboard.leaderboard(stored)
    text = leaderboard.format_text(board, [], [model.name for model in stored.apart], as_typed)
    assert text.splitlines()[-1] == "not ranked, measured on other data: late (make bench MODELS=late)"


def test_a_model_of_other_data_is_paired_with_none(mixed):
    with pytest.raises(ResultsError, match=r"^late was measured on other data than the results beside it") as caught:
        results.load_results(mixed.parent, "made").model("late")
    assert caught.value.expected == "10 + 2,000 images, digest dddddddddddd…"
    done = run_command("compare", "one", "late", "--dataset", "made", "--at", mixed)
    assert done.returncode == 1
    assert "late was measured on other data than the results beside it" in done.stderr
    assert "make bench MODELS=late" in done.stderr


def test_where_the_answer_key_fits_none_the_fault_is_told(mixed):
    (mixed / "test_labels.txt").write_text(results.encode_predictions(made.labels()[::-1]))
    with pytest.raises(ResultsError, match=r"one/predictions.txt does not reproduce"):
        results.load_results(mixed.parent, "made")


def test_a_result_beside_a_new_answer_key_is_unchanged_if_nothing_of_it_changed(tmp_path):
    """One model is measured on other data, with other labels; the other's result is still that of the old ones."""
    sides = []
    for name in ("before", "after"):
        folder = tmp_path / name / "made"
        made.write_table(folder, ["one", "two"])
        for model in ("one", "two"):
            made.write_model(folder, model, made.predictions(BASE))
        sides.append(folder)
    truth = made.labels()[::-1].copy()
    made.write_table(sides[1], ["one", "two"], truth)
    made.write_model(sides[1], "two", truth.copy(), truth=truth, digest="e" * 64)
    date(sides[1], "two", "2026-01-02")
    where = {"repository": tmp_path, "models_dir": tmp_path, "dataset": "made"}
    comparison = diff.compare_results(*(read_side(str(folder), **where) for folder in sides))
    assert {model["name"]: model["verdict"] for model in comparison["models"]} == {
        "one": "unchanged",
        "two": "not comparable",
    }
    made.write_model(sides[1], "one", made.predictions(WORSE))
    comparison = diff.compare_results(*(read_side(str(folder), **where) for folder in sides))
    assert {m["name"]: m["reason"] for m in comparison["models"]}[
        "one"
    ] == "the answer key beside them is that of other data"
