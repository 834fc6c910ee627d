"""What charts compute before they draw, against values worked by hand, and the words of their captions."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import results
from benchmark.compare.leaderboard import hardest_class
from benchmark.publish import chart
from benchmark.publish.charts import board, confusion, cost, curves, dataset, history, search
from benchmark.results import numbers
from tests import made


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.0, "0.00"), (0.4, "0.400"), (4.0, "4.00"), (17.0, "17.0"), (99.949, "99.9"), (99.96, "100"), (1234.5, "1,234")],
)
def test_three_digits_are_three_digits(value, shown):
    assert numbers.three_digits(value) == shown


def test_probabilities_that_err_to_both_sides_are_not_said_to_lean():
    assert curves._leaning(0.015, 0.016) == "too sure of themselves"
    assert curves._leaning(-0.015, 0.016) == "too modest"
    assert curves._leaning(0.0003, 0.015) == "some too sure of themselves, some too modest"


def test_of_classes_that_are_equally_hard_none_is_the_hardest(tmp_path):
    folder = tmp_path / "made"
    made.write_table(folder, ["first", "second"])
    made.write_model(folder, "first", np.zeros(made.N, dtype=np.int64))
    made.write_model(folder, "second", made.predictions(range(101)))
    stored = results.load_results(tmp_path, "made")
    constant, other = stored.model("first"), stored.model("second")
    order = stored.dataset["classes"]
    assert hardest_class(constant) == ""
    assert hardest_class(other) in order
    told = confusion.per_class(constant, other, order).caption
    assert told.endswith(" are its hardest classes: it finds 0.0 % of each.")
    assert all(name in told for name in order[1:])
    assert "more pairs of classes as often" in confusion.confusion(constant, order, {}).caption


def estimate(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def test_colour_and_dash_tell_forty_lines_apart():
    assert len({(chart.colour(number), chart.dash(number)) for number in range(40)}) == 40


@pytest.mark.parametrize(
    ("heights", "places"),
    [
        ([0.2, 0.5], [0.2, 0.5]),  # apart enough
        ([0.5, 0.5], [0.5, 0.545]),  # the second makes room
        ([0.99, 0.995], [0.9325, 0.9775]),  # no room above: both go down, half a gap below the end
        ([-1.0], [0.0]),
    ],
)
def test_names_beside_lines_are_a_gap_apart_and_inside_the_axis(heights, places):
    assert chart._apart(heights, (0.0, 1.0)) == pytest.approx(places)


def test_an_undefined_estimate_is_drawn_at_zero():
    assert chart.percents([estimate(0.51239), estimate(None)]) == [51.24, 0.0]
    bars = chart.whiskers([estimate(0.5, 0.4, 0.7), estimate(None)], width=3)
    assert (bars["arrayminus"], bars["array"], bars["width"]) == ([10.0, 0.0], [20.0, 0.0], 3)


def test_published_results_stand_among_the_models_by_accuracy():
    stored = made.stored({"one": made.predictions(range(200))}, made.labels())  # 90 % right
    outside = {"n_images": 1000, "source": "a paper", "read": "2026-01-02"}
    published = [outside | {"title": "less", "accuracy": 0.89}, outside | {"title": "more", "accuracy": 0.91}]
    rows = board.accuracy_rows(stored.leaderboard(), published)
    assert [(row.title, row.source) for row in rows] == [
        ("more", "a paper, read 2026-01-02"),
        ("Model one", ""),
        ("less", "a paper, read 2026-01-02"),
    ]
    more = rows[0].accuracy
    assert (more["low"], more["high"]) == pytest.approx((0.890658, 0.926204), abs=1e-6)  # statsmodels, "wilson"


def test_the_axis_of_panels_starts_at_a_multiple_of_twenty_below_all_intervals():
    assert board.axis_start([estimate(0.9, 0.85, 0.95), estimate(0.7, 0.61, 0.8)]) == 60
    assert board.axis_start([estimate(0.9, 0.85, 0.95), estimate(None)]) == 0


def test_panels_do_not_overlap():
    panels = [board.Panel(place, 2) for place in range(4)]
    assert [panel.number for panel in panels] == ["", "2", "3", "4"]
    assert panels[0].x_domain[1] < panels[1].x_domain[0]
    assert panels[2].y_domain[1] < panels[2].top <= panels[0].y_domain[0]
    assert (panels[3].x_domain[1], panels[0].top) == (1, 1)


def test_the_front_holds_whatever_no_model_beats_in_both():
    costs, accuracies = [1, 2, 3, 3, 4, 4], [0.7, 0.8, 0.75, 0.8, 0.9, 0.9]
    assert cost.on_front(costs, accuracies) == [True, True, False, False, True, True]  # equals do not beat each other


def test_a_name_that_would_meet_something_gives_way_to_its_place():
    names = ["first", "second", "third"]
    assert cost.room_for_names(names, [1, 1.01, 100], [90, 90, 80]) == ["1", "second", "third"]  # a dot is in its way
    assert cost.room_for_names(names, [1, 1.01, 100], [90, 85, 80]) == names
    names = ["rightwards", "leftwards", "low", "high"]
    assert cost.room_for_names(names, [10**7, 10**9, 1, 10**10], [90, 90, 80, 95]) == ["rightwards", "2", "low", "high"]
    assert cost.room_for_names(["alone"], [1], [90]) == ["alone"]


def test_a_label_is_on_the_side_where_the_axis_has_room():
    assert [cost.roomier_side([1, 10, 1000], x) for x in (1, 10, 1000)] == ["right", "right", "left"]
    assert cost.roomier_side([5, 5], 5) == "right"


def candidates(*rows):
    return [{"params": dict(zip("abc", row, strict=True)), "scores": [0.5, 0.75]} for row in rows]


def test_a_grid_is_shown_by_its_longest_parameters_at_the_best_of_the_others():
    rows = [(1, "x", None), (10, "x", None), (2, "x", None), (1, "y", None), (1, "y", 0.5)]
    found = {"best_params": {"a": 1, "b": "y", "c": None}, "candidates": candidates(*rows)}
    grid = search.shown_grid(found)
    assert grid.values == {"a": [1, 2, 10], "b": ["x", "y"]}
    assert grid.fixed == {"c": None}
    assert grid.best == (1, "y")
    assert list(grid.scores) == [(1, "x"), (10, "x"), (2, "x"), (1, "y")]
    assert (grid.mean((1, "x")), grid.mean((10, "y"))) == (62.5, None)
    assert grid.spread((1, "x")) == pytest.approx(100 * 0.25 / np.sqrt(2))


def test_a_search_without_a_choice_has_no_grid():
    assert search.shown_grid({"best_params": {"a": 1, "b": 2, "c": 3}, "candidates": candidates((1, 2, 3))}) is None


def test_costs_are_drawn_on_a_logarithmic_axis_and_shares_are_not():
    share, size = (
        history.SCALES["share"],
        history.SCALES["B"],
    )
    assert (share.unit, share.linear, share.text(12.345)) == ("%", True, "12.35")
    assert (size.unit, size.linear, size.factor * 2e6) == ("MB", False, 2.0)
    marks = [history.Mark(0, 10.0, 0.0, 90.0, "circle", ""), history.Mark(1, None, 0.0, 0.0, "circle", "")]
    assert history._limits(marks, share) == pytest.approx((10 - 3.6, 100 + 3.6))
    assert history._limits(marks, size) == pytest.approx((1 - 0.04, 2 + 0.04))


def test_a_line_is_named_at_the_height_where_it_begins():
    assert curves.true_positives_at({"fpr": [0.0, 0.01, 0.5], "tpr": [0.1, 0.3, 1.0]}, 0.01) == 0.3
    curve = {"recall": [1.0, 0.9, 0.5], "precision": [0.2, 0.6, 0.9]}
    assert (curves.precision_at(curve, 0.9), curves.precision_at(curve, 1.1)) == (0.6, 0.0)


def test_neighbours_alike_are_shares_of_each_label():
    places = np.array([[0.0, 0], [1, 0], [10, 0], [11.5, 0], [12, 0]])
    assert dataset.neighbours_alike(places, np.array([3, 3, 3, 7, 7])) == {3: pytest.approx(2 / 3), 7: 1.0}


def test_components_that_hold_a_share_are_counted_from_one():
    found = dataset.Spectrum(np.array([0.5, 0.75, 0.8]), {2: "lr", 5: "svm"})
    assert [found.components_for(share) for share in (0.5, 0.8, 0.9)] == [1, 3, None]
    assert found.inside == {2: "lr"}
