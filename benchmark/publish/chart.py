"""A chart as data: Plotly's data and layout, a caption that states the finding, and a table of the numbers.

Colours are named here ("c0" to "c9", "lead", "muted", in a trace's `meta`, an annotation's or a shape's `name`) and given by
the stylesheet, so that they follow the reader's scheme. Numbers are rounded to what an eye can use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import plotly.graph_objects as go
from rich.cells import cell_len

from benchmark.layout import slug
from benchmark.results import Estimate
from benchmark.results.numbers import interval
from benchmark.text import LONGEST_LABEL, chart_text


@dataclass(frozen=True)
class Chart:
    """A chart: its Plotly data and layout as plain lists, what it finds, and its numbers as a table of text.

    `links` are the addresses, from the site's root, that cells of the table lead to, by row and column.
    """

    name: str
    alt: str
    caption: str
    spec: dict[str, Any]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    height: int
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @property
    def tile_height(self) -> int:
        """How high the image is that a chosen point shows beside the chart's line, 0 where it shows none."""
        return int(self.spec["layout"].get("meta", {}).get("tiles", {}).get("height", 0))


def rounded(values: Iterable[Any], digits: int = 4) -> list[Any]:
    """Return numbers at `digits` significant digits, as a plain list; Plotly would pack an array into base64."""
    return [None if value is None else float(f"{float(value):.{digits}g}") for value in values]


def chart(
    name: str,
    alt: str,
    caption: str,
    traces: list[Any],
    layout: dict[str, Any],
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    height: int = 420,
) -> Chart:
    """Return a chart of Plotly traces, without Plotly's template."""
    drawn = go.Figure(data=traces, layout=layout)
    drawn.layout.template = None
    spec = drawn.to_plotly_json()
    spec["layout"].pop("template", None)
    return Chart(slug(name), alt, caption, {"data": spec["data"], "layout": spec["layout"]}, header, list(rows), height)


def value_or_zero(estimate: Estimate) -> float:
    """Return the value of an estimate, 0 where it is undefined."""
    return estimate["value"] or 0.0


def percents(estimates: Iterable[Estimate]) -> list[Any]:
    """Return the values of estimates in percent, None where one is undefined."""
    values = [estimate["value"] for estimate in estimates]
    return rounded([None if value is None else 100 * value for value in values])


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title."""
    return {"title": {"text": title, "standoff": 12}, "automargin": True, "zeroline": False, **more}


def log_axis(title: str, **more: Any) -> dict[str, Any]:
    """Return a logarithmic axis, with ticks at 1, 2 and 5 of each decade unless told otherwise."""
    return axis(f"{title} (log)", **{"type": "log", "dtick": "D2", "exponentformat": "none"} | more)


def rows_axis(titles: Sequence[str]) -> dict[str, Any]:
    """Return a vertical axis with a row a title, the first on top, for traces whose y is the row's number."""
    rows = list(range(len(titles)))
    return axis("", range=[len(titles) - 0.5, -0.5], tickvals=rows, ticktext=list(map(chart_text, titles)))


def legend_above() -> dict[str, Any]:
    """Return a legend in one line above the chart, from its left edge."""
    return {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}


def annotation(text: str, **place: Any) -> dict[str, Any]:
    """Return words at a place of the chart, without an arrow."""
    return {"text": text, "showarrow": False, **place}


def error_bars(below: Iterable[float], above: Iterable[float], **look: Any) -> dict[str, Any]:
    """Return Plotly's error bars of the lengths given, below and above each point."""
    return {"type": "data", "symmetric": False, "array": rounded(above), "arrayminus": rounded(below), **look}


def whiskers(estimates: Sequence[Estimate], **look: Any) -> dict[str, Any]:
    """Return the intervals of estimates, in percent, as error bars."""
    values = [value_or_zero(estimate) for estimate in estimates]
    ends = [(e["low"], e["high"]) for e in estimates]
    return error_bars(
        [0.0 if low is None else 100 * (value - low) for value, (low, _) in zip(values, ends, strict=True)],
        [0.0 if high is None else 100 * (high - value) for value, (_, high) in zip(values, ends, strict=True)],
        **look,
    )


def row_dots(
    titles: Sequence[str], estimates: Sequence[Estimate], colour: str, name: str, symbol: str, shift: float = 0.0
) -> Any:
    """Return a dot with its interval, in percent, in each row of an axis of `titles`, none where an estimate is undefined.

    `shift` moves a series off the middle of its rows, so that intervals do not hide each other.
    """
    return go.Scatter(
        x=percents(estimates),
        y=rounded([row + shift for row in range(len(titles))]),
        text=list(map(chart_text, titles)),
        mode="markers",
        name=chart_text(name),
        meta=colour,
        marker={"size": 9, "symbol": symbol},
        error_x=whiskers(estimates, width=3),
        customdata=list(map(interval, estimates)),
        hovertemplate="%{text}: " + chart_text(name) + " %{customdata}<extra></extra>",
    )


def colour(number: int) -> str:
    """Return the name of the colour of a class or a model; there are ten."""
    return f"c{number % 10}"


def dash(number: int) -> str:
    """Return the dash of a line, which together with its colour tells 40 lines apart."""
    return ("solid", "dash", "dot", "dashdot")[(number + number // 20) % 4]


def class_line(x: Sequence[float], y: Sequence[float], label: int, name: str, told: str) -> Any:
    """Return a class's line, in the colour and dash of its label; `told` is the rest of its hover text."""
    return go.Scatter(
        x=rounded(x),
        y=rounded(y),
        mode="lines",
        name=chart_text(name),
        meta=colour(label),
        line={"width": 2, "dash": dash(label)},
        hovertemplate=chart_text(name) + told + "<extra></extra>",
    )


LABEL_GAP = 0.045  # of the axis, between names beside lines


def label_width(names: Sequence[str]) -> int:
    """Return the pixels that names beside lines need; a margin grows for ticks alone by itself."""
    return 16 + round(7.5 * min(LONGEST_LABEL, max(map(cell_len, names))))


def line_labels(
    heights: dict[str, float], colours: list[str], side: float, limits: tuple[float, float]
) -> list[dict[str, Any]]:
    """Return a name beside each line, at the left edge (`side` 0) or the right (1), moved apart where they would meet.

    A name's place among `colours` says its colour; heights on a logarithmic axis are logarithms.
    """
    names = sorted(heights, key=lambda name: heights[name])
    places = _apart([heights[name] for name in names], limits)
    edge = {"xanchor": "right", "xshift": -4} if side == 0 else {"xanchor": "left", "xshift": 4}
    return [
        annotation(
            chart_text(name),
            name=colour(colours.index(name)),
            x=side,
            xref="paper",
            y=round(place, 4),
            yanchor="middle",
            **edge,
        )
        for name, place in zip(names, places, strict=True)
    ]


def _apart(heights: Sequence[float], limits: tuple[float, float]) -> list[float]:
    """Return ascending heights moved so that neighbours are a gap apart and all are inside the limits."""
    gap = min(LABEL_GAP, 1 / len(heights)) * (limits[1] - limits[0])
    raised: list[float] = []
    for height in heights:
        raised.append(max(height, raised[-1] + gap if raised else limits[0]))
    ceiling = raised[-1] - max(0.0, raised[-1] - limits[1] + gap / 2)
    lowered = []
    for height in reversed(raised):
        lowered.append(min(height, ceiling))
        ceiling = lowered[-1] - gap
    return lowered[::-1]
