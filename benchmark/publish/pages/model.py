"""A model's page: metrics, curves, mistakes, and how it was chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.compare.leaderboard import Leaderboard, Row, noise_verdict
from benchmark.layout import slug
from benchmark.publish.chart import Chart
from benchmark.publish.charts import confusion, curves, search
from benchmark.publish.gallery import Tile
from benchmark.publish.pages.growth import GrowthSection, growth_section
from benchmark.publish.pages.looks import Look, look
from benchmark.publish.site import Release, Site
from benchmark.results import METRICS, Edge, ModelResult, Run, Search
from benchmark.results.numbers import (
    NOTHING,
    convergence_words,
    duration,
    interval,
    megabytes,
    metric_text,
    percent,
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
    """A class of low recall, and the class that most of its images are taken for."""

    name: str
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
        hard=[] if baseline else _hard_classes(model, order),
        confusion=confusion.confusion(model, order, site.thumbnails),
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
    )


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
        f"{edge['param']} = {edge['value']} lies at the edge of its grid: its last step gained {100 * edge['gain']:.2f} points, "
        f"where the folds differ by {100 * edge['fold_sd']:.2f} (standard deviation)"
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
    """Return how far a model is from the leader, or the leader from the next, and whether that is more than noise."""
    if row.behind:
        rival, gap, place = board.ranked[0], row.behind, "behind"
    elif row.rank and len(board.ranked) > 1:
        rival, gap, place = board.ranked[1], board.pairs[0, 1].test, "ahead of"
    else:
        return ""
    p, words = gap.p, ""
    if row.rank:
        p, words = board.pairs[0, max(1, row.rank.place - 1)].p_adjusted, "Holm over all pairs: "
    return (
        f"{abs(100 * gap.difference):.2f} points {place} {rival.title} "
        f"(paired 95 % interval {points_interval(gap.low, gap.high)}): {noise_verdict(p, words)}"
    )


def _rank(board: Leaderboard, row: Row) -> str:
    """Return the place and the rank interval of a contestant in a sentence, nothing for a reference."""
    if not row.rank:
        return ""
    place, best, worst = row.rank
    share = f"{best}" if best == worst else f"anything from {best} to {worst}"
    return f"Place {place} of {len(board.ranked)} by accuracy; by all pairwise tests its rank is {share}."


def _seeds(model: ModelResult) -> str:
    seeds = model.metrics["seeds"]
    if seeds is None:
        return ""
    values = ", ".join(percent(value, 2) for value in seeds["accuracy"]["values"])
    return (
        f"With {seeds['n']} random states, the first of them that of this page, it scores {values}: "
        f"standard deviation {100 * seeds['accuracy']['sd']:.2f} points."
    )


def _hard_classes(model: ModelResult, order: list[str]) -> list[HardClass]:
    """Return the three classes with the lowest recall."""
    per_class = model.metrics["test"]["per_class"]
    return [
        _hard_class(model, n) for n in sorted(order, key=lambda name: per_class[name]["recall"]["value"] or 0.0)[:3]
    ]


def _hard_class(model: ModelResult, name: str) -> HardClass:
    classes = model.metrics["dataset"]["classes"]
    label = classes.index(name)
    row = list(model.metrics["test"]["confusion"][label])
    support, row[label] = max(1, sum(row)), -1
    other = int(np.argmax(row))
    return HardClass(
        name=name,
        slug=slug(name),
        recall=interval(model.metrics["test"]["per_class"][name]["recall"]),
        taken_for=classes[other],
        share=percent(row[other] / support),
    )
