"""Three readings of why a class is hard, each with the images that speak for it: two classes in one image, label errors, resolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.compare.agreement import WITNESSES
from benchmark.publish.charts.hardest import Neighbour
from benchmark.publish.gallery import Tile
from benchmark.publish.site import Site
from benchmark.results.numbers import class_words, images, percent

N_SHOWN = 12  # pictures of a reading
N_NAMES = 3  # that a picture's votes are told of

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Voted:
    """A test image, what most models take it for, "" where that is its label, and how many models say what."""

    index: int
    tile: Tile
    truth: str
    said: str
    votes: str


@dataclass(frozen=True)
class Reading:
    """A heading, what the results say, and the first of the images that it is about."""

    title: str
    told: str
    items: list[Voted]


def unsolved(site: Site, label: int) -> Reading | None:
    """Return the images of a class that no model gets right, those apart whose label is suspected; None where there is none.

    A single model gets nothing right that it misses, so there it says nothing.
    """
    found = site.agreement
    own = np.flatnonzero(found.unsolved & (found.labels == label))
    others = own[~found.suspected[own]]
    if not len(own) or found.n_models == 1:
        return None
    many, n_suspected = len(own), len(own) - len(others)
    told = f"{'This is' if many == 1 else 'These are'} {_some(many, int((found.labels == label).sum()))}."
    if n_suspected:
        who = (
            "Its label is"
            if many == 1
            else "The labels of all of them are"
            if n_suspected == many
            else f"The labels of {n_suspected:,} of them are"
        )
        told += f" {who} suspected, as told below, because the models agree against {'it' if many == 1 else 'them'}."
    if n_suspected and len(others):
        told += f" Here {_the_others(len(others))}."
    elif not n_suspected:
        told += _first(many)
    return Reading("Images that no model gets right", told, _voted(site, others))


def _the_others(n: int) -> str:
    if n == 1:
        return "is the other one"
    return f"are the first {N_SHOWN} of the other {n:,}" if n > N_SHOWN else f"are the other {n:,}"


def two_classes(site: Site, label: int, near: Neighbour) -> Reading:
    """Return the reading that an image shows two classes: those that divide the models between a class and its neighbour."""
    found, classes = site.agreement, site.stored.dataset["classes"]
    other, words, partner = classes.index(near.name), class_words(classes[label]), class_words(near.name)
    n, n_other = (int((found.labels == each).sum()) for each in (label, other))
    who = "The only ranked model takes" if found.n_models == 1 else "On average a model takes"
    back = f" and {_number(near.won)} of {n_other:,} the other way" if n_other else ""
    told = f"{who} {_number(near.lost)} of {images(n)} of {words} for {partner}{back}."
    divided = found.divided(label, other)
    own = int((found.labels[divided] == label).sum())
    if len(divided):
        told += (
            f" {images(own) if own else 'No image'} of {words} and {len(divided) - own or 'none'} of {partner} divide the models: every model "
            "says one of the two, and each gets at least a third of the votes. Such an image may be both, and has one label."
        )
    elif found.n_models > 1:
        told += " No image divides the models evenly between these two alone."
    return Reading(
        "Two classes in one image", f"{told}{_first(len(divided), 'most evenly divided')}", _voted(site, divided)
    )


def label_errors(site: Site, label: int) -> Reading:
    """Return the reading that labels are wrong: the images of a class that the better half takes for one and the same other class."""
    found, words = site.agreement, class_words(site.stored.dataset["classes"][label])
    own = found.labels == label
    suspects = np.flatnonzero(found.suspected & own)
    title = "Label errors"
    if found.n_good < WITNESSES:
        return Reading(
            title, "Here one model is the better half of the leaderboard, and a single model is no witness.", []
        )
    agreed = found.votes[suspects, found.relabelled[suspects]]
    suspects = suspects[np.argsort(-agreed, kind="stable")]
    better = "Both models" if found.n_good == WITNESSES else f"All {found.n_good} models"
    into, total = int((found.suspected & (found.relabelled == label)).sum()), int(found.suspected.sum())
    if not total:
        return Reading(
            title,
            f"No label is suspected: on no test image do {better[0].lower()}{better[1:]} of the better half agree against it.",
            [],
        )
    told = (
        f"{better} of the better half of the leaderboard take {_some(len(suspects), int(own.sum()))} for one and the same other class, "
        f"and {_images(into)} of other classes for {words}; of all {len(own):,} test images {total:,} {'is' if total == 1 else 'are'} "
        "suspected so. That is an estimate by agreement and proves nothing: models that learn from the same labels share mistakes."
    )
    return Reading(title, f"{told}{_first(len(suspects), 'that most models agree on')}", _voted(site, suspects))


def resolution(site: Site, label: int) -> Reading:
    """Return the reading that pixels do not tell: the images of a class whose votes are spread, those that disagree most first."""
    found = site.agreement
    own = found.labels == label
    spread = np.flatnonzero(found.spread & own)
    spread = spread[np.lexsort((-(found.votes[spread] > 0).sum(axis=1), found.votes[spread].max(axis=1, initial=0)))]
    height, width = site.dataset.test_images.shape[1:]
    every = int(found.spread.sum())
    told = (
        f"The votes on {_some(len(spread), int(own.sum()))} are spread over three classes or more, none of which has more than half; of "
        f"all {len(own):,} test images that is so on {every:,} ({percent(every / len(own))})."
    )
    if not every:
        told = "No test image has its votes spread over three classes or more, none of which has more than half."
    if len(spread):
        told += f" {height} × {width} pixels may not show what tells the classes apart. That is a reading, not a finding: larger images would test it."
    return Reading("Resolution", f"{told}{_first(len(spread), 'with most disagreement')}", _voted(site, spread))


def _voted(site: Site, indices: Indices) -> list[Voted]:
    """Return the first of these test images with their pictures and what the models say of them."""
    stored, votes, first = site.stored, site.agreement.votes, [int(i) for i in indices[:N_SHOWN]]
    classes, tiles = stored.dataset["classes"], site.gallery.tiles(first)
    return [
        Voted(
            index=i,
            tile=tiles[i],
            truth=classes[stored.test_labels[i]],
            said=_said(votes[i], int(stored.test_labels[i]), classes),
            votes=_votes(votes[i], classes),
        )
        for i in first
    ]


def _said(votes: Indices, label: int, classes: Sequence[str]) -> str:
    """Return the class with most votes, "" where the label has as many."""
    return "" if votes[label] == votes.max() else classes[int(votes.argmax())]


def _votes(votes: Indices, classes: Sequence[str]) -> str:
    """Return what the models say of an image, most votes first: "Coat (5), Shirt (4), Dress (1), others (1)"."""
    order = [int(label) for label in np.argsort(-votes, kind="stable") if votes[label]]
    others = int(votes[order[N_NAMES:]].sum())
    told = [f"{classes[label]} ({votes[label]})" for label in order[:N_NAMES]]
    return ", ".join(told + ([f"others ({others})"] if others else []))


def _some(many: int, n: int) -> str:
    """Return how many of a class's test images: "none of its test images", "67 of its 1,000 test images (6.7 %)"."""
    if not many:
        return "none of its test images"
    return "its only test image" if n == 1 else f"{many:,} of its {n:,} test images ({percent(many / n)})"


def _first(n: int, which: str = "") -> str:
    """Return which of `n` images are shown where not all are."""
    return f" The {f'{N_SHOWN} {which}' if which else f'first {N_SHOWN}'} are shown." if n > N_SHOWN else ""


def _images(number: int) -> str:
    return images(number) if number else "no image"


def _number(mean: float) -> str:
    """Return a mean number of images, without decimals where it is whole."""
    return f"{mean:,.0f}" if mean == int(mean) else f"{mean:,.1f}"
