"""The page *Hardest class*: which model finds it, whom it is confused with, which images none gets right, and why that may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.compare.agreement import Agreement
from benchmark.compare.hard_classes import hard_classes
from benchmark.publish.cells import missed_by
from benchmark.publish.chart import Chart, value_or_zero
from benchmark.publish.charts.hardest import class_scores, confused_with, neighbours
from benchmark.publish.pages.readings import Reading, label_errors, resolution, two_classes, unsolved
from benchmark.publish.site import Site
from benchmark.results import ModelResult
from benchmark.results.numbers import NOTHING, class_words, classes_words, interval, percent, percent_range, points


@dataclass(frozen=True)
class Finder:
    """The model that finds most of the class, its page, and the sentence about it: before its recall, and after."""

    title: str
    name: str
    finds: str
    recall: str
    of: str


@dataclass(frozen=True)
class Table:
    """What a table says, and its cells as text; `told` stands above it."""

    told: str
    header: list[str]
    rows: list[tuple[str, ...]]


@dataclass(frozen=True)
class Hardest:
    """What is found of the hardest class; `correction` is None where no label is suspected, `unsolved` where no image is missed by all."""

    name: str
    slug: str
    finder: Finder
    missed: str
    missed_by_all: str  # in the address of Errors
    everywhere: str
    rule: str
    scores: Chart
    confusions: Chart
    unsolved: Reading | None
    readings: list[Reading]
    correction: Table | None
    classes: Table


@dataclass(frozen=True)
class HardestPage:
    """The page's content; `hard` is None where no model is ranked or none makes an error."""

    n_models: int
    hard: Hardest | None


def hardest_page(site: Site) -> HardestPage:
    """Return what the page shows."""
    return HardestPage(site.agreement.n_models, _hardest(site) if site.hardest else None)


def _hardest(site: Site) -> Hardest:
    stored, found, name = site.stored, site.agreement, site.hardest
    label = stored.dataset["classes"].index(name)
    near = neighbours(stored, name)
    return Hardest(
        name=name,
        slug=site.addresses[name],
        finder=_finder(stored.leaderboard(), name),
        missed=_missed(found, found.labels == label),
        missed_by_all=missed_by(name, found.n_models),
        everywhere=_everywhere(found, found.labels == label, name),
        rule=_rule(site),
        scores=class_scores(stored, name),
        confusions=confused_with(stored, name, near),
        unsolved=unsolved(site, label),
        readings=[two_classes(site, label, near[0]), label_errors(site, label), resolution(site, label)],
        correction=_correction(site) if found.suspected.any() else None,
        classes=_classes(site),
    )


# ----------------------------------------------------------------------------------------------------- the answer on top
def _finder(board: Sequence[ModelResult], name: str) -> Finder:
    """Return the model with the highest recall of a class, of equals the one with the highest F1, then the more accurate."""
    figures = [model.metrics["test"]["per_class"][name] for model in board]
    recalls = [value_or_zero(found["recall"]) for found in figures]
    best = max(range(len(board)), key=lambda place: (recalls[place], value_or_zero(figures[place]["f1"])))
    own, words, n = figures[best], class_words(name), f"{figures[best]['support']:,}"
    finds = f"finds more of the test images of {words} than any other model:"
    if recalls.count(recalls[best]) > 1:
        finds = f"finds as many of the test images of {words} as any other model:"
    if len(board) == 1:
        finds, n = "finds", f"{n} test image{'' if own['support'] == 1 else 's'} of {words}"
    span = percent_range(own["recall"])
    return Finder(
        title=board[best].metrics["title"],
        name=board[best].name,
        finds=finds,
        recall=percent(own["recall"]["value"]),
        of=f"of {n}{f' (95 % interval {span})' if span else ''}, with an F1 of {interval(own['f1'])}.",
    )


def _missed(found: Agreement, own: NDArray[np.bool_]) -> str:
    """Return how many images of a class no model gets right, and on how many of these all say the same, in a sentence."""
    n, many, same = (int(mask.sum()) for mask in (own, found.unsolved & own, found.same_wrong & own))
    if found.n_models == 1:
        return f"It misses {many:,}." if many else "It misses none of them, but takes other images for them."
    if not many:
        return f"At least one model gets {'it' if n == 1 else 'each of them'} right."
    who = "It is" if n == 1 else f"{many:,} of them {_is(many)}"
    return f"{who} missed by {_all(found)}, {_same(many, same)}."


