"""Pages: from results and the data set's images to Markdown, through the templates, which format and loop, no more."""

from __future__ import annotations

import base64
import dataclasses
import functools
import inspect
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmark import figures, results
from benchmark.cache import Cache
from benchmark.changes import Past, changes_page, history_page
from benchmark.dataset import Dataset
from benchmark.diff import LEVEL, Comparison
from benchmark.explorer import Explorer
from benchmark.figures import Figure, interval, percent, three_digits
from benchmark.gallery import Gallery, Tile, png, with_sizes
from benchmark.history import History
from benchmark.leaderboard import format_p, hardest_class, paired_models
from benchmark.results import (
    CLASS_METRICS,
    METRICS,
    DatasetStudy,
    Importance,
    Metric,
    ModelResult,
    Published,
    Results,
    slug,
)
from benchmark.statistics import RankTable, equal_count_bins, f1_intervals, mcnemar_midp, ranks

__all__ = ["Site", "render"]

N_SAMPLES = 20
FEW_GREYS = 0xF0  # 16 of them do for an ornament, in half of the bytes
N_ROW = 10  # of them, in the row of a class on the data set's page
N_HARDEST = 20
N_SUSPECTED = 12
N_TWINS = 8
DISCORDANT = 16  # where the mid-p test is furthest from its level


@dataclass
class Site:
    """What is written: text and bytes by path below the docs folder, and the navigation."""

    stored: Results
    dataset: Dataset
    study: DatasetStudy | None
    templates: Path
    past: Past
    published: Published | None = None
    draw: Callable[[list[Figure]], dict[str, bytes]] = lambda _: {}
    cache: Cache | None = None
    say: Callable[[str], str] = str
    files: dict[str, bytes] = field(default_factory=dict)
    nav: list[Any] = field(default_factory=list)
    released: dict[str, dict[str, str]] = field(default_factory=dict)  # a release's pickles, by model

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
        """Folder of the data set's pages."""
        return self.stored.dataset["name"]

    @property
    def order(self) -> list[str]:
        """Class names with families together."""
        grouped = [name for names in self.dataset.entry.families.values() for name in names]
        classes = self.stored.dataset["classes"]
        return [name for name in grouped if name in classes] + [name for name in classes if name not in grouped]

    @functools.cached_property
    def thumbnails(self) -> dict[str, str]:
        """The first training image of each class as a data address, for the axes of a matrix."""
        images = dict(zip(self.order, _one_of_each(self), strict=True))
        return {
            name: f"data:image/png;base64,{base64.b64encode(png(image, 1)).decode()}" for name, image in images.items()
        }

    @functools.cached_property
    def means(self) -> dict[str, NDArray[np.float64]]:
        """The mean training image of each class, each of shape (height, width)."""
        images, labels = self.dataset.train_images, self.dataset.train_labels
        return {name: images[labels == label].mean(axis=0) for label, name in enumerate(self.stored.dataset["classes"])}

    @functools.cached_property
    def ranks(self) -> RankTable:
        """Rank intervals of the leaderboard, in its order."""
        return ranks(np.array([self.stored.correct(model) for model in self.stored.leaderboard()]))


