"""A model's page: metrics, curves, mistakes, and how it was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.compare.leaderboard import Leaderboard, Row
from benchmark.compare.sentences import distance
from benchmark.publish.cells import leading
from benchmark.publish.chart import Chart
from benchmark.publish.charts import confusion, curves, search
from benchmark.publish.gallery import Tile
from benchmark.publish.pages.cite import badge_markdown, model_citation
from benchmark.publish.pages.growth import GrowthSection, growth_section
from benchmark.publish.pages.looks import Look, look
from benchmark.publish.site import Release, Site
from benchmark.results import METRICS, Edge, ModelResult, Run, Search
from benchmark.results.numbers import (
    NOTHING,
    class_words,
    convergence_words,
    duration,
    interval,
    listed,
    megabytes,
    metric_text,
    percent,
    points,
    points_interval,
    three_digits,
)

N_HARDEST = 20
TITLES = {"accuracy": "Accuracy, test", "cv_accuracy": "Accuracy, cross-validated"}
METHODS = {"resubstitution": "in sample", "leave-one-out": "leave-one-out"}


@dataclass(frozen=True)
class ConfidentMistake:
    """A test image taken for another class, and by which margin."""

    index: int
    true: str
    predicted: str
    margin: str
    tile: Tile


@dataclass(frozen=True)
class HardClass:
    """A class of low recall, its name inside a sentence, and the class that most of its images are taken for."""

    words: str
    slug: str
    recall: str
    taken_for: str
    share: str


@dataclass(frozen=True)
class ModelPage:
    """The page's content; a baseline has no rank, no curves and no mistakes, a model on decision values no reliability."""

    title: str
    name: str
    note: str
    failed: str
    unconverged: str
    baseline: bool
    rank: str
    versus: str
    seeds: str
    numbers: list[tuple[str, str]]
    hard: list[HardClass]
    confusion: Chart
    classes: Chart
    mistakes: list[ConfidentMistake]
    looks: list[Look]
    roc: Chart | None
    precision_recall: Chart | None
    reliability: Chart | None
    params: list[tuple[str, str]]
    edges: list[str]
    search: Chart | None
    grid_search: Search
    learning: Chart | None
    growth: GrowthSection | None
    model_shape: str
    released: Release | None
    pipeline: str
    downloads: list[str]
    citation: str
    badge: str


def model_page(site: Site, model: ModelResult) -> ModelPage:
    """Return what a model's page shows; a baseline has no curves and no mistakes."""
    order, row = site.order, site.board.row(model.name)
    leader = site.stored.model(site.board.ranked[0].name) if site.board.ranked else model
    baseline = model.entry["baseline"]  # it has no curves or mistakes worth a look
    found = model.metrics["search"]
    return ModelPage(
        title=model.metrics["title"],
        name=model.name,
        note=model.entry["note"],
        failed=_failed(site, model),
        unconverged=_unconverged(model),
        baseline=baseline,
        rank=_rank(site.board, row),
        versus=_versus(site.board, row),
        seeds=_seeds(model),
        numbers=_score_numbers(model) + _cost_numbers(model.run, len(found["candidates"])),
        hard=[] if baseline else _hard_classes(site, model),
        confusion=_confusion(site, model),
        classes=confusion.per_class(model, leader, order),
        mistakes=[] if baseline else _mistakes(site, model),
        looks=[] if baseline else [look(site, model, importance) for importance in model.study["importances"]],
        roc=None if baseline else curves.roc(model, order),
        precision_recall=None if baseline else curves.precision_recall(model, order),
        reliability=None if baseline else curves.reliability(model),
        params=[(name, str(value)) for name, value in sorted(found["best_params"].items())],
        edges=[_edge(edge) for edge in found["at_edge"]],
        search=search.search(model),
        grid_search=found,
        learning=None if baseline else search.learning_curve(model, leader),
        growth=None if baseline else growth_section(model),
        model_shape=", ".join(map(str, site.dataset.image_shape)),
        released=site.released.get(model.name),
        pipeline=model.entry["pipeline"],
        downloads=["metrics.json", "curves.json", "study.json", "run.json", "predictions.txt"],
        citation=model_citation(site, model),
        badge=badge_markdown(site, model),
    )


def _confusion(site: Site, model: ModelResult) -> Chart:
    """Return a model's confusion matrix; its cells lead to *Errors*, where no baseline is."""
    chart = confusion.confusion(model, site.order, site.thumbnails)
    ranked = not model.entry["baseline"]
    return leading(chart, model, site.order, f"{site.section}errors/") if ranked else chart


def _failed(site: Site, model: ModelResult) -> str:
    """Return when and how a model failed when it was last tried here, nothing if it did not."""
    failure = site.failures.get(model.name)
    return f"On {failure['at'][:10]}; what this page shows is older. {failure['message']}" if failure else ""


def _unconverged(model: ModelResult) -> str:
    """Return how many convergence warnings there were; nothing where none were given or counted."""
    warned = model.metrics.get("convergence_warnings")
    return convergence_words(warned) if warned else ""


