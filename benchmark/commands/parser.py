"""From the words of the command line to a command and its typed options; what argparse gives is read here alone."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from benchmark import __version__
from benchmark.command import program
from benchmark.commands import comparing, measuring, publishing
from benchmark.commands.arguments import of_command
from benchmark.commands.completion import SHELLS, PrintScript, completed
from benchmark.commands.options import (
    BenchOptions,
    CompareOptions,
    DataOptions,
    DiffOptions,
    Format,
    HistoryOptions,
    Images,
    LeaderboardOptions,
    ListOptions,
    Measuring,
    PredictOptions,
    ReadmeOptions,
    ServeOptions,
    SiteOptions,
    Where,
    WorkerOptions,
)
from benchmark.commands.settings import DEFAULT_DATASET, ROOT
from benchmark.commands.usage import Help, Parser, WrongUse, epilog, refuse

ABOUT = "Train and evaluate models on a data set of images, build a site of the results, and say what changed."
Options = TypeVar("Options")


@dataclass(frozen=True)
class Subcommand:
    """A command: its name, its help, and what makes it ready to run from what argparse answers."""

    name: str
    words: str
    ready: Callable[[argparse.Namespace], partial[int]]


@dataclass(frozen=True)
class Call:
    """A command with its options, ready to run, and those of them that commands named in its messages repeat.

    `dataset` and `models_dir` say what it is about; a command that is about none, or reads no results, has none.
    """

    name: str
    run: partial[int]
    repeat: Mapping[str, str]
    dataset: str = ""
    models_dir: Path | None = None


def parse(argv: Sequence[str] | None = None) -> Call:
    """Return the command that was typed; wrong use ends the process with status 2, `--help` and `--version` with 0."""
    typed = sys.argv[1:] if argv is None else list(argv)
    parser = make_parser()
    try:
        given, unknown = parser.parse_known_args(typed)
        if unknown:  # said with the usage of the command, not of the program
            given.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
        if vars(given).get("json") and vars(given).get("format") not in (None, "json"):
            given.parser.error(f"argument --json: not allowed with --format {given.format}")
    except WrongUse as wrong:
        refuse(wrong, typed)
    command: Subcommand = given.command
    models_dir = _models_dir(given) if "models_dir" in given else None
    return Call(command.name, command.ready(given), _repeat(given), vars(given).get("dataset", ""), models_dir)


def make_parser(prog: str = "") -> Parser:
    """Return the parser of the command line, called `prog`: each command with its help and the options that it takes."""
    prog = prog or program()
    parser = Parser(prog=prog, description=ABOUT, epilog=epilog(prog), allow_abbrev=False, formatter_class=Help)
    parser.add_argument("--version", action="version", version=__version__)
    parser.add_argument(
        "--completion", action=PrintScript, choices=SHELLS, help="print what completes commands in a shell"
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        # abbreviated, --models would be --models-dir where a command takes that alone
        own = commands.add_parser(
            command.name,
            help=command.words,
            description=command.words,
            epilog=epilog(prog, command.name),
            allow_abbrev=False,
            formatter_class=Help,
        )
        own.command = command.name
        own.set_defaults(command=command, parser=own)
        for option in of_command(command.name):
            action = own.add_argument(*option.names.split(), **option.settings)
            if option.completes:
                completed(action, option.completes)
    return parser


# ------------------------------------------------------------------------------------------- from argparse to values
def _names(text: str) -> tuple[str, ...]:
    """Return the names in a comma-separated text."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _format(given: argparse.Namespace) -> Format:
    """Return what is to be printed: --json is --format json, also for commands that print nothing else but text."""
    named: Format | None = vars(given).get("format")
    return "json" if given.json else named or "text"


def _repeat(given: argparse.Namespace) -> dict[str, str]:
    """Return the options that a command named in a message repeats, where they are not the usual ones."""
    options = [option for option in of_command(given.command.name) if option.repeated]
    values = {option.dest: (vars(given)[option.dest], option.settings.get("default")) for option in options}
    return {
        name: "1" if value is True else str(value)
        for name, (value, usual) in values.items()
        if value not in (usual, False)
    }


def _work_dir(given: argparse.Namespace) -> Path:
    """Return where results of a profile and the site go: build, build/quick, build/fast or build/fast/quick."""
    if given.build_dir:
        return Path(given.build_dir)
    folder = ROOT / "build"
    folder = folder / "fast" if "fast" in given and given.fast else folder  # data has no such option
    return folder / "quick" if given.profile == "quick" else folder


def _site_dir(given: argparse.Namespace) -> Path:
    """Return where the site goes: a data set's own folder below that, so that none takes another's place."""
    folder = _work_dir(given)
    return folder if given.build_dir or given.dataset == DEFAULT_DATASET else folder / given.dataset


def _models_dir(given: argparse.Namespace) -> Path:
    """Return where results are: as given, `models`, or a folder of their own below `build` for a profile or --fast."""
    if given.models_dir:
        return Path(given.models_dir)
    folder = _work_dir(given)
    return ROOT / "models" if folder == ROOT / "build" else folder / "models"


