"""Commands named in text, as values: a make target in a checkout, `fashion-bench …` where the package is installed.

Comes in: text with commands in it, and the options of the running call. Goes out: the text as a person types it there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmark.layout import is_checkout

PROGRAM = "fashion-bench"
RESULTS = ("data", "bench", "site", "list", "serve", "compare", "diff", "history")
PACKAGED = (*RESULTS, "worker")  # others exist in a checkout alone
TAKING = {  # which commands take an option of the running call
    "dataset": RESULTS,
    "profile": RESULTS,
    "entries": ("data", "bench", "site", "list", "worker"),
    "fast": ("bench", "site", "list", "serve", "compare", "diff", "history"),
}
POSITIONAL = {
    "compare": ("models",),
    "worker": ("dask",),
    "diff": ("base", "head"),
}  # settings that a command takes without a flag
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, init=False)
class Command:
    """A make target with its settings, by lower-case name.

    Examples
    --------
    >>> str(Command("bench", models="dummy"))  # in a checkout
    'make bench MODELS=dummy'

    """

    target: str
    settings: tuple[tuple[str, str], ...]

    def __init__(self, target: str, /, **settings: object) -> None:
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "settings", tuple((name, str(value)) for name, value in settings.items()))

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
        Options of the running call by lower-case name (`dataset`, `profile`, `entries`, `fast`): a command gets those that it takes.

    """
    parts = text if isinstance(text, tuple) else (text,)
    return "".join(part if isinstance(part, str) else _command_line(part, options) for part in parts)


def program() -> str:
    """Return how one calls a command of the package that has no make target, or with options that none passes on."""
    return "python -m benchmark" if is_checkout() else PROGRAM


def _command_line(command: Command, options: Mapping[str, str]) -> str:
    settings = dict(command.settings)
    if command.target in PACKAGED:
        settings |= {name: text for name, text in options.items() if command.target in TAKING[name]}
    if is_checkout() or command.target not in PACKAGED:
        return " ".join(["make", command.target, *(f"{name.upper()}={text}" for name, text in settings.items())])
    bare = [word for name in POSITIONAL.get(command.target, ()) for word in settings.pop(name, "").split(",") if word]
    named = {name.replace("_", "-"): text for name, text in settings.items()}
    flags = [f"--{name}" if text == "1" else f"--{name} {text}" for name, text in named.items()]
    return " ".join([PROGRAM, command.target, *bare, *flags])
