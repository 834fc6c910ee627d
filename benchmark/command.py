"""Commands named in text, as values: a make target in a checkout, `fashion-bench …` where the package is installed.

Comes in: text with commands in it, and the options of the running call. Goes out: the text as a person types it there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmark.layout import is_checkout

PROGRAM = "fashion-bench"
RESULTS = ("data", "bench", "site", "list", "serve", "leaderboard", "compare", "diff", "history")
PACKAGED = (*RESULTS, "worker")  # others exist in a checkout alone
TAKING = {  # which commands take an option of the running call
    "dataset": RESULTS,
    "profile": RESULTS,
    "entries": ("data", "bench", "site", "list", "worker"),
    "fast": ("bench", "site", "list", "serve", "leaderboard", "compare", "diff", "history"),
    "data_dir": ("data", "bench", "site", "list"),
    "models_dir": ("data", "bench", "site", "list", "leaderboard", "compare", "diff", "history"),
    "build_dir": RESULTS,
    "repository": ("compare", "diff", "history"),
}
UNSET = ("models_dir", "build_dir", "repository")  # options of the package that no make target passes on
FOLDERS = ("data_dir", *UNSET)  # where things lie on this machine
POSITIONAL = {
    "compare": ("models",),
    "worker": ("dask",),
    "diff": ("base", "head"),
}  # settings that a command takes without a flag
SWITCHES = ("accept", "convert", "fast")  # settings that a command takes as a flag alone
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, init=False)
class Command:
    """A make target with its settings, by lower-case name; those that are None are left out.

    With an option that no make target passes on, it is typed as the package's own command.

    Examples
    --------
    >>> str(Command("bench", models="dummy"))  # in a checkout
    'make bench MODELS=dummy'

    """

    target: str
    settings: tuple[tuple[str, str], ...]

    def __init__(self, target: str, /, **settings: object) -> None:
        object.__setattr__(self, "target", target)
        object.__setattr__(
            self, "settings", tuple((name, str(value)) for name, value in settings.items() if value is not None)
        )

    def __str__(self) -> str:
        return as_typed(self)


Text = str | Command | tuple[str | Command, ...]
Say = Callable[[Text], str]  # `as_typed` with the options of a call


def as_typed(text: Text, options: Mapping[str, str] = NO_OPTIONS) -> str:
    """Return `text` with its commands as one types them here.

    Parameters
    ----------
    text : str, Command, or tuple of both
    options : mapping of str to str
        Options of the running call by lower-case name (`dataset`, `profile`, `entries`, `models_dir`, …): a command gets those
        that it takes.

    """
    parts = text if isinstance(text, tuple) else (text,)
    return "".join(part if isinstance(part, str) else _command_line(part, options) for part in parts)


def word(value: object) -> str:
    """Return a value as one word of a shell, quoted only where it has to be."""
    text = str(value)
    return text if re.fullmatch(r"[\w@%+=:,./~^-]+", text, flags=re.ASCII) else shlex.quote(text)


def program() -> str:
    """Return how one calls a command of the package that has no make target, or with options that none passes on."""
    return ".venv/bin/python -m benchmark" if is_checkout() else PROGRAM


def public(options: Mapping[str, str]) -> dict[str, str]:
    """Return options without the folders of this machine, which a page names to nobody."""
    return {name: text for name, text in options.items() if name not in FOLDERS}


def _command_line(command: Command, options: Mapping[str, str]) -> str:
    settings = dict(command.settings)
    if command.target in PACKAGED:
        settings |= {name: text for name, text in options.items() if command.target in TAKING[name]}
    by_make = command.target not in PACKAGED or (is_checkout() and not settings.keys() & set(UNSET))
    if by_make:
        return " ".join(["make", command.target, *(f"{name.upper()}={word(text)}" for name, text in settings.items())])
    bare = [each for name in POSITIONAL.get(command.target, ()) for each in settings.pop(name, "").split(",") if each]
    flags = [_flag(name, text) for name, text in settings.items()]
    return " ".join([program(), command.target, *map(word, bare), *flags])


def _flag(name: str, text: str) -> str:
    flag = f"--{name.replace('_', '-')}"
    return flag if name in SWITCHES else f"{flag} {word(text)}"