def render(site: Site) -> None:
    """Fill `site` with every page, figure, picture and download."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(site.templates),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": percent, "interval": interval, "slug": slug}
    page, write = _writer(site, environment)
    _downloads(site)
    page("index.md", "home.md", **_home(site))
    for model in site.stored.models:
        page(f"{site.section}/models/{model.name}.md", "model.md", **_model(site, model))
    for name in site.order:
        page(f"{site.section}/classes/{slug(name)}.md", "class.md", **_class(site, name))
    page(f"{site.section}/data.md", "data.md", **_data(site))
    explorer = Explorer(site.stored, site.gallery, site.order, site.ranks if site.stored.contestants else None)
    site.files[f"{site.section}/explorer.json"] = explorer.data()
    page(f"{site.section}/errors.md", "errors.md", **explorer.errors_page())
    page(f"{site.section}/compare.md", "compare.md", **explorer.compare_page())
    page(f"{site.section}/changes.md", "changes.md", **changes_page(site.gallery, site.past, site.stored, site.order))
    page(f"{site.section}/history.md", "history.md", **history_page(site.past, site.stored))
    page("methods.md", "methods.md", **_methods(site))
    write()
    site.nav = [
        {"Leaderboard": "index.md"},
        {"Models": [{m.metrics["title"]: f"{site.section}/models/{m.name}.md"} for m in _listed(site.stored)]},
        {"Classes": [{name: f"{site.section}/classes/{slug(name)}.md"} for name in site.order]},
        {"Errors": f"{site.section}/errors.md"},
        {"Compare": f"{site.section}/compare.md"},
        {"Data set": f"{site.section}/data.md"},
        {"Changes": [{"Changes": f"{site.section}/changes.md"}, {"History": f"{site.section}/history.md"}]},
        {"Methods": "methods.md"},
    ]


def _writer(site: Site, environment: jinja2.Environment) -> tuple[Any, Callable[[], None]]:
    """Return what gathers a page, and what writes them all: charts are drawn together, before the pages that show them."""
    gathered: list[tuple[str, str, dict[str, Any]]] = []
    charts: dict[str, Figure] = {}

    def page(path: str, template: str, **context: Any) -> None:
        base = "../" * (path.count("/") + (0 if path == "index.md" else 1)) or "./"
        shared = {"base": base, "section": site.section, "dataset": site.dataset.entry, "info": site.stored.dataset}
        charts.update({figure.name: figure for figure in _figures_in(context)})
        gathered.append((path, template, shared | context))

    def write() -> None:
        for figure in charts.values():
            text = json.dumps(figure.spec, separators=(",", ":"), allow_nan=False)
            site.files[f"figures/{figure.name}.json"] = text.encode()
        pictures = site.draw(list(charts.values()))
        site.files |= pictures
        environment.globals["pictures"] = pictures.keys()
        for path, template, context in gathered:
            text = environment.get_template(template).render(**context)
            text = site.say(text).replace(" %", "\u00a0%")  # a number keeps its unit on the line
            site.files[path] = with_sizes(text, site.files).encode()

    return page, write


def _figures_in(context: dict[str, Any]) -> list[Figure]:
    found = []
    for value in context.values():
        found += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Figure)]
    return found


def _listed(stored: Results) -> list[ModelResult]:
    return stored.leaderboard() + stored.baselines


# --------------------------------------------------------------------------------------------------------------- home
def _home(site: Site) -> dict[str, Any]:
    stored = site.stored
    board = stored.leaderboard()
    rank_table = site.ranks if board else None
    rows = [_board_row(stored, model, i, rank_table) for i, model in enumerate(board)]
    farthest = max((row["gap_high"] for row in rows), default=0.0)
    rows += [_board_row(stored, model, None, None) for model in stored.baselines]
    for row in rows:
        row["drawn"] = _drawn_gap(row, farthest)
    by_name = {metric.name: metric for metric in METRICS}
    recalls = (
        {
            name: float(
                np.mean([m.metrics["test"]["per_class"][name]["recall"]["value"] or 0.0 for m in stored.contestants])
            )
            for name in site.order
        }
        if board
        else {}
    )
    return {
        "hero": _hero(stored, rank_table),
        "strip": site.gallery.sheet("home-strip", _one_of_each(site) & FEW_GREYS, columns=len(site.order), scale=1),
        "rows": rows,
        "missing": stored.missing,
        "kinds": sorted({m.metrics["scores"] for m in board}),
        "accuracies": figures.accuracies(stored, site.published["results"] if site.published else [])
        if board
        else None,
        "costs": [
            figures.cost(stored, by_name["fit_seconds"], 1, "s"),
            figures.cost(stored, by_name["predict_seconds"], 1e6, f"µs an image of {board[0].run['n_predict_many']:,}"),
            figures.cost(stored, by_name["pickle_bytes"], 1e-6, "MB"),
        ]
        if board
        else [],
        "recalls": figures.class_panels(stored, site.order) if board else None,
        "hardest": sorted(recalls, key=lambda name: recalls[name])[:3],
        "hardest_recalls": {name: percent(value) for name, value in recalls.items()},
        "profile": stored.dataset["profile"],
        "circumstances": _circumstances(stored),
    }


def _hero(stored: Results, rank_table: Any) -> dict[str, str] | None:
    board = stored.leaderboard()
    if not board:
        return None
    accuracy = board[0].metrics["test"]["accuracy"]
    hero = {
        "leader": board[0].metrics["title"],
        "name": board[0].name,
        "accuracy": percent(accuracy["value"]),
        "interval": f"{100 * (accuracy['low'] or 0):.1f} to {100 * (accuracy['high'] or 0):.1f} %",
        "second": "",
        "gap": "",
        "verdict": "",
    }
    if len(board) > 1:
        gap = paired_models(stored, board[0], board[1])
        p = float(rank_table.p[0, 1])
        hero |= {
            "second": board[1].metrics["title"],
            "gap": f"{100 * gap.difference:.2f} points (95 % interval {100 * gap.low:.2f} to {100 * gap.high:.2f})",
            "verdict": _verdict(p, "Holm over all pairs: "),
        }
    return hero


def _board_row(stored: Results, model: ModelResult, place: int | None, rank_table: Any) -> dict[str, Any]:
    test, run = model.metrics["test"], model.run
    leader = stored.leaderboard()[0] if stored.contestants else model
    gap = paired_models(stored, leader, model)
    recalls = {name: f["recall"]["value"] or 0.0 for name, f in test["per_class"].items()}
    hardest = hardest_class(model)
    if place is None:
        rank, order = "–", 10**6
    else:
        best, worst, order = int(rank_table.best[place]), int(rank_table.worst[place]), place + 1
        rank = f"{best}" if best == worst else f"{best}–{worst}"
    accuracy = test["accuracy"]["value"] or 0.0
    return {
        "rank": rank,
        "order": order,
        "name": model.name,
        "title": model.metrics["title"],
        "baseline": place is None,
        "accuracy": percent(accuracy, 2),
        "accuracy_sort": accuracy,
        "bar": f"{100 * accuracy:.1f}",
        "interval": f"{100 * (test['accuracy']['low'] or 0):.2f}–{100 * (test['accuracy']['high'] or 0):.2f}",
        "gap": "–" if model is leader else f"{100 * gap.difference:.2f}",
        "gap_sort": gap.difference,
        "gap_low": 0.0 if model is leader else max(0.0, gap.low),
        "gap_high": 0.0 if model is leader else gap.high,
        "gap_interval": "" if model is leader else f"{100 * gap.low:.2f}–{100 * gap.high:.2f}",
        "auc": "–" if test["macro_auc"]["value"] is None else f"{test['macro_auc']['value']:.4f}",
        "auc_sort": test["macro_auc"]["value"] or 0.0,
        "scores": "probabilities" if model.metrics["scores"] == "predict_proba" else "decision values",
        "distinct": model.metrics["distinct_scores"],
        "hardest": hardest,
        "hardest_recall": percent(min(recalls.values())),
        "hardest_sort": min(recalls.values()),
        "fit": _seconds(run["seconds"]["fit"]),
        "fit_sort": run["seconds"]["fit"],
        "predict": _seconds(run["seconds"]["predict_many"] / run["n_predict_many"]),
        "predict_sort": run["seconds"]["predict_many"] / run["n_predict_many"],
        "pickle": f"{run['pickle']['bytes'] / 1e6:.1f} MB",
        "pickle_sort": run["pickle"]["bytes"],
    }


def _drawn_gap(row: dict[str, Any], farthest: float) -> dict[str, str] | None:
    """Return where the paired interval begins, lies and ends on a line of the length `farthest`, in percent of it."""
    if not farthest or row["baseline"] or not row["gap_high"]:
        return None
    return {
        end: f"{100 * row[key] / farthest:.1f}%"
        for end, key in (("low", "gap_low"), ("at", "gap_sort"), ("high", "gap_high"))
    }


def _seconds(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale or unit == "µs":
            return f"{three_digits(seconds / scale)} {unit}"
    return ""


def _circumstances(stored: Results) -> list[tuple[str, str]]:
    runs = [model.run for model in stored.models]
    days = sorted(run["measured_at"][:10] for run in runs)
    return [
        (
            "Machine",
            "; ".join(
                sorted(
                    {
                        f"{r['machine']['cpu']}, {r['machine']['cores']} cores, {r['machine']['memory_bytes'] / 2**30:.0f} GiB, "
                        f"{r['machine']['system']} on {r['machine']['architecture']}"
                        for r in runs
                    }
                )
            ),
        ),
        (
            "Software",
            "; ".join(
                sorted(
                    {
                        f"Python {r['python']}, "
                        + ", ".join(f"{name} {version}" for name, version in r["libraries"].items())
                        for r in runs
                    }
                )
            ),
        ),
        (
            "Commit",
            ", ".join(
                sorted({(r["commit"] or "unknown")[:10] + (" with changes" if r["dirty"] else "") for r in runs})
            ),
        ),
        ("Measured", " to ".join(sorted({days[0], days[-1]}))),
        (
            "Data",
            f"{stored.dataset['n_train']:,} training and {stored.dataset['n_test']:,} test images, "
            f"SHA-256 {stored.dataset['digest'][:16]}…",
        ),
    ]


# -------------------------------------------------------------------------------------------------------------- a model
def _model(site: Site, model: ModelResult) -> dict[str, Any]:
    stored, order = site.stored, site.order
    board = stored.leaderboard()
    leader = board[0] if board else model
    metrics, run = model.metrics, model.run
    reference = model.entry["baseline"]  # it has no curves or mistakes worth a look
    found = metrics["search"]
    mistakes = [] if reference else model.study["confident_mistakes"][:N_HARDEST]
    tiles = site.gallery.tiles([mistake["index"] for mistake in mistakes])
    per_class = metrics["test"]["per_class"]
    hardest = sorted(order, key=lambda name: per_class[name]["recall"]["value"] or 0.0)[:3]
    return {
        "title": metrics["title"],
        "name": model.name,
        "model_shape": ", ".join(map(str, site.dataset.image_shape)),
        "entry": model.entry,
        "metrics": metrics,
        "run": run,
        "figures": _model_figures(model),
        "rank": _rank(site, board, model),
        "versus": _versus(site, model, leader, board),
        "params": [(name, str(value)) for name, value in sorted(found["best_params"].items())],
        "edges": [
            f"{edge['param']} = {edge['value']} lies at the edge of its grid: its last step gained {100 * edge['gain']:.2f} points, "
            f"where the folds differ by {100 * edge['fold_sd']:.2f} (standard deviation)"
            for edge in found["at_edge"]
        ],
        "seeds": _seeds(model),
        "hard": [_hard_class(model, name) for name in hardest] if not reference else [],
        "search_figure": figures.search(model),
        "roc": None if reference else figures.roc(model, order),
        "precision_recall": None if reference else figures.precision_recall(model, order),
        "reliability": None if reference else figures.reliability(model),
        "confusion": figures.confusion(model, order, site.thumbnails),
        "classes": figures.per_class(model, leader, order),
        "learning": None if reference else figures.learning_curve(model, leader),
        "looks": [] if reference else [_look(site, model, importance) for importance in model.study["importances"]],
        "mistakes": [
            {
                **mistake,
                "tile": tiles[mistake["index"]],
                "slug": slug(mistake["true"]),
                "margin": three_digits(mistake["margin"]),
            }
            for mistake in mistakes
        ],
        "released": site.released.get(model.name),
        "downloads": ["metrics.json", "curves.json", "study.json", "run.json", "predictions.txt"],
    }


def _model_figures(model: ModelResult) -> list[tuple[str, str]]:
    test, run = model.metrics["test"], model.run
    auc = test["macro_auc"]
    few = model.metrics["distinct_scores"]
    method = {"resubstitution": "in sample", "leave-one-out": "leave-one-out"}
    rows = [
        ("Accuracy, test", interval(test["accuracy"], 2)),
        ("Accuracy, cross-validated", percent(model.metrics["search"]["best_score"], 2)),
        (
            f"Accuracy, {method[model.metrics['train']['method']]}",
            percent(model.metrics["train"]["accuracy"]["value"], 2),
        ),
        ("Macro F1", interval(test["macro_f1"], 2)),
        (
            "Macro AUC",
            ("–" if auc["value"] is None else f"{auc['value']:.4f}")
            + ("" if auc["low"] is None else f" [{auc['low']:.4f}, {auc['high']:.4f}]")
            + (f", of only {few} distinct score{'s' if few > 1 else ''}" if few else ""),
        ),
    ]
    if test["calibration"]:
        rows += [
            ("Expected calibration error", percent(test["calibration"]["expected_calibration_error"]["value"], 2)),
            ("Brier score", f"{test['calibration']['brier_score']['value']:.4f}"),
        ]
    seconds, n_candidates = run["seconds"], len(model.metrics["search"]["candidates"])
    return [
        *rows,
        ("Fit", f"{_seconds(seconds['fit'])} ({_seconds(seconds['fit_cpu'])} of CPU)"),
        ("Search", f"{_seconds(seconds['search'])} in all, {n_candidates} candidate{'' if n_candidates == 1 else 's'}"),
        (
            "Predict",
            f"{_seconds(seconds['predict_many'])} for {run['n_predict_many']:,} images, {_seconds(seconds['predict_one'])} for one",
        ),
        ("Peak memory", f"{run['peak_memory_bytes'] / 1e6:,.0f} MB"),
        ("Pickle", f"{run['pickle']['bytes'] / 1e6:,.1f} MB"),
    ]


def _versus(site: Site, model: ModelResult, leader: ModelResult, board: list[ModelResult]) -> str:
    """Return how far a model is from the leader, or the leader from the next, and whether that is more than noise."""
    rival = (board[1] if len(board) > 1 else None) if model is leader else leader
    if rival is None:
        return ""
    ahead = model is leader
    gap = paired_models(site.stored, *((model, rival) if ahead else (rival, model)))
    if model in board:
        p, words = float(site.ranks.p[board.index(model), board.index(rival)]), "Holm over all pairs: "
    else:
        p, words = gap.p, ""
    return (
        f"{abs(100 * gap.difference):.2f} points {'ahead of' if ahead else 'behind'} {rival.metrics['title']} "
        f"(paired 95 % interval {100 * gap.low:.2f} to {100 * gap.high:.2f}): {_verdict(p, words)}"
    )


def _verdict(p: float, words: str) -> str:
    """Return whether a difference is more than noise; `words` say how `p` was corrected."""
    return f"{'more than' if p < LEVEL else 'within'} noise (McNemar mid-p, {words}{format_p(p)})"


def _rank(site: Site, board: list[ModelResult], model: ModelResult) -> str:
    """Return the place and the rank interval of a contestant in a sentence, nothing for a reference."""
    if model not in board:
        return ""
    place = board.index(model)
    best, worst = int(site.ranks.best[place]), int(site.ranks.worst[place])
    share = f"{best}" if best == worst else f"anything from {best} to {worst}"
    return f"Place {place + 1} of {len(board)} by accuracy; by all pairwise tests its rank is {share}."


def _seeds(model: ModelResult) -> str:
    seeds = model.metrics["seeds"]
    if seeds is None:
        return ""
    values = ", ".join(percent(value, 2) for value in seeds["accuracy"]["values"])
    return (
        f"With {seeds['n']} random states, the first of them that of this page, it scores {values}: "
        f"standard deviation {100 * seeds['accuracy']['sd']:.2f} points."
    )


def _hard_class(model: ModelResult, name: str) -> dict[str, str]:
    classes = model.metrics["dataset"]["classes"]
    label = classes.index(name)
    row = list(model.metrics["test"]["confusion"][label])
    support, row[label] = max(1, sum(row)), -1
    other = int(np.argmax(row))
    return {
        "name": name,
        "slug": slug(name),
        "recall": interval(model.metrics["test"]["per_class"][name]["recall"]),
        "taken_for": classes[other],
        "share": percent(row[other] / support),
    }


LOOKS = {
    "permutation": (
        "Exchange a block of {block} × {block} pixels between {n} held-out training images: the deeper the colour over the "
        "class's mean, the more of its recall is lost. The classes share one scale, all of them together have their own. One image "
        "of a class is about {point:.1f} points, and each figure is the largest of {n_blocks} blocks."
    ),
    "coefficients": (
        "The coefficients, carried back through the components to the scaled pixels: one colour where light speaks for "
        "the class (orange), the other where it speaks against it (blue); all classes on one scale."
    ),
    "impurity": "How much of the impurity the splits on each pixel remove, over all trees.",
}


def _look(site: Site, model: ModelResult, importance: Importance) -> dict[str, Any]:
    """Return one kind of importance as pictures: for all classes together, then a class each."""
    height, width = site.dataset.image_shape
    names = [name for name in ("all", *site.order) if name in importance["pictures"]]
    rows, columns = importance["shape"]
    weights = np.array([importance["pictures"][name] for name in names]).reshape(-1, rows, columns)
    weights = weights.repeat(importance["block"], axis=1).repeat(importance["block"], axis=2)[:, :height, :width]
    overall = np.mean(list(site.means.values()), axis=0)
    means = np.array([site.means.get(name, overall) for name in names])
    if importance["method"] == "permutation":
        weights = np.maximum(weights, 0)  # what lies below is noise: an exchanged block tells a model nothing
    for part in (slice(0, 1), slice(1, None)) if names[0] == "all" else (slice(None),):  # the classes share a scale
        weights[part] /= max(float(np.abs(weights[part]).max(initial=0)), 1e-9)
    path = site.gallery.overlays(f"{model.name}-{importance['method']}", means, weights)
    items = []
    for place, name in enumerate(names):
        shown = np.array(importance["pictures"][name])
        top = int((shown if importance["method"] == "permutation" else np.abs(shown)).argmax())
        where = f"most at row {top // columns + 1}, column {top % columns + 1} of {rows} by {columns}"
        most = ""
        if importance["method"] == "permutation":
            stands_out = shown[top] > -shown.min()  # a block that tells nothing errs to both sides alike
            most = f"up to {100 * shown[top]:.1f} points" if stands_out else "no block stands out"
            where = where if stands_out else most
        items.append(
            {
                "name": "All classes" if name == "all" else name,
                "x": -4 * width * place,
                "most": most,
                "alt": f"{name}: {where}",
            }
        )
    return {
        "method": importance["method"],
        "words": LOOKS[importance["method"]].format(
            block=importance["block"],
            n=f"{importance['n_images'] or 0:,}",
            point=100 * len(site.order) / (importance["n_images"] or 1),
            n_blocks=rows * columns,
        ),
        "path": path,
        "width": 4 * width,
        "height": 4 * height,
        "items": items,
    }


# ------------------------------------------------------------------------------------------------ a class, the data set
def _class(site: Site, name: str) -> dict[str, Any]:
    stored, dataset = site.stored, site.dataset
    label = stored.dataset["classes"].index(name)
    own = np.flatnonzero(stored.test_labels == label)
    contestants = stored.contestants
    missed = (
        np.sum([~stored.correct(model) for model in contestants], axis=0)
        if contestants
        else np.zeros(len(stored.test_labels))
    )
    hardest = [int(i) for i in own[np.argsort(-missed[own], kind="stable")][:N_HARDEST] if missed[i]]
    tiles = site.gallery.tiles(hardest)
    train = np.flatnonzero(dataset.train_labels == label)[:N_SAMPLES]
    mean = site.means[name]
    suspected = _suspected(stored, own)
    suspected_tiles = site.gallery.tiles([item["index"] for item in suspected[:N_SUSPECTED]])
    unmissed = int((missed[own] == 0).sum())
    return {
        "name": name,
        "n_models": len(contestants),
        "mean": site.gallery.sheet(f"class-{slug(name)}-mean", mean[np.newaxis], columns=1, scale=4),
        "samples": site.gallery.sheet(f"class-{slug(name)}-samples", dataset.train_images[train], columns=10, scale=2),
        "n_samples": len(train),
        "nearest": _nearest_class(site, name),
        "n_suspected": len(suspected),
        "n_good": len(_good(stored)),
        "suspected": [{**item, "tile": suspected_tiles[item["index"]]} for item in suspected[:N_SUSPECTED]],
        "recalls": figures.class_recalls(stored, name) if contestants else None,
        "taken_for": figures.class_confusions(stored, name) if contestants else None,
        "n_images": f"{len(own):,}",
        "n_unmissed": f"{unmissed:,}",
        "n_missed_by_all": f"{int((missed[own] == len(contestants)).sum()):,}",
        "hardest": [
            {
                "index": i,
                "tile": tiles[i],
                "missed": int(missed[i]),
                "called": _called(stored, i),
            }
            for i in hardest
        ],
    }


def _nearest_class(site: Site, name: str) -> dict[str, str]:
    """Return the class whose mean image is nearest, in root mean square of the pixels."""
    apart = {
        other: float(np.sqrt(np.mean((site.means[name] - mean) ** 2)))
        for other, mean in site.means.items()
        if other != name
    }
    nearest, *others = sorted(apart, key=lambda other: apart[other])
    return {
        "name": nearest,
        "slug": slug(nearest),
        "distance": f"{apart[nearest]:.0f}",
        "next": others[0] if others else "",
        "next_distance": f"{apart[others[0]]:.0f}" if others else "",
    }


def _good(stored: Results) -> list[ModelResult]:
    """Return the better half of the leaderboard, the models whose word against a label counts."""
    board = stored.leaderboard()
    return board[: -(-len(board) // 2)]


def _suspected(stored: Results, own: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return the images among `own` that all good models take for one and the same other class."""
    good = _good(stored)
    if len(good) < 2:  # noqa: PLR2004  # a single model is no witness
        return []
    said = np.array([model.predictions[own] for model in good])
    agreed = (said == said[0]).all(axis=0) & (said[0] != stored.test_labels[own])
    return [{"index": int(own[i]), "called": stored.dataset["classes"][said[0, i]]} for i in np.flatnonzero(agreed)]


