"""What the pages *Errors* and *Compare* share: every test image that a model misses, and every pair of models.

Comes in: results and the test images. Goes out: one JSON file that the pages' script selects from, and sprites of the images
in it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.compare.leaderboard import Leaderboard
from benchmark.publish.gallery import Gallery, Tile
from benchmark.results import ModelResult, Results, encode_predictions, round_measured
from benchmark.results.numbers import format_p
from benchmark.text import one_line, with_units


class Choice(NamedTuple):
    """A model to choose."""

    name: str
    title: str


@dataclass(frozen=True)
class Garment:
    """A test image, its class, what a model takes it for, and how many models miss it."""

    index: int
    tile: Tile
    truth: str
    taken: str
    missed: int


@dataclass(frozen=True)
class ModelPair:
    """What tells two contestants apart, by their places on the leaderboard; the script reads these fields."""

    first: int
    second: int
    difference: float
    low: float
    high: float
    p: str
    p_adjusted: str
    real: bool
    only_first: int
    only_second: int
    both_wrong: int
    agree: float


@dataclass
class Explorer:
    """What both pages show, of the contestants."""

    stored: Results
    gallery: Gallery
    order: Sequence[str]
    board: Leaderboard

    @functools.cached_property
    def models(self) -> list[ModelResult]:
        """The contestants, best first."""
        return self.stored.leaderboard()

    @property
    def choices(self) -> list[Choice]:
        """The same to choose from."""
        return [Choice(model.name, model.metrics["title"]) for model in self.models]

    @functools.cached_property
    def missed(self) -> NDArray[np.int64]:
        """How many contestants miss each test image, of shape (n_test,)."""
        wrong = [~self.stored.correct(model) for model in self.models]
        return np.sum(wrong, axis=0) if wrong else np.zeros(len(self.stored.test_labels), dtype=np.int64)

    @functools.cached_property
    def tiles(self) -> dict[int, Tile]:
        """The images that at least one model misses, by class, so that a selection loads few sprites."""
        found: dict[int, Tile] = {}
        for name in self.order:
            label = self.stored.dataset["classes"].index(name)
            rows = np.flatnonzero((self.missed > 0) & (self.stored.test_labels == label))
            if len(
                rows
            ):  # what the leader takes for one class stands together, so that a cell of its matrix is in few files
                rows = rows[np.argsort(self.models[0].predictions[rows], kind="stable")]
            found |= self.gallery.tiles(rows.tolist())
        return found

    def data(self) -> bytes:
        """Return what the script selects from: images, their sprites, every model's predictions, every pair.

        Names are written as the pages' fields have them, so that the script finds one by the other.
        """
        indices, classes = list(self.tiles), self.stored.dataset["classes"]
        sprites = list(dict.fromkeys(tile.path for tile in self.tiles.values()))
        places = {path: i for i, path in enumerate(sprites)}
        document = {
            "classes": list(map(one_line, classes)),
            "order": list(map(one_line, self.order)),
            "support": [int((self.stored.test_labels == classes.index(name)).sum()) for name in self.order],
            "n_test": len(self.stored.test_labels),
            "sprites": sprites,
            "index": indices,
            "sprite": [places[tile.path] for tile in self.tiles.values()],
            "x": [tile.x for tile in self.tiles.values()],
            "y": [tile.y for tile in self.tiles.values()],
            "tile": list(self.gallery.tile_size),
            "true": _characters(self.stored.test_labels[indices]),
            "models": [
                {
                    "name": m.name,
                    "title": one_line(m.metrics["title"]),
                    "predicted": _characters(m.predictions[indices]),
                }
                for m in self.models
            ],
            "pairs": [asdict(self.pair(i, j)) for i, j in combinations(range(len(self.models)), 2)],
        }
        return with_units(json.dumps(document, separators=(",", ":"), ensure_ascii=False)).encode()

    def pair(self, i: int, j: int) -> ModelPair:
        """Return what tells two contestants apart, by their places on the leaderboard, the better one first."""
        first, second = self.models[i], self.models[j]
        pair = self.board.pairs[i, j]
        found = pair.test
        return ModelPair(
            first=i,
            second=j,
            difference=round_measured(found.difference),
            low=round_measured(found.low),
            high=round_measured(found.high),
            p=format_p(found.p),
            p_adjusted=format_p(pair.p_adjusted),
            real=pair.real,
            only_first=found.only_first,
            only_second=found.only_second,
            both_wrong=int((~self.stored.correct(first) & ~self.stored.correct(second)).sum()),
            agree=round_measured(float(np.mean(first.predictions == second.predictions))),
        )

    def in_order(self, of: NDArray[np.bool_]) -> list[int]:
        """Return which of the images that some model misses are in `of`, of shape (n_test,): by class, then by number."""
        place = {self.stored.dataset["classes"].index(name): i for i, name in enumerate(self.order)}
        labels = self.stored.test_labels
        return sorted((i for i in self.tiles if of[i]), key=lambda i: (place[int(labels[i])], i))

    def garments(self, indices: list[int], model: ModelResult) -> list[Garment]:
        """Return test images as both pages show them, with what the model takes each for."""
        classes = self.stored.dataset["classes"]
        return [
            Garment(
                index=i,
                tile=self.tiles[i],
                truth=classes[self.stored.test_labels[i]],
                taken=classes[model.predictions[i]],
                missed=int(self.missed[i]),
            )
            for i in indices
        ]


def _characters(labels: NDArray[np.int64]) -> str:
    return encode_predictions(labels).replace("\n", "")
