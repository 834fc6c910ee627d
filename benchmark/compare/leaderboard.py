"""The leaderboard: a row a model, computed once from a set of results, and the forms that it is printed in.

Comes in: results. Goes out: rows with rank intervals from all pairwise tests and the paired distance behind the leader; from
these alone a table of text, data for JSON, the places of two models, and sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, NamedTuple

import numpy as np

from benchmark.command import Command, Say, as_typed
from benchmark.compare.documents import Place
from benchmark.compare.tables import aligned
from benchmark.results import Estimate, ModelResult, Results, round_measured
from benchmark.results.numbers import NOTHING, decimal, format_p, interval, megabytes, percent, points
from benchmark.statistics import LEVEL, Paired, paired, ranks

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


class Rank(NamedTuple):
    """A contestant's place by accuracy, counted from 1, and its rank interval."""

    place: int
    best: int
    worst: int

    @property
    def text(self) -> str:
        """The interval, or the one rank that it holds."""
        return f"{self.best}" if self.best == self.worst else f"{self.best}–{self.worst}"


class Pair(NamedTuple):
    """The paired test of two contestants, the better one first, and its p value adjusted over all pairs (Holm)."""

    test: Paired
    p_adjusted: float


@dataclass(frozen=True)
class Row:
    """What the leaderboard says of one model.

    `rank` is None for a baseline. `behind` is the leader's accuracy less the model's; None for the leader itself and where there
    is no leader. `hardest` is the class with the lowest recall, "" where several are equally hard. `predict_seconds` is the time
    an image when many are predicted at once.
    """

    name: str
    title: str
    rank: Rank | None
    accuracy: Estimate
    behind: Paired | None
    macro_auc: Estimate
    scores: Literal["predict_proba", "decision_function"]
    distinct_scores: int | None
    hardest: str
    least_recall: float
    fit_seconds: float
    predict_seconds: float
    pickle_bytes: int


@dataclass(frozen=True)
class Leaderboard:
    """All rows, best first, the baselines last, and the tests of all pairs of contestants.

    `pairs` goes by the indices of two contestants among `rows`, the smaller first.
    """

    rows: tuple[Row, ...]
    pairs: dict[tuple[int, int], Pair]

    @property
    def ranked(self) -> list[Row]:
        """The rows of the contestants."""
        return [row for row in self.rows if row.rank]

    def row(self, name: str) -> Row:
        """Return the row of the model called `name`, which must have a result."""
        return next(row for row in self.rows if row.name == name)


def leaderboard(stored: Results) -> Leaderboard:
    """Compute the leaderboard of a set of results."""
    board = stored.leaderboard()
    correct = [stored.correct(model) for model in board]
    table = ranks(np.array(correct)) if board else None
    pairs = {
        (i, j): Pair(paired(correct[i], correct[j]), float(table.p[i, j]))
        for i, j in combinations(range(len(board)), 2)
        if table
    }
    found = [Rank(i + 1, int(table.best[i]), int(table.worst[i])) for i in range(len(board)) if table]
    rows = [_row(model, found[i], pairs[0, i].test if i else None) for i, model in enumerate(board)]
    rows += [
        _row(model, None, paired(correct[0], stored.correct(model)) if board else None) for model in stored.baselines
    ]
    return Leaderboard(tuple(rows), pairs)


def _row(model: ModelResult, rank: Rank | None, behind: Paired | None) -> Row:
    metrics, test, run = model.metrics, model.metrics["test"], model.run
    return Row(
        name=model.name,
        title=metrics["title"],
        rank=rank,
        accuracy=test["accuracy"],
        behind=behind,
        macro_auc=test["macro_auc"],
        scores=metrics["scores"],
        distinct_scores=metrics["distinct_scores"],
        hardest=hardest_class(model),
        least_recall=min(_recalls(model).values()),
        fit_seconds=run["seconds"]["fit"],
        predict_seconds=run["seconds"]["predict_many"] / run["n_predict_many"],
        pickle_bytes=run["pickle"]["bytes"],
    )


def hardest_class(model: ModelResult) -> str:
    """Return the class of which a model finds least, "" where several are equally hard."""
    recalls = _recalls(model)
    least = [name for name, recall in recalls.items() if recall == min(recalls.values())]
    return least[0] if len(least) == 1 else ""


def _recalls(model: ModelResult) -> dict[str, float]:
    return {name: found["recall"]["value"] or 0.0 for name, found in model.metrics["test"]["per_class"].items()}


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text, a cell each of `HEADER`."""
    auc, few = row.macro_auc["value"], row.distinct_scores
    return (
        row.rank.text if row.rank else NOTHING,
        row.title,
        interval(row.accuracy, 2),
        _behind(row),
        decimal(auc) + (f" ({few} score{'s' * (few > 1)})" if few else ""),
        f"{row.hardest} ({percent(row.least_recall)})" if row.hardest else NOTHING,
        f"{row.fit_seconds:.1f} s",
        f"{row.predict_seconds * 10_000:.2f} s",
        megabytes(row.pickle_bytes),
    )


def _behind(row: Row) -> str:
    if row.behind is None:
        return NOTHING if row.rank else ""
    return f"{points(row.behind.difference)} [{points(row.behind.low)}, {points(row.behind.high)}]"


def format_text(board: Leaderboard, missing: Sequence[str], say: Say = as_typed) -> str:
    """Return the leaderboard aligned for a terminal, and the models not measured; `say` formats the command for these."""
    lines = aligned([HEADER, *map(cells, board.rows)])
    if missing:
        lines.append(f"not measured: {', '.join(missing)} ({say(Command('bench', models=','.join(missing)))})")
    return "\n".join(lines)


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
    }


def places(board: Leaderboard, names: Sequence[str]) -> list[Place]:
    """Return rank interval and paired distance from the leader of the models named, for the document of a comparison."""
    return [_place(board.row(name), len(board.ranked)) for name in names]


def _place(row: Row, n_ranked: int) -> Place:
    return {
        "name": row.name,
        "best": row.rank.best if row.rank else None,
        "worst": row.rank.worst if row.rank else None,
        "n_ranked": n_ranked,
        "behind": row.behind.difference if row.behind else None,
        "low": row.behind.low if row.behind else None,
        "high": row.behind.high if row.behind else None,
    }


def paired_sentence(board: Leaderboard, name: str) -> str:
    """Return the paired test of one model against the leader (of the leader: against the second), in a sentence."""
    row = next((row for row in board.rows if row.name == name), None)
    if row is None or len(board.ranked) < 2:  # noqa: PLR2004
        return ""
    leader, second = board.ranked[:2]
    rival, found = (leader, row.behind.swapped()) if row.behind else (second, board.pairs[0, 1].test)
    return (
        f"{row.name} against {rival.name}: {points(found.difference, '+')} points "
        f"[{points(found.low, '+')}, {points(found.high, '+')}], alone right on {found.only_first} images, the other on "
        f"{found.only_second}; McNemar mid-p = {found.p:.3g}"
    )


def noise_verdict(p: float, words: str) -> str:
    """Return whether a difference is more than noise; `words` say how `p` was corrected."""
    return f"{'more than' if p < LEVEL else 'within'} noise (McNemar mid-p, {words}{format_p(p)})"
