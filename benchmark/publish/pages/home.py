"""The first page: the leader in a sentence, the leaderboard, cost, and the hardest classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.compare.leaderboard import hardest_class, noise_verdict, paired_models
from benchmark.publish.charts.board import accuracies, class_panels
from benchmark.publish.charts.cost import cost
from benchmark.publish.pages.methods import circumstances
from benchmark.publish.site import FEW_GREYS, Site, one_of_each
from benchmark.results import METRICS, ModelResult, Results
from benchmark.results.numbers import duration, percent


def home_page(site: Site) -> dict[str, Any]:
    """Return what the first page shows; without contestants, the table of baselines alone."""
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
        "strip": site.gallery.sheet("home-strip", one_of_each(site) & FEW_GREYS, columns=len(site.order), scale=1),
        "rows": rows,
        "missing": stored.missing,
        "kinds": sorted({m.metrics["scores"] for m in board}),
        "accuracies": accuracies(stored, site.published["results"] if site.published else []) if board else None,
        "costs": [
            cost(stored, by_name["fit_seconds"], 1, "s"),
            cost(stored, by_name["predict_seconds"], 1e6, f"µs an image of {board[0].run['n_predict_many']:,}"),
            cost(stored, by_name["pickle_bytes"], 1e-6, "MB"),
        ]
        if board
        else [],
        "recalls": class_panels(stored, site.order) if board else None,
        "hardest": sorted(recalls, key=lambda name: recalls[name])[:3],
        "hardest_recalls": {name: percent(value) for name, value in recalls.items()},
        "profile": stored.dataset["profile"],
        "circumstances": circumstances(stored),
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
            "verdict": noise_verdict(p, "Holm over all pairs: "),
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
        "fit": duration(run["seconds"]["fit"]),
        "fit_sort": run["seconds"]["fit"],
        "predict": duration(run["seconds"]["predict_many"] / run["n_predict_many"]),
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
