"""Wrong use of the command line: argparse's usage and error, and then a command that helps."""

from __future__ import annotations

import argparse
import difflib
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

from benchmark.command import Command, as_typed, program
from benchmark.commands.arguments import Option, of_command
from benchmark.commands.printing import complain
from benchmark.commands.settings import DEFAULT_DATASET, ROOT
from benchmark.errors import BenchmarkError

WRONG_USE = 2
STATUSES = """exit status:
  0  it is done
  1  it failed; for diff --exit-code, a model regressed
  2  wrong use: an option, or the name of a model, data set, metric or commit
     that there is not; for diff, also results that cannot be read
  3  list --check: a result is stale; diff --exit-code: a model is not
     comparable or not measured
  70 a fault of this program
  128 + n, as in a shell: signal n ended it (Ctrl-C: 130)"""
COMPLETION = {
    "bash": 'eval "$({} --completion bash)"',
    "zsh": 'eval "$({} --completion zsh)"',
    "fish": "{} --completion fish | source",
}  # switches completion on
SHOWN = {
    "data": "data --dataset fashion-mnist",
    "bench": "bench --models lr-hog,knn-hog --jobs 2",
    "worker": "worker tcp://localhost:8786",
    "site": "site --profile quick",
    "serve": "serve --port 8001",
    "predict": "predict svm-hog photo.png",
    "list": "list --check",
    "leaderboard": "leaderboard --json",
    "diff": "diff HEAD~1 --verbose",
    "compare": "compare svm-hog lr-hog",
    "history": "history --metric accuracy,fit_seconds",
    "readme": "readme",
}  # an example of each command
EXAMPLES = {
    "diff": {"base": "HEAD~1"},
    "history": {"metric": "accuracy"},
}  # settings with which a command does something
WITHOUT_TARGET = ("predict", "readme", "worker")


class WrongUse(Exception):  # noqa: N818  # what a person did, no failure of the program
    """What argparse has to say of the arguments, and the parser that says it."""

    def __init__(self, parser: Parser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class Parser(argparse.ArgumentParser):
    """A parser that raises what it has to say; `command` is empty in the one that chooses a command."""

    command = ""

    def error(self, message: str) -> NoReturn:
        """Raise `message` as a WrongUse."""
        raise WrongUse(self, message)


class Help(argparse.HelpFormatter):
    """Help in the width of the terminal, in which lines that begin with spaces, commands among them, stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        fill = super()._fill_text
        return "\n".join(line if line.startswith(" ") else fill(line, width, indent) for line in text.splitlines())


def epilog(prog: str, command: str = "") -> str:
    """Return the end of the help: an example of a command; without one, how completion is switched on, and the exit statuses."""
    if command:
        return f"example:\n  {prog} {SHOWN[command]}"
    switches = "\n".join(f"  {shell:5} {text.format(prog)}" for shell, text in COMPLETION.items())
    return f"{prog} COMMAND --help says more of a command.\n\ncompletion, in this shell:\n{switches}\n\n{STATUSES}"


def refuse(wrong: WrongUse, argv: Sequence[str]) -> NoReturn:
    """Print the usage, what is wrong, and a command that helps; exit with 2."""
    parser, message = wrong.parser, str(wrong)
    parser.print_usage(sys.stderr)
    complain(f"{parser.prog}: error: {message}\n  try:      {remedy(message, parser.command, argv)}")
    sys.exit(WRONG_USE)


def remedy(message: str, command: str, argv: Sequence[str]) -> str:
    """Return a command that works instead: the one that was meant, on the same data set, or the one that prints the help.

    Parameters
    ----------
    message : str
        What argparse says.
    command : str
        The command that was chosen, empty if there was none.
    argv : sequence of str
        What was typed after the program's name.

    """
    if not command:
        meant = _meant(argv)
        return f"{program()} {meant} --help" if meant else f"{program()} --help"
    wrong = re.match(r"argument (-[-\w]*)", message)
    option = next((option for option in of_command(command) if wrong and option.flag == wrong[1]), None)
    if not (option and option.example) and (wrong or re.search(r"arguments: -", message)):
        return f"{program()} {command} --help"  # an option that has no example, or is none of this command
    if command in WITHOUT_TARGET:
        return f"{program()} {SHOWN[command]}"
    helpful = _two_models(argv) if command == "compare" else Command(command, **EXAMPLES.get(command, {}))
    helpful = Command(helpful.target, **dict(helpful.settings), **(option.example if option else {}))
    return as_typed(helpful, _repeated(command, argv, option))


def _meant(argv: Sequence[str]) -> str:
    """Return the command that was probably meant, "" where none is like what was typed."""
    from benchmark.commands.parser import COMMANDS

    word = next((word for word in argv if not word.startswith("-")), "")
    names = [command.name for command in COMMANDS]
    begun = [name for name in names if word and name.startswith(word)]
    return next(iter(begun + difflib.get_close_matches(word, names, n=1)), "")


def _two_models(argv: Sequence[str]) -> Command:
    """Return a comparison of two models that have results: what was named of them, then the best."""
    from benchmark.results import load_results

    dataset = _value("--dataset", argv) or DEFAULT_DATASET
    try:
        names = [model.name for model in load_results(ROOT / "models", dataset).leaderboard()]
    except BenchmarkError:
        names = []
    named = [word for word in dict.fromkeys(argv) if word in names]
    chosen = [*named, *(name for name in names if name not in named)][:2]
    return Command("compare", models=",".join(chosen)) if len(chosen) > 1 else Command("bench")


def _repeated(command: str, argv: Sequence[str], wrong: Option | None) -> dict[str, str]:
    """Return the options that messages repeat, as they were typed, without the one that is wrong."""
    options = [option for option in of_command(command) if option.repeated and option is not wrong]
    typed = [(option, _value(option.flag, argv)) for option in options]
    return {
        option.dest: value
        for option, value in typed
        if value not in ("", option.settings.get("default")) and value in option.settings.get("choices", (value,))
    }


def _value(flag: str, argv: Sequence[str]) -> str:
    """Return what was typed after `flag`, as its next word or after an equals sign; empty if it was not."""
    for word, following in zip(argv, [*argv[1:], ""], strict=True):
        if word == flag:
            return following
        if word.startswith(f"{flag}="):
            return word.partition("=")[2]
    return ""
