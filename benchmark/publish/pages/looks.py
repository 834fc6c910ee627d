"""What a model looks at: importances as pictures over the mean of each class."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.publish.site import Site
from benchmark.results import Importance, ModelResult

LOOKS = {
    "permutation": (
        "Exchange a block of {block} × {block} pixels between {n} held-out training images: the deeper the colour over the "
        "class's mean, the more of its recall is lost. The classes share one scale, all of them together have their own. One image "
        "of a class is about {point:.1f} points, and each figure is the largest of {n_blocks} blocks."
    ),
    "coefficients": (
        "The coefficients, carried back through the components to the scaled pixels: one colour where light speaks for "
        "the class (orange), the other where it speaks against it (blue); all classes on one scale."
    ),
    "impurity": "How much of the impurity the splits on each pixel remove, over all trees.",
}


def look_page(site: Site, model: ModelResult, importance: Importance) -> dict[str, Any]:
    """Return one kind of importance as pictures: for all classes together, then a class each."""
    height, width = site.dataset.image_shape
    names = [name for name in ("all", *site.order) if name in importance["pictures"]]
    rows, columns = importance["shape"]
    weights = np.array([importance["pictures"][name] for name in names]).reshape(-1, rows, columns)
    weights = weights.repeat(importance["block"], axis=1).repeat(importance["block"], axis=2)[:, :height, :width]
    overall = np.mean(list(site.means.values()), axis=0)
    means = np.array([site.means.get(name, overall) for name in names])
    if importance["method"] == "permutation":
        weights = np.maximum(weights, 0)  # what lies below is noise: an exchanged block tells a model nothing
    for part in (slice(0, 1), slice(1, None)) if names[0] == "all" else (slice(None),):  # the classes share a scale
        weights[part] /= max(float(np.abs(weights[part]).max(initial=0)), 1e-9)
    path = site.gallery.overlays(f"{model.name}-{importance['method']}", means, weights)
    items = []
    for place, name in enumerate(names):
        shown = np.array(importance["pictures"][name])
        top = int((shown if importance["method"] == "permutation" else np.abs(shown)).argmax())
        where = f"most at row {top // columns + 1}, column {top % columns + 1} of {rows} by {columns}"
        most = ""
        if importance["method"] == "permutation":
            stands_out = shown[top] > -shown.min()  # a block that tells nothing errs to both sides alike
            most = f"up to {100 * shown[top]:.1f} points" if stands_out else "no block stands out"
            where = where if stands_out else most
        items.append(
            {
                "name": "All classes" if name == "all" else name,
                "x": -4 * width * place,
                "most": most,
                "alt": f"{name}: {where}",
            }
        )
    return {
        "method": importance["method"],
        "words": LOOKS[importance["method"]].format(
            block=importance["block"],
            n=f"{importance['n_images'] or 0:,}",
            point=100 * len(site.order) / (importance["n_images"] or 1),
            n_blocks=rows * columns,
        ),
        "path": path,
        "width": 4 * width,
        "height": 4 * height,
        "items": items,
    }
