"""The commands that read images or train: `data`, `bench`, `list`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from benchmark.command import Command
from benchmark.commands.printing import to_json, typed, wants_colour
from benchmark.commands.settings import ROOT, make_reporter, make_setting, open_dataset, site_folder
from benchmark.errors import BenchmarkError, FitError

if TYPE_CHECKING:
    from benchmark.measure.entry import ModelEntry
    from benchmark.measure.setting import Setting


STALE = 3


def data(arguments: argparse.Namespace) -> int:
    """Fetch, verify and describe the data set."""
    from benchmark.dataset import format_summary, summary

    found = summary(open_dataset(arguments, make_reporter(arguments)))
    print(to_json(found) if arguments.format == "json" else format_summary(found))
    return 0


def bench(arguments: argparse.Namespace) -> int:
    """Measure what is not current, build the site, and end with the leaderboard."""
    reporter = make_reporter(arguments)
    setting, table, chosen = make_setting(arguments, reporter)

    from benchmark.measure.run import run

    if arguments.dry_run:
        return _list(arguments, setting, chosen)
    try:
        measured = run(setting, chosen, table)
    except FitError:
        with suppress(BenchmarkError):  # what failed to fit is the news, not that there is no site of it
            _build(setting, arguments)
        raise
    _build(setting, arguments)
    _conclude(setting, arguments, chosen if arguments.models else [], measured)
    return 0


def list_models(arguments: argparse.Namespace) -> int:
    """List the models and whether their tracked results are current."""
    setting, _, chosen = make_setting(arguments, make_reporter(arguments))
    return _list(arguments, setting, chosen, tracked_only=True)


def _list(
    arguments: argparse.Namespace, setting: Setting, chosen: Sequence[ModelEntry], *, tracked_only: bool = False
) -> int:
    """Print which models are current, and how long it took last time where something is to do."""
    from benchmark.measure.keys import statuses

    found = statuses(setting, chosen, tracked_only=tracked_only)
    if arguments.format == "json":
        print(
            to_json([{"name": s.entry.name, "current": not s.why, "why": s.why, "seconds": s.seconds} for s in found])
        )
    else:
        for status in found:
            last = "" if tracked_only or status.seconds is None else f" (last time about {status.seconds:.0f} s)"
            current = "current" if tracked_only else "current, nothing to do"
            print(f"{status.entry.name:16} {status.why + last if status.why else current}")
    return STALE if getattr(arguments, "check", False) and any(status.why for status in found) else 0


def _conclude(
    setting: Setting, arguments: argparse.Namespace, named: Sequence[ModelEntry], measured: list[str]
) -> None:
    from benchmark.compare.leaderboard import format_text, leaderboard, paired_sentence, row_data
    from benchmark.results import load_results

    if not measured:
        setting.report.line("every result is current: nothing was trained")
    stored = load_results(setting.models_dir, setting.dataset.entry.name)
    board = leaderboard(stored)
    if arguments.format == "json":
        rows = [row_data(row) for row in board.rows]
        print(to_json({"measured": measured, "missing": stored.missing, "leaderboard": rows}))
        return
    print(format_text(board, stored.missing, lambda text: typed(text, arguments)))
    for entry in named:
        print(paired_sentence(board, entry.name))
    if setting.models_dir.resolve() == setting.root / "models":  # others are not the tracked ones
        print(f"\n{_against_head(setting, arguments)}")


def _against_head(setting: Setting, arguments: argparse.Namespace) -> str:
    """Say what changed against the last commit, or why that cannot be said."""
    from benchmark.compare.diff import compare_results
    from benchmark.compare.sides import read_side
    from benchmark.compare.words import format_text

    where: dict[str, Any] = {
        "repository": setting.root,
        "models_dir": setting.models_dir,
        "dataset": setting.dataset.entry.name,
    }
    try:
        before, after = (read_side(end, **where) for end in ("HEAD", None))
        comparison = compare_results(before, after, say=lambda text: typed(text, arguments))
    except BenchmarkError as error:
        return f"no comparison with HEAD: {error.problem}"
    return format_text(comparison, colour=wants_colour(), details=False)


def _build(setting: Setting, arguments: argparse.Namespace) -> None:
    if arguments.no_site:
        return
    from benchmark.publish.build import build_site

    folder = build_site(
        root=ROOT,
        models_dir=setting.models_dir,
        dataset=setting.dataset,
        build_dir=site_folder(arguments),
        say=lambda text: typed(text, arguments),
        report=setting.report.line,
    )
    setting.report.line(typed((f"the site is in {folder} (", Command("serve"), " shows it)"), arguments))
