"""The command line: `python -m benchmark --help`, or `fashion-bench --help` where the package is installed.

A command's modules are imported when that command runs.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from benchmark import __version__
from benchmark.errors import BenchmarkError, FitError
from benchmark.layout import PROGRAM, command_line, is_checkout, work_folder

if TYPE_CHECKING:
    from benchmark.bench import Bench
    from benchmark.dataset import Dataset
    from benchmark.diff import Comparison
    from benchmark.entries import OwnEntries
    from benchmark.models import ModelEntry
    from benchmark.progress import Reporter

ROOT = work_folder()
DEFAULT_DATASET = "fashion-mnist"
QUICK = (6000, 2000)
UNREADABLE = 2
STALE = 3
INTERRUPTED = 130
SINGLE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    for name in SINGLE_THREAD:
        os.environ[name] = "1"  # two BLAS threads change the last bits; fits run side by side in processes instead
    arguments = _parser().parse_args(argv)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: _end())  # no exception: one raised amid a destructor would be lost
    try:
        status: int = arguments.command(arguments)
    except BenchmarkError as error:
        print(_typed(f"error: {error}", arguments), file=sys.stderr)
        return 1
    except BrokenPipeError:  # `… | head` has seen enough
        _silence()
    except KeyboardInterrupt:
        _end()
    else:
        return status
    return 0


def _end() -> NoReturn:
    """End at once: on its way out joblib would start new workers, which wait for the killed ones."""
    os.write(sys.stderr.fileno(), b"interrupted; every fit that was done is kept\n")
    _end_workers()
    os._exit(INTERRUPTED)


def _silence() -> None:
    """Let nothing more be said, not even by Python on its way out, where nobody reads any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end_workers() -> None:
    """Kill the fits in flight, which would go on for a minute; what cleans up after them, a resource tracker, stays."""
    import subprocess

    try:
        listed = subprocess.run(
            ["ps", "-A", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=False
        ).stdout.splitlines()
    except OSError:  # no ps: they end with the fits that they are at
        return
    ours = {os.getpid()}
    for pid, parent, words in (line.split(maxsplit=2) for line in listed if len(line.split()) > 2):  # noqa: PLR2004
        if int(parent) in ours and "resource_tracker" not in words:  # parents are listed before their children
            ours.add(int(pid))
    for worker in ours - {os.getpid()}:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmark" if is_checkout() else PROGRAM,
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


def _typed(text: str, arguments: argparse.Namespace) -> str:
    """Return `text` with the commands in it as this person types them, for the same data set and entries."""
    standard = {"dataset": DEFAULT_DATASET, "profile": "full", "entries": None}
    given = {name: getattr(arguments, name, value) for name, value in standard.items()}
    return command_line(text, {name: str(value) for name, value in given.items() if value != standard[name]})


# ----------------------------------------------------------------------------------------------------------- commands
def data(arguments: argparse.Namespace) -> int:
    """Fetch, verify and describe the data set."""
    from benchmark.dataset import format_summary, summary

    found = summary(_dataset(arguments, _reporter(arguments)))
    print(_json(found) if arguments.format == "json" else format_summary(found))
    return 0


def bench(arguments: argparse.Namespace) -> int:
    """Measure what is not current, build the site, and end with the leaderboard."""
    reporter = _reporter(arguments)
    setting, table, chosen = _setting(arguments, reporter)
    from benchmark import bench as measuring

    if arguments.dry_run:
        return _list(arguments, setting, chosen)
    try:
        measured = measuring.run(setting, chosen, table)
    except FitError:
        with suppress(BenchmarkError):  # what failed to fit is the news, not that there is no site of it
            _build(setting, arguments)
        raise
    _build(setting, arguments)
    _conclude(setting, arguments, chosen if arguments.models else [], measured)
    return 0


def site(arguments: argparse.Namespace) -> int:
    """Build the site from the stored results."""
    from benchmark.site import build_site

    reporter = _reporter(arguments)
    folder = build_site(
        root=ROOT,
        models_dir=_models_dir(arguments),
        dataset=_dataset(arguments, reporter),
        build_dir=_site_dir(arguments),
        say=lambda text: _typed(text, arguments),
        report=reporter.line,
    )
    print(folder)
    return 0


def serve(arguments: argparse.Namespace) -> int:
    """Show the built site on the loopback address."""
    from benchmark.site import serve as show

    try:
        show(_site_dir(arguments), arguments.port)
    except KeyboardInterrupt:
        print()
    return 0


def predict(arguments: argparse.Namespace) -> int:
    """Print the class and score of photographs."""
    from benchmark.predict import load_model, predict_images
    from benchmark.results import DatasetStudy, Metrics, read_document, study_path

    _own_entries(arguments)  # a pickle's classes may be defined there
    folder = arguments.model.parent if arguments.model.suffix == ".pkl" else arguments.model
    model = load_model(folder / "model.pkl")
    about = read_document(folder / "metrics.json", Metrics)["dataset"]
    study = study_path(folder.resolve().parents[1], about["name"])
    height, width = read_document(study, DatasetStudy)["image_shape"]
    rows = [
        {"path": str(found.path), "class": about["classes"][found.label], "kind": found.kind, "score": found.score}
        for found in predict_images(model, arguments.images, (height, width))
    ]
    if arguments.format == "json":
        print(_json(rows))
        return 0
    for row in rows:
        unit = "probability" if row["kind"] == "predict_proba" else "decision value"
        print(f"{row['path']}\t{row['class']}\t{unit} {row['score']:.4g}")
    return 0


def list_models(arguments: argparse.Namespace) -> int:
    """List the models and whether their tracked results are current."""
    setting, _, chosen = _setting(arguments, _reporter(arguments))
    return _list(arguments, setting, chosen, tracked_only=True)


def diff(arguments: argparse.Namespace) -> int:
    """Print what changed between two sets of results."""
    from benchmark.diff import gate, only

    try:
        comparison = _comparison(arguments)
        shown = only(comparison, names) if (names := _names(arguments.models)) else comparison
        status, why = gate(comparison, min_effect=arguments.min_effect or 0.0, max_loss=arguments.max_loss)
    except BenchmarkError as error:
        print(_typed(f"error: {error}", arguments), file=sys.stderr)
        return UNREADABLE
    try:
        _print_comparison(shown, arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough; the status is the same
        _silence()
    if not arguments.exit_code:
        return 0
    if status:
        print(f"exit status {status}: {why}", file=sys.stderr)
    return status


def _comparison(arguments: argparse.Namespace) -> Comparison:
    from benchmark.diff import compare_results, read_side, tracked_folder, use_of_test_set
    from benchmark.repository import Repository

    if not arguments.exit_code and (arguments.min_effect, arguments.max_loss) != (None, None):
        raise BenchmarkError("--min-effect and --max-loss decide an exit status", remedy="add --exit-code")
    where = _where(arguments)
    before, after = (read_side(spec, **where) for spec in (arguments.before, arguments.after))
    repository = Repository.around(arguments.repository)
    sha = after[0]["commit"] or (repository.commit("HEAD").sha if repository and arguments.after is None else None)
    sha = sha or before[0]["commit"]
    use = use_of_test_set(repository, sha, tracked_folder(**where)) if repository and sha else None
    return compare_results(before, after, use)


def compare(arguments: argparse.Namespace) -> int:
    """Print what tells two models of one set of results apart."""
    from benchmark.diff import compare_models, read_side
    from benchmark.leaderboard import places

    side, stored = read_side(arguments.at, **_where(arguments))
    first, second = (stored.model(name) for name in (arguments.first, arguments.second))
    comparison = compare_models((side, stored), first, second)
    comparison["places"] = places(stored, [first.name, second.name])
    _print_comparison(comparison, arguments)
    return 0


def history(arguments: argparse.Namespace) -> int:
    """Print the metrics of each model at every commit that changed results."""
    from benchmark.diff import tracked_folder
    from benchmark.history import format_text, read_history, select
    from benchmark.repository import Repository
    from benchmark.results import metric_named

    metrics = [metric_named(name) for name in _names(arguments.metric)]
    repository = Repository(arguments.repository)
    found = read_history(repository, repository.commit("HEAD").sha, tracked_folder(**_where(arguments)))
    found = select(found, models=_names(arguments.models), metrics=[metric.name for metric in metrics])
    if arguments.format == "json":
        print(_json(found))
    else:
        print(format_text(found, metrics or [metric_named("accuracy")]))
    return 0


def readme(arguments: argparse.Namespace) -> int:
    """Write the leaderboard into README.md."""
    from benchmark.leaderboard import rewrite_readme
    from benchmark.results import load_results

    changed = rewrite_readme(ROOT / "README.md", load_results(_models_dir(arguments), arguments.dataset))
    print("README.md rewritten" if changed else "README.md is up to date")
    return 0


# ------------------------------------------------------------------------------------------------ what commands share
def _where(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return where a comparison looks for results: the repository, the working tree's folder, and the data set."""
    here = arguments.models_dir or arguments.repository == ROOT
    return {
        "repository": arguments.repository,
        "models_dir": _models_dir(arguments) if here else arguments.repository / "models",
        "dataset": arguments.dataset,
    }


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _print_comparison(comparison: Comparison, arguments: argparse.Namespace) -> None:
    from benchmark.report import format_markdown, format_text

    if arguments.format == "json":
        print(_json(comparison))
    elif arguments.format == "markdown":
        print(format_markdown(comparison))
    else:
        print(_typed(format_text(comparison, colour=_colour()), arguments))


def _colour() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _json(document: Any) -> str:
    import json

    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)


def _own_entries(arguments: argparse.Namespace) -> OwnEntries | None:
    if arguments.entries is None:
        return None
    from benchmark.entries import load_entries

    return load_entries(arguments.entries)


def _setting(arguments: argparse.Namespace, reporter: Reporter) -> tuple[Bench, list[ModelEntry], list[ModelEntry]]:
    """Return where and how models are measured, the table, and the entries of it that were asked for and fit the data set."""
    if arguments.fast:
        _accelerate()  # before the table names scikit-learn's classes
    from benchmark.bench import Bench, fitting
    from benchmark.models import MODELS, check_entries, select_entries

    own = _own_entries(arguments)
    table = [*MODELS, *(own.models if own else ())]
    check_entries(table)  # before anything is fetched
    chosen = select_entries(table, arguments.models)
    setting = Bench(
        root=ROOT,
        models_dir=_models_dir(arguments),
        build_dir=arguments.build_dir or ROOT / "build",
        dataset=_dataset(arguments, reporter),
        jobs=arguments.jobs,
        report=reporter,
        accelerated=arguments.fast,
        entries=arguments.entries,
    )
    return setting, table, fitting(setting, chosen, named=bool(arguments.models))


def _list(
    arguments: argparse.Namespace, setting: Bench, chosen: Sequence[ModelEntry], *, tracked_only: bool = False
) -> int:
    """Print which models are current, and how long it took last time where something is to do."""
    from benchmark.bench import statuses

    found = statuses(setting, chosen, tracked_only=tracked_only)
    if arguments.format == "json":
        print(_json([{"name": s.entry.name, "current": not s.why, "why": s.why, "seconds": s.seconds} for s in found]))
    else:
        for status in found:
            last = "" if tracked_only or status.seconds is None else f" (last time about {status.seconds:.0f} s)"
            current = "current" if tracked_only else "current, nothing to do"
            print(f"{status.entry.name:16} {status.why + last if status.why else current}")
    return STALE if getattr(arguments, "check", False) and any(status.why for status in found) else 0


def _conclude(setting: Bench, arguments: argparse.Namespace, named: Sequence[ModelEntry], measured: list[str]) -> None:
    from benchmark.leaderboard import format_text, leaderboard_data, paired_sentence
    from benchmark.results import load_results

    if not measured:
        setting.report.line("every result is current: nothing was trained")
    stored = load_results(setting.models_dir, setting.dataset.entry.name)
    if arguments.format == "json":
        print(_json({"measured": measured, "missing": stored.missing, "leaderboard": leaderboard_data(stored)}))
        return
    print(_typed(format_text(stored), arguments))
    for entry in named:
        print(paired_sentence(stored, entry.name))
    if setting.models_dir.resolve() == setting.root / "models":  # others are not the tracked ones
        print(f"\n{_against_head(setting)}")


def _against_head(setting: Bench) -> str:
    """Say what changed against the last commit, or why that cannot be said."""
    from benchmark.diff import compare_results, read_side
    from benchmark.report import format_text

    where: dict[str, Any] = {
        "repository": setting.root,
        "models_dir": setting.models_dir,
        "dataset": setting.dataset.entry.name,
    }
    try:
        comparison = compare_results(read_side("HEAD", **where), read_side(None, **where))
    except BenchmarkError as error:
        return f"no comparison with HEAD: {str(error).partition(chr(10))[0]}"
    return format_text(comparison, colour=_colour(), details=False)


def _build(setting: Bench, arguments: argparse.Namespace) -> None:
    if arguments.no_site:
        return
    from benchmark.site import build_site

    folder = build_site(
        root=ROOT,
        models_dir=setting.models_dir,
        dataset=setting.dataset,
        build_dir=_site_dir(arguments),
        say=lambda text: _typed(text, arguments),
        report=setting.report.line,
    )
    setting.report.line(_typed(f"the site is in {folder} (make serve shows it)", arguments))


def _accelerate() -> None:
    """Let scikit-learn-intelex take the place of the estimators that it has, in this process and its children."""
    try:
        from sklearnex import patch_sklearn
    except ImportError:
        raise BenchmarkError(
            "scikit-learn-intelex is not installed",
            expected="Linux on x86-64",
            found=sys.platform,
            remedy="make bench FAST=1, which installs it" if is_checkout() else "pip install scikit-learn-intelex",
        ) from None
    os.environ["BENCHMARK_ACCELERATED"] = "1"
    # RbfSVC calls its own; for the others it does nothing
    patch_sklearn(name=["sklearn.ensemble.RandomForestClassifier"], verbose=False)


def _dataset(arguments: argparse.Namespace, reporter: Reporter) -> Dataset:
    from benchmark.dataset import DATASETS, load_dataset, subset

    own = _own_entries(arguments)
    cache = (arguments.build_dir or ROOT / "build") / "data"
    whole = load_dataset(
        arguments.dataset,
        root=ROOT,
        data_dir=arguments.data_dir,
        cache_dir=cache,
        report=reporter.line,
        datasets=DATASETS | (own.datasets if own else {}),
        accept=getattr(arguments, "accept", False),
    )
    return subset(whole, *QUICK, seed=0, cache_dir=cache) if arguments.profile == "quick" else whole


def _reporter(arguments: argparse.Namespace) -> Reporter:
    from benchmark.progress import Reporter

    return Reporter(quiet=arguments.quiet)


def _build_dir(arguments: argparse.Namespace) -> Path:
    """Return where the site goes: build, build/quick, build/fast or build/fast/quick."""
    if arguments.build_dir:
        return Path(arguments.build_dir)
    folder = ROOT / "build"
    folder = folder / "fast" if arguments.fast else folder
    return folder / "quick" if arguments.profile == "quick" else folder


def _site_dir(arguments: argparse.Namespace) -> Path:
    """Return where the site goes: a data set's own folder below that, so that none takes another's place."""
    folder = _build_dir(arguments)
    return folder if arguments.build_dir or arguments.dataset == DEFAULT_DATASET else folder / arguments.dataset


def _models_dir(arguments: argparse.Namespace) -> Path:
    if arguments.models_dir:
        return Path(arguments.models_dir)
    build = _build_dir(arguments)
    return ROOT / "models" if build == ROOT / "build" else build / "models"


if __name__ == "__main__":
    sys.exit(main())