def _build_dir(given: argparse.Namespace) -> Path:
    """Return where caches are, those of every profile in one place."""
    return given.build_dir or ROOT / "build"


def _images(given: argparse.Namespace) -> Images:
    quick = given.profile == "quick"
    return Images(given.dataset, quick, given.data_dir, _build_dir(given) / "data", given.entries)


def _measuring(
    given: argparse.Namespace,
    *,
    dask: str = "",
    dashboard: bool = False,
    memory: int | None = None,
    fit_seconds: float | None = None,
) -> Measuring:
    return Measuring(
        images=_images(given),
        models=_names(given.models),
        models_dir=_models_dir(given),
        build_dir=_build_dir(given),
        jobs=given.jobs,
        fast=given.fast,
        dask=dask,
        dashboard=dashboard,
        memory=memory,
        fit_seconds=fit_seconds,
    )


def _where(given: argparse.Namespace) -> Where:
    here = given.models_dir or given.repository == ROOT
    models_dir = _models_dir(given) if here else given.repository / "models"
    return Where(given.repository, models_dir, given.dataset)


def _data(given: argparse.Namespace) -> DataOptions:
    return DataOptions(
        images=_images(given),
        models_dir=_models_dir(given),
        accept=given.accept,
        convert=given.convert,
        json=_format(given) == "json",
        quiet=given.quiet,
        repeat=_repeat(given),
    )


def _bench(given: argparse.Namespace) -> BenchOptions:
    return BenchOptions(
        measuring=_measuring(
            given, dask=given.dask, dashboard=given.dashboard, memory=given.memory, fit_seconds=given.fit_limit
        ),
        site_dir=_site_dir(given),
        dry_run=given.dry_run,
        no_site=given.no_site,
        json=_format(given) == "json",
        quiet=given.quiet,
        repeat=_repeat(given),
    )


def _worker(given: argparse.Namespace) -> WorkerOptions:
    return WorkerOptions(given.address, given.jobs, given.entries, given.memory)


def _list(given: argparse.Namespace) -> ListOptions:
    return ListOptions(_measuring(given), given.check, _format(given) == "json", given.quiet)


def _site(given: argparse.Namespace) -> SiteOptions:
    return SiteOptions(_images(given), _models_dir(given), _site_dir(given), given.quiet, _repeat(given))


def _serve(given: argparse.Namespace) -> ServeOptions:
    return ServeOptions(_site_dir(given), given.port)


def _predict(given: argparse.Namespace) -> PredictOptions:
    return PredictOptions(
        given.model, _models_dir(given) / given.dataset, tuple(given.images), given.entries, _format(given) == "json"
    )


def _readme(given: argparse.Namespace) -> ReadmeOptions:
    return ReadmeOptions(_models_dir(given), given.dataset)


def _diff(given: argparse.Namespace) -> DiffOptions:
    return DiffOptions(
        where=_where(given),
        before=given.before,
        after=given.after,
        models=_names(given.models),
        exit_code=given.exit_code,
        min_effect=given.min_effect,
        max_loss=given.max_loss,
        verbose=given.verbose,
        format=_format(given),
        repeat=_repeat(given),
    )


def _compare(given: argparse.Namespace) -> CompareOptions:
    return CompareOptions(_where(given), given.first, given.second, given.at, _format(given), _repeat(given))


def _leaderboard(given: argparse.Namespace) -> LeaderboardOptions:
    return LeaderboardOptions(_models_dir(given), given.dataset, _format(given) == "json", _repeat(given))


def _history(given: argparse.Namespace) -> HistoryOptions:
    return HistoryOptions(
        _where(given), _names(given.models), _names(given.metric), given.verbose, _format(given) == "json"
    )


def _command(
    name: str, words: str, read: Callable[[argparse.Namespace], Options], run: Callable[[Options], int]
) -> Subcommand:
    """Return a command whose function takes the very options that are read for it."""
    return Subcommand(name, words, lambda given: partial(run, read(given)))


COMMANDS = (
    _command("data", "fetch and verify the data set, and describe it", _data, measuring.data),
    _command("bench", "measure every model that is not current, then build the site", _bench, measuring.bench),
    _command("worker", "compute for a bench on another machine, until its scheduler ends", _worker, measuring.worker),
    _command("site", "build the site from the stored results", _site, publishing.site),
    _command("serve", "show the built site on this machine", _serve, publishing.serve),
    _command("predict", "classify photographs with a stored model", _predict, publishing.predict),
    _command("list", "list the models and whether their results are current", _list, measuring.list_models),
    _command("leaderboard", "rank the models by their stored results", _leaderboard, comparing.leaderboard),
    _command("diff", "say what changed between two commits, and whether it is more than noise", _diff, comparing.diff),
    _command("compare", "compare two models of one commit", _compare, comparing.compare),
    _command(
        "history", "list the metrics of each model at every commit that changed them", _history, comparing.history
    ),
    _command("readme", "write the leaderboard into README.md", _readme, publishing.readme),
)
