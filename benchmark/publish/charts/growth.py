"""Charts of how the CPU seconds of a fit grow with the number of images, for one model and for all."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from benchmark.compare.growth import TIMES, Costs, Seconds, fit_seconds, predict_seconds
from benchmark.publish.chart import (
    Chart,
    chart,
    colour,
    error_bars,
    label_width,
    legend_above,
    line_labels,
    log_axis,
    rounded,
)
from benchmark.results import ModelResult, Results
from benchmark.results.numbers import (
    NOTHING,
    duration,
    exponent,
    long_duration,
    memory_size,
    with_interval,
)
from benchmark.statistics import PowerLaw, Predicted
from benchmark.text import chart_text

SECONDS, IMAGES = "CPU seconds of features and fit", "training images"
DRAWN_STEPS = 5  # of each part of a line, which is hardly bent
MOST_DRAWN = 100  # times a predicted value: a longer interval is cut off, as the table has its ends
NO_LINE = "Too few numbers of images have a cost that can be measured: there is no line through them."
SYMBOLS = ("circle", "square", "diamond", "triangle-up")
Place = tuple[float, float]


def growth(model: ModelResult, own: Costs) -> Chart:
    """Draw the CPU seconds of a model's fits over their images, the line through them, and what it predicts."""
    places = measured_places(own)
    final = (model.metrics["dataset"]["n_train"], model.run["seconds"]["fit_cpu"])
    heights = _heights([own], TIMES * final[0])
    traces = [_dots(places, "lead", "measured for the learning curve"), _final_dot(final)]
    if own.seconds:
        ends = _drawn_interval(own.seconds, TIMES * final[0])
        traces += [*_line(own.seconds, places, ends[0], "lead"), _predicted_dot(*ends)]
        heights += ends[1:]
    return chart(
        f"{model.name}-growth",
        f"{SECONDS} over the number of {IMAGES}",
        _caption(own.seconds),
        traces,
        {
            "xaxis": _images_axis([own], TIMES * final[0]),
            "yaxis": log_axis(SECONDS, dtick=1, range=_limits([*heights, final[1]])),
            "legend": legend_above(),
        },
        (IMAGES, "features", "fit", "predict an image", "memory added"),
        [_row(point) for point in own.points],
        height=420,
    )


def growths(stored: Results, found: dict[str, Costs]) -> Chart | None:
    """Draw the same for all models that have costs, in one chart, the most accurate first; None where there are none."""
    if not found:
        return None
    far = TIMES * stored.dataset["n_train"]
    order = [entry["name"] for entry in stored.entries if not entry["baseline"]]  # colours are those of the history
    limits = _limits(_heights(found.values(), far))
    titles = {name: stored.model(name).metrics["title"] for name in found}
    ends = {name: math.log10(_end(own, far)) for name, own in found.items() if measured_places(own)}
    return chart(
        "cost-growth",
        f"CPU seconds by {IMAGES}",
        _steepest({titles[name]: own.seconds for name, own in found.items() if own.seconds}),
        [trace for name, own in found.items() for trace in _model_traces(own, far, order.index(name), titles[name])],
        {
            "xaxis": _images_axis(found.values(), far),
            "yaxis": log_axis(SECONDS, dtick=1, range=limits),
            "annotations": line_labels(ends, order, 1.0, limits) if ends else [],
            "margin": {"r": label_width(list(found))},
            "showlegend": False,
        },
        (
            "model",
            "exponent, 95 % interval",
            f"CPU for {far:,} images, 95 % interval",
        ),
        [_comparison(titles[name], own, far) for name, own in found.items()],
        height=520,
    )


def measured_places(own: Costs) -> list[Place]:
    """Return images and CPU seconds of the fits that have a place on logarithmic axes."""
    return [(point["n_train"], fit_seconds(point)) for point in own.points if fit_seconds(point) > 0]


def exponent_cell(law: PowerLaw | None) -> str:
    """Return the exponent with its interval, a dash where there is no law."""
    return with_interval(law.exponent, law.exponent_interval(), exponent) if law else NOTHING


def prediction_cell(law: Seconds | PowerLaw | None, n: int, text: Any) -> str:
    """Return what a law predicts at `n` with the prediction interval, a dash where there is no law."""
    return predicted_cell(law.predict(n), text) if law else NOTHING


def predicted_cell(found: Predicted, text: Any) -> str:
    """Return a value with its prediction interval."""
    return with_interval(found.value, (found.low, found.high), text)


def _comparison(title: str, own: Costs, far: int) -> tuple[str, ...]:
    own_fit = own.seconds.fit if own.seconds else None
    return title, exponent_cell(own_fit), prediction_cell(own.seconds, far, long_duration)


