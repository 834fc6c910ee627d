"""Models side by side: which figures there are, and which of a row is the best."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import results
from benchmark.compare.columns import Cell, Column, Line, best, column, groups
from tests import made

HIGHER, LOWER = Line("Accuracy", "higher"), Line("Log loss", "lower")
AUC, TIME = Line("Macro AUC", "higher", "scores"), Line("Fit time", "lower", "machine")


def columns(n, scores="predict_proba", machine="a processor, 2 cores"):
    of = [scores] * n if isinstance(scores, str) else scores
    on = [machine] * n if isinstance(machine, str) else machine
    return [Column(f"m{k}", f"Model {k}", kind, where, []) for k, (kind, where) in enumerate(zip(of, on, strict=True))]


@pytest.mark.parametrize(
    ("line", "cells", "more", "expected"),
    [
        (HIGHER, [("90.0 %", 0.9), ("91.0 %", 0.91)], {}, [False, True]),
        (LOWER, [("0.2", 0.2), ("0.1", 0.1), ("0.3", 0.3)], {}, [False, True, False]),
        (HIGHER, [("91.0 %", 0.9101), ("91.0 %", 0.9099), ("90.0 %", 0.9)], {}, [True, True, False]),
        (HIGHER, [("91.0 %", 0.91), ("91.0 %", 0.91)], {}, [False, False]),
        (LOWER, [("–", None), ("0.1", 0.1)], {}, [False, False]),
        (LOWER, [("–", None), ("0.1", 0.1), ("0.2", 0.2)], {}, [False, True, False]),
        (Line("Scores"), [("probabilities", None), ("decision values", None)], {}, [False, False]),
        (AUC, [("0.99", 0.99), ("0.98", 0.98)], {}, [True, False]),
        (AUC, [("0.99", 0.99), ("0.98", 0.98)], {"scores": ["predict_proba", "decision_function"]}, [False, False]),
        (HIGHER, [("0.99", 0.99), ("0.98", 0.98)], {"scores": ["predict_proba", "decision_function"]}, [True, False]),
        (TIME, [("1 s", 1), ("2 s", 2)], {"machine": ["here", "there"]}, [False, False]),
        (TIME, [("1 s", 1), ("2 s", 2)], {}, [True, False]),
        (TIME, [("1 s", 1), ("2 s", 2), ("–", None)], {"machine": ["here", "here", "there"]}, [True, False, False]),
    ],
)  # fmt: skip
def test_the_best_of_a_row_is_that_which_none_can_be_told_from(line, cells, more, expected):
    found = [Cell(text, value=value) for text, value in cells]
    assert best(line, columns(len(cells), **more), found) == expected


@given(st.lists(st.integers(0, 5), min_size=2, max_size=4), st.sampled_from([HIGHER, LOWER]))
def test_all_that_are_best_show_the_extreme_and_nothing_else_does(values, line):
    marks = best(line, columns(len(values)), [Cell(str(value), value=float(value)) for value in values])
    end = max(values) if line.better == "higher" else min(values)
    assert marks == [len(set(values)) > 1 and value == end for value in values]


def test_a_column_has_a_cell_for_each_row_and_says_every_figure_once():
    stored = made.stored({"one": made.predictions(range(150))}, made.labels())
    (model,) = stored.models
    order = made.CLASSES[::-1]
    rows, found = groups(order, 100), column(model, order)
    assert [len(group.lines) for group in rows] == [len(cells) for cells in found.cells]
    titles = [line.title for group in rows[:3] for line in group.lines]
    assert {metric.title for metric in results.METRICS if not metric.per} <= set(titles)
    assert "Predict time, 100 images" in titles
    assert len(set(titles)) == len(titles) == len(results.METRICS) + 2  # the kind of scores, and the machine
    recalls = dict(zip(order, found.cells[3], strict=True))
    precisions = dict(zip(order, found.cells[4], strict=True))
    # of 500 images of each class 150 in all are taken for the next: 38, 38, 37 and 37
    assert [recalls[name].text for name in made.CLASSES] == ["92.4 %", "92.4 %", "92.6 %", "92.6 %"]
    assert precisions["Shirt"].value == pytest.approx(462 / (462 + 37), abs=1e-6)
    assert found.cells[1][0] == Cell("decision values")
    assert found.cells[1][1] == Cell("–")  # no probabilities, no calibration
    assert found.cells[2][-1] == Cell("A processor, 2 cores")


def test_an_interval_stands_apart_from_its_figure_and_an_older_result_says_what_it_lacks():
    stored = made.stored({"one": made.predictions(range(150))}, made.labels())
    (model,) = stored.models
    model.metrics["test"]["accuracy"] |= {"low": 0.9126, "high": 0.9357}
    model.metrics["test"]["calibration"] = {
        "expected_calibration_error": {"value": 0.01},
        "brier_score": {"value": 0.2},
    }
    found = column(model, made.CLASSES)
    assert found.cells[0][0] == Cell("92.50 %", "[91.26, 93.57]", 0.925)
    assert [cell.text for cell in found.cells[1]] == ["decision values", "1.00 %", "0.2000", "not recorded"]
