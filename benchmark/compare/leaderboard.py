"""The leaderboard: a row a model, computed once from a set of results, and the forms that it is printed in.

Comes in: results. Goes out: rows with rank intervals from all pairwise tests and the paired distance behind the leader; from
these alone a table of text, data for JSON, the places of two models, and sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from benchmark.command import Command, Say, as_typed
from benchmark.compare.documents import Family, Place
from benchmark.compare.sentences import noise_verdict
from benchmark.compare.tables import aligned, lines_of
from benchmark.results import Estimate, ModelResult, Results
from benchmark.results.numbers import NOTHING, decimal, images, interval, megabytes, percent, points
from benchmark.statistics import LEVEL, Paired, paired, ranks

HEADER = (
    "rank",
    "model",
    "accuracy, 95 % interval",
    "behind, points",
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
    """The paired test of two models, and its p-value: of two contestants adjusted over all pairs of these (Holm).

    A baseline is in no such pair: its test stands by itself.
    """

    test: Paired
    p_adjusted: float
    ranked: bool = True

    @property
    def real(self) -> bool:
        """Whether the difference is more than noise."""
        return self.p_adjusted < LEVEL

    @property
    def verdict(self) -> str:
        """Whether the difference is more than noise, and by which p-value."""
        return noise_verdict(self.p_adjusted, ranked=self.ranked)


class Rivalry(NamedTuple):
    """How a model does against the leader, the leader against the second: `pair` is of the model and then its rival."""

    rival: Row
    pair: Pair


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
    predict_one_seconds: float
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

    @property
    def leaders(self) -> list[Row]:
        """The first of the contestants, and those that get as many images right."""
        return [row for row in self.ranked if row.behind is None or not row.behind.difference]

    @property
    def family(self) -> Family:
        """The tests of all pairs, which are adjusted together."""
        rejected = sum(pair.real for pair in self.pairs.values())
        return {"size": len(self.pairs), "level": LEVEL, "rejected": rejected}

    def pair(self, first: str, second: str) -> Pair | None:
        """Return the pair of two models by name, in this order; None where one of them is a baseline."""
        places = {row.name: i for i, row in enumerate(self.ranked)}
        if first == second or not {first, second} <= places.keys():
            return None
        i, j = places[first], places[second]
        found = self.pairs[min(i, j), max(i, j)]
        return found if i < j else found._replace(test=found.test.swapped())

    def rivalry(self, row: Row) -> Rivalry | None:
        """Return how a model does against the leader, the leader against the second; None where there is no other."""
        if row.behind is None:
            rival = self.ranked[1] if row.rank and len(self.ranked) > 1 else None
        else:
            rival = self.ranked[0]
        if rival is None:
            return None
        pair = self.pair(row.name, rival.name)
        if pair is None and row.behind:
            pair = Pair(row.behind.swapped(), row.behind.p, ranked=False)
        return Rivalry(rival, pair) if pair else None

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
        least_recall=min(_recalls(model).values(), default=0.0),
        fit_seconds=run["seconds"]["fit"],
        predict_seconds=run["seconds"]["predict_many"] / run["n_predict_many"],
        predict_one_seconds=run["seconds"]["predict_one"],
        pickle_bytes=run["pickle"]["bytes"],
    )


def hardest_class(model: ModelResult) -> str:
    """Return the class of which a model finds least, "" where several are equally hard."""
    recalls = _recalls(model)
    least = [name for name, recall in recalls.items() if recall == min(recalls.values())]
    return least[0] if len(least) == 1 else ""


def _recalls(model: ModelResult) -> dict[str, float]:
    """Return the recall of each class that has test images."""
    found = {name: figures["recall"]["value"] for name, figures in model.metrics["test"]["per_class"].items()}
    return {name: recall for name, recall in found.items() if recall is not None}


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


def format_text(
    board: Leaderboard,
    missing: Sequence[str],
    apart: Sequence[str] = (),
    say: Say = as_typed,
    misfits: Mapping[str, str] | None = None,
    width: int | None = None,
) -> str:
    """Return the leaderboard aligned for a terminal, and the models that are not in it; `say` formats the commands for these.

    The table has the columns that fit into `width` characters, models by name; None for any, models by title.

    `missing` are not measured, `apart` are measured on other data, `misfits` do not fit these, for a reason.
    """
    rows = [
        HEADER,
        *((rank, row.name if width else title, *more) for row in board.rows for rank, title, *more in [cells(row)]),
    ]
    lines = lines_of(rows, width, spill=False)
    if width and lines != aligned(rows):
        lines.append("a wider terminal shows more columns; --json has all")
    for what, names in (("not measured", missing), ("not ranked, measured on other data", apart)):
        if names:
            lines.append(f"{what}: {', '.join(names)} ({say(Command('bench', models=','.join(names)))})")
    for name, reason in (misfits or {}).items():
        lines.append(f"not measured: {name} does not fit the data set: {reason}")
    return "\n".join(lines)


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
    rivalry = board.rivalry(row) if row else None
    if row is None or rivalry is None:
        return ""
    found = rivalry.pair.test
    return (
        f"{row.name} against {rivalry.rival.name}: {points(found.difference, '+')} points "
        f"[{points(found.low, '+')}, {points(found.high, '+')}], alone right on {images(found.only_first)}, the other on "
        f"{found.only_second}: {rivalry.pair.verdict}"
    )
