"""Each option of the command line, declared once, with the commands that take it and no others."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from typing import Any

from benchmark.commands.settings import DEFAULT_DATASET, ROOT
from benchmark.commands.values import jobs, memory, path, points, port, seconds
from benchmark.machine import usable_cores


@dataclass(frozen=True)
class Option:
    """An option or a positional argument: its names, the commands that take it, and what argparse is told of it.

    Parameters
    ----------
    names : str
        As one types it, several separated by a space: the first counts, the others mean the same.
    commands : str
        The commands that take it, separated by spaces.
    settings : dict
        The keyword arguments of `add_argument`.
    example : dict, optional
        A right value, as a setting of a `command.Command`.
    completes : str
        What a shell offers for it: names of a kind that `completion.OWN` lists, a `file` or a `directory`.
    repeated : bool
        Whether a command named in a message repeats it, so that it is about the same data set and entries.

    """

    names: str
    commands: str
    settings: dict[str, Any] = field(default_factory=dict)
    example: dict[str, str] = field(default_factory=dict)
    completes: str = ""
    repeated: bool = False

    @property
    def flag(self) -> str:
        """The name that counts."""
        return self.names.split()[0]

    @property
    def dest(self) -> str:
        """The name of its value."""
        return self.flag.lstrip("-").replace("-", "_")


def of_command(command: str) -> list[Option]:
    """Return the options that a command takes, in the order of its help."""
    return [option for option in OPTIONS if command in option.commands.split()]


_FLAG = {"action": "store_true"}
_PATH = {"type": path}
_PORT = 8000

OPTIONS = (
    # ---------------------------------------------------------------------------------------- positional arguments
    Option(
        "dataset",
        "data",
        {"nargs": "?", "default": argparse.SUPPRESS, "help": "the same as --dataset"},
        completes="dataset",
    ),
    Option(
        "model",
        "predict",
        _PATH | {"help": "a model's folder, its model.pkl, or its name: one that --dataset has results of"},
        completes="model",
    ),
    Option("images", "predict", _PATH | {"nargs": "+", "help": "PNG or JPEG files of any size"}, completes="file"),
    Option(
        "before",
        "diff",
        {"nargs": "?", "default": "HEAD", "help": "a revision or a folder of results (default: HEAD)"},
        completes="commit",
    ),
    Option("after", "diff", {"nargs": "?", "help": "the same (default: the working tree)"}, completes="commit"),
    Option("address", "worker", {"help": "the scheduler, tcp://host:8786 or tls://host:8786, or its scheduler file"}),
    Option("first", "compare", {"help": "name of a model"}, completes="model"),
    Option("second", "compare", {"help": "name of the other"}, completes="model"),
    # ---------------------------------------------------------------------- which data set, and where things lie
    Option(
        "--dataset",
        "data bench site serve list leaderboard diff compare history readme predict",
        {"default": DEFAULT_DATASET, "help": "name of the data set (default: %(default)s)"},
        completes="dataset",
        repeated=True,
    ),
    Option(
        "--profile",
        "data bench site serve list leaderboard diff compare history readme predict",
        {"choices": ("full", "quick"), "default": "full", "help": "quick: 6,000 and 2,000 images"},
        example={"profile": "quick"},
        repeated=True,
    ),
    Option(
        "--entries",
        "data bench site list predict worker",
        _PATH | {"metavar": "FILE.py", "help": "a file that defines MODELS, DATASETS or both"},
        completes="file",
        repeated=True,
    ),
    Option(
        "--data-dir",
        "data bench site list",
        _PATH | {"help": "where its files lie, plain or .gz (default: data/<data set>)"},
        completes="directory",
        repeated=True,
    ),
    Option(
        "--models-dir",
        "data bench site list leaderboard diff compare history readme predict",
        _PATH | {"help": "where results are (default: models, build/quick/models, …)"},
        completes="directory",
        repeated=True,
    ),
    Option(
        "--build-dir",
        "data bench site serve list leaderboard diff compare history readme predict",
        _PATH | {"help": "where caches and the site go (default: build, build/quick, …)"},
        completes="directory",
        repeated=True,
    ),
    Option(
        "--repository",
        "diff compare history",
        _PATH | {"default": ROOT, "help": "whose history is read (default: this one)"},
        completes="directory",
        repeated=True,
    ),
    # ---------------------------------------------------------------------------------- which models, by what means
    Option(
        "--models --model",
        "bench list diff history",
        {"default": "", "help": "comma-separated names (default: all)"},
        completes="models",
    ),
    Option(
        "--fast",
        "bench site serve list leaderboard diff compare history readme predict",
        _FLAG | {"help": "scikit-learn-intelex, where it installs; into build/fast"},
        repeated=True,
    ),
    Option(
        "--jobs",
        "bench list worker",
        {
            "type": jobs,
            "default": usable_cores(),
            "help": "fits side by side (default: the cores that this process may use)",
        },
        example={"jobs": "1"},
    ),
    Option(
        "--memory",
        "bench worker",
        {
            "type": memory,
            "metavar": "8GiB",
            "help": "all processes on this machine together, in GiB, GB, MiB, MB or bytes (default: what is free)",
        },
        example={"memory": "4GiB"},
    ),
    # ------------------------------------------------------------------------------------------- one command's own
    Option(
        "--fit-limit",
        "bench",
        {
            "type": seconds,
            "metavar": "30m",
            "help": "end a fit that takes longer, in s, m or h, and measure the other models (default: none)",
        },
        example={"fit_limit": "30m"},
    ),
    Option(
        "--dask",
        "bench",
        {
            "metavar": "ADDRESS",
            "default": "",
            "help": "a Dask scheduler or its scheduler file, whose workers compute (default: this machine)",
        },
    ),
    Option("--dashboard", "bench", _FLAG | {"help": "show Dask's dashboard on this machine (needs bokeh)"}),
    Option(
        "--accept",
        "data",
        _FLAG | {"help": "write the checksums: its files, as they are, are the data set from now on"},
    ),
    Option(
        "--convert",
        "data",
        _FLAG
        | {"help": "first make grey PNG files of its pictures, and labels from 0 of labels from 1; keep the originals"},
    ),
    Option("--dry-run", "bench", _FLAG | {"help": "only list what would be measured, and why"}),
    Option("--no-site", "bench", _FLAG | {"help": "do not build the site"}),
    Option("--check", "list", _FLAG | {"help": "exit with 3 if a tracked result is stale"}),
    Option(
        "--port",
        "serve",
        {"type": port, "default": _PORT, "help": "of this machine (default: %(default)s)"},
        example={"port": str(_PORT)},
    ),
    Option(
        "--exit-code",
        "diff",
        _FLAG
        | {
            "help": "let the exit status speak of the models shown: the first that applies of 2 for wrong use and for what cannot "
            "be read or contradicts itself, 1 if one regressed, 3 if one is not comparable or not measured, 0 otherwise"
        },
    ),
    Option(
        "--min-effect",
        "diff",
        {
            "type": points,
            "metavar": "X",
            "help": "with --exit-code: what regressed counts only from X points on (default: 0)",
        },
    ),
    Option(
        "--max-loss",
        "diff",
        {
            "type": points,
            "metavar": "X",
            "help": "with --exit-code: 1 also unless each changed model's lower 95%% bound lies above -X points, so that "
            "too little data fails; a chain of small losses is caught by comparing with a fixed baseline revision",
        },
    ),
    Option(
        "--at",
        "compare",
        {"metavar": "REVISION", "help": "a revision or a folder (default: the working tree)"},
        completes="commit",
    ),
    Option(
        "--metric",
        "history",
        {"default": "", "help": "comma-separated metrics (default: accuracy in the table, all in JSON)"},
        completes="metrics",
    ),
    # ------------------------------------------------------------------------------------------------- what is said
    Option(
        "--format",
        "diff compare",
        {"choices": ("text", "markdown", "json"), "help": "what is printed (default: text)"},
        example={"format": "markdown"},
    ),
    Option(
        "--format",
        "leaderboard history",
        {"choices": ("text", "json"), "help": "what is printed (default: text)"},
        example={"format": "json"},
    ),
    Option(
        "--json",
        "data bench predict list leaderboard diff compare history",
        _FLAG | {"help": "print JSON"},
    ),
    Option("--verbose", "diff", _FLAG | {"help": "show every metric and class, and the images that changed"}),
    Option("--verbose", "history", _FLAG | {"help": "show every model at every commit, a line each"}),
    Option("--quiet", "data bench site list", _FLAG | {"help": "say nothing but errors and the result"}),
)