def _row(point: Any) -> tuple[str, ...]:
    memory = point["memory_bytes"]
    return (
        f"{point['n_train']:,}",
        duration(point["features_seconds"]),
        duration(point["fit_seconds"]),
        duration(predict_seconds(point)),
        NOTHING if memory is None else memory_size(memory),
    )


def _end(own: Costs, far: int) -> float:
    """Return the height at which a model's line ends, or its last point where it has no line."""
    return own.seconds.at(far) if own.seconds else measured_places(own)[-1][1]


def _images_axis(found: Collection[Costs], far: int) -> dict[str, Any]:
    """Return the axis of the numbers of images; it names the smallest and the largest measured, and where lines end."""
    sizes = [point["n_train"] for own in found for point in own.points]
    named = [min(sizes), max(sizes), far]
    return log_axis(IMAGES, dtick=None, tickvals=named, ticktext=[f"{size:,}" for size in named])


def _heights(found: Collection[Costs], far: int) -> list[float]:
    """Return the heights of the points and of the ends of the lines."""
    heights = [second for own in found for _, second in measured_places(own)]
    return heights + [law.at(n) for own in found if (law := own.seconds) for n in (own.points[0]["n_train"], far)]


def _limits(heights: Sequence[float]) -> tuple[float, float]:
    """Return the logarithms between which all positive heights lie, with some room."""
    ends = [math.log10(height) for height in heights if height > 0] or [0.0, 1.0]
    room = 0.06 * (max(ends) - min(ends)) or 0.5
    return round(min(ends) - room, 4), round(max(ends) + room, 4)


def _model_traces(own: Costs, far: int, number: int, title: str) -> list[Any]:
    """Return a model's dots and its line, in its colour; where colours come again, dots are of another shape."""
    places = measured_places(own)
    traces = [_dots(places, colour(number), title, SYMBOLS[number // 10 % len(SYMBOLS)])] if places else []
    return traces + (_line(own.seconds, places, far, colour(number)) if own.seconds else [])


def _dots(places: Sequence[Place], meta: str, name: str, symbol: str = SYMBOLS[0]) -> Any:
    return go.Scatter(
        x=[n for n, _ in places],
        y=rounded([second for _, second in places]),
        mode="markers",
        name=chart_text(name),
        meta=meta,
        marker={"size": 8, "symbol": symbol},
        hovertemplate=chart_text(name) + ": %{x:,} images, %{y} s<extra></extra>",
    )


def _final_dot(final: Place) -> Any:
    return go.Scatter(
        x=[final[0]],
        y=rounded([final[1]]),
        mode="markers",
        name="final fit",
        meta="muted",
        marker={"size": 11, "symbol": "diamond-open", "line": {"width": 2}},
        hovertemplate="final fit: %{x:,} images, %{y} s<extra></extra>",
    )


def _drawn_interval(law: Seconds, far: int) -> tuple[int, float, float, float]:
    """Return `far`, what a law predicts there and the interval, cut off where it would make the chart of no use."""
    found = law.predict(far)
    return far, found.value, max(found.low, found.value / MOST_DRAWN), min(found.high, found.value * MOST_DRAWN)


def _predicted_dot(far: int, value: float, low: float, high: float) -> Any:
    return go.Scatter(
        x=[far],
        y=rounded([value]),
        mode="markers",
        name="extrapolated, 95 % prediction interval",
        meta="lead",
        marker={"size": 9, "symbol": "circle-open"},
        error_y=error_bars([value - low], [high - value], width=4),
        hovertemplate="extrapolated: %{x:,} images, %{y} s<extra></extra>",
    )


def _line(law: Seconds, places: Sequence[Place], far: int, meta: str) -> list[Any]:
    """Return the fitted line, dashed beyond the largest number of images that was measured."""
    sizes = [n for n, _ in places]
    parts = ((min(sizes), max(sizes), "solid"), (max(sizes), far, "dash"))
    return [
        go.Scatter(
            x=(x := [int(n) for n in np.geomspace(start, end, DRAWN_STEPS).round()]),
            y=rounded([law.at(n) for n in x]),
            mode="lines",
            meta=meta,
            line={"width": 2, "dash": dash},
            hoverinfo="skip",
            showlegend=False,
        )
        for start, end, dash in parts
    ]


def _caption(law: Seconds | None) -> str:
    if law is None:
        return NO_LINE
    return (
        f"The fit grows with the exponent {exponent_cell(law.fit)} (95 % interval): twice as many images take "
        f"{2**law.fit.exponent:.2f} times as long. Features add a fixed cost and one an image. Dashed: extrapolated."
    )


def _steepest(laws: dict[str, Seconds]) -> str:
    if not laws:
        return NO_LINE
    most = max(laws, key=lambda title: laws[title].fit.exponent)
    return f"Steepest fit: {most}, exponent {exponent_cell(laws[most].fit)} (95 % interval). Dashed: extrapolated."