def _called(stored: Results, index: int) -> str:
    """Return what the models that miss an image take it for, most votes first."""
    wrong = [int(m.predictions[index]) for m in stored.contestants if m.predictions[index] != stored.test_labels[index]]
    labels, votes = np.unique(wrong, return_counts=True)
    order = np.argsort(-votes, kind="stable")
    return ", ".join(f"{stored.dataset['classes'][labels[i]]} ({votes[i]})" for i in order)


def _data(site: Site) -> dict[str, Any]:
    dataset, study = site.dataset, site.study
    samples = [
        dataset.train_images[np.flatnonzero(dataset.train_labels == site.stored.dataset["classes"].index(n))[:N_ROW]]
        for n in site.order
    ]
    counts = [np.bincount(labels, minlength=len(site.order)) for labels in (dataset.train_labels, dataset.test_labels)]
    context: dict[str, Any] = {
        "height": dataset.image_shape[0],
        "width": dataset.image_shape[1],
        "classes": [
            {
                "name": name,
                "slug": slug(name),
                "train": f"{counts[0][i]:,}",
                "test": f"{counts[1][i]:,}",
                "sheet": site.gallery.sheet(f"data-{slug(name)}", samples[j], columns=N_ROW, scale=1),
            }
            for j, name in enumerate(site.order)
            for i in [site.stored.dataset["classes"].index(name)]
        ],
        "study": study,
        "map": None,
        "twins": [],
        "spectrum": None,
        "means": "",
        "components": "",
        "spread": "",
    }
    if study:
        shape = tuple(study["image_shape"])
        means = np.array([study["class_means"][name] for name in site.order]).reshape(-1, *shape)
        components = np.array(study["components"]).reshape(-1, *shape)
        largest = np.abs(components).max(axis=(1, 2), keepdims=True)
        spread = np.array(study["pixel_sd"]).reshape(1, *shape)
        context |= {
            "spectrum": figures.spectrum(study, _chosen_components(site.stored)),
            "map": _map(site, study),
            "twins": _twins(site, study),
            "twin_counts": [
                (f"{limit:.0%}".replace("%", " %"), f"{count:,}", percent(count / dataset.n_test, 2))
                for limit, count in zip(
                    study["near_duplicates"]["distances"], study["near_duplicates"]["counts"], strict=True
                )
            ],
            "n_other_class": study["near_duplicates"]["n_other_class"],
            "means": site.gallery.sheet("data-means", means, columns=len(means), scale=2),
            "components": site.gallery.sheet(  # in steps of four greys, a third of the bytes less
                "data-components", 128 + 4 * np.rint(31 * components / largest), columns=8, scale=2
            ),
            "spread": site.gallery.sheet("data-spread", 255 * spread / spread.max(), columns=1, scale=4),
        }
    return context


