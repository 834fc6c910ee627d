"""Names beside the dots of a chart: where each stands, and which find no room.

Comes in: names, the dots' places and error bars in pixels, and the line of a Pareto front. Goes out: for each dot a place for its name, None where
every place would meet another dot or its bar, another name or the line.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

LETTER, LINE = 7, 14  # pixels of a letter, of a line of text
DOT = 7  # pixels from the middle of a dot to what may stand beside it
GAP = 14  # the same to a name
OUTSIDE = 35  # pixels that a name may reach beyond the outermost dots
RAISED = 12  # pixels from the middle of a dot to the middle of a name above or below it


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    right: float
    bottom: float
    top: float

    def meets(self, other: Box) -> bool:
        """Return whether two rectangles overlap."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top


def places(
    names: Sequence[str],
    dots: Sequence[tuple[float, float]],
    bars: Sequence[tuple[float, float]],
    front: Sequence[int],
    width: float,
) -> list[str | None]:
    """Return where each name stands, by Plotly's words for it; None where it finds no room.

    `bars` are the lengths of each dot's error bar, below and above. `front` are the dots of the Pareto front by growing cost, which a line joins that goes right and then up: their names are placed
    first, and to the left, where the line does not go. `width` is that of the chart between its axes.
    """
    taken = [Box(x - DOT, x + DOT, y - DOT, y + DOT) for x, y in dots] + _front_line([dots[i] for i in front])
    taken += [Box(x - 1, x + 1, y - below, y + above) for (x, y), (below, above) in zip(dots, bars, strict=True)]
    found: list[str | None] = [None] * len(names)
    for i in [*front, *(i for i in range(len(names)) if i not in front)]:
        for place in _wanted(dots[i][0], width, on_front=i in front):
            box = _box(dots[i], LETTER * len(names[i]), place)
            inside = box.left > -OUTSIDE and box.right < width + OUTSIDE
            if inside and not any(box.meets(other) for other in taken):
                found[i] = place
                taken.append(box)
                break
    return found


def _wanted(x: float, width: float, *, on_front: bool) -> tuple[str, ...]:
    if on_front:
        return "middle left", "top left", "top right", "bottom right", "middle right"
    sides = ("middle left", "middle right") if x > 0.75 * width else ("middle right", "middle left")
    return (*sides, "bottom right", "bottom left", "top right", "top left")


def _box(dot: tuple[float, float], width: float, place: str) -> Box:
    height, side = place.split()
    y = dot[1] + {"top": RAISED, "middle": 0, "bottom": -RAISED}[height]
    left = dot[0] + DOT if side == "right" else dot[0] - GAP - width
    return Box(left, left + width + GAP - DOT, y - LINE / 2, y + LINE / 2)


def _front_line(dots: Sequence[tuple[float, float]]) -> list[Box]:
    """Return what the line covers: to the right at a dot's height, then up to the next one's."""
    steps = itertools.pairwise(dots)
    return [box for (x, y), (u, v) in steps for box in (Box(x + DOT, u, y - 1, y + 1), Box(u - 1, u + 1, y, v - DOT))]


def logarithmic(costs: Sequence[float], heights: Sequence[float], size: tuple[int, int]) -> list[tuple[float, float]]:
    """Return where dots are on a chart of `size` pixels between its axes, the horizontal one logarithmic."""
    width = math.log(max(costs) / min(costs)) or 1.0
    scale = size[1] / span(heights)
    return [
        (size[0] * math.log(x / min(costs)) / width, scale * (y - min(heights)))
        for x, y in zip(costs, heights, strict=True)
    ]


def span(heights: Sequence[float]) -> float:
    """Return how far apart the lowest and the highest dot are, 1 where they are level."""
    return (max(heights) - min(heights)) or 1.0
