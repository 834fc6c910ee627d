"""Charts of the data set: the spectrum of its components, and a map of its images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from benchmark.publish.chart import Chart, axis, chart, rounded
from benchmark.publish.gallery import Tile
from benchmark.results import DatasetStudy
from benchmark.results.numbers import listed, percent


def spectrum(study: DatasetStudy, chosen: dict[int, str]) -> Chart:
    """Cumulative explained variance of the principal components of the scaled pixels; `chosen` names models by number."""
    total = np.cumsum(study["explained_variance_ratio"])
    marks = {share: int(np.searchsorted(total, share)) + 1 for share in (0.5, 0.8, 0.9) if total[-1] >= share}
    inside = {n: names for n, names in sorted(chosen.items()) if n <= len(total)}
    traces = [
        go.Scatter(
            x=list(range(1, len(total) + 1)),
            y=rounded((100 * total).tolist()),
            mode="lines",
            meta="lead",
            hovertemplate="%{x} components: %{y} %<extra></extra>",
        )
    ]
    if inside:
        traces.append(
            go.Scatter(
                x=list(inside),
                y=rounded([100 * total[n - 1] for n in inside]),
                text=[str(n) for n in inside],
                customdata=list(inside.values()),
                mode="markers+text",
                textposition="top center",
                meta="second",
                cliponaxis=False,
                marker={"size": 10, "symbol": "diamond"},
                hovertemplate="%{customdata}: %{x} components, %{y} %<extra></extra>",
            )
        )
    beyond = [f"{n} ({names})" for n, names in sorted(chosen.items()) if n > len(total)]
    caption = (
        "Of the variance of the scaled pixels, "
        + ", ".join(
            f"{n} component{'s' if n > 1 else ''} hold{'' if n > 1 else 's'} {percent(share, 0)}"
            for share, n in marks.items()
        )
        + "."
    )
    if chosen:
        told = [f"{n} ({names})" for n, names in inside.items()] + beyond
        caption += f" Models on these components take {listed(told)} of them."
    return chart(
        f"{study['name']}-spectrum",
        "Cumulative explained variance of the principal components",
        caption,
        traces,
        {"xaxis": axis("components"), "yaxis": axis("variance explained, %", range=[0, 101]), "showlegend": False},
        ("components", "variance explained"),
        [(str(n), percent(float(total[n - 1]))) for n in (1, 2, 5, 10, 20, 50, 100, 200) if n <= len(total)],
    )


SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up")


def class_map(
    study: DatasetStudy,
    labels: Sequence[int],
    order: list[str],
    classes: list[str],
    tiles: dict[int, Tile],
) -> Chart:
    """Training images in the plane, a colour and a mark a class; the tile of a chosen point is shown."""
    places = np.column_stack([study["map"]["x"], study["map"]["y"]])
    own = np.array(labels)
    apart = np.linalg.norm(places[:, np.newaxis] - places[np.newaxis], axis=2)
    np.fill_diagonal(apart, np.inf)
    same = {
        name: float(np.mean(own[apart[own == i].argmin(axis=1)] == i))
        for i, name in enumerate(classes)
        if (own == i).any()
    }
    one = next(iter(tiles.values()))
    files = {path: i for i, path in enumerate(dict.fromkeys(tile.path for tile in tiles.values()))}
    traces, annotations = [], []
    for name in order:
        label = classes.index(name)
        rows = np.flatnonzero(own == label)
        if not len(rows):
            continue
        traces.append(
            go.Scatter(
                x=rounded(places[rows, 0], 3),
                y=rounded(places[rows, 1], 3),
                mode="markers",
                name=name,
                meta=f"c{label % 10}",
                marker={
                    "size": 5,
                    "symbol": SYMBOLS[(label + label // 10) % len(SYMBOLS)],
                    "opacity": 0.75,
                },
                customdata=[
                    [files[tile.path], tile.x, tile.y] for tile in (tiles[study["map"]["index"][i]] for i in rows)
                ],
                hovertemplate=name + "<extra></extra>",
            )
        )
        centre = np.median(places[rows], axis=0)
        annotations.append(
            {"text": f"<b>{name}</b>", "name": f"c{label % 10}", "x": round(float(centre[0]), 1), "y": round(float(centre[1]), 1),
             "showarrow": False}
        )  # fmt: skip
    loosest = min(same, key=lambda name: same[name])
    tightest = max(same, key=lambda name: same[name])
    blank = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": "", "title": {"text": ""}}
    return chart(
        f"{study['name']}-map",
        f"{len(own):,} training images in the plane, neighbours near each other",
        f"On the map the nearest neighbour of {percent(same[tightest], 0)} of {tightest} is another {tightest}; of {loosest}, "
        f"{percent(same[loosest], 0)}. Choose a point to see its image. Axes have no unit: only nearness means something.",
        traces,
        {
            "xaxis": blank,
            "yaxis": blank,
            "annotations": annotations,
            "showlegend": False,
            "meta": {"tiles": {"width": one.width, "height": one.height, "files": list(files)}},
        },
        ("class", "images", "nearest neighbour of the same class"),
        [(name, str(int((own == classes.index(name)).sum())), percent(same[name])) for name in order if name in same],
        height=560,
    )
