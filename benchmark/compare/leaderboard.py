"""The leaderboard: rank intervals from all pairwise tests, the paired distance from the leader, the table as text."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmark.command import Command, Say, as_typed
from benchmark.compare.documents import Place
from benchmark.compare.tables import aligned
from benchmark.results import ModelResult, Results, round_measured
from benchmark.results.numbers import format_p, interval
from benchmark.statistics import LEVEL, Paired, RankTable, paired, ranks

HEADER = (
    "rank",
    "model",
    "accuracy, 95 % interval",
    "behind the leader, points",
    "macro AUC",
    "hardest class",
    "fit",
    "predict 10,000",
    "pickle",
)


def leaderboard_rows(stored: Results) -> list[tuple[str, ...]]:
    """Return the rows of the table, best first, the baselines last; all cells as text."""
    board = stored.leaderboard()
    cells = []
    if board:
        correct = np.array([stored.correct(model) for model in board])
        table = ranks(correct)
        for i, model in enumerate(board):
            rank = f"{table.best[i]}" if table.best[i] == table.worst[i] else f"{table.best[i]}–{table.worst[i]}"
            cells.append((rank, *_cells(model, _behind(stored, board[0], model))))
    return cells + [
        ("–", *_cells(model, _behind(stored, board[0], model) if board else "")) for model in stored.baselines
    ]


def leaderboard_data(stored: Results) -> list[dict[str, Any]]:
    """Return the table as data: rank and accuracy with its interval, and how far behind the leader; null for baselines."""
    board = stored.leaderboard()
    table = ranks(np.array([stored.correct(model) for model in board])) if board else None
    rows: list[dict[str, Any]] = []
    for i, model in enumerate([*board, *stored.baselines]):
        gap = paired_models(stored, board[0], model) if board and model is not board[0] else None
        ranked = table is not None and i < len(board)
        rows.append(
            {
                "name": model.name,
                "title": model.metrics["title"],
                "best_rank": int(table.best[i]) if table is not None and ranked else None,
                "worst_rank": int(table.worst[i]) if table is not None and ranked else None,
                "accuracy": model.metrics["test"]["accuracy"],
                "behind": {
                    "value": round_measured(gap.difference),
                    "low": round_measured(gap.low),
                    "high": round_measured(gap.high),
                }
                if gap
                else None,
            }
        )
    return rows


def _cells(model: ModelResult, behind: str) -> tuple[str, ...]:
    test, run = model.metrics["test"], model.run
    auc = test["macro_auc"]["value"]
    few = model.metrics["distinct_scores"]
    hardest = hardest_class(model)
    return (
        model.metrics["title"],
        interval(test["accuracy"], 2),
        behind,
        ("–" if auc is None else f"{auc:.4f}") + (f" ({few} score{'s' * (few > 1)})" if few else ""),
        f"{hardest} ({100 * (test['per_class'][hardest]['recall']['value'] or 0.0):.1f} %)" if hardest else "–",
        f"{run['seconds']['fit']:.1f} s",
        f"{run['seconds']['predict_many'] * 10_000 / run['n_predict_many']:.2f} s",
        f"{run['pickle']['bytes'] / 1e6:.1f} MB",
    )


def hardest_class(model: ModelResult) -> str:
    """Return the class with the lowest recall, "" if several are tied."""
    recalls = {name: found["recall"]["value"] or 0.0 for name, found in model.metrics["test"]["per_class"].items()}
    least = [name for name, recall in recalls.items() if recall == min(recalls.values())]
    return least[0] if len(least) == 1 else ""


def _behind(stored: Results, leader: ModelResult, model: ModelResult) -> str:
    if model is leader:
        return "–"
    found = paired_models(stored, leader, model)
    return f"{100 * found.difference:.2f} [{100 * found.low:.2f}, {100 * found.high:.2f}]"


def paired_models(stored: Results, first: ModelResult, second: ModelResult) -> Paired:
    """Compare two models of one set of results."""
    return paired(stored.correct(first), stored.correct(second))


def paired_sentence(stored: Results, name: str) -> str:
    """Return a sentence on the paired test of one model against the leader, or of the leader against the second."""
    board = stored.leaderboard()
    model = next((model for model in stored.models if model.name == name), None)
    if model is None or len(board) < 2:  # noqa: PLR2004
        return ""
    rival = board[1] if model is board[0] else board[0]
    found = paired_models(stored, model, rival)
    return (
        f"{model.name} against {rival.name}: {100 * found.difference:+.2f} points "
        f"[{100 * found.low:+.2f}, {100 * found.high:+.2f}], right alone on {found.only_first} images and "
        f"{found.only_second}, McNemar mid-p = {found.p:.3g}"
    )


def places(stored: Results, names: list[str]) -> list[Place]:
    """Return the rank interval and the paired distance from the leader of each named model."""
    board = stored.leaderboard()
    table = ranks(np.array([stored.correct(model) for model in board])) if board else None
    return [_place(stored, table, stored.model(name)) for name in names]


def _place(stored: Results, table: RankTable | None, model: ModelResult) -> Place:
    board = stored.leaderboard()
    rank = next((i for i, other in enumerate(board) if other is model), None)
    behind = paired_models(stored, board[0], model) if board and model is not board[0] else None
    return {
        "name": model.name,
        "best": None if table is None or rank is None else int(table.best[rank]),
        "worst": None if table is None or rank is None else int(table.worst[rank]),
        "n_ranked": len(board),
        "behind": behind.difference if behind else None,
        "low": behind.low if behind else None,
        "high": behind.high if behind else None,
    }


def format_text(stored: Results, say: Say = as_typed) -> str:
    """Return the leaderboard aligned for a terminal; `say` formats the command that measures what is missing."""
    rows = [HEADER, *leaderboard_rows(stored)]
    lines = aligned(rows)
    if stored.missing:
        command = say(Command("bench", models=",".join(stored.missing)))
        lines.append(f"not measured: {', '.join(stored.missing)} ({command})")
    return "\n".join(lines)


def noise_verdict(p: float, words: str) -> str:
    """Return whether a difference is more than noise; `words` says how `p` was adjusted."""
    return f"{'more than' if p < LEVEL else 'within'} noise (McNemar mid-p, {words}{format_p(p)})"
