"""What the ranked models say of the test images together: which of them none gets right, whose label is suspected, where votes are spread.

Comes in: results. Goes out: masks and indices of test images, and what accuracies would be if the suspected labels were wrong. A label is
suspected by agreement alone: models that learn from the same labels share mistakes, so it is an estimate and proves nothing.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.results import Results

WITNESSES = 2  # models that must agree before a label is suspected
LEAST_SHARE = 3  # of two names that divide the models, each has one vote in so many, or more
FEWEST_NAMES = 3  # that votes are spread over

Labels = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Corrected:
    """A model's accuracy as measured, without the suspected images, and with these relabelled as the better half says.

    `dropped` is None where no image is left.
    """

    measured: float
    dropped: float | None
    relabelled: float

    @property
    def gain(self) -> float:
        """How much relabelling adds to the accuracy."""
        return self.relabelled - self.measured


@dataclass(frozen=True)
class Agreement:
    """The test labels, of shape (n_test,), and what each ranked model says, best model first, of shape (n_models, n_test)."""

    labels: Labels
    said: Labels
    n_classes: int

    @property
    def n_models(self) -> int:
        """How many models are ranked."""
        return len(self.said)

    @property
    def n_good(self) -> int:
        """How many models are the better half of the leaderboard, whose word against a label counts."""
        return -(-self.n_models // 2)

    @functools.cached_property
    def votes(self) -> Labels:
        """How many models say each class of each test image, of shape (n_test, n_classes)."""
        found = np.zeros((len(self.labels), self.n_classes), dtype=np.int64)
        for row in self.said:
            found[np.arange(len(row)), row] += 1
        return found

    @functools.cached_property
    def right(self) -> Labels:
        """How many models get each test image right, of shape (n_test,)."""
        return np.asarray((self.said == self.labels).sum(axis=0))

    @functools.cached_property
    def unsolved(self) -> Mask:
        """The test images that no model gets right; none where there is no model."""
        return np.asarray((self.right == 0) & bool(self.n_models))

    @functools.cached_property
    def same_wrong(self) -> Mask:
        """Those of them that all models give the same wrong label."""
        return np.asarray(self.unsolved & (self.votes.max(axis=1, initial=0) == self.n_models))

    @functools.cached_property
    def suspected(self) -> Mask:
        """The test images that all models of the better half take for one and the same other class; one model is no witness."""
        good = self.said[: self.n_good]
        if len(good) < WITNESSES:
            return np.zeros(len(self.labels), dtype=bool)
        return np.asarray((good == good[0]).all(axis=0) & (good[0] != self.labels))

    @functools.cached_property
    def relabelled(self) -> Labels:
        """The test labels, those suspected replaced by what the better half says."""
        return np.where(self.suspected, self.said[0], self.labels) if self.n_models else self.labels

    @functools.cached_property
    def spread(self) -> Mask:
        """The test images whose votes are spread over three classes or more, none of which has more than half of the models."""
        names = (self.votes > 0).sum(axis=1)
        return np.asarray((names >= FEWEST_NAMES) & (2 * self.votes.max(axis=1, initial=0) <= self.n_models))

    def divided(self, first: int, second: int) -> Labels:
        """Return the images of two classes that divide the models between these two names, the most evenly divided first.

        Every model says one of the two, and each name has a third of the models or more. Equals go by their numbers.
        """
        votes = self.votes[:, [first, second]]
        least = votes.min(axis=1)
        own = (self.labels == first) | (self.labels == second)
        found = np.flatnonzero(own & (votes.sum(axis=1) == self.n_models) & (LEAST_SHARE * least >= self.n_models))
        return found[np.argsort(-least[found], kind="stable")] if self.n_models else found[:0]

    def corrected(self, place: int) -> Corrected:
        """Return what the accuracy of the model at a place of the leaderboard would be if all suspected labels were wrong.

        Circular: the better half misses every suspected image by definition, so that both figures are upper bounds for its models.
        """
        right, left = self.said[place] == self.labels, ~self.suspected
        return Corrected(
            measured=float(right.mean()),
            dropped=float(right[left].mean()) if left.any() else None,
            relabelled=float((self.said[place] == self.relabelled).mean()),
        )


def agreement(stored: Results) -> Agreement:
    """Return what the ranked models of these results say together."""
    board = stored.leaderboard()
    said = [model.predictions for model in board]
    empty = np.zeros((0, len(stored.test_labels)), dtype=np.int64)
    return Agreement(stored.test_labels, np.array(said) if said else empty, len(stored.dataset["classes"]))
