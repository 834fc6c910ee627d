"""The commands that read images or train: `data`, `bench`, `list`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

from benchmark.command import Command, as_typed
from benchmark.commands.building import build
from benchmark.commands.printing import broken, complain, show, show_painted, to_json, wants_colour, width
from benchmark.commands.settings import make_reporter, make_setting, open_dataset, read_own_entries
from benchmark.errors import BenchmarkError, FitError
from benchmark.text import one_line, visible

if TYPE_CHECKING:
    from benchmark.commands.options import BenchOptions, DataOptions, ListOptions, WorkerOptions
    from benchmark.measure.entry import ModelEntry
    from benchmark.measure.keys import Status
    from benchmark.measure.setting import Setting
    from benchmark.results.failures import Failure


STALE = 3


def data(options: DataOptions) -> int:
    """Fetch, verify and describe the data set."""
    from benchmark.dataset import format_summary, summary

    reporter = make_reporter(quiet=options.quiet)
    found = summary(open_dataset(options.images, reporter, accept=options.accept, convert=options.convert))
    show(to_json(found) if options.json else format_summary(found))
    if options.accept:
        _say_of_results(options, found["digest"])
    return 0


def _say_of_results(options: DataOptions, digest: str) -> None:
    """Say how many of the stored results are of other files than those that were accepted."""
    from benchmark.results import load_results

    with suppress(BenchmarkError):  # results that cannot be read are told of by the command that needs them
        stored = load_results(options.models_dir, options.images.dataset)
        others = [model.name for model in (*stored.models, *stored.apart) if model.data[0] != digest]
        if others:
            what = "result is" if len(others) == 1 else "results are"
            complain(
                as_typed((f"{len(others)} stored {what} of other files; measure: ", Command("bench")), options.repeat)
            )


def bench(options: BenchOptions) -> int:
    """Measure what is not current, build the site, and end with the leaderboard."""
    if not (options.dry_run or options.measuring.dask):
        from benchmark.measure.warden_client import fork_warden

        fork_warden()
    reporter = make_reporter(quiet=options.quiet)
    with redirect_stdout(sys.stderr):  # what a user's code prints is no result
        setting, table, chosen = make_setting(options.measuring, reporter)

        from benchmark.measure.run import run

    if options.dry_run:
        _list(setting, chosen, json=options.json, to_do=True)
        return 0
    try:
        with redirect_stdout(sys.stderr):
            measured = run(setting, chosen, table)
    except FitError:
        with suppress(BenchmarkError):  # what failed to fit is the news, not that there is no site of it
            _build(setting, options)
        _say_of_commit(options)
        raise
    _build(setting, options)
    _conclude(setting, options, chosen if options.measuring.models else [], measured)
    return 0


def worker(options: WorkerOptions) -> int:
    """Compute for a bench that runs elsewhere."""
    from benchmark.measure.remote import serve

    read_own_entries(options.entries)  # so that its classes can be imported
    serve(options.address, options.jobs, options.memory)
    return 0


def list_models(options: ListOptions) -> int:
    """List the models and whether their tracked results are current."""
    with redirect_stdout(sys.stderr):
        setting, _, chosen = make_setting(options.measuring, make_reporter(quiet=options.quiet))
    stale = _list(setting, chosen, json=options.json)
    return STALE if options.check and stale else 0


def _list(setting: Setting, chosen: Sequence[ModelEntry], *, json: bool, to_do: bool = False) -> bool:
    """Print which models are current, and which of these lack a file that is not in git; return whether a tracked result is stale.

    With `to_do`, how long each took last time is said where something is to do.
    """
    from benchmark.measure.keys import statuses
    from benchmark.results.failures import read_failures
    from benchmark.results.numbers import NOTHING, long_duration

    with redirect_stdout(sys.stderr):
        tracked, here = (statuses(setting, chosen, tracked_only=only) for only in (True, False))
    failures = read_failures(setting.build_dir, setting.folder)
    if json:
        show(to_json([_row(*pair, failures.get(pair[0].entry.name)) for pair in zip(tracked, here, strict=True)]))
        return any(status.why for status in tracked)
    accuracies, limit = _accuracies(setting), width()
    longest = max((len(status.entry.name) for status in here), default=0)
    for status, own in zip(tracked, here, strict=True):
        last = f" (last time about {own.seconds:.0f} s)" if to_do and own.why and own.seconds is not None else ""
        state = status.why or (f"current, but {own.why} here" if own.why else "current")
        told = [f"{state}{last}"]
        if failure := failures.get(status.entry.name):
            told.append(f"last run here failed, {failure['at'][:10]}: {failure['message']}")
        beginning = f"{status.entry.name:{longest}}  {accuracies.get(status.entry.name, NOTHING):>7}  "
        for line in told:
            show(broken(one_line(line), limit, beginning) if limit else f"{beginning}{line}")
            beginning = " " * len(beginning)
    known = [status.seconds for status in here if status.why and status.seconds is not None]
    if known and to_do:
        show(f"in all about {long_duration(sum(known))}, by the last run")
    if to_do and not any(status.why for status in here):
        show("nothing to do")
    return any(status.why for status in tracked)


def _row(tracked: Status, here: Status, failure: Failure | None) -> dict[str, Any]:
    """Return a model's line as data; `here` says which file that is not in git is missing or altered, beside a result that is current."""
    return {
        "name": tracked.entry.name,
        "current": not tracked.why,
        "why": tracked.why,
        "here": "" if tracked.why else here.why,
        "seconds": here.seconds,
        "failed": failure,
    }