def _everywhere(found: Agreement, own: NDArray[np.bool_], name: str) -> str:
    """Return the same for all test images, and how many of these are of the class, in a sentence; "" where there is none."""
    many, ours, same = (int(mask.sum()) for mask in (found.unsolved, found.unsolved & own, found.same_wrong))
    if not many:
        return ""
    alone = found.n_models == 1
    missed = f"it misses {many:,}" if alone else f"{many:,} {_is(many)} missed by {_all(found)}, {_same(many, same)}"
    return f"Of all {len(own):,} test images {missed}; {ours:,} of the {many:,} ({percent(ours / many)}) {_is(ours)} labelled {name}."


def _same(many: int, same: int) -> str:
    """Return on how many of the images that all models miss they agree."""
    if many == 1:
        return "with one and the same wrong label" if same else "with different wrong labels"
    return f"{'none' if not same else 'each' if same == many else f'{same:,}'} with one and the same wrong label"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _all(found: Agreement) -> str:
    return "both models" if found.n_models == 2 else f"all {found.n_models} models"  # noqa: PLR2004


def _rule(site: Site) -> str:
    """Return why it is this class, and which one comes next or is as hard, in a sentence."""
    first, *others = hard_classes(site.stored)
    alone = site.agreement.n_models == 1
    lowest = f"the lowest {'F1' if alone else 'median F1 over the ranked models'}, {percent(first.median)}"
    equals = [first.name, *(other.name for other in others if other[1:] == first[1:])]
    words = classes_words(equals, first=True)
    if len(equals) > 1:
        return f"{words} have {lowest}; of equals, this page is about the first."
    then = f"; next comes {class_words(others[0].name)} with {percent(others[0].median)}" if others else ""
    return f"{words} is the class with {lowest}{then}."


# ------------------------------------------------------------------------------------------------------------ the tables
def _correction(site: Site) -> Table:
    """Return what the accuracies would be if all suspected labels were wrong, and what that is worth."""
    found, board = site.agreement, site.stored.leaderboard()
    corrected = [found.corrected(place) for place in range(len(board))]
    gains = [item.gain for item in corrected]
    others = [points(gain(gains[found.n_good :])) for gain in (min, max)]
    span = others[0] if others[0] == others[1] else f"{others[0]} to {others[1]}"
    n = int(found.suspected.sum())
    whole = (
        "the only suspected label of all classes were" if n == 1 else f"all {n:,} suspected labels of all classes were"
    )
    return Table(
        told=(
            f"The table shows what accuracy would be if {whole} wrong and every other label right. This is circular: models that agree decide what "
            f"counts as an error. The {found.n_good} of the better half miss every suspect by definition, so that relabelling adds "
            f"{points(gains[0])} points to each of them whatever is right; to the others it adds {span}. For the better half both figures "
            "are upper bounds, and flatter it. They have no intervals: what is uncertain is which labels are wrong."
        ),
        header=["model", "as measured", "suspects dropped", "suspects relabelled", "change, points"],
        rows=[
            (
                model.metrics["title"],
                interval(model.metrics["test"]["accuracy"], 2),
                percent(item.dropped, 2),
                percent(item.relabelled, 2),
                points(item.gain, "+"),
            )
            for model, item in zip(board, corrected, strict=True)
        ],
    )


def _classes(site: Site) -> Table:
    """Return the same counts for every class, the hardest first, those without test images last."""
    stored, found = site.stored, site.agreement
    scores = {score.name: percent(score.median) for score in hard_classes(stored)}
    names = [*scores, *(name for name in stored.dataset["classes"] if name not in scores)]
    alone = found.n_models == 1
    masks = [found.unsolved, found.same_wrong, found.suspected, found.spread]
    rows = []
    for name in names:
        own = found.labels == stored.dataset["classes"].index(name)
        counts = [f"{int((mask & own).sum()):,}" for mask in masks]
        rows.append((name, scores.get(name, NOTHING), f"{int(own.sum()):,}", *counts[: 1 if alone else None]))
    told = (
        "Test images that the only ranked model misses."
        if alone
        else (
            "Test images that no model gets right, those of them that all give the same wrong label, those whose label is suspected, and those "
            "whose votes are spread over three classes or more, none with more than half of the models."
        )
    )
    several = ["missed by all", "with one wrong label", "label suspected", "votes spread"]
    header = ["class", "F1" if alone else "median F1", "test images", *(["missed"] if alone else several)]
    return Table(told, header, rows)
