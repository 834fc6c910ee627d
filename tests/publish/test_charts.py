"""Words and numbers of charts: what is said of equals, of errors to both sides, and with how many digits."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from benchmark import results
from benchmark.compare.growth import all_costs, costs
from benchmark.publish.charts import board, confusion, cost, curves, growth
from benchmark.results import numbers
from tests import made
from tests.conftest import ROOT


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
    told = confusion.per_class(constant, other, order).caption
    assert told.endswith(" are its hardest classes: it finds 0.0 % of each.")
    assert all(name in told for name in order[1:])
    assert "more pairs of classes as often" in confusion.confusion(constant, order, {}).caption


def test_what_is_said_of_a_dot_names_its_interval():
    stored = results.load_results(ROOT / "models", "fashion-mnist")
    said = r"\d+\.\d % \[\d+\.\d, \d+\.\d\]"
    order, cost_of = (
        stored.dataset["classes"],
        next(metric for metric in results.METRICS if metric.name == "fit_seconds"),
    )
    for chart in (
        board.accuracies(stored, []),
        board.class_panels(stored, order),
        confusion.class_recalls(stored, order[0], "one"),
        cost.cost(stored, cost_of, 1, "s"),
    ):
        dots = [trace for trace in chart.spec["data"] if "customdata" in trace]
        assert dots
        for trace in dots:
            assert "%{customdata}" in trace["hovertemplate"]
            assert all(re.search(f"{said}$", text) for text in trace["customdata"]), chart.name


def test_names_are_text_in_charts_and_numbers_among_them_are_names(tmp_path, monkeypatch):
    names = ["0", "1", "<b>2</b> %{x}", "2024-01-01"]
    monkeypatch.setattr(made, "CLASSES", names)
    made.write_table(tmp_path / "made", ["one", "two"])
    for place, name in enumerate(("one", "two")):
        made.write_model(tmp_path / "made", name, made.predictions(range(100 * place, 100 * place + 90)))
    stored = results.load_results(tmp_path, "made")
    drawn = confusion.class_confusions(stored, "1", "one").spec
    assert drawn["layout"]["yaxis"]["ticktext"] == ["&lt;b&gt;2&lt;/b&gt; &#37;{x}", "0", "2024-01-01"]
    assert list(drawn["data"][0]["y"]) == [0, 1, 2]
    assert drawn["data"][0]["hovertemplate"] == "taken for %{hovertext}: %{x} %<extra></extra>"
    assert confusion.class_recalls(stored, names[2], "two").name == "class-two-recall"
    matrix = confusion.confusion(stored.model("one"), names, {}).spec
    assert matrix["data"][0]["customdata"][1][2].startswith("1 taken for &lt;b&gt;2&lt;/b&gt; &#37;{x}: ")


def test_every_cell_has_words_also_one_without_an_image(tmp_path):
    made.write_table(tmp_path / "made", ["one"])
    made.write_model(tmp_path / "made", "one", made.predictions(range(0)))
    stored = results.load_results(tmp_path, "made")
    (cells,) = confusion.confusion(stored.model("one"), list(made.CLASSES), {}).spec["data"]
    assert cells["hovertemplate"] == "%{customdata}<extra></extra>"
    assert "hoverongaps" not in cells
    assert cells["customdata"][0][0].endswith(" images, 100 %")
    assert cells["customdata"][0][1] == f"{made.CLASSES[0]} taken for {made.CLASSES[1]}: 0 images"


def growing(*points):
    """Return costs of (images, CPU seconds)."""
    named = ("n_train", "features_seconds", "fit_seconds", "predict_seconds", "n_predict", "memory_bytes")
    return [dict(zip(named, (n, 0.0, seconds, 0.0, 10, None), strict=True)) for n, seconds in points]


def with_growth(**growths):
    """Return results in memory; each model has the costs given."""
    columns = {name: made.predictions(range(50 * place)) for place, name in enumerate(growths)}
    stored = made.stored(columns, made.labels())
    for model in stored.models:
        model.run["growth"] = growths[model.name]
    return stored


def drawn_growth(found):
    stored = with_growth(model=found)
    return growth.growth(stored.model("model"), costs(stored.model("model")))


def test_the_line_of_costs_is_solid_where_it_was_measured_and_dashed_up_to_ten_times_all_images():
    dots, final, measured, beyond, end = drawn_growth(growing((1, 0.1), (2, 0.4), (4, 1.6))).spec["data"]
    assert (dots["x"], dots["y"]) == ([1, 2, 4], [0.1, 0.4, 1.6])
    assert (final["x"], final["y"]) == ([10], [1.0])
    assert (measured["x"][0], measured["x"][-1], measured["line"]["dash"]) == (1, 4, "solid")
    assert (beyond["x"][0], beyond["x"][-1], beyond["line"]["dash"]) == (4, 100, "dash")
    for line in (measured, beyond):
        assert line["y"] == pytest.approx([0.1 * n**2 for n in line["x"]], rel=1e-3)
    assert (end["x"], end["y"]) == ([100], [1000.0])


@pytest.mark.parametrize(
    "found",
    [growing((1, 0.1), (2, 0.2)), growing((1, 0.1)), growing((1, 0.0), (2, 0.0), (4, 0.0))],
    ids=["two sizes", "one size", "no time at all"],
)
def test_costs_without_a_law_are_drawn_without_a_line(found):
    for drawn in (drawn_growth(found), growth.growths(*compared(with_growth(a=found, b=found)))):
        assert "there is no line" in drawn.caption
        assert all(trace["mode"] == "markers" for trace in drawn.spec["data"])
        json.dumps(drawn.spec, allow_nan=False)


def compared(stored):
    return stored, all_costs(stored)


def test_an_interval_that_would_dwarf_the_points_is_cut_off_and_finite():
    drawn = drawn_growth(growing((1, 1e-3), (2, 1e5), (4, 1e-3)))
    low, high = drawn.spec["layout"]["yaxis"]["range"]
    assert high - low < 15
    json.dumps(drawn.spec, allow_nan=False)


def test_all_models_are_compared_in_the_order_of_the_leaderboard_with_the_colours_of_the_table_of_models():
    stored = with_growth(
        worse=growing((1, 0.1), (2, 0.2), (4, 0.4)),  # no error: the best
        better=growing((1, 0.1), (2, 0.4), (4, 1.6)),
    )
    stored.entries.reverse()
    drawn = growth.growths(*compared(stored))
    assert [row[0] for row in drawn.rows] == ["Model worse", "Model better"]
    assert {trace["meta"] for trace in drawn.spec["data"][:3]} == {"c1"}
    assert drawn.caption.startswith("Steepest fit: Model better, exponent 2.00 [2.00, 2.00]")
    assert drawn.rows[1][2] == "16.7 min [16.7 min, 16.7 min]"


def test_no_two_of_40_models_have_dots_of_one_colour_and_shape():
    found = {f"m{place:02}": growing((1, 0.1), (2, 0.2), (4, 0.4)) for place in range(40)}
    drawn = growth.growths(*compared(with_growth(**found)))
    dots = [trace for trace in drawn.spec["data"] if trace["mode"] == "markers"]
    assert len({(trace["meta"], trace["marker"]["symbol"]) for trace in dots}) == len(dots) == 40


def test_without_recorded_costs_there_is_no_comparison():
    assert growth.growths(*compared(made.stored({"a": made.predictions([])}, made.labels()))) is None
