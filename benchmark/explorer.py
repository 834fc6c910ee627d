"""The pages *Errors* and *Compare*: every test image that a model misses, and every pair of models.

Comes in: results and the test images. Goes out: one JSON file that the pages' script selects from, sprites of the images in
it, and what stands on the pages without a script.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.diff import LEVEL
from benchmark.gallery import Gallery, Tile
from benchmark.leaderboard import format_p, paired_models
from benchmark.results import ModelResult, Results, encode_predictions, round_measured
from benchmark.statistics import RankTable

__all__ = ["Explorer"]

N_SHOWN = 20  # images on the page before anybody chooses
N_BESIDE = 8  # of each of two models
STRONGEST = 30  # percent of a cell's colour


@dataclass
class Explorer:
    """What both pages show, of the contestants."""

    stored: Results
    gallery: Gallery
    order: Sequence[str]
    ranks: RankTable | None

    @functools.cached_property
    def models(self) -> list[ModelResult]:
        """The contestants, best first."""
        return self.stored.leaderboard()

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
        """Return what the script selects from: images, their sprites, every model's predictions, every pair."""
        indices, classes = list(self.tiles), self.stored.dataset["classes"]
        sprites = list(dict.fromkeys(tile.path for tile in self.tiles.values()))
        places = {path: i for i, path in enumerate(sprites)}
        document = {
            "classes": classes,
            "order": list(self.order),
            "support": [int((self.stored.test_labels == classes.index(name)).sum()) for name in self.order],
            "n_test": len(self.stored.test_labels),
            "sprites": sprites,
            "index": indices,
            "sprite": [places[tile.path] for tile in self.tiles.values()],
            "x": [tile.x for tile in self.tiles.values()],
            "y": [tile.y for tile in self.tiles.values()],
            "tile": [2 * side for side in self.gallery.images.shape[2:0:-1]],
            "true": _characters(self.stored.test_labels[indices]),
            "models": [
                {"name": m.name, "title": m.metrics["title"], "predicted": _characters(m.predictions[indices])}
                for m in self.models
            ],
            "pairs": [self._pair(i, j) for i, j in combinations(range(len(self.models)), 2)],
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()

    def _pair(self, i: int, j: int) -> dict[str, Any]:
        first, second = self.models[i], self.models[j]
        found = paired_models(self.stored, first, second)
        p_adjusted = float(self.ranks.p[i, j]) if self.ranks else found.p
        return {
            "first": i,
            "second": j,
            "difference": round_measured(found.difference),
            "low": round_measured(found.low),
            "high": round_measured(found.high),
            "p": format_p(found.p),
            "p_adjusted": format_p(p_adjusted),
            "real": p_adjusted < LEVEL,
            "only_first": found.only_first,
            "only_second": found.only_second,
            "both_wrong": int((~self.stored.correct(first) & ~self.stored.correct(second)).sum()),
            "agree": round_measured(float(np.mean(first.predictions == second.predictions))),
        }

    def errors_page(self) -> dict[str, Any]:
        """Return what *Errors* shows without a script: the leader's confusion, and its images in the fullest cell."""
        if not self.models:
            return {"models": [], "rows": [], "items": []}
        leader = self.models[0]
        classes = self.stored.dataset["classes"]
        places = [classes.index(name) for name in self.order]
        counts = np.array(leader.metrics["test"]["confusion"])[np.ix_(places, places)]
        off = counts - np.diag(np.diag(counts))
        row, column = (int(k) for k in np.unravel_index(int(off.argmax()), off.shape))
        chosen = [
            i for i in self.tiles
            if self.stored.test_labels[i] == places[row] and leader.predictions[i] == places[column]
        ][:N_SHOWN]  # fmt: skip
        return {
            "models": [(model.name, model.metrics["title"]) for model in self.models],
            "classes": list(self.order),
            "rows": [
                (name, list(zip(line, shares, strict=True)))
                for name, line, shares in zip(self.order, counts.tolist(), self._shares(off), strict=True)
            ],
            "truth": self.order[row],
            "predicted": self.order[column],
            "n": int(off[row, column]),
            "items": self._garments(chosen, leader),
            "n_missed": int((self.missed > 0).sum()),
            "n_all": int((self.missed == len(self.models)).sum()),
        }

    @staticmethod
    def _shares(off: NDArray[np.int64]) -> list[list[int]]:
        """Return how strongly each cell is coloured, in percent, on a logarithmic scale, as the script does."""
        return np.rint(STRONGEST * np.log1p(off) / np.log1p(max(1, off.max()))).astype(int).tolist()  # type: ignore[no-any-return]

    def compare_page(self) -> dict[str, Any]:
        """Return what *Compare* shows before anybody chooses: the leader against the second, and against each other model."""
        titles = [model.metrics["title"] for model in self.models]
        rows = [self._pair(0, j) for j in range(1, len(self.models))]
        return {
            "models": [(model.name, model.metrics["title"]) for model in self.models],
            "pair": self._first_pair(rows[0]) if rows else None,
            "rows": [
                (
                    titles[row["second"]],
                    _interval(row, ""),
                    row["p_adjusted"],
                    str(row["only_first"]),
                    str(row["only_second"]),
                    str(row["both_wrong"]),
                    f"{100 * row['agree']:.1f} %",
                )
                for row in rows
            ],
        }

    def _first_pair(self, pair: dict[str, Any]) -> dict[str, Any]:
        """Return the leader against the second in the words that the script uses for any pair."""
        first, second = self.models[:2]
        one, other = first.metrics["title"], second.metrics["title"]
        place = "ahead of" if pair["difference"] >= 0 else "behind"
        noise = "more than noise" if pair["real"] else "within noise"
        agree = f"{100 * pair['agree']:.1f} % of {len(self.stored.test_labels):,}"
        return {
            "label": f"{one} against {other}",
            "verdict": f"{one} is {abs(100 * pair['difference']):.2f} points {place} {other}: {noise}.",
            "facts": [
                ("Difference, 95 % interval", _interval(pair, "+")),
                ("McNemar mid-p; adjusted over all pairs", f"{pair['p']}; {pair['p_adjusted']}"),
                (f"Only {one} right", pair["only_first"]),
                (f"Only {other} right", pair["only_second"]),
                ("Both wrong", pair["both_wrong"]),
                ("Same prediction", agree),
            ],
            "sides": [self._side(first, second), self._side(second, first)],
        }

    def _side(self, right: ModelResult, wrong: ModelResult) -> dict[str, Any]:
        """Return the first of the images that one model gets right and the other wrong."""
        alone = self.stored.correct(right) & ~self.stored.correct(wrong)
        return {
            "title": f"{right.metrics['title']} is right, {wrong.metrics['title']} wrong: {_images(int(alone.sum()))}",
            "n": int(alone.sum()),
            "items": self._garments([i for i in self.tiles if alone[i]][:N_BESIDE], wrong),
        }

    def _garments(self, indices: list[int], model: ModelResult) -> list[dict[str, Any]]:
        """Return test images as both pages show them, with what the model takes each for."""
        classes = self.stored.dataset["classes"]
        return [
            {
                "index": i,
                "tile": self.tiles[i],
                "truth": classes[self.stored.test_labels[i]],
                "taken": classes[model.predictions[i]],
                "missed": int(self.missed[i]),
            }
            for i in indices
        ]


def _interval(pair: dict[str, Any], sign: str) -> str:
    """Return a paired difference with its interval, in points."""
    value, low, high = (f"{100 * pair[key]:{sign}z.2f}".replace("-", "−") for key in ("difference", "low", "high"))
    return f"{value} points [{low}, {high}]" if sign else f"{value} [{low}, {high}]"


def _images(n: int) -> str:
    return f"{n} image{'' if n == 1 else 's'}"


def _characters(labels: NDArray[np.int64]) -> str:
    return encode_predictions(labels).replace("\n", "")
