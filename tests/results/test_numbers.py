"""Numbers as a reader sees them."""

from __future__ import annotations

import math

import pytest

from benchmark.results import METRICS, numbers


@pytest.mark.parametrize(
    ("low", "high", "sentence", "cell"),
    [
        (0.0214, 0.0311, "2.14 to 3.11", "2.14–3.11"),
        (-0.0082, 0.012, "−0.82 to 1.20", "−0.82 to 1.20"),
        (-0.05, -0.01, "−5.00 to −1.00", "−5.00 to −1.00"),
        (-0.000001, 0.01, "0.00 to 1.00", "0.00 to 1.00"),
    ],
)
def test_an_interval_of_points_has_a_true_minus_and_never_two_dashes_in_a_row(low, high, sentence, cell):
    assert numbers.points_interval(low, high) == sentence
    assert numbers.points_range(low, high) == cell


@pytest.mark.parametrize(
    ("unit", "reading", "text"),
    [
        ("share", {"value": 0.9318, "low": 0.9267, "high": 0.9366}, "93.18 % [92.67, 93.66]"),
        ("share", {"value": 0.9318}, "93.18 %"),
        ("probability", {"value": 0.99184, "low": 0.991, "high": 0.9926}, "0.9918 [0.9910, 0.9926]"),
        ("nats", {"value": 0.27988, "low": 0.266863, "high": 0.292898}, "0.2799 [0.2669, 0.2929]"),
        ("squared distance", {"value": 0.9}, "0.9000"),
        ("s", {"value": 136.94}, "136.9 s"),
        ("B", {"value": 15_912_345.0}, "15.9 MB"),
        ("share", {"value": None, "low": None, "high": None}, "–"),
        ("share", None, "–"),
    ],
)
def test_a_reading_is_written_in_its_unit(unit, reading, text):
    assert numbers.reading_text(reading, unit) == text


@pytest.mark.parametrize(
    ("unit", "before", "after", "text"),
    [
        ("share", 0.9, 0.91, "+1.00 points"),
        ("share", 0.9, 0.89999999, "+0.00 points"),
        ("share", 0.9, 0.88, "−2.00 points"),
        ("probability", 0.99, 0.98, "−0.0100"),
        ("s", 2.0, 3.0, "× 1.50"),
        ("B", 0.0, 3.0, "–"),
    ],
)
def test_a_change_is_written_in_points_as_a_ratio_or_a_difference(unit, before, after, text):
    assert numbers.change_text({"value": before}, {"value": after}, after - before, unit) == text


def test_a_change_that_cannot_be_taken_is_a_dash():
    assert numbers.change_text(None, {"value": 1.0}, None, "share") == "–"


def test_history_can_draw_every_unit():
    from benchmark.publish.charts.history import SCALES

    units = {metric.unit for metric in METRICS}
    assert units == set(SCALES), "add the unit to SCALES in benchmark/publish/charts/history.py"
    assert set(numbers.COSTS) <= set(SCALES)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "under 1 µs"),
        (5e-6, "5.00 µs"),
        (119.0, "119 s"),
        (120.0, "2.00 min"),
        (7199.0, "120 min"),
        (7200.0, "2.00 h"),
        (172_800.0, "2.00 days"),
        (3.2e9, "101 years"),
        (1e15, "over 1,000 years"),
        (math.inf, "over 1,000 years"),
    ],
)
def test_a_long_time_is_told_in_the_unit_that_a_reader_can_picture(seconds, text):
    assert numbers.long_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "under 0.1 MB"),
        (450_000, "0.450 MB"),
        (999_000_000, "999 MB"),
        (3.136e9, "3.14 GB"),
        (3.2e13, "32.0 TB"),
        (math.inf, "over 1,000 TB"),
    ],
)
def test_memory_is_told_to_three_digits(size, text):
    assert numbers.memory_size(size) == text


def test_an_exponent_and_its_interval_have_a_true_minus():
    assert numbers.with_interval(0.004, (-0.5, 1.234), numbers.exponent) == "0.00 [−0.50, 1.23]"


@pytest.mark.parametrize(("p", "text"), [(0.0423, "0.042"), (1e-12, "1e-12"), (9e-13, "below 1e-12"), (1.0, "1")])
def test_a_p_value_has_two_digits_and_a_floor(p, text):
    assert numbers.format_p(p) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.9996, "1.00 s"), (0.9994, "999 ms"), (0.0009996, "1.00 ms"), (0.0009994, "999 µs"), (0, "0.00 µs")],
)
def test_a_duration_that_rounds_up_to_a_unit_is_said_in_it(seconds, text):
    assert numbers.duration(seconds) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [
        (["a"], "a"),
        (["a", "b", "c"], "a, b and c"),
        (["SVM, rich", "dummy", "SVM, HOG"], "SVM, rich; dummy and SVM, HOG"),
    ],
)
def test_a_list_is_told_apart_from_the_commas_in_its_items(items, text):
    assert numbers.listed(items) == text


@pytest.mark.parametrize(
    ("size", "text"), [(900, "0.9 kB"), (49_900, "49.9 kB"), (50_000, "0.1 MB"), (2_000_000, "2.0 MB")]
)
def test_a_size_is_never_nothing(size, text):
    assert numbers.megabytes(size) == text
