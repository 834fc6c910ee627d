"""Words and numbers of charts: what is said of equals, of errors to both sides, and with how many digits."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark import results
from benchmark.publish.charts import confusion, curves
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
    told = confusion.per_class(constant, other, order).caption
    assert told.endswith(" are its hardest classes: it finds 0.0 % of each.")
    assert all(name in told for name in order[1:])
    assert "more pairs of classes as often" in confusion.confusion(constant, order, {}).caption
