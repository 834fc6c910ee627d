"""The leaderboard's rows: ranks, distances and forms worked out by hand for a few tiny models."""

from __future__ import annotations

import dataclasses
import math

import msgspec
import numpy as np
import pytest

from benchmark.compare import board_data, documents, leaderboard, words
from tests import made

N = 40
# McNemar's mid-p by hand: n images on which just one of two is right, all for the same model, give 2 / 2**n - 1 / 2**n = 2**-n.
# Of three tests Holm multiplies the smallest p by 3 and the next by 2.
WRONG = {"good": range(2), "fair": range(7), "poor": range(20)}


def board_of(wrong, baselines=(), **more):
    stored = made.stored({name: made.predictions(where, N) for name, where in wrong.items()}, made.labels(N))
    for model in stored.models:
        model.entry["baseline"] = model.name in baselines
        model.metrics["test"]["accuracy"] |= {"low": 0.4, "high": 0.99}
    return leaderboard.leaderboard(dataclasses.replace(stored, **more))


@pytest.fixture(scope="module")
def three():
    """Three models, each of which gets right what the next one does and more, in another order than by accuracy."""
    return board_of({name: WRONG[name] for name in ("poor", "good", "fair")})


def ranks(board):
    return [(row.name, *(row.rank or (None, None, None))) for row in board.rows]


def test_three_models_by_hand(three):
    p = {pair: found.p_adjusted for pair, found in three.pairs.items()}
    assert p == pytest.approx({(0, 2): 3 * 2**-18, (1, 2): 2 * 2**-13, (0, 1): 2**-5})
    assert ranks(three) == [("good", 1, 1, 1), ("fair", 2, 2, 2), ("poor", 3, 3, 3)]


def test_a_difference_within_noise_makes_both_ranks_an_interval():
    board = board_of({"good": range(2), "fair": range(5), "poor": range(20)})  # 3 images apart: p = 1/8
    assert board.pairs[0, 1].p_adjusted == pytest.approx(1 / 8)
    assert ranks(board) == [("good", 1, 1, 2), ("fair", 2, 1, 2), ("poor", 3, 3, 3)]
    assert [row.rank.text for row in board.rows] == ["1–2", "1–2", "3"]


def test_the_distance_behind_the_leader_is_newcombes_paired_interval(three):
    """Of 40 images both get 33 right, only the leader 5, only the other 0, neither 2; z = 1.95996."""
    z = 1.959963984540054

    def wilson(right):
        middle, half = right + z**2 / 2, z * math.sqrt(right * (N - right) / N + z**2 / 4)
        return (middle - half) / (N + z**2), (middle + half) / (N + z**2)

    (low_1, high_1), (low_2, high_2) = wilson(38), wilson(33)
    phi = max(33 * 2 - 5 * 0 - N / 2, 0) / math.sqrt(38 * 2 * 33 * 7)
    down_1, up_1, down_2, up_2 = 38 / N - low_1, high_1 - 38 / N, 33 / N - low_2, high_2 - 33 / N
    behind = three.row("fair").behind
    assert behind.difference == 5 / N
    assert behind.low == pytest.approx(5 / N - math.sqrt(down_1**2 - 2 * phi * down_1 * up_2 + up_2**2))
    assert behind.high == pytest.approx(5 / N + math.sqrt(down_2**2 - 2 * phi * down_2 * up_1 + up_1**2))
    assert (behind.p, behind.only_first, behind.only_second) == (pytest.approx(2**-5), 5, 0)
    assert three.row("good").behind is None


def test_a_tie_for_the_lead_goes_by_the_order_of_the_table():
    board = board_of({"poor": range(20), "one": range(2), "other": range(2, 4)})
    assert ranks(board) == [("one", 1, 1, 2), ("other", 2, 1, 2), ("poor", 3, 3, 3)]
    behind = board.row("other").behind
    assert (behind.difference, behind.p, behind.only_first, behind.only_second) == (0.0, 1.0, 2, 2)
    assert behind.low == -behind.high
    assert "one against other: +0.00 points" in leaderboard.paired_sentence(board, "one")
    assert "other against one: +0.00 points" in leaderboard.paired_sentence(board, "other")


def test_a_baseline_is_last_without_a_rank_but_with_its_distance():
    board = board_of(WRONG, baselines=["good"])
    assert ranks(board) == [("fair", 1, 1, 1), ("poor", 2, 2, 2), ("good", None, None, None)]
    assert board.pairs.keys() == {(0, 1)}
    assert board.row("good").behind.difference == -5 / N
    assert leaderboard.cells(board.rows[-1])[0] == "–"


