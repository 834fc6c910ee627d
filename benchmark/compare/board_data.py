"""The leaderboard as data, for JSON."""

from __future__ import annotations

from typing import Any

from benchmark.compare.leaderboard import Leaderboard, Row
from benchmark.results import Results, round_measured


def board_data(stored: Results, board: Leaderboard) -> dict[str, Any]:
    """Return the leaderboard of results as data, and which models are not in it."""
    return {
        "missing": stored.missing,
        "misfits": stored.misfits,
        "other_data": [model.name for model in stored.apart],
        "leaderboard": [row_data(row) for row in board.rows],
    }


def row_data(row: Row) -> dict[str, Any]:
    """Return a row as data for JSON; the ranks of a baseline are null."""
    behind = row.behind
    return {
        "name": row.name,
        "title": row.title,
        "best_rank": row.rank.best if row.rank else None,
        "worst_rank": row.rank.worst if row.rank else None,
        "accuracy": row.accuracy,
        "behind": {
            "value": round_measured(behind.difference),
            "low": round_measured(behind.low),
            "high": round_measured(behind.high),
        }
        if behind
        else None,
        "macro_auc": row.macro_auc,
        "hardest_class": row.hardest or None,
        "least_recall": round_measured(row.least_recall),
        "fit_seconds": row.fit_seconds,
        "predict_seconds": round_measured(row.predict_seconds),
        "predict_one_seconds": row.predict_one_seconds,
        "pickle_bytes": row.pickle_bytes,
    }
