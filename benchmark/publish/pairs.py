"""Any two commits that changed results, compared when the site is built: a small JSON file a pair, which a script shows.

Comes in: a repository and the history of its results. Goes out: the commits to choose from, and the files.

Why not in the browser: the verdict of a pair is more than a test. It rests on entries, data, labels, machines, seeds and
on the words for each, and a second implementation in JavaScript would have to follow every change of the first. So each pair is
compared by `compare_results`, as `diff` does it, and the script formats nothing. Pairs grow as the square of the commits:
the newest N_COMMITS can be chosen, at most 276 pairs, and the page says that the command compares all others. A file is at most
MOST_BYTES: of more, classes and flips are left to the command.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from benchmark.command import Command, Say, as_typed
from benchmark.compare.diff import compare_results
from benchmark.compare.documents import Comparison, ModelChange, Side, Use
from benchmark.compare.history import History
from benchmark.compare.repository import Repository
from benchmark.compare.sides import read_commit, use_of_test_set
from benchmark.compare.tables import shortened
from benchmark.compare.words import (
    CLASS_HEADER,
    HEADER,
    N_INDICES,
    changed_lines,
    class_rows,
    flip_lines,
    machine_lines,
    model_row,
    notes,
)
from benchmark.errors import BenchmarkError
from benchmark.publish.origin import SHORT
from benchmark.results import Results
from benchmark.text import is_web, one_line, with_units

N_COMMITS = 24
MOST_BYTES = 100 * 1024
LONGEST_LABEL = 60  # characters of a commit's message in a field


class Choice(NamedTuple):
    """A commit to choose: the beginning of its SHA, and what the field says."""

    sha: str
    label: str


@dataclass(frozen=True)
class Pairs:
    """The commits to choose from, newest first, and the pairs' files by name; none of either where there are no two.

    `base` and `head` are chosen at first. `n_older` counts commits that are too old to be chosen, `n_unreadable` those whose
    results cannot be read.
    """

    choices: list[Choice] = field(default_factory=list)
    files: Mapping[str, bytes] = field(default_factory=dict)
    base: str = ""
    head: str = ""
    n_older: int = 0
    n_unreadable: int = 0

    def step(self, history: History, number: int) -> str:
        """Return what selects a commit of the history and its predecessor on *Changes*; empty where one cannot be chosen."""
        shas = [commit["sha"][:SHORT] for commit in history["commits"][max(0, number - 1) : number + 1]]
        if not number or not set(shas) <= {choice.sha for choice in self.choices}:
            return ""
        return f"base={shas[0]}&head={shas[1]}"


class _End(NamedTuple):
    """One commit's results, and how often the test images were used up to it."""

    side: tuple[Side, Results]
    use: Use


def read_pairs(repository: Repository, history: History, folder: str, step: int, say: Say = as_typed) -> Pairs:
    """Compare the newest commits of a history, each with each; `step` is the place of the one that is shown at first."""
    newest = history["commits"][-N_COMMITS:]
    ends = [end for commit in newest if (end := _end(repository, commit["sha"], folder)) is not None]
    if len(ends) < 2:  # noqa: PLR2004
        return Pairs()
    names = [end.side[0]["label"] for end in ends]
    chosen = [commit["sha"][:SHORT] for commit in history["commits"][step - 1 : step + 1]]
    base, head = chosen if set(chosen) <= set(names) else names[-2:]
    return Pairs(
        choices=[Choice(end.side[0]["label"], _label(end.side[0])) for end in reversed(ends)],
        files=dict(_files(ends, history["web"], say)),
        base=base,
        head=head,
        n_older=len(history["commits"]) - len(newest),
        n_unreadable=len(newest) - len(ends),
    )


def _end(repository: Repository, sha: str, folder: str) -> _End | None:
    """Return the results in a commit, None where they cannot be read."""
    try:
        side = read_commit(repository, repository.commit(sha), sha[:SHORT], folder)
        return _End(side, use_of_test_set(repository, sha, folder))
    except BenchmarkError:
        return None


def _label(side: Side) -> str:
    return f"{(side['date'] or '')[:10]}, {side['label']}: {shortened(one_line(side['subject'] or ''), LONGEST_LABEL)}"


def _files(ends: Sequence[_End], web: str, say: Say) -> Iterator[tuple[str, bytes]]:
    """Yield each pair's file with its name, the older commit first."""
    for before, after in combinations(ends, 2):
        compared = compare_results(before.side, after.side, after.use, say)
        base, head = compared["before"]["label"], compared["after"]["label"]
        command = say(Command("diff", base=base, head=head))
        yield f"{base}-{head}.json", pair_file(compared, web, command)


def pair_file(compared: Comparison, web: str, command: str) -> bytes:
    """Return what the script shows of a comparison: all that `command` prints in tables and sentences, metrics aside."""
    for whole in (True, False):
        text = json.dumps(
            _shown(_document(compared, web, command, whole=whole)), ensure_ascii=False, separators=(",", ":")
        )
        content = with_units(text).encode()
        if len(content) <= MOST_BYTES:
            break
    return content


def _document(compared: Comparison, web: str, command: str, *, whole: bool) -> dict[str, Any]:
    changed = [model for model in compared["models"] if model["verdict"] != "unchanged"]
    return {
        "sentence": compared["sentence"],
        "sides": [_side(compared["before"], "before", web), _side(compared["after"], "after", web)],
        "header": HEADER,
        "rows": [(model["title"], *model_row(model)[1:]) for model in changed],
        "unchanged": ", ".join(model["title"] for model in compared["models"] if model["verdict"] == "unchanged"),
        "notes": notes(compared),
        "command": command,
        "whole": whole,
        "class_header": CLASS_HEADER,
        "models": [_model(model) for model in changed] if whole else [],
    }


def _side(side: Side, end: str, web: str) -> dict[str, str]:
    address = f"{web}{side['commit']}" if web else ""
    return {
        "end": end,
        "sha": side["label"],
        "link": address if is_web(address) else "",
        "date": (side["date"] or "")[:10],
        "subject": side["subject"] or "",
    }


def _model(model: ModelChange) -> dict[str, Any]:
    return {
        "title": f"{model['title']}: {model['verdict']}",
        "reason": f"{model['reason'][:1].upper()}{model['reason'][1:]}.",
        "lines": [*machine_lines(model), *changed_lines(model), *flip_lines(model, N_INDICES)],
        "classes": class_rows(model),
    }


def _shown(value: Any) -> Any:
    """Return a document whose texts hold nothing that is not seen."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, dict):
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, (list, tuple)) else value
