"""What a site is made of: results, images, templates, and the files that pages, charts and pictures are gathered in."""

from __future__ import annotations

import base64
import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.cache import Cache
from benchmark.compare.agreement import Agreement, agreement
from benchmark.compare.hard_classes import hardest_of_all
from benchmark.compare.leaderboard import Leaderboard, leaderboard
from benchmark.dataset import Dataset
from benchmark.publish.chart import Chart
from benchmark.publish.feed import has_feed
from benchmark.publish.gallery import Gallery, fitted, png
from benchmark.publish.origin import Origin
from benchmark.publish.past import Past
from benchmark.results import DatasetStudy, ModelResult, Published, Results
from benchmark.results.failures import Failure
from benchmark.text import addresses

LARGEST_THUMBNAIL = 32  # pixels; beside a chart, which carries them all
FEW_GREYS = 0xF0  # 16 of them do for an ornament, in half of the bytes


class Asset(NamedTuple):
    """A file of a release: its address and its SHA-256."""

    url: str
    sha256: str


class Release(NamedTuple):
    """A model in a release: the release's tag, its pickle, and the file that runs no code, None where there is none."""

    tag: str
    pickle: Asset
    portable: Asset | None


class Part(NamedTuple):
    """A data set of a site: its title, where its first page is as seen from that of another, and all of it."""

    title: str
    address: str
    site: Site


@dataclass
class Site:
    """What is written: text and bytes by path below the docs folder, and the navigation."""

    stored: Results
    dataset: Dataset
    study: DatasetStudy | None
    templates: Path
    past: Past
    published: Published | None = None
    draw: Callable[[list[Chart]], dict[str, bytes]] = lambda _: {}
    cache: Cache | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    nav: list[Any] = field(default_factory=list)
    released: dict[str, Release] = field(default_factory=dict)  # what a release carries, by model
    failures: Mapping[str, Failure] = field(
        default_factory=dict
    )  # the models that failed when last tried here, by name
    origin: Origin = field(default_factory=Origin)
    citation: str = ""  # of the data set, as BibTeX
    nested: bool = False  # whether its pages stand in a folder of their own, below those of another data set
    parts: list[Part] = field(default_factory=list)  # all data sets of the site, where there are several

    @functools.cached_property
    def gallery(self) -> Gallery:
        """Where pictures go."""
        return Gallery(self.dataset.test_images, self.files, self.cache)

    @functools.cached_property
    def training_gallery(self) -> Gallery:
        """The same for training images."""
        return dataclasses.replace(self.gallery, images=self.dataset.train_images)

    @property
    def section(self) -> str:
        """Folder of the data set's pages below its first page, with a slash at the end; "" for that page's own folder."""
        return "" if self.nested else f"{self.dataset.entry.name}/"  # whatever a document says: folders are made of it

    @property
    def order(self) -> list[str]:
        """Class names with families together."""
        grouped = [name for names in self.dataset.entry.families.values() for name in names]
        classes = self.stored.dataset["classes"]
        return [name for name in grouped if name in classes] + [name for name in classes if name not in grouped]

    @functools.cached_property
    def addresses(self) -> dict[str, str]:
        """Each class's part of addresses and file names."""
        return addresses(self.stored.dataset["classes"])

    @functools.cached_property
    def thumbnails(self) -> dict[str, str]:
        """The first training image of each class as a data address, for the axes of a matrix."""
        small, _ = fitted(one_of_each(self), 1, LARGEST_THUMBNAIL)
        images = dict(zip(self.order, small, strict=True))
        return {
            name: f"data:image/png;base64,{base64.b64encode(png(image, 1)).decode()}" for name, image in images.items()
        }

    @functools.cached_property
    def means(self) -> dict[str, NDArray[np.float64]]:
        """The mean training image of each class, each of shape (height, width)."""
        images, labels = self.dataset.train_images, self.dataset.train_labels
        return {name: images[labels == label].mean(axis=0) for label, name in enumerate(self.stored.dataset["classes"])}

    @functools.cached_property
    def has_feed(self) -> bool:
        """Whether there is a feed of what commits changed."""
        return has_feed(self.past.history)

    @functools.cached_property
    def board(self) -> Leaderboard:
        """The leaderboard of the results."""
        return leaderboard(self.stored)

    @functools.cached_property
    def agreement(self) -> Agreement:
        """What the ranked models say of the test images together."""
        return agreement(self.stored)

    @functools.cached_property
    def hardest(self) -> str:
        """The class that is hardest for all ranked models together, "" where there is none."""
        return hardest_of_all(self.stored)


def listed_models(stored: Results) -> list[ModelResult]:
    """Return all models in the order of the navigation: best first, baselines last."""
    return stored.leaderboard() + stored.baselines


def one_of_each(site: Site) -> NDArray[np.uint8]:
    """Return the first training image of each class, of shape (n_classes, height, width), in the order of the site."""
    classes = site.stored.dataset["classes"]
    rows = [int(np.flatnonzero(site.dataset.train_labels == classes.index(name))[0]) for name in site.order]
    return site.dataset.train_images[rows]