def _chosen_components(stored: Results) -> dict[int, str]:
    """Return which models on the pixels' own components chose which number of them."""
    chosen: dict[int, list[str]] = {}
    for model in stored.contestants:
        number = model.metrics["search"]["best_params"].get("features__n_components")
        if model.metrics["features"] == "pixels" and number:
            chosen.setdefault(number, []).append(model.name)
    return {number: ", ".join(names) for number, names in chosen.items()}


def _map(site: Site, study: DatasetStudy) -> Figure:
    dataset, indices = site.dataset, study["map"]["index"]
    labels = [int(dataset.train_labels[i]) for i in indices]
    tiles: dict[int, Tile] = {}
    for name in site.order:  # a sprite a class, so that looking at one loads no other
        own = [i for i, label in zip(indices, labels, strict=True) if site.stored.dataset["classes"][label] == name]
        tiles |= site.training_gallery.tiles(own)
    return figures.class_map(study, labels, site.order, site.stored.dataset["classes"], tiles)


def _twins(site: Site, study: DatasetStudy) -> list[dict[str, Any]]:
    """Return the closest pairs across the splits as pictures."""
    dataset, classes = site.dataset, site.stored.dataset["classes"]
    found = study["near_duplicates"]["nearest"][:N_TWINS]
    train = site.training_gallery.tiles([twin["train"] for twin in found])
    test = site.gallery.tiles([twin["test"] for twin in found])
    return [
        {
            "test": test[twin["test"]],
            "train": train[twin["train"]],
            "distance": f"{100 * twin['distance']:.1f} %",
            "test_class": classes[int(dataset.test_labels[twin["test"]])],
            "train_class": classes[int(dataset.train_labels[twin["train"]])],
        }
        for twin in found
    ]