def _mistakes(site: Site, model: ModelResult) -> list[ConfidentMistake]:
    found = model.study["confident_mistakes"][:N_HARDEST]
    tiles = site.gallery.tiles([mistake["index"] for mistake in found])
    return [
        ConfidentMistake(
            index=mistake["index"],
            true=mistake["true"],
            predicted=mistake["predicted"],
            margin=three_digits(mistake["margin"]),
            tile=tiles[mistake["index"]],
        )
        for mistake in found
    ]


def _edge(edge: Edge) -> str:
    return (
        f"{edge['param']} = {edge['value']} lies at the edge of its grid: its last step gained {points(edge['gain'])} points, "
        f"where the folds differ by {points(edge['fold_sd'])} (standard deviation)"
    )


def _score_numbers(model: ModelResult) -> list[tuple[str, str]]:
    """Return the table's rows on how well the model does: every metric that applies to it, costs aside."""
    few = model.metrics["distinct_scores"]
    notes = {"macro_auc": f", of only {few} distinct score{'s' if few > 1 else ''}"} if few else {}
    titles = TITLES | {"train_accuracy": f"Accuracy, {METHODS[model.metrics['train']['method']]}"}
    return [
        (titles.get(metric.name, metric.title), text + notes.get(metric.name, ""))
        for metric in METRICS
        if metric.document == "metrics.json" and (text := metric_text(metric, model)) != NOTHING
    ]


def _cost_numbers(run: Run, n_candidates: int) -> list[tuple[str, str]]:
    """Return the table's rows on time, memory and size."""
    seconds = run["seconds"]
    candidates = f"{n_candidates} candidate{'' if n_candidates == 1 else 's'}"
    many = f"{duration(seconds['predict_many'])} for {run['n_predict_many']:,} images"
    return [
        ("Fit", f"{duration(seconds['fit'])} ({duration(seconds['fit_cpu'])} of CPU)"),
        ("Search", f"{duration(seconds['search'])} in all, {candidates}"),
        ("Predict", f"{many}, {duration(seconds['predict_one'])} for one"),
        ("Peak memory", f"{run['peak_memory_bytes'] / 1e6:,.0f} MB"),
        ("Pickle", megabytes(run["pickle"]["bytes"])),
    ]


def _versus(board: Leaderboard, row: Row) -> str:
    """Return how far a model is from the leader, or the leader from the next, and whether that is a real difference."""
    rivalry = board.rivalry(row)
    if rivalry is None:
        return ""
    found = rivalry.pair.test
    gap = found.swapped() if found.difference < 0 else found  # of the one that is ahead
    return (
        f"{distance(found.difference)} {rivalry.rival.title} "
        f"(paired 95 % interval {points_interval(gap.low, gap.high)}): {rivalry.pair.verdict}"
    )


def _rank(board: Leaderboard, row: Row) -> str:
    """Return the place and the rank interval of a contestant in a sentence, nothing for a reference."""
    if not row.rank:
        return ""
    if len(board.ranked) == 1:
        return "The only ranked model."
    _, best, worst = row.rank
    equals = [other for other in board.ranked if other.accuracy["value"] == row.accuracy["value"]]
    place = min(other.rank.place for other in equals if other.rank)
    others = listed([other.title for other in equals if other is not row])
    shared = f", shared with {others}" if others else ""
    if best == worst and not others:
        return f"Ranked {best} of {len(board.ranked)}."
    share = f"{best}" if best == worst else f"{best} to {worst}"
    return f"Ranked {share} of {len(board.ranked)} (by accuracy alone, place {place}{shared})."


def _seeds(model: ModelResult) -> str:
    seeds = model.metrics["seeds"]
    if seeds is None:
        return ""
    values = ", ".join(percent(value, 2) for value in seeds["accuracy"]["values"])
    return (
        f"With {seeds['n']} random states, the first of them that of this page, it scores {values}: "
        f"standard deviation {points(seeds['accuracy']['sd'])} points."
    )


def _hard_classes(site: Site, model: ModelResult) -> list[HardClass]:
    """Return the three classes with the lowest recall, of those of which an image is missed."""
    found = {name: model.metrics["test"]["per_class"][name]["recall"]["value"] for name in site.order}
    recalls = {name: recall for name, recall in found.items() if recall is not None and recall < 1}
    hardest = sorted(recalls, key=lambda name: recalls[name])[:3]
    return [_hard_class(model, name, site.addresses[name]) for name in hardest]


def _hard_class(model: ModelResult, name: str, address: str) -> HardClass:
    classes = model.metrics["dataset"]["classes"]
    label = classes.index(name)
    row = list(model.metrics["test"]["confusion"][label])
    support, row[label] = max(1, sum(row)), -1
    other = int(np.argmax(row))
    return HardClass(
        words=class_words(name),
        slug=address,
        recall=interval(model.metrics["test"]["per_class"][name]["recall"]),
        taken_for=class_words(classes[other]),
        share=percent(row[other] / support),
    )
