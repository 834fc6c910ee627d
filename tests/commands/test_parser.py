"""The command line: each command takes its options and no others, documents them, and hands them on as typed values."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.commands.options import (
    BenchOptions,
    CompareOptions,
    DataOptions,
    DiffOptions,
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
from benchmark.commands.parser import parse
from benchmark.commands.usage import SHOWN
from benchmark.machine import usable_cores
from benchmark.results import load_results
from tests.conftest import ROOT

BUILD = ROOT / "build"
PLACES = "--dataset --profile --build-dir --fast"
COMPARING = f"{PLACES} --models-dir --repository --format --json"
TAKES = {
    "data": "--dataset --profile --entries --data-dir --models-dir --build-dir --accept --convert --json --quiet",
    "bench": f"{PLACES} --entries --data-dir --models-dir --models --model --jobs --memory --fit-limit --dask --dashboard --dry-run --no-site --json --quiet",
    "worker": "--jobs --memory --entries",
    "site": f"{PLACES} --entries --data-dir --models-dir --quiet",
    "serve": f"{PLACES} --port",
    "predict": f"{PLACES} --models-dir --entries --json",
    "list": f"{PLACES} --entries --data-dir --models-dir --models --model --jobs --check --json --quiet",
    "diff": f"{COMPARING} --models --model --exit-code --min-effect --max-loss --verbose",
    "compare": f"{COMPARING} --at",
    "history": f"{COMPARING} --models --model --metric --verbose",
    "readme": f"{PLACES} --models-dir",
    "leaderboard": f"{PLACES} --models-dir --format --json",
}
# what every command took, whether it used it or not
ONCE_TAKEN = {
    "data": "--models --jobs --fast",
    "site": "--models --jobs",
    "serve": "--data-dir --models-dir --models --jobs --quiet",
    "predict": "--data-dir --models --jobs --quiet",
    "diff": "--data-dir --jobs --quiet",
    "compare": "--data-dir --models --jobs --quiet",
    "history": "--data-dir --jobs --quiet",
    "readme": "--data-dir --models --jobs --quiet",
}
REQUIRED = {"predict": ["a", "photo.png"], "compare": ["a", "b"], "worker": ["tcp://h:8786"]}
SWITCHES = [
    "--verbose",
    "--accept",
    "--convert",
    "--fast",
    "--dashboard",
    "--dry-run",
    "--no-site",
    "--check",
    "--exit-code",
    "--json",
    "--quiet",
]
VALUES = {
    "--profile": "quick",
    "--jobs": "99",
    "--memory": "2GiB",
    "--fit-limit": "30m",
    "--port": "1",
    "--min-effect": "1",
    "--max-loss": "1",
    "--format": "json",
}
ALL = sorted({flag for flags in TAKES.values() for flag in flags.split()})


def words(command, *flags):
    """Return the words that give a command what it requires, and each flag with a value that it may have."""
    given = [word for flag in flags for word in ([flag] if flag in SWITCHES else [flag, VALUES.get(flag, "x")])]
    return [command, *REQUIRED.get(command, ()), *given]


def options_of(*typed):
    (options,) = parse(list(map(str, typed))).run.args
    return options


def refused(capsys, *typed):
    """Return what is said of words that are refused as wrong use."""
    with pytest.raises(SystemExit) as caught:
        parse(list(typed))
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert not said.out
    assert said.err.startswith("usage: ")
    return said.err


@pytest.mark.parametrize("command", TAKES)
def test_a_command_takes_its_options_and_no_others(command, capsys):
    parse(words(command, *TAKES[command].split()))  # --json and --format json agree
    for flag in set(ALL) - set(TAKES[command].split()):
        assert f"unrecognized arguments: {flag}" in refused(capsys, *words(command, flag)), flag


def test_what_reached_nothing_is_refused(capsys):
    pairs = [(command, flag) for command, flags in ONCE_TAKEN.items() for flag in flags.split()]
    assert len(pairs) == 28
    for command, flag in pairs:
        said = refused(capsys, *words(command, flag))
        assert said.endswith(f"  try:      .venv/bin/python -m benchmark {command} --help\n")


@pytest.mark.parametrize("command", TAKES)
def test_each_option_has_its_line_of_help(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit) as caught:
        parse([command, "--help"])
    assert caught.value.code == 0
    told = re.findall(r"^  (-.*?)(?:  +|\n {20,})\S", capsys.readouterr().out, flags=re.MULTILINE)
    assert sorted(re.findall(r"--[a-z-]+", " ".join(told))) == sorted(["--help", *TAKES[command].split()])


@pytest.mark.parametrize("command", TAKES)
def test_each_command_has_an_example_that_it_takes(command, capsys):
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    example = capsys.readouterr().out.split("example:\n")[1]
    assert example == f"  .venv/bin/python -m benchmark {SHOWN[command]}\n"
    name, *typed = SHOWN[command].split()
    assert name == command
    parse([name, *typed])


@pytest.mark.parametrize("command", ["leaderboard", "diff", "compare", "history"])
def test_json_and_another_format_contradict_each_other(command, capsys):
    for other in ("text", *(["markdown"] if command in ("diff", "compare") else [])):
        for typed in (["--json", "--format", other], ["--format", other, "--json"]):
            said = refused(capsys, command, *REQUIRED.get(command, []), *typed)
            assert f"argument --json: not allowed with --format {other}\n" in said
    for typed in (["--json"], ["--format", "json"], ["--json", "--format", "json"]):
        options = options_of(command, *REQUIRED.get(command, []), *typed)
        assert "json" in (vars(options).get("format"), vars(options).get("json") and "json")


def test_no_option_is_abbreviated(capsys):
    assert "unrecognized arguments: --models" in refused(
        capsys, "compare", "a", "b", "--models", "c"
    )  # not --models-dir
    assert "unrecognized arguments: --prof" in refused(capsys, "bench", "--prof", "quick")


# ------------------------------------------------------------------------------------------------------ typed values
SHARED = ("--dataset", "digits", "--profile", "quick", "--fast")
FILES = ("--data-dir", "d", "--entries", "e.py")
IMAGES = Images("digits", True, Path("d"), BUILD / "data", Path("e.py"))  # noqa: FBT003
QUICK = BUILD / "fast" / "quick"
TOLD = {"dataset": "digits", "profile": "quick", "fast": "1"}
OF_FILES = {"entries": "e.py", "data_dir": "d"}
TOLD_OF_DATA = {"dataset": "digits", "profile": "quick"} | OF_FILES
MEASURING = Measuring(IMAGES, ("a", "b"), QUICK / "models", BUILD, jobs=3, fast=True)
WHERE = Where(ROOT, QUICK / "models", "digits")
TYPED = {
    ("data", "digits", "--profile", "quick", *FILES, "--accept", "--json"): DataOptions(
        IMAGES, BUILD / "quick" / "models", accept=True, convert=False, json=True, quiet=False, repeat=TOLD_OF_DATA
    ),
    ("data", "digits", "--profile", "quick", *FILES, "--convert", "--models-dir", "m"): DataOptions(
        IMAGES, Path("m"), accept=False, convert=True, json=False, quiet=False,
        repeat=TOLD_OF_DATA | {"models_dir": "m"},
    ),
    ("bench", *SHARED, *FILES, "--models", "a, b", "--jobs", "3", "--dry-run", "--quiet"): BenchOptions(
        MEASURING, QUICK / "digits", dry_run=True, no_site=False, json=False, quiet=True,
        repeat=TOLD | OF_FILES,
    ),
    ("bench", *SHARED, *FILES, "--models", "a,b", "--jobs", "3", "--memory", "2GB", "--dask", "tcp://h:1", "--dashboard"): BenchOptions(
        replace(MEASURING, dask="tcp://h:1", dashboard=True, memory=2 * 10**9), QUICK / "digits", dry_run=False, no_site=False, json=False,
        quiet=False, repeat=TOLD | OF_FILES,
    ),
    ("worker", "tcp://h:1", "--jobs", "3", "--memory", "1.5 GiB", "--entries", "e.py"): WorkerOptions(
        "tcp://h:1", 3, Path("e.py"), 3 * 2**29
    ),
    ("list", *SHARED, *FILES, "--model", "a,b,", "--jobs", "3", "--check"): ListOptions(
        MEASURING, check=True, json=False, quiet=False
    ),
    ("site", *SHARED, *FILES, "--quiet"): SiteOptions(
        IMAGES, QUICK / "models", QUICK / "digits", quiet=True, repeat=TOLD | OF_FILES
    ),
    ("serve", *SHARED, "--port", "80"): ServeOptions(QUICK / "digits", 80),
    ("predict", "m", "1.png", "2.png", *SHARED, "--entries", "e.py", "--json"): PredictOptions(
        Path("m"), QUICK / "models" / "digits", (Path("1.png"), Path("2.png")), Path("e.py"), json=True
    ),
    ("readme", *SHARED): ReadmeOptions(QUICK / "models", "digits"),
    ("leaderboard", *SHARED, "--json"): LeaderboardOptions(QUICK / "models", "digits", json=True, repeat=TOLD),
    ("diff", "v1", "v2", *SHARED, "--models", "a", "--exit-code", "--min-effect", "0.5", "--format", "markdown"): DiffOptions(
        WHERE, "v1", "v2", ("a",), exit_code=True, min_effect=0.5, max_loss=None, verbose=False, format="markdown", repeat=TOLD
    ),
    ("compare", "a", "b", *SHARED, "--at", "v1"): CompareOptions(WHERE, "a", "b", "v1", "text", TOLD),
    ("history", *SHARED, "--models", "a", "--metric", "accuracy, fit_seconds", "--verbose", "--json"): HistoryOptions(
        WHERE, ("a",), ("accuracy", "fit_seconds"), verbose=True, json=True
    ),
}  # fmt: skip


@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: typed[0])
def test_words_become_typed_values(typed):
    assert options_of(*typed) == TYPED[typed]


def test_nothing_typed_is_the_checkout_as_it_is():
    images = Images("fashion-mnist", False, None, BUILD / "data", None)  # noqa: FBT003
    measuring = Measuring(images, (), ROOT / "models", BUILD, jobs=usable_cores(), fast=False)
    expected = BenchOptions(measuring, BUILD, dry_run=False, no_site=False, json=False, quiet=False, repeat={})
    assert options_of("bench") == expected
    where = Where(ROOT, ROOT / "models", "fashion-mnist")
    plain = {"exit_code": False, "min_effect": None, "max_loss": None, "verbose": False, "format": "text", "repeat": {}}
    assert options_of("diff") == DiffOptions(where, "HEAD", None, (), **plain)


@pytest.mark.parametrize(
    ("typed", "models", "site"),
    [
        ([], ROOT / "models", BUILD),
        (["--dataset", "x"], ROOT / "models", BUILD / "x"),
        (["--profile", "quick"], BUILD / "quick" / "models", BUILD / "quick"),
        (["--fast", "--dataset", "x"], BUILD / "fast" / "models", BUILD / "fast" / "x"),
        (["--build-dir", "b", "--dataset", "x"], Path("b") / "models", Path("b")),
        (["--build-dir", "b", "--models-dir", "m", "--fast"], Path("m"), Path("b")),
    ],
)
def test_results_and_site_lie_where_data_set_profile_and_speed_say(typed, models, site):
    options = options_of("site", *typed)
    assert (options.models_dir, options.site_dir) == (models, site)


def test_another_repository_has_its_own_results_unless_a_folder_is_named():
    def models_dir(*typed):
        return options_of("compare", "a", "b", "--repository", "/r", *typed).where.models_dir

    assert models_dir() == models_dir("--profile", "quick") == Path("/r/models")
    assert models_dir("--models-dir", "m") == Path("m")


def test_what_argparse_answers_is_read_in_one_module():
    for path in (ROOT / "benchmark" / "commands").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert ("Namespace" in text) == (path.name == "parser.py"), path
        assert "getattr" not in text, path


def test_parsing_imports_nothing_that_computes():
    script = (
        "import sys; from benchmark.commands.parser import parse\n"
        f"for typed in {[words(command) for command in TAKES]}: parse(typed)\n"
        "assert not {'numpy', 'sklearn', 'pandas', 'msgspec', 'rich', 'PIL'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


# ----------------------------------------------------------------------------------------------------------- wrong use
@pytest.mark.parametrize(
    ("typed", "said", "remedy"),
    [
        ("bench --profile quik", "argument --profile: invalid choice: 'quik'", "make bench PROFILE=quick"),
        (
            "bench --dataset x --entries e.py --profile quik",
            "argument --profile: invalid choice",
            "make bench PROFILE=quick DATASET=x ENTRIES=e.py",
        ),
        ("list --jobs 0 --profile=quick", "must be 1 or more", "make list JOBS=1 PROFILE=quick"),
        ("list --jobs 0 --profile quik", "must be 1 or more", "make list JOBS=1"),
        ("bench --memory 8gib", "must be a number and one of bytes, MB, MiB, GB, GiB: 8GiB", "make bench MEMORY=4GiB"),
        ("bench --memory 8", "must be a number and one of", "make bench MEMORY=4GiB"),
        ("bench --memory -8GiB", "expected one argument", "make bench MEMORY=4GiB"),
        ("bench --memory 1e9GB", "must be a number and one of", "make bench MEMORY=4GiB"),
        ("bench --memory 1000MiB", "1000MiB is too little: a run takes 1.5GiB at the least", "make bench MEMORY=4GiB"),
        (
            "worker x --memory 999999GiB",
            "that this process may use",
            ".venv/bin/python -m benchmark worker tcp://localhost:8786",
        ),
        ("bench --fit-limit 30", "must be a number above 0 and s, m or h: 30m", "make bench FIT_LIMIT=30m"),
        ("bench --fit-limit 0h", "must be a number above 0 and s, m or h: 30m", "make bench FIT_LIMIT=30m"),
        ("list --memory 8GiB", "unrecognized arguments: --memory 8GiB", ".venv/bin/python -m benchmark list --help"),
        ("serve --port http", "argument --port: invalid port value", "make serve PORT=8000"),
        ("diff --format xml", "argument --format: invalid choice", "make diff BASE=HEAD~1 FORMAT=markdown"),
        ("history --format markdown", "invalid choice", "make history METRIC=accuracy FORMAT=json"),
        ("diff --max-loss nan", "must be 0 or more percentage points", ".venv/bin/python -m benchmark diff --help"),
        ("diff a b c", "unrecognized arguments: c", "make diff BASE=HEAD~1"),
        ("compare rf-hog svm-hgo lr-hog", "unrecognized arguments", "make compare MODELS=rf-hog,lr-hog"),
        ("compare a --dataset none", "required: second", "make bench DATASET=none"),
        ("predict m", "required: images", ".venv/bin/python -m benchmark predict svm-hog photo.png"),
        ("worker", "required: address", ".venv/bin/python -m benchmark worker tcp://localhost:8786"),
        ("readme now", "unrecognized arguments: now", ".venv/bin/python -m benchmark readme"),
        ("bensh", "invalid choice: 'bensh'", ".venv/bin/python -m benchmark bench --help"),
        ("xyz", "invalid choice: 'xyz'", ".venv/bin/python -m benchmark --help"),
        ("", "required: command", ".venv/bin/python -m benchmark --help"),
    ],
)
def test_wrong_use_ends_with_a_command_that_helps(capsys, typed, said, remedy):
    told = refused(capsys, *typed.split())
    assert said in told
    assert told.splitlines()[-1] == f"  try:      {remedy}"
    program, *words = remedy.split()
    if program == "make":
        made_by(*words)
    elif "--help" not in words:
        parse(shlex.split(remedy)[3:] if program.startswith(".venv") else words)


def test_models_to_compare_are_those_named_that_have_results_and_then_the_best(capsys):
    leader, second, *_, last = [m.name for m in load_results(ROOT / "models", "fashion-mnist").leaderboard()]
    for typed, named in ((), (leader, second)), ((last,), (last, leader)), ((leader,), (leader, second)):
        assert refused(capsys, "compare", *typed).endswith(f"  try:      make compare MODELS={','.join(named)}\n")


# ------------------------------------------------------------------------------------------------------------ the Makefile
VARIABLES = [
    "DATASET=x",
    "PROFILE=quick",
    "FAST=1",
    "JOBS=3",
    "MEMORY=2GiB",
    "FIT_LIMIT=1.5m",
    "DATA_DIR=d",
    "ENTRIES=e.py",
    "MODELS=a,b",
    "FORMAT=json",
    "METRIC=accuracy",
    "PORT=80",
    "CHECK=1",
    "ACCEPT=1",
    "CONVERT=1",
    "DRY=1",
    "DASK=tcp://h:1",
    "DASHBOARD=1",
]


def made_by(target, *variables):
    """Return the options that a make target gives its command."""
    done = subprocess.run(
        ["make", "--dry-run", target, *variables], cwd=ROOT, capture_output=True, text=True, check=True
    )
    [line] = [line for line in done.stdout.splitlines() if line.startswith(".venv/bin/python -m benchmark ")]
    return options_of(*shlex.split(line)[3:])


def test_a_target_passes_what_its_command_takes_and_nothing_else():
    images = Images("x", True, Path("d"), BUILD / "data", Path("e.py"))  # noqa: FBT003
    measuring = Measuring(images, ("a", "b"), QUICK / "models", BUILD, jobs=3, fast=True)
    where, told = Where(ROOT, QUICK / "models", "x"), {"dataset": "x", "profile": "quick", "fast": "1"}
    told_entries = told | {"entries": "e.py", "data_dir": "d"}
    assert made_by("data", *VARIABLES) == DataOptions(
        images,
        BUILD / "quick" / "models",
        accept=True,
        convert=True,
        json=False,
        quiet=False,
        repeat={name: told_entries[name] for name in ("dataset", "profile", "entries", "data_dir")},
    )
    assert made_by("worker", *VARIABLES) == WorkerOptions("tcp://h:1", 3, Path("e.py"), 2 * 2**30)
    assert made_by("bench", *VARIABLES) == BenchOptions(
        replace(measuring, dask="tcp://h:1", dashboard=True, memory=2 * 2**30, fit_seconds=90),
        QUICK / "x",
        dry_run=True,
        no_site=False,
        json=False,
        quiet=False,
        repeat=told_entries,
    )
    assert made_by("list", *VARIABLES) == ListOptions(measuring, check=True, json=False, quiet=False)
    assert made_by("site", *VARIABLES) == SiteOptions(images, QUICK / "models", QUICK / "x", False, told_entries)  # noqa: FBT003
    assert made_by("serve", *VARIABLES) == ServeOptions(QUICK / "x", 80)
    assert made_by("compare", *VARIABLES) == CompareOptions(where, "a", "b", None, "json", told)
    assert made_by("history", *VARIABLES) == HistoryOptions(where, ("a", "b"), ("accuracy",), verbose=False, json=True)
    assert made_by("readme", *VARIABLES) == ReadmeOptions(QUICK / "models", "x")


def test_a_target_without_variables_is_its_command_without_options():
    for target in ("data", "bench", "site", "serve", "list", "diff", "history", "readme"):
        assert made_by(target) == options_of(target), target
