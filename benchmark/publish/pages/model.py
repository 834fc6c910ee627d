"""A model's page: metrics, curves, mistakes, and how it was chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.compare.leaderboard import noise_verdict, paired_models
from benchmark.layout import slug
from benchmark.publish.charts import confusion, curves, search
from benchmark.publish.pages.looks import look_page
from benchmark.publish.site import Site
from benchmark.results import ModelResult
from benchmark.results.numbers import duration, interval, percent, three_digits

N_HARDEST = 20


def model_page(site: Site, model: ModelResult) -> dict[str, Any]:
    """Return what a model's page shows; a baseline has no curves and no mistakes."""
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
        "numbers": _numbers(model),
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
        "search": search.search(model),
        "roc": None if reference else curves.roc(model, order),
        "precision_recall": None if reference else curves.precision_recall(model, order),
        "reliability": None if reference else curves.reliability(model),
        "confusion": confusion.confusion(model, order, site.thumbnails),
        "classes": confusion.per_class(model, leader, order),
        "learning": None if reference else search.learning_curve(model, leader),
        "looks": [] if reference else [look_page(site, model, importance) for importance in model.study["importances"]],
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


def _numbers(model: ModelResult) -> list[tuple[str, str]]:
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
        ("Fit", f"{duration(seconds['fit'])} ({duration(seconds['fit_cpu'])} of CPU)"),
        ("Search", f"{duration(seconds['search'])} in all, {n_candidates} candidate{'' if n_candidates == 1 else 's'}"),
        (
            "Predict",
            f"{duration(seconds['predict_many'])} for {run['n_predict_many']:,} images, {duration(seconds['predict_one'])} for one",
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
        f"(paired 95 % interval {100 * gap.low:.2f} to {100 * gap.high:.2f}): {noise_verdict(p, words)}"
    )


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
