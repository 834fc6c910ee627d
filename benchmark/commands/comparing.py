"""The commands that compare stored results: `diff`, `compare`, `history`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from benchmark.command import as_typed
from benchmark.commands.printing import complain, show, show_long, to_json, wants_colour, width
from benchmark.errors import BenchmarkError

if TYPE_CHECKING:
    from benchmark.commands.options import CompareOptions, DiffOptions, HistoryOptions, LeaderboardOptions, Where
    from benchmark.compare.documents import Comparison, Side
    from benchmark.results import Metric, Results


def diff(options: DiffOptions) -> int:
    """Print what changed between two sets of results."""
    from benchmark.compare.diff import only
    from benchmark.compare.verdicts import gate

    comparison = _comparison(options)
    shown = only(comparison, options.models) if options.models else comparison
    status, why = gate(shown, min_effect=options.min_effect or 0.0, max_loss=options.max_loss)
    _print_comparison(shown, options, details=options.verbose)
    if not options.exit_code:
        return 0
    if status:
        complain(f"exit status {status}: {why}")
    return status


def _comparison(options: DiffOptions) -> Comparison:
    from benchmark.compare.diff import compare_results
    from benchmark.compare.repository import Repository
    from benchmark.compare.sides import tracked_folder, use_of_test_set

    if not options.exit_code and (options.min_effect, options.max_loss) != (None, None):
        raise BenchmarkError("--min-effect and --max-loss decide an exit status", remedy="add --exit-code")
    where = options.where
    before, after = (_side(spec, where) for spec in (options.before, options.after))
    repository = None
    with suppress(BenchmarkError):  # two folders are compared without git
        repository = Repository.around(where.repository)
    sha = after[0]["commit"] or (repository.commit("HEAD").sha if repository and options.after is None else None)
    sha = sha or before[0]["commit"]
    folder = tracked_folder(where.repository, where.models_dir, where.dataset)
    use = use_of_test_set(repository, sha, folder) if repository and sha else None
    return compare_results(before, after, use, lambda text: as_typed(text, options.repeat))


def _side(spec: str | None, where: Where) -> tuple[Side, Results]:
    from benchmark.compare.sides import read_side

    return read_side(spec, repository=where.repository, models_dir=where.models_dir, dataset=where.dataset)


def compare(options: CompareOptions) -> int:
    """Print what tells two models of one set of results apart."""
    from benchmark.compare.diff import compare_models

    side, stored = _side(options.at, options.where)
    first, second = (stored.model(name) for name in (options.first, options.second))
    _print_comparison(compare_models((side, stored), first, second), options)
    return 0


def leaderboard(options: LeaderboardOptions) -> int:
    """Print the leaderboard of stored results."""
    from benchmark.compare.board_data import board_data
    from benchmark.compare.intervals import checked
    from benchmark.compare.leaderboard import format_text, leaderboard
    from benchmark.results import load_results

    stored = checked(load_results(options.models_dir, options.dataset))
    board, apart = leaderboard(stored), [model.name for model in stored.apart]
    if options.json:
        show(to_json(board_data(stored, board)))
        return 0
    say = lambda text: as_typed(text, options.repeat)  # noqa: E731
    show_long(format_text(board, stored.missing, apart, say, stored.misfits, width()))
    return 0


def history(options: HistoryOptions) -> int:
    """Print the metrics of each model at every commit that changed results."""
    from benchmark.compare.history import format_text, read_history, select
    from benchmark.compare.repository import Repository
    from benchmark.compare.sides import tracked_folder

    metrics = [_metric(name) for name in options.metrics]
    where = options.where
    repository = Repository(where.repository)
    folder = tracked_folder(where.repository, where.models_dir, where.dataset)
    found = read_history(repository, repository.commit("HEAD").sha, folder)
    found = select(found, models=options.models, metrics=[metric.name for metric in metrics])
    if options.json:
        show(to_json(found))
        return 0
    asked = metrics or [_metric("accuracy")]
    show_long(format_text(found, asked, width=width(), every_model=options.verbose))
    return 0


def _metric(name: str) -> Metric:
    """Return the metric called `name`, which was typed."""
    from benchmark.results import metric_named

    try:
        return metric_named(name)
    except BenchmarkError as error:
        error.wrong_use = True
        raise


def _print_comparison(comparison: Comparison, options: DiffOptions | CompareOptions, *, details: bool = True) -> None:
    from benchmark.compare import two_models, words
    from benchmark.compare.terminal import MORE, format_text

    if options.format == "json":
        show(to_json(comparison))
    elif options.format == "markdown":
        of_two = "places" in comparison and comparison["places"]
        show((two_models if of_two else words).format_markdown(comparison))
    else:
        text = format_text(comparison, colour=wants_colour(), details=details, width=width(), more=MORE)
        show_long(text, painted=True)