def test_without_a_contestant_nobody_is_behind():
    board = board_of({"first": range(20), "second": range(10)}, baselines=["first", "second"])
    assert ranks(board) == [("first", None, None, None), ("second", None, None, None)]
    assert (board.pairs, board.ranked) == ({}, [])
    assert [leaderboard.cells(row)[3] for row in board.rows] == ["", ""]
    assert leaderboard.paired_sentence(board, "first") == ""
    assert [place["n_ranked"] for place in leaderboard.places(board, ["first", "second"])] == [0, 0]


def test_one_contestant_leads_alone():
    board = board_of({"poor": range(20), "only": range(2)}, baselines=["poor"])
    assert ranks(board) == [("only", 1, 1, 1), ("poor", None, None, None)]
    assert leaderboard.cells(board.rows[0])[:4] == ("1", "Model only", "95.00 % [40.00, 99.00]", "–")
    assert leaderboard.paired_sentence(board, "only") == ""
    (place,) = leaderboard.places(board, ["only"])
    assert words.place_line(place) == "only: the only ranked model"


def test_a_model_against_the_leader_is_the_leaders_test_the_other_way_round(three):
    forth = three.row("poor").behind
    back = forth.swapped()
    right = {name: made.predictions(where, N) == made.labels(N) for name, where in WRONG.items()}
    assert back == leaderboard.paired(right["poor"], right["good"])
    assert back.swapped() == forth
    assert leaderboard.paired_sentence(three, "poor") == (  # 3 times 2**-18
        f"poor against good: −45.00 points [−{100 * forth.high:.2f}, −{100 * forth.low:.2f}], "
        "alone right on 0 images, the other on 18: a real difference (adjusted p = 1.1e-05)"
    )
    assert leaderboard.paired_sentence(three, "good").startswith("good against fair: +12.50 points [+")
    assert leaderboard.paired_sentence(three, "nobody") == ""


def test_a_row_of_text_has_a_cell_a_heading(three):
    behind = three.row("poor").behind
    assert leaderboard.cells(three.row("poor")) == (
        "3", "Model poor", "50.00 % [40.00, 99.00]", f"45.00 [{100 * behind.low:.2f}, {100 * behind.high:.2f}]",
        "0.9800", "–", "1.0 s", "50.00 s", "2.0 MB",
    )  # fmt: skip
    assert all(len(leaderboard.cells(row)) == len(leaderboard.HEADER) for row in three.rows)


def test_few_distinct_scores_stand_beside_the_auc(three):
    row = dataclasses.replace(three.rows[0], distinct_scores=1)
    assert leaderboard.cells(row)[4] == "0.9800 (1 score)"
    assert leaderboard.cells(dataclasses.replace(row, distinct_scores=101))[4] == "0.9800 (101 scores)"


def test_the_text_ends_with_what_is_not_measured(three):
    lines = leaderboard.format_text(three, ["late", "later"]).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[-1] == "not measured: late, later (make bench MODELS=late,later)"
    assert leaderboard.format_text(three, []).splitlines() == lines[:-1]
    *_, last = leaderboard.format_text(three, [], misfits={"wide": "images of 8 x 8 pixels"}).splitlines()
    assert last == "not measured: wide does not fit the data set: images of 8 x 8 pixels"


def test_data_hold_ranks_and_the_rounded_distance(three):
    leader, _, last = map(board_data.row_data, three.rows)
    assert leader["behind"] is None
    assert (last["best_rank"], last["worst_rank"], last["accuracy"]["value"]) == (3, 3, 0.5)
    behind = three.row("poor").behind
    assert last["behind"] == {"value": 0.45, "low": float(f"{behind.low:.6g}"), "high": float(f"{behind.high:.6g}")}
    (reference,) = map(board_data.row_data, board_of({"poor": range(20)}, baselines=["poor"]).rows)
    assert (reference["best_rank"], reference["worst_rank"], reference["behind"]) == (None, None, None)


def test_a_comparison_of_two_models_comes_with_their_places(three):
    last, first = leaderboard.places(three, ["poor", "good"])
    msgspec.convert([last, first], list[documents.Place])
    assert (first["best"], first["worst"], first["n_ranked"], first["behind"]) == (1, 1, 3, None)
    behind = three.row("poor").behind
    assert (last["behind"], last["low"], last["high"]) == (behind.difference, behind.low, behind.high)


def test_of_classes_that_are_equally_hard_none_is_the_hardest():
    board = board_of({"one": range(2), "uneven": [0, 4, 1]})
    assert (board.row("one").hardest, board.row("one").least_recall) == ("", 0.9)
    assert (board.row("uneven").hardest, board.row("uneven").least_recall) == (made.CLASSES[0], 0.8)
    constant = made.stored({"constant": np.zeros(N, dtype=np.int64)}, made.labels(N))
    assert leaderboard.hardest_class(constant.models[0]) == ""