def _methods(site: Site) -> dict[str, Any]:
    first = site.stored.models[0].metrics["search"]
    studied = [model.study for model in site.stored.contestants]
    importance = next((found for study in studied for found in study["importances"] if found["n_images"]), None)
    curve = next((study["learning_curve"] for study in studied if study["learning_curve"]), None)
    return {
        "published": site.published,
        "metrics": [_definition(metric) for metric in METRICS],
        "class_metrics": [_definition(metric) for metric in CLASS_METRICS],
        "study": {
            "fold": curve["fold"] + 1 if curve else "",
            "block": importance["block"] if importance else "",
            "n_permuted": f"{importance['n_images']:,}" if importance else "",
        },
        "n_resamples": _default(f1_intervals, "n_resamples"),
        "n_bins": _default(equal_count_bins, "n_bins"),
        "attained": percent(mcnemar_level(DISCORDANT)),
        "discordant": DISCORDANT,
        "n_splits": first["n_splits"],
        "random_state": first["random_state"],
        "use": site.past.comparison["use"] if site.past.comparison else None,
        "refits": ", ".join(m.metrics["title"] for m in site.stored.models if m.metrics["seeds"]),
        "circumstances": _circumstances(site.stored),
        "model_rows": [
            (
                m.metrics["title"],
                m.metrics["estimator"],
                str(len(m.metrics["search"]["candidates"])),
                "; ".join(f"{name.rpartition('__')[2]} in {values}" for name, values in m.entry["grid"].items()),
            )
            for m in site.stored.models
        ],
    }


