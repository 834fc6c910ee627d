"""The leaderboard in text: on the terminal after a run, and as the table that opens the README."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.diff import Paired, Place, paired
from benchmark.errors import ResultsError
from benchmark.layout import shipped
from benchmark.report import aligned
from benchmark.results import Estimate, ModelResult, Results, round_measured, write_atomically
from benchmark.statistics import RankTable, ranks

__all__ = [
    "format_p",
    "format_text",
    "hardest_class",
    "leaderboard_data",
    "paired_models",
    "paired_sentence",
    "places",
    "readme_table",
    "rewrite_readme",
]

SMALLEST_P = 1e-12
MARKS = "<!-- {}: begin (make readme) -->", "<!-- {}: end -->"
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
        _percent(test["accuracy"]),
        behind,
        ("–" if auc is None else f"{auc:.4f}") + (f" ({few} score{'s' * (few > 1)})" if few else ""),
        f"{hardest} ({100 * (test['per_class'][hardest]['recall']['value'] or 0.0):.1f} %)" if hardest else "–",
        f"{run['seconds']['fit']:.1f} s",
        f"{run['seconds']['predict_many'] * 10_000 / run['n_predict_many']:.2f} s",
        f"{run['pickle']['bytes'] / 1e6:.1f} MB",
    )


def hardest_class(model: ModelResult) -> str:
    """Return the class of which a model finds least, "" where several are equally hard."""
    recalls = {name: found["recall"]["value"] or 0.0 for name, found in model.metrics["test"]["per_class"].items()}
    least = [name for name, recall in recalls.items() if recall == min(recalls.values())]
    return least[0] if len(least) == 1 else ""


def _percent(estimate: Estimate) -> str:
    value, low, high = (100 * (estimate[key] or 0.0) for key in ("value", "low", "high"))
    return f"{value:.2f} % [{low:.2f}, {high:.2f}]"


def _behind(stored: Results, leader: ModelResult, model: ModelResult) -> str:
    if model is leader:
        return "–"
    found = paired_models(stored, leader, model)
    return f"{100 * found.difference:.2f} [{100 * found.low:.2f}, {100 * found.high:.2f}]"


def paired_models(stored: Results, first: ModelResult, second: ModelResult) -> Paired:
    """Compare two models of one set of results."""
    return paired(stored.correct(first), stored.correct(second))


def format_p(p: float) -> str:
    """Return a p value at 2 digits; nobody can tell apart what lies below a million millionth."""
    return f"{p:.2g}" if p >= SMALLEST_P else f"below {SMALLEST_P:.0e}"


def paired_sentence(stored: Results, name: str) -> str:
    """Return the paired test of one model against the leader (of the leader: against the second), in a sentence."""
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
    """Return rank interval and paired distance from the leader of the models named."""
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


def format_text(stored: Results) -> str:
    """Return the leaderboard aligned for a terminal."""
    rows = [HEADER, *leaderboard_rows(stored)]
    lines = aligned(rows)
    if stored.missing:
        lines.append(f"not measured: {', '.join(stored.missing)} (make bench MODELS={','.join(stored.missing)})")
    return "\n".join(lines)


def readme_table(stored: Results) -> str:
    """Return the leaderboard as a Markdown table with the conditions that it was measured under."""
    rows = [HEADER, ("---",) * len(HEADER), *leaderboard_rows(stored)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    runs = [model.run for model in stored.models]
    commits = sorted({(run["commit"] or "unknown")[:10] for run in runs})
    machines = sorted({f"{run['machine']['cpu']}, {run['machine']['cores']} cores" for run in runs})
    libraries = sorted({f"scikit-learn {run['libraries']['scikit-learn']}" for run in runs})
    data = stored.dataset
    lines += [
        "",
        f"{data['n_train']:,} training and {data['n_test']:,} test images; commit {', '.join(commits)}; "
        f"{'; '.join(machines)}; Python {', '.join(sorted({run['python'] for run in runs}))}, {', '.join(libraries)}. "
        "Ranks come from all pairwise tests (McNemar mid-p, Holm at 5 %); the interval behind the leader is paired. "
        "AUCs from probabilities and from decision values are not comparable.",
    ]
    return "\n".join(lines)


def rewrite_readme(path: Path, stored: Results) -> bool:
    """Put the leaderboard, and what the figures do not mean, between their marks in the README; return whether that changed it.

    Raises
    ------
    ResultsError
        If the marks, or the file, are not there.

    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    new = text
    for name, content in (("leaderboard", readme_table(stored)), ("limits", limits())):
        begin, end = (mark.format(name) for mark in MARKS)
        before, begun, rest = new.partition(begin)
        _, ended, after = rest.partition(end)
        if name == "limits" and not begun and not ended:
            continue  # a README of one's own need not say it
        if not begun or not ended:
            raise ResultsError(
                f"{path} has no place for the {name}",
                expected=f"{begin} … {end}",
                found="no such marks",
                remedy=f"git checkout -- {path}",
            )
        new = f"{before}{begin}\n{content}\n{end}{after}"
    write_atomically(path, new.encode())
    return new != text


def limits() -> str:
    """Return what the figures do not mean, in the words of the methods page."""
    methods = (shipped("templates") / "methods.md").read_text(encoding="utf-8")
    section = methods.split("## What the figures do not mean\n")[1].split("\n## ")[0].strip()
    return re.sub(r"^\{%.*%\}\n", "", section, flags=re.MULTILINE)
