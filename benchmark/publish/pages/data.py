"""The data set's page: samples, means, components, a map, near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from benchmark.publish.chart import Chart
from benchmark.publish.charts.dataset import class_map, spectrum
from benchmark.publish.gallery import Picture, Tile
from benchmark.publish.site import Site
from benchmark.results import DatasetStudy, Results, Twins
from benchmark.results.numbers import percent

N_ROW = 10  # of them, in the row of a class on the data set's page
N_TWINS = 8


@dataclass(frozen=True)
class ClassSamples:
    """A class, how many of its images are in either split, and its first training images."""

    name: str
    slug: str
    train: str
    test: str
    sheet: Picture


class NearCount(NamedTuple):
    """How many test images, and which share, have a training image within a distance."""

    within: str
    n: str
    share: str


@dataclass(frozen=True)
class TwinPair:
    """A test image and the training image nearest to it."""

    test: Tile
    train: Tile
    distance: str
    test_class: str
    train_class: str


@dataclass(frozen=True)
class Studied:
    """What is computed over all training images: means, components, a map, near-duplicates."""

    means: Picture
    spread: Picture
    spectrum: Chart
    components: Picture
    map: Chart
    map_method: str
    n_mapped: int
    near: list[NearCount]
    n_other_class: int
    twins: list[TwinPair]


@dataclass(frozen=True)
class DataPage:
    """The page's content; `study` is None where the data set's study is not measured."""

    height: int
    width: int
    classes: list[ClassSamples]
    study: Studied | None


def data_page(site: Site) -> DataPage:
    """Return what the data set's page shows; without its study, samples and counts alone."""
    height, width = site.dataset.image_shape
    return DataPage(height, width, _samples(site), _studied(site, site.study) if site.study else None)


def _samples(site: Site) -> list[ClassSamples]:
    dataset, classes = site.dataset, site.stored.dataset["classes"]
    return [
        ClassSamples(
            name=name,
            slug=site.addresses[name],
            train=f"{int((dataset.train_labels == label).sum()):,}",
            test=f"{int((dataset.test_labels == label).sum()):,}",
            sheet=site.gallery.sheet(
                f"class-{site.addresses[name]}-row",
                dataset.train_images[np.flatnonzero(dataset.train_labels == label)[:N_ROW]],
                columns=N_ROW,
                scale=1,
            ),
        )
        for name in site.order
        for label in [classes.index(name)]
    ]


def _studied(site: Site, study: DatasetStudy) -> Studied:
    shape = tuple(study["image_shape"])
    means = np.array([study["class_means"][name] for name in site.order]).reshape(-1, *shape)
    components = np.array(study["components"]).reshape(-1, *shape)
    largest = np.abs(components).max(axis=(1, 2), keepdims=True)
    largest[largest == 0] = 1  # of few images, the last component has no variance
    spread = np.array(study["pixel_sd"]).reshape(1, *shape)
    return Studied(
        means=site.gallery.sheet("data-means", means, columns=len(means), scale=2),
        spread=site.gallery.sheet("data-spread", 255 * spread / (spread.max() or 1), columns=1, scale=4),
        spectrum=spectrum(study, _chosen_components(site.stored)),
        components=site.gallery.sheet(  # in steps of four greys, a third of the bytes less
            "data-components", 128 + 4 * np.rint(31 * components / largest), columns=8, scale=2
        ),
        map=_map(site, study),
        map_method=study["map"]["method"],
        n_mapped=len(study["map"]["index"]),
        near=_near_counts(study["near_duplicates"], site.dataset.n_test),
        n_other_class=study["near_duplicates"]["n_other_class"],
        twins=_twins(site, study),
    )


def _near_counts(found: Twins, n_test: int) -> list[NearCount]:
    return [
        NearCount(f"{limit:.0%}".replace("%", " %"), f"{count:,}", percent(count / n_test, 2))
        for limit, count in zip(found["distances"], found["counts"], strict=True)
    ]


def _chosen_components(stored: Results) -> dict[int, str]:
    """Return which models on the pixels' own components chose which number of them."""
    chosen: dict[int, list[str]] = {}
    for model in stored.contestants:
        number = model.metrics["search"]["best_params"].get("features__n_components")
        if model.metrics["features"] == "pixels" and isinstance(number, int) and number > 0:
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


def _twins(site: Site, study: DatasetStudy) -> list[TwinPair]:
    """Return the closest pairs across the splits as pictures."""
    dataset, classes = site.dataset, site.stored.dataset["classes"]
    found = study["near_duplicates"]["nearest"][:N_TWINS]
    train = site.training_gallery.tiles([twin["train"] for twin in found])
    test = site.gallery.tiles([twin["test"] for twin in found])
    return [
        TwinPair(
            test=test[twin["test"]],
            train=train[twin["train"]],
            distance=f"{100 * twin['distance']:.1f} %",
            test_class=classes[int(dataset.test_labels[twin["test"]])],
            train_class=classes[int(dataset.train_labels[twin["train"]])],
        )
        for twin in found
    ]
