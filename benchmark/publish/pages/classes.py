"""A class's page: which models find it, what it is taken for, its hardest images, suspected label errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.publish.chart import Chart
from benchmark.publish.charts import confusion
from benchmark.publish.gallery import Picture, Tile
from benchmark.publish.pages.model import N_HARDEST
from benchmark.publish.site import Site
from benchmark.results import Results
from benchmark.results.numbers import class_words

N_SAMPLES = 20
N_SUSPECTED = 12


@dataclass(frozen=True)
class Nearest:
    """The class whose mean image is nearest, in root mean square of the pixels, and the next one, "" where there is none.

    Names are those inside a sentence.
    """

    name: str
    slug: str
    distance: str
    next: str
    next_distance: str


@dataclass(frozen=True)
class HardImage:
    """A test image, how many models miss it, and what those take it for."""

    index: int
    tile: Tile
    missed: int
    called: str


@dataclass(frozen=True)
class Suspect:
    """A test image that all good models take for one and the same other class."""

    index: int
    tile: Tile
    called: str


@dataclass(frozen=True)
class ClassPage:
    """The page's content; without contestants or test images there is no chart. `suspected` are the first of `n_suspected` images.

    `tested` says how many of its test images are missed; `is_hardest` whether the page *Hardest class* is about it.
    """

    name: str
    mean: Picture
    samples: Picture
    n_samples: int
    nearest: Nearest
    n_models: int
    tested: str
    is_hardest: bool
    recalls: Chart | None
    taken_for: Chart | None
    hardest: list[HardImage]
    n_good: int
    n_suspected: int
    suspected: list[Suspect]


def class_page(site: Site, name: str, missed: NDArray[np.int64]) -> ClassPage:
    """Return what a class's page shows; `missed`, of shape (n_test,), is how many contestants miss each test image."""
    stored, dataset, contestants = site.stored, site.dataset, site.stored.contestants
    label = stored.dataset["classes"].index(name)
    own = np.flatnonzero(stored.test_labels == label)
    train = np.flatnonzero(dataset.train_labels == label)[:N_SAMPLES]
    suspected, address = own[site.agreement.suspected[own]], site.addresses[name]
    return ClassPage(
        name=name,
        mean=site.gallery.sheet(f"class-{address}-mean", site.means[name][np.newaxis], columns=1, scale=4),
        samples=site.gallery.sheet(f"class-{address}-samples", dataset.train_images[train], columns=10, scale=2),
        n_samples=len(train),
        nearest=_nearest_class(site, name),
        n_models=len(contestants),
        tested=_tested(missed[own], [model.metrics["title"] for model in contestants]),
        is_hardest=name == site.hardest,
        recalls=confusion.class_recalls(stored, name, address) if contestants and len(own) else None,
        taken_for=confusion.class_confusions(stored, name, address) if contestants and len(own) else None,
        hardest=_hardest(site, own, missed),
        n_good=site.agreement.n_good,
        n_suspected=len(suspected),
        suspected=_shown(site, suspected),
    )


def _tested(missed: NDArray[np.int64], models: list[str]) -> str:
    """Return how many of a class's test images the ranked models miss, in a sentence."""
    n, n_models = len(missed), len(models)
    if not n:
        return "It has no test image."
    if not models:
        return f"It has {n:,} test image{'' if n == 1 else 's'}; no ranked model is measured."
    if n_models == 1:
        return f"Of its {n:,} test image{'' if n == 1 else 's'} {models[0]}, the only ranked model, misses {int(missed.sum()):,}."
    if n == 1:
        by = {0: f"none of the {n_models} models", n_models: f"all {n_models} models"}
        return f"Its only test image is missed by {by.get(int(missed[0]), f'{missed[0]} of the {n_models} models')}."
    unmissed, by_all = int((missed == 0).sum()), int((missed == n_models).sum())
    right, wrong = ({0: "none is", 1: "one is"}.get(many, f"{many:,} are") for many in (unmissed, by_all))
    models_ = "both models" if n_models == 2 else f"all {n_models} models"  # noqa: PLR2004
    return f"It has {n:,} test images: {right} classified correctly by {models_}, {wrong} missed by {models_}."


def _hardest(site: Site, own: NDArray[np.int64], missed: NDArray[np.int64]) -> list[HardImage]:
    """Return the images among `own` that most models miss, the first of equals first."""
    indices = [int(i) for i in own[np.argsort(-missed[own], kind="stable")][:N_HARDEST] if missed[i]]
    tiles = site.gallery.tiles(indices)
    return [HardImage(i, tiles[i], int(missed[i]), _called(site.stored, i)) for i in indices]


def _nearest_class(site: Site, name: str) -> Nearest:
    apart = {
        other: float(np.sqrt(np.mean((site.means[name] - mean) ** 2)))
        for other, mean in site.means.items()
        if other != name
    }
    nearest, *others = sorted(apart, key=lambda other: apart[other])
    return Nearest(
        name=class_words(nearest),
        slug=site.addresses[nearest],
        distance=f"{apart[nearest]:.0f}",
        next=class_words(others[0]) if others else "",
        next_distance=f"{apart[others[0]]:.0f}" if others else "",
    )


def _shown(site: Site, suspected: NDArray[np.int64]) -> list[Suspect]:
    """Return the first of the suspected images with their pictures."""
    first = [int(i) for i in suspected[:N_SUSPECTED]]
    tiles, classes = site.gallery.tiles(first), site.stored.dataset["classes"]
    return [Suspect(i, tiles[i], classes[site.agreement.relabelled[i]]) for i in first]


def _called(stored: Results, index: int) -> str:
    """Return what the models that miss an image take it for, most votes first."""
    wrong = [int(m.predictions[index]) for m in stored.contestants if m.predictions[index] != stored.test_labels[index]]
    labels, votes = np.unique(wrong, return_counts=True)
    order = np.argsort(-votes, kind="stable")
    return ", ".join(f"{stored.dataset['classes'][labels[i]]} ({votes[i]})" for i in order)