def _accuracies(setting: Setting) -> dict[str, str]:
    """Return the accuracy of each model whose metrics can be read; what is wrong with the others is said elsewhere."""
    from benchmark.results import Metrics, read_document
    from benchmark.results.numbers import percent

    found = {}
    for path in sorted(setting.folder.glob("*/metrics.json")):
        with suppress(BenchmarkError):
            metrics: Metrics = read_document(path, Metrics)
            found[path.parent.name] = percent(metrics["test"]["accuracy"]["value"], 2)
    return found


def _conclude(setting: Setting, options: BenchOptions, named: Sequence[ModelEntry], measured: list[str]) -> None:
    from benchmark.compare.board_data import board_data
    from benchmark.compare.intervals import checked
    from benchmark.compare.leaderboard import format_text, leaderboard, paired_sentence
    from benchmark.results import load_results

    if not measured:
        setting.report.line("every result is current: nothing was trained")
    else:
        _say_of_commit(options)
    stored = checked(load_results(setting.models_dir, setting.dataset.entry.name))
    board, apart = leaderboard(stored), [model.name for model in stored.apart]
    if options.json:
        show(to_json({"measured": measured, **board_data(stored, board)}))
        return
    say = lambda text: as_typed(text, options.repeat)  # noqa: E731
    show(format_text(board, stored.missing, apart, say, stored.misfits, width()))
    for entry in named:
        show(paired_sentence(board, entry.name))
    if setting.models_dir.resolve() == setting.root / "models":  # others are not the tracked ones
        show()
        show_painted(_against_head(setting, options))


def _say_of_commit(options: BenchOptions) -> None:
    """Say so if nobody can know which commit was measured, whether or not the run is quiet."""
    from benchmark.measure.provenance import code_state

    if note := code_state(options.measuring.images.entries).note:
        complain(as_typed(note, options.repeat))


def _against_head(setting: Setting, options: BenchOptions) -> str:
    """Say what changed against the last commit, or why that cannot be said."""
    from benchmark.compare.diff import compare_results
    from benchmark.compare.sides import read_side
    from benchmark.compare.terminal import format_text

    where: dict[str, Any] = {
        "repository": setting.root,
        "models_dir": setting.models_dir,
        "dataset": setting.dataset.entry.name,
    }
    try:
        sides = read_side("HEAD", **where), read_side(None, **where)
        comparison = compare_results(*sides, say=lambda text: as_typed(text, options.repeat))
    except BenchmarkError as error:
        return visible(f"no comparison with HEAD: {error.problem}")
    return format_text(comparison, colour=wants_colour(), details=False, width=width())


def _build(setting: Setting, options: BenchOptions) -> None:
    if options.no_site:
        return
    from benchmark.publish.parts import LeftOutError

    try:
        folder = build(options, options.measuring.images, setting.models_dir, setting.dataset, setting.report)
    except LeftOutError as error:  # what was measured is on the site
        complain(error.text())
    else:
        setting.report.line(as_typed((f"the site is in {folder} (", Command("serve"), " shows it)"), options.repeat))
