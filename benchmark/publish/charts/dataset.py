"""Charts of the data set: the spectrum of its components, and a map of its images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from benchmark.publish.chart import Chart, annotation, axis, chart, colour, rounded
from benchmark.publish.gallery import Tile
from benchmark.results import DatasetStudy
from benchmark.results.numbers import class_words, listed, percent
from benchmark.text import chart_text

NAMED_SHARES = (0.5, 0.8, 0.9)  # of the variance, in the caption
LISTED_COMPONENTS = (1, 2, 5, 10, 20, 50, 100, 200)


@dataclass(frozen=True)
class Spectrum:
    """Cumulative shares of the variance, by number of components, and what models chose.

    `chosen` names models by number of components, in order; those beyond the spectrum are named but not drawn.
    """

    total: NDArray[np.float64]
    chosen: dict[int, str]

    def components_for(self, share: float) -> int | None:
        """Return how many components hold a share of the variance, None where all of them hold less."""
        return int(np.searchsorted(self.total, share)) + 1 if self.total[-1] >= share else None

    @property
    def inside(self) -> dict[int, str]:
        """The chosen numbers that the spectrum reaches to."""
        return {n: names for n, names in self.chosen.items() if n <= len(self.total)}


def spectrum(study: DatasetStudy, chosen: dict[int, str]) -> Chart:
    """Cumulative explained variance of the principal components of the scaled pixels; `chosen` names models by number."""
    found = Spectrum(np.cumsum(study["explained_variance_ratio"]), dict(sorted(chosen.items())))
    return chart(
        f"{study['name']}-spectrum",
        "Cumulative explained variance of the principal components",
        _spectrum_caption(found),
        [_variance_line(found), *([_chosen_marks(found)] if found.inside else [])],
        {"xaxis": axis("components"), "yaxis": axis("variance explained, %", range=[0, 101]), "showlegend": False},
        ("components", "variance explained"),
        [(str(n), percent(float(found.total[n - 1]))) for n in LISTED_COMPONENTS if n <= len(found.total)],
    )


def _variance_line(found: Spectrum) -> Any:
    return go.Scatter(
        x=list(range(1, len(found.total) + 1)),
        y=rounded((100 * found.total).tolist()),
        mode="lines",
        meta="lead",
        hovertemplate="%{x} components: %{y} %<extra></extra>",
    )


def _chosen_marks(found: Spectrum) -> Any:
    return go.Scatter(
        x=list(found.inside),
        y=rounded([100 * found.total[n - 1] for n in found.inside]),
        text=[str(n) for n in found.inside],
        customdata=list(map(chart_text, found.inside.values())),
        mode="markers+text",
        textposition="top center",
        meta="second",
        cliponaxis=False,
        marker={"size": 10, "symbol": "diamond"},
        hovertemplate="%{customdata}: %{x} components, %{y} %<extra></extra>",
    )


def _spectrum_caption(found: Spectrum) -> str:
    held = [(n, share) for share in NAMED_SHARES if (n := found.components_for(share))]
    told = [f"{n} {'components hold' if n > 1 else 'component holds'} {percent(share, 0)}" for n, share in held]
    n = len(found.total)
    all_of_them = f"{n} {'components hold' if n > 1 else 'component holds'} {percent(float(found.total[-1]), 0)}"
    caption = f"Of the variance of the scaled pixels, {', '.join(told) or all_of_them}."
    if not found.chosen:
        return caption
    models = [f"{n} ({names})" for n, names in found.chosen.items()]
    return f"{caption} Models on these components take {listed(models)} of them."


SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")


@dataclass(frozen=True)
class ClassPoints:
    """The images of a class on the map: their rows there, and their places, of shape (n_images, 2)."""

    name: str
    label: int
    rows: NDArray[np.intp]
    places: NDArray[np.float64]


def class_map(
    study: DatasetStudy,
    labels: Sequence[int],
    order: list[str],
    classes: list[str],
    tiles: dict[int, Tile],
) -> Chart:
    """Training images in the plane, a colour and a mark a class; the tile of a chosen point is shown."""
    places, own = np.column_stack([study["map"]["x"], study["map"]["y"]]), np.array(labels)
    shown = [tiles[index] for index in study["map"]["index"]]
    files = list(dict.fromkeys(tile.path for tile in tiles.values()))
    same = {classes[label]: share for label, share in neighbours_alike(places, own).items()}
    points = [_points_of(name, classes.index(name), own, places) for name in order if name in same]
    blank = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": "", "title": {"text": ""}}
    return chart(
        f"{study['name']}-map",
        f"{len(own):,} training images in the plane, neighbours near each other",
        _map_caption(same),
        [_class_points(found, shown, files) for found in points],
        {
            "xaxis": blank,
            "yaxis": blank,
            "annotations": [_class_name(found) for found in points],
            "showlegend": False,
            "meta": {"tiles": {"width": shown[0].width, "height": shown[0].height, "files": files}},
        },
        ("class", "images", "nearest neighbour of the same class"),
        [(found.name, str(len(found.rows)), percent(same[found.name])) for found in points],
        height=560,
    )


def neighbours_alike(places: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[int, float]:
    """Return for each label among `labels` the share of its images whose nearest neighbour has the same label."""
    distances = np.linalg.norm(places[:, np.newaxis] - places[np.newaxis], axis=2)
    np.fill_diagonal(distances, np.inf)
    alike = labels[distances.argmin(axis=1)] == labels
    return {int(label): float(np.mean(alike[labels == label])) for label in np.unique(labels)}


def _points_of(name: str, label: int, labels: NDArray[np.int64], places: NDArray[np.float64]) -> ClassPoints:
    rows = np.flatnonzero(labels == label)
    return ClassPoints(name, label, rows, places[rows])


def _class_points(found: ClassPoints, tiles: Sequence[Tile], files: list[str]) -> Any:
    own = [tiles[row] for row in found.rows]
    return go.Scatter(
        x=rounded(found.places[:, 0], 3),
        y=rounded(found.places[:, 1], 3),
        mode="markers",
        name=chart_text(found.name),
        meta=colour(found.label),
        marker={"size": 5, "symbol": SYMBOLS[(found.label + found.label // 10) % len(SYMBOLS)], "opacity": 0.75},
        customdata=[[files.index(tile.path), tile.x, tile.y] for tile in own],
        hovertemplate=chart_text(found.name) + "<extra></extra>",
    )


def _class_name(found: ClassPoints) -> dict[str, Any]:
    """Return the name of a class in the middle of its points."""
    x, y = (round(float(value), 1) for value in np.median(found.places, axis=0))
    return annotation(f"<b>{chart_text(found.name)}</b>", name=colour(found.label), x=x, y=y)


def _map_caption(same: dict[str, float]) -> str:
    loosest, tightest = min(same, key=lambda name: same[name]), max(same, key=lambda name: same[name])
    return (
        f"On the map the nearest neighbour of {percent(same[tightest], 0)} of {class_words(tightest)} is of the same class; of "
        f"{class_words(loosest)}, {percent(same[loosest], 0)}. Choose a point to see its image. Axes have no unit: only nearness means something."
    )
