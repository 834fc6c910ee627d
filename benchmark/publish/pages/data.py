"""The data set's page: samples, means, components, a map, near-duplicates."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.layout import slug
from benchmark.publish.chart import Chart
from benchmark.publish.charts.dataset import class_map, spectrum
from benchmark.publish.gallery import Tile
from benchmark.publish.site import Site
from benchmark.results import DatasetStudy, Results
from benchmark.results.numbers import percent

N_ROW = 10  # of them, in the row of a class on the data set's page
N_TWINS = 8


def data_page(site: Site) -> dict[str, Any]:
    """Return what the data set's page shows; without its study, samples and counts alone."""
    dataset, study = site.dataset, site.study
    samples = [
        dataset.train_images[np.flatnonzero(dataset.train_labels == site.stored.dataset["classes"].index(n))[:N_ROW]]
        for n in site.order
    ]
    counts = [np.bincount(labels, minlength=len(site.order)) for labels in (dataset.train_labels, dataset.test_labels)]
    context: dict[str, Any] = {
        "height": dataset.image_shape[0],
        "width": dataset.image_shape[1],
        "classes": [
            {
                "name": name,
                "slug": slug(name),
                "train": f"{counts[0][i]:,}",
                "test": f"{counts[1][i]:,}",
                "sheet": site.gallery.sheet(f"data-{slug(name)}", samples[j], columns=N_ROW, scale=1),
            }
            for j, name in enumerate(site.order)
            for i in [site.stored.dataset["classes"].index(name)]
        ],
        "study": study,
        "map": None,
        "twins": [],
        "spectrum": None,
        "means": "",
        "components": "",
        "spread": "",
    }
    if study:
        shape = tuple(study["image_shape"])
        means = np.array([study["class_means"][name] for name in site.order]).reshape(-1, *shape)
        components = np.array(study["components"]).reshape(-1, *shape)
        largest = np.abs(components).max(axis=(1, 2), keepdims=True)
        spread = np.array(study["pixel_sd"]).reshape(1, *shape)
        context |= {
            "spectrum": spectrum(study, _chosen_components(site.stored)),
            "map": _map(site, study),
            "twins": _twins(site, study),
            "twin_counts": [
                (f"{limit:.0%}".replace("%", " %"), f"{count:,}", percent(count / dataset.n_test, 2))
                for limit, count in zip(
                    study["near_duplicates"]["distances"], study["near_duplicates"]["counts"], strict=True
                )
            ],
            "n_other_class": study["near_duplicates"]["n_other_class"],
            "means": site.gallery.sheet("data-means", means, columns=len(means), scale=2),
            "components": site.gallery.sheet(  # in steps of four greys, a third of the bytes less
                "data-components", 128 + 4 * np.rint(31 * components / largest), columns=8, scale=2
            ),
            "spread": site.gallery.sheet("data-spread", 255 * spread / spread.max(), columns=1, scale=4),
        }
    return context


def _chosen_components(stored: Results) -> dict[int, str]:
    """Return which models on the pixels' own components chose which number of them."""
    chosen: dict[int, list[str]] = {}
    for model in stored.contestants:
        number = model.metrics["search"]["best_params"].get("features__n_components")
        if model.metrics["features"] == "pixels" and number:
            chosen.setdefault(number, []).append(model.name)
    return {number: ", ".join(names) for number, names in chosen.items()}


def _map(site: Site, study: DatasetStudy) -> Chart:
    dataset, indices = site.dataset, study["map"]["index"]
    labels = [int(dataset.train_labels[i]) for i in indices]
    tiles: dict[int, Tile] = {}
    for name in site.order:  # a sprite a class, so that looking at one loads no other
        own = [i for i, label in zip(indices, labels, strict=True) if site.stored.dataset["classes"][label] == name]
        tiles |= site.training_gallery.tiles(own)
    return class_map(study, labels, site.order, site.stored.dataset["classes"], tiles)


def _twins(site: Site, study: DatasetStudy) -> list[dict[str, Any]]:
    """Return the closest pairs across the splits as pictures."""
    dataset, classes = site.dataset, site.stored.dataset["classes"]
    found = study["near_duplicates"]["nearest"][:N_TWINS]
    train = site.training_gallery.tiles([twin["train"] for twin in found])
    test = site.gallery.tiles([twin["test"] for twin in found])
    return [
        {
            "test": test[twin["test"]],
            "train": train[twin["train"]],
            "distance": f"{100 * twin['distance']:.1f} %",
            "test_class": classes[int(dataset.test_labels[twin["test"]])],
            "train_class": classes[int(dataset.train_labels[twin["train"]])],
        }
        for twin in found
    ]
