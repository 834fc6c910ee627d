"""A chart as data: Plotly's data and layout, a caption that states the finding, and a table of the numbers.

Colours are named here ("c0" to "c9", "lead", "muted", in a trace's `meta`, an annotation's or a shape's `name`) and given by
the stylesheet, so that they follow the reader's scheme. Numbers are rounded to what an eye can use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from benchmark.layout import slug
from benchmark.results import ClassFigures, Estimate


@dataclass(frozen=True)
class Chart:
    """A chart: its Plotly data and layout as plain lists, what it finds, and its numbers as a table of text."""

    name: str
    alt: str
    caption: str
    spec: dict[str, Any]
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    height: int

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


def axis(title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title."""
    return {"title": {"text": title, "standoff": 12}, "automargin": True, "zeroline": False, **more}


def whiskers(estimates: Sequence[Estimate], **look: Any) -> dict[str, Any]:
    """Return the intervals of estimates, in percent, as Plotly's error bars."""
    ends = [(e["low"] or 0.0, e["value"] or 0.0, e["high"] or 0.0) for e in estimates]
    return {
        "type": "data",
        "symmetric": False,
        "array": rounded([100 * (high - value) for _, value, high in ends]),
        "arrayminus": rounded([100 * (value - low) for low, value, _ in ends]),
        **look,
    }


def rows_axis(titles: Sequence[str]) -> dict[str, Any]:
    """Return an axis with a row a title, the first on top."""
    return axis("", range=[len(titles) - 0.5, -0.5], tickvals=list(range(len(titles))), ticktext=list(titles))


def class_line(x: Sequence[float], y: Sequence[float], label: int, name: str, told: str) -> Any:
    """Return a class's line, in the colour and dash of its label; `told` is the rest of its hover text."""
    return go.Scatter(
        x=rounded(x),
        y=rounded(y),
        mode="lines",
        name=name,
        meta=f"c{label % 10}",
        line={"width": 2, "dash": _dash(label)},
        hovertemplate=name + told + "<extra></extra>",
    )


LABEL_GAP = 0.045  # of the axis, between names beside lines


def label_width(names: Sequence[str]) -> int:
    """Return the pixels that names beside lines need; a margin grows for ticks alone by itself."""
    return 16 + round(7.5 * max(map(len, names)))


def line_labels(
    heights: dict[str, float], colours: list[str], side: float, limits: tuple[float, float]
) -> list[dict[str, Any]]:
    """Return a name beside each line, at the left edge (`side` 0) or the right (1), moved apart where they would meet.

    A name's place among `colours` says its colour; heights on a logarithmic axis are logarithms.
    """
    gap = min(LABEL_GAP, 1 / len(heights)) * (limits[1] - limits[0])
    names = sorted(heights, key=lambda name: heights[name])
    places: list[float] = []
    for name in names:
        places.append(max(heights[name], places[-1] + gap if places else limits[0]))
    excess = max(0.0, places[-1] - limits[1] + gap / 2)
    for i in reversed(range(len(places))):
        ceiling = places[-1] - excess if i == len(places) - 1 else places[i + 1] - gap
        places[i] = min(places[i], ceiling)
    return [
        {
            "text": name,
            "name": f"c{colours.index(name) % 10}",
            "x": side,
            "xref": "paper",
            "xanchor": "right" if side == 0 else "left",
            "xshift": -4 if side == 0 else 4,
            "y": round(place, 4),
            "yanchor": "middle",
            "showarrow": False,
        }
        for name, place in zip(names, places, strict=True)
    ]


def _dash(label: int) -> str:
    return ("solid", "dash", "dot", "dashdot")[(label + label // 20) % 4]  # colours come again after ten


def dots(
    per_class: dict[str, ClassFigures],
    order: list[str],
    key: str,
    color: str,
    name: str,
    symbol: str,
    shift: float = 0.0,
) -> Any:
    """Return a dot a class with its interval, for one of precision, recall, F1 and AUC."""
    # a row a class; `shift` moves a series off the row's middle, so that intervals do not hide each other
    values: list[Estimate] = [per_class[c][key] for c in order]  # type: ignore[literal-required]
    return go.Scatter(
        x=rounded([None if v["value"] is None else 100 * v["value"] for v in values]),
        y=rounded([row + shift for row in range(len(order))]),
        text=order,
        mode="markers",
        name=name,
        meta=color,
        marker={"size": 9, "symbol": symbol},
        error_x=whiskers(values, width=3),
        hovertemplate="%{text}: " + name + " %{x} %<extra></extra>",
    )