def _default(function: Any, name: str) -> str:
    return f"{inspect.signature(function).parameters[name].default:,}"


def mcnemar_level(n: int, level: float = 0.05) -> float:
    """Return how often the mid-p of `n` discordant pairs falls below `level` where neither side is better."""
    tables = [math.comb(n, b) for b in range(n + 1) if mcnemar_midp(b, n - b) < level]
    return float(sum(tables) / 2**n)


def _definition(metric: Metric) -> dict[str, str]:
    return {"title": metric.title, "unit": metric.unit, "better": metric.better, "definition": metric.definition}


# -------------------------------------------------------------------------------------------------- pictures, downloads
def _one_of_each(site: Site) -> NDArray[np.uint8]:
    classes = site.stored.dataset["classes"]
    rows = [int(np.flatnonzero(site.dataset.train_labels == classes.index(name))[0]) for name in site.order]
    return site.dataset.train_images[rows]


def _downloads(site: Site) -> None:
    """Publish every tracked result, all models in one tidy table, and the schema."""
    for model in site.stored.models:
        for name in (*results.TRACKED, "run.json"):
            content = site.stored.source.read(f"{model.name}/{name}")
            site.files[f"{site.section}/models/{model.name}/{name}"] = content or b""
    table = tidy(site.stored)
    site.files["results.csv"] = table.to_csv(index=False, lineterminator="\n").encode()
    site.files["results.json"] = (json.dumps(json.loads(table.to_json(orient="records")), indent=1) + "\n").encode()
    printed = {"diff": Comparison, "history": History, "results": list[results.Observation]}
    schemas = {f"{name}.schema.json": results.document_schema(name, kind) for name, kind in printed.items()}
    schemas["schema.json"] = results.json_schema(
        results.DOCUMENTS | {name: printed[name] for name in ("diff", "history")}
    )
    site.files |= {name: (json.dumps(schema, indent=1) + "\n").encode() for name, schema in schemas.items()}


def tidy(stored: Results) -> pd.DataFrame:
    """Return every metric of all models, one row an observation."""
    rows = []
    for model in stored.models:
        shared = {"model": model.name, "commit": model.run["commit"]}
        for metric in METRICS:
            value: Any = model.metrics if metric.document == "metrics.json" else model.run
            for key in metric.path:
                value = value[key] if value is not None else None
            rows.append(_observation(shared, metric, "", value))
        for name, per_class in model.metrics["test"]["per_class"].items():
            rows += [_observation(shared, metric, name, per_class[metric.path[0]]) for metric in CLASS_METRICS]  # type: ignore[literal-required]
    return pd.DataFrame([row for row in rows if row["value"] is not None])


def _observation(shared: dict[str, Any], metric: Metric, name: str, value: Any) -> results.Observation:
    found: Any = value if isinstance(value, dict) else {"value": value}
    return {
        "model": shared["model"],
        "metric": metric.name,
        "class": name,
        "value": found["value"],
        "low": found.get("low"),
        "high": found.get("high"),
        "unit": metric.unit,
        "direction": metric.better,
        "commit": shared["commit"],
    }
