"""What a model looks at: importances as pictures over the mean of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Command
from benchmark.errors import ResultsError
from benchmark.publish.gallery import Picture
from benchmark.publish.site import Site
from benchmark.results import Importance, ModelResult, all_classes
from benchmark.results.numbers import points

LOOKS = {
    "permutation": (
        "We shuffled each block of {block} × {block} pixels among {n} held-out training images: orange over the class's mean marks blocks "
        "whose loss lowers its recall. The classes share one scale, all of them together have their own. One image "
        "of a class is about {point:.1f} points, and each figure is the largest of {n_blocks} blocks."
    ),
    "coefficients": (
        "The coefficients, carried back through the components to the scaled pixels: one colour where light speaks for "
        "the class (orange), the other where it speaks against it (blue); all classes on one scale."
    ),
    "impurity": "How much of the impurity the splits on each pixel remove, over all trees.",
}


@dataclass(frozen=True)
class LookImage:
    """One class, or all: `x` is where its picture begins in the sheet, in pixels, and `most` what stands out, "" for nothing."""

    name: str
    x: int
    most: str
    alt: str


@dataclass(frozen=True)
class Look:
    """One kind of importance: what it means, and a picture a class, each of `width` and `height`, side by side in one sheet."""

    words: str
    sheet: Picture
    width: int
    height: int
    items: list[LookImage]


def look(site: Site, model: ModelResult, importance: Importance) -> Look:
    """Return one kind of importance as pictures: for all classes together, then a class each."""
    height, width = site.dataset.image_shape
    rows, columns = importance["shape"]
    every = all_classes(site.order)
    names = [name for name in (every, *site.order) if name in importance["pictures"]]
    if not names or (rows, columns) != tuple(-(-side // importance["block"]) for side in (height, width)):
        raise _other_images(site, model, importance)
    overall = np.mean(list(site.means.values()), axis=0)
    means = np.array([site.means.get(name, overall) for name in names])
    weights = _weights(importance, names, every)[:, :height, :width]
    sheet = site.gallery.overlays(f"{model.name}-{importance['method']}", means, weights)
    return Look(
        words=LOOKS[importance["method"]].format(
            block=importance["block"],
            n=f"{importance['n_images'] or 0:,}",
            point=100 * len(site.order) / (importance["n_images"] or 1),
            n_blocks=rows * columns,
        ),
        sheet=sheet,
        width=sheet.width // len(names),
        height=sheet.height,
        items=[
            _image(importance, name, "All classes" if name == every else name, -sheet.width // len(names) * place)
            for place, name in enumerate(names)
        ],
    )


def _other_images(site: Site, model: ModelResult, importance: Importance) -> ResultsError:
    height, width = site.dataset.image_shape
    rows, columns = importance["shape"]
    return ResultsError(
        f"{model.source.where(f'{model.name}/study.json')} holds importances of other images",
        expected=f"pictures of the classes, of {height} × {width} pixels",
        found=f"{', '.join(importance['pictures'])[:100]}: {rows} × {columns} blocks of {importance['block']} pixels",
        remedy=Command("bench", models=model.name),
    )


def _weights(importance: Importance, names: list[str], every: str) -> NDArray[np.float64]:
    """Return a weight a pixel between -1 and 1, for each of `names`, padded to whole blocks; `every` names all classes."""
    weights = np.array([importance["pictures"][name] for name in names]).reshape(-1, *importance["shape"])
    weights = weights.repeat(importance["block"], axis=1).repeat(importance["block"], axis=2)
    if importance["method"] == "permutation":
        weights = np.maximum(weights, 0)  # what lies below is noise: an exchanged block tells a model nothing
    for part in (slice(0, 1), slice(1, None)) if names[0] == every else (slice(None),):  # the classes share a scale
        weights[part] /= max(float(np.abs(weights[part]).max(initial=0)), 1e-9)
    return weights


def _image(importance: Importance, name: str, title: str, x: int) -> LookImage:
    rows, columns = importance["shape"]
    shown = np.array(importance["pictures"][name])
    permuted = importance["method"] == "permutation"
    top = int((shown if permuted else np.abs(shown)).argmax())
    where = f"most at row {top // columns + 1}, column {top % columns + 1} of {rows} by {columns}"
    most = ""
    if permuted:
        stands_out = shown[top] > -shown.min()  # a block that tells nothing errs to both sides alike
        most = f"up to {points(float(shown[top]), digits=1)} points" if stands_out else "no block stands out"
        where = where if stands_out else most
    return LookImage(title, x, most, f"{title}: {where}")
