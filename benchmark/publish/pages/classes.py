"""A class's page: which models find it, what it is taken for, its hardest images, suspected label errors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.layout import slug
from benchmark.publish.charts import confusion
from benchmark.publish.pages.model import N_HARDEST
from benchmark.publish.site import Site
from benchmark.results import ModelResult, Results

N_SAMPLES = 20
N_SUSPECTED = 12


def class_page(site: Site, name: str) -> dict[str, Any]:
    """Return what a class's page shows."""
    stored, dataset = site.stored, site.dataset
    label = stored.dataset["classes"].index(name)
    own = np.flatnonzero(stored.test_labels == label)
    contestants = stored.contestants
    missed = (
        np.sum([~stored.correct(model) for model in contestants], axis=0)
        if contestants
        else np.zeros(len(stored.test_labels))
    )
    hardest = [int(i) for i in own[np.argsort(-missed[own], kind="stable")][:N_HARDEST] if missed[i]]
    tiles = site.gallery.tiles(hardest)
    train = np.flatnonzero(dataset.train_labels == label)[:N_SAMPLES]
    mean = site.means[name]
    suspected = _suspected(stored, own)
    suspected_tiles = site.gallery.tiles([item["index"] for item in suspected[:N_SUSPECTED]])
    unmissed = int((missed[own] == 0).sum())
    return {
        "name": name,
        "n_models": len(contestants),
        "mean": site.gallery.sheet(f"class-{slug(name)}-mean", mean[np.newaxis], columns=1, scale=4),
        "samples": site.gallery.sheet(f"class-{slug(name)}-samples", dataset.train_images[train], columns=10, scale=2),
        "n_samples": len(train),
        "nearest": _nearest_class(site, name),
        "n_suspected": len(suspected),
        "n_good": len(_good(stored)),
        "suspected": [{**item, "tile": suspected_tiles[item["index"]]} for item in suspected[:N_SUSPECTED]],
        "recalls": confusion.class_recalls(stored, name) if contestants else None,
        "taken_for": confusion.class_confusions(stored, name) if contestants else None,
        "n_images": f"{len(own):,}",
        "n_unmissed": f"{unmissed:,}",
        "n_missed_by_all": f"{int((missed[own] == len(contestants)).sum()):,}",
        "hardest": [
            {
                "index": i,
                "tile": tiles[i],
                "missed": int(missed[i]),
                "called": _called(stored, i),
            }
            for i in hardest
        ],
    }


def _nearest_class(site: Site, name: str) -> dict[str, str]:
    """Return the class whose mean image is nearest, in root mean square of the pixels."""
    apart = {
        other: float(np.sqrt(np.mean((site.means[name] - mean) ** 2)))
        for other, mean in site.means.items()
        if other != name
    }
    nearest, *others = sorted(apart, key=lambda other: apart[other])
    return {
        "name": nearest,
        "slug": slug(nearest),
        "distance": f"{apart[nearest]:.0f}",
        "next": others[0] if others else "",
        "next_distance": f"{apart[others[0]]:.0f}" if others else "",
    }


def _good(stored: Results) -> list[ModelResult]:
    """Return the better half of the leaderboard, the models whose word against a label counts."""
    board = stored.leaderboard()
    return board[: -(-len(board) // 2)]


def _suspected(stored: Results, own: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the images among `own` that all good models take for one and the same other class."""
    good = _good(stored)
    if len(good) < 2:  # noqa: PLR2004  # a single model is no witness
        return []
    said = np.array([model.predictions[own] for model in good])
    agreed = (said == said[0]).all(axis=0) & (said[0] != stored.test_labels[own])
    return [{"index": int(own[i]), "called": stored.dataset["classes"][said[0, i]]} for i in np.flatnonzero(agreed)]


def _called(stored: Results, index: int) -> str:
    """Return what the models that miss an image take it for, most votes first."""
    wrong = [int(m.predictions[index]) for m in stored.contestants if m.predictions[index] != stored.test_labels[index]]
    labels, votes = np.unique(wrong, return_counts=True)
    order = np.argsort(-votes, kind="stable")
    return ", ".join(f"{stored.dataset['classes'][labels[i]]} ({votes[i]})" for i in order)
