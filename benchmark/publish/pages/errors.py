"""The page *Errors*: the images that a model takes for another class."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.publish.explorer import Explorer

N_SHOWN = 20  # images on the page before anybody chooses
STRONGEST = 30  # percent of a cell's colour


def errors_page(explorer: Explorer) -> dict[str, Any]:
    """Return what *Errors* shows without a script: the leader's confusion, and its images in the fullest cell."""
    if not explorer.models:
        return {"models": [], "rows": [], "items": []}
    leader = explorer.models[0]
    classes = explorer.stored.dataset["classes"]
    places = [classes.index(name) for name in explorer.order]
    counts = np.array(leader.metrics["test"]["confusion"])[np.ix_(places, places)]
    off = counts - np.diag(np.diag(counts))
    row, column = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
    chosen = [
        i for i in explorer.tiles
        if explorer.stored.test_labels[i] == places[row] and leader.predictions[i] == places[column]
    ][:N_SHOWN]  # fmt: skip
    return {
        "models": [(model.name, model.metrics["title"]) for model in explorer.models],
        "classes": list(explorer.order),
        "rows": [
            (name, list(zip(line, shares, strict=True)))
            for name, line, shares in zip(explorer.order, counts.tolist(), _shares(off), strict=True)
        ],
        "truth": explorer.order[row],
        "predicted": explorer.order[column],
        "n": int(off[row, column]),
        "items": explorer.garments(chosen, leader),
        "n_missed": int((explorer.missed > 0).sum()),
        "n_all": int((explorer.missed == len(explorer.models)).sum()),
    }


def _shares(off: NDArray[np.int64]) -> list[list[int]]:
    """Return how strongly each cell is coloured, in percent, on a logarithmic scale, as the script does."""
    return np.rint(STRONGEST * np.log1p(off) / np.log1p(max(1, off.max()))).astype(int).tolist()  # type: ignore[no-any-return]
