"""Names beside dots: none meets a dot, a bar, the line of the front or another name, whatever the dots."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from benchmark.compare.choice import on_front
from benchmark.publish.charts.labels import DOT, LETTER, Box, _box, logarithmic, places

SIZE = (640, 310)
dots = st.lists(
    st.tuples(st.floats(1e-3, 1e3), st.floats(50, 100), st.integers(1, 30)),
    min_size=1,
    max_size=40,
    unique_by=lambda dot: dot[:2],
)


def front_of(costs, accuracies):
    return sorted((i for i, there in enumerate(on_front(costs, accuracies)) if there), key=lambda i: costs[i])


@given(dots)
def test_no_name_meets_anything(found):
    costs, accuracies, letters = ([dot[k] for dot in found] for k in range(3))
    names, at = ["x" * n for n in letters], logarithmic(costs, accuracies, SIZE)
    shown = places(names, at, [(3, 3)] * len(at), front_of(costs, accuracies), SIZE[0])
    boxes = [_box(at[i], LETTER * len(names[i]), place) for i, place in enumerate(shown) if place]
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    assert not any(box.meets(Box(x - DOT, x + DOT, y - DOT, y + DOT)) for box in boxes for x, y in at)


def test_a_name_on_the_front_stands_where_the_line_does_not_go():
    costs, accuracies = [1, 10, 100], [80, 90, 95]
    at = logarithmic(costs, accuracies, SIZE)
    assert places(["first", "second", "third"], at, [(5, 5)] * 3, [0, 1, 2], SIZE[0]) == [
        "top right",  # to the left there is no room
        "middle left",
        "middle left",
    ]


def test_dots_that_fill_a_chart_have_no_names():
    at = [(float(x), float(y)) for x in range(0, 300, 15) for y in range(0, 300, 15)]
    shown = places(["a name"] * len(at), at, [(0, 0)] * len(at), [], 300)
    inner = [place for (x, _), place in zip(at, shown, strict=True) if 60 < x < 240]
    assert not any(inner)
