"""The parser: each command with its options and help."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from benchmark import __version__
from benchmark.command import program
from benchmark.commands.comparing import compare, diff, history
from benchmark.commands.measuring import bench, data, list_models
from benchmark.commands.publishing import predict, readme, serve, site
from benchmark.commands.settings import DEFAULT_DATASET, ROOT


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; each command has its options, its help and its function."""
    parser = argparse.ArgumentParser(
        prog=program(),
        description="Train and evaluate models on a data set of images, build a site of the results, and say what changed.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="command")
    data_parser = _add(commands, "data", data, "fetch and verify the data set, and describe it")
    data_parser.add_argument("dataset", nargs="?", default=argparse.SUPPRESS, help="the same as --dataset")
    data_parser.add_argument(
        "--accept",
        action="store_true",
        help="write the checksums: its files, as they are, are the data set from now on",
    )
    bench_parser = _add(commands, "bench", bench, "measure every model that is not current, then build the site")
    bench_parser.add_argument("--dry-run", action="store_true", help="only list what would be measured, and why")
    bench_parser.add_argument("--no-site", action="store_true", help="do not build the site")
    site_parser = _add(commands, "site", site, "build the site from the stored results")
    serve_parser = _add(commands, "serve", serve, "show the built site on this machine")
    serve_parser.add_argument("--port", type=int, default=8000)
    predict_parser = _add(commands, "predict", predict, "classify photographs with a stored model")
    predict_parser.add_argument("model", type=Path, help="a model's folder, models/<data set>/<model>")
    predict_parser.add_argument("images", type=Path, nargs="+", help="PNG or JPEG files of any size")
    list_parser = _add(commands, "list", list_models, "list the models and whether their results are current")
    list_parser.add_argument("--check", action="store_true", help="exit with 3 if a tracked result is stale")
    diff_parser = _add(
        commands, "diff", diff, "say what changed between two commits, and whether it is more than noise"
    )
    diff_parser.add_argument(
        "before", nargs="?", default="HEAD", help="a revision or a folder of results (default: HEAD)"
    )
    diff_parser.add_argument("after", nargs="?", help="the same (default: the working tree)")
    diff_parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with the first that applies: 2 for usage and for what cannot be read or contradicts itself, 1 if "
        "something regressed, 3 if something is not comparable or not measured, 0 otherwise",
    )
    diff_parser.add_argument(
        "--min-effect",
        type=_points,
        metavar="X",
        help="with --exit-code: what regressed counts only from X points on (default: 0)",
    )
    diff_parser.add_argument(
        "--max-loss",
        type=_points,
        metavar="X",
        help="with --exit-code: 1 also unless each changed model's lower 95%% bound lies above -X points, so that too "
        "little data fails; a chain of small losses is caught by comparing with a fixed baseline revision",
    )
    compare_parser = _add(commands, "compare", compare, "compare two models of one commit")
    compare_parser.add_argument("first", help="name of a model")
    compare_parser.add_argument("second", help="name of another, which takes the part of *after*")
    compare_parser.add_argument("--at", metavar="REVISION", help="a revision or a folder (default: the working tree)")
    history_parser = _add(
        commands, "history", history, "list the metrics of each model at every commit that changed them"
    )
    history_parser.add_argument(
        "--metric", default="", help="comma-separated metrics (default: accuracy in the table, all in JSON)"
    )
    for parser_ in (data_parser, bench_parser, site_parser, predict_parser, list_parser):
        parser_.add_argument(
            "--entries", type=Path, metavar="FILE.py", help="a file that defines MODELS, DATASETS or both"
        )
    for parser_ in (data_parser, bench_parser, predict_parser, list_parser):
        parser_.set_defaults(format="text")
    for parser_ in (
        data_parser,
        bench_parser,
        predict_parser,
        list_parser,
        diff_parser,
        compare_parser,
        history_parser,
    ):
        parser_.add_argument("--json", dest="format", action="store_const", const="json", help="print JSON")
    for parser_, formats in (
        (diff_parser, ("text", "markdown", "json")),
        (compare_parser, ("text", "markdown", "json")),
        (history_parser, ("text", "json")),
    ):
        parser_.add_argument("--format", choices=formats, default="text")
        parser_.add_argument("--repository", type=Path, default=ROOT, help="whose history is read (default: this one)")
    _add(commands, "readme", readme, "write the leaderboard into README.md")
    return parser


def _add(commands: Any, name: str, function: Any, words: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=words, description=words)
    parser.set_defaults(command=function)
    parser.add_argument("--dataset", default=DEFAULT_DATASET, help="name of the data set (default: %(default)s)")
    parser.add_argument("--data-dir", type=Path, help="where its files lie, plain or .gz (default: data/<data set>)")
    parser.add_argument("--models-dir", type=Path, help="where results are (default: models, build/quick/models, …)")
    parser.add_argument("--build-dir", type=Path, help="where caches and the site go (default: build, build/quick, …)")
    parser.add_argument("--models", "--model", default="", help="comma-separated names (default: all)")
    parser.add_argument(
        "--jobs", type=_jobs, default=os.cpu_count() or 1, help="fits side by side (default: all cores)"
    )
    parser.add_argument("--profile", choices=("full", "quick"), default="full", help="quick: 6,000 and 2,000 images")
    parser.add_argument("--fast", action="store_true", help="scikit-learn-intelex, where it installs; into build/fast")
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors and the result")
    return parser


def _points(text: str) -> float:
    points = float(text)
    if not 0 <= points < float("inf"):  # nan would let everything pass
        raise argparse.ArgumentTypeError("must be 0 or more percentage points")
    return points


def _jobs(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
