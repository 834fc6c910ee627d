"""The commands that compare stored results: `diff`, `compare`, `history`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from benchmark.commands.printing import print_error, silence, to_json, typed, wants_colour
from benchmark.commands.settings import split_names, where_results_are
from benchmark.errors import BenchmarkError

if TYPE_CHECKING:
    from benchmark.compare.documents import Comparison


UNREADABLE = 2


def diff(arguments: argparse.Namespace) -> int:
    """Print what changed between two sets of results."""
    from benchmark.compare.diff import only
    from benchmark.compare.verdicts import gate

    try:
        comparison = _comparison(arguments)
        shown = only(comparison, names) if (names := split_names(arguments.models)) else comparison
        status, why = gate(comparison, min_effect=arguments.min_effect or 0.0, max_loss=arguments.max_loss)
    except BenchmarkError as error:
        print_error(error, arguments)
        return UNREADABLE
    try:
        _print_comparison(shown, arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; the status is the same
        silence()
    if not arguments.exit_code:
        return 0
    if status:
        print(f"exit status {status}: {why}", file=sys.stderr)
    return status


def _comparison(arguments: argparse.Namespace) -> Comparison:
    from benchmark.compare.diff import compare_results
    from benchmark.compare.repository import Repository
    from benchmark.compare.sides import read_side, tracked_folder, use_of_test_set

    if not arguments.exit_code and (arguments.min_effect, arguments.max_loss) != (None, None):
        raise BenchmarkError("--min-effect and --max-loss decide an exit status", remedy="add --exit-code")
    where = where_results_are(arguments)
    before, after = (read_side(spec, **where) for spec in (arguments.before, arguments.after))
    repository = Repository.around(arguments.repository)
    sha = after[0]["commit"] or (repository.commit("HEAD").sha if repository and arguments.after is None else None)
    sha = sha or before[0]["commit"]
    use = use_of_test_set(repository, sha, tracked_folder(**where)) if repository and sha else None
    return compare_results(before, after, use, lambda text: typed(text, arguments))


def compare(arguments: argparse.Namespace) -> int:
    """Print what tells two models of one set of results apart."""
    from benchmark.compare.diff import compare_models
    from benchmark.compare.leaderboard import leaderboard, places
    from benchmark.compare.sides import read_side

    side, stored = read_side(arguments.at, **where_results_are(arguments))
    first, second = (stored.model(name) for name in (arguments.first, arguments.second))
    comparison = compare_models((side, stored), first, second)
    comparison["places"] = places(leaderboard(stored), [first.name, second.name])
    _print_comparison(comparison, arguments)
    return 0


def history(arguments: argparse.Namespace) -> int:
    """Print the metrics of each model at every commit that changed results."""
    from benchmark.compare.history import format_text, read_history, select
    from benchmark.compare.repository import Repository
    from benchmark.compare.sides import tracked_folder
    from benchmark.results import metric_named

    metrics = [metric_named(name) for name in split_names(arguments.metric)]
    repository = Repository(arguments.repository)
    found = read_history(repository, repository.commit("HEAD").sha, tracked_folder(**where_results_are(arguments)))
    found = select(found, models=split_names(arguments.models), metrics=[metric.name for metric in metrics])
    if arguments.format == "json":
        print(to_json(found))
    else:
        print(format_text(found, metrics or [metric_named("accuracy")]))
    return 0


def _print_comparison(comparison: Comparison, arguments: argparse.Namespace) -> None:
    from benchmark.compare.words import format_markdown, format_text

    if arguments.format == "json":
        print(to_json(comparison))
    elif arguments.format == "markdown":
        print(format_markdown(comparison))
    else:
        print(format_text(comparison, colour=wants_colour()))
