"""The errors that a person can mend: what failed, what was expected, what was found, and the command that helps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from benchmark.command import Say, Text, as_typed

__all__ = ["BenchmarkError", "DataError", "DiskError", "EntryError", "FitError", "NoResultsError", "ResultsError"]


class BenchmarkError(Exception):
    """The root of every error that this package raises on purpose.

    Each part stays an attribute; `str` formats them.

    Parameters
    ----------
    problem : str
        What failed, with the file's name where there is one.
    expected, found : str, optional
        What was expected there and what was found.
    remedy : str, Command or tuple of both, optional
        What helps, usually a command.
    wrong_use : bool
        Whether what was typed is to blame: an option, or the name of a model, data set, metric or commit that there is not.

    """

    def __init__(
        self, problem: str, *, expected: str = "", found: str = "", remedy: Text = "", wrong_use: bool = False
    ) -> None:
        super().__init__(problem)
        self.wrong_use = wrong_use
        self.problem = problem
        self.expected = expected
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        return self.text()

    def text(self, say: Say = as_typed) -> str:
        """Return a line for each part that is there; `say` formats the remedy, with the options of the running call."""
        lines = [self.problem]
        lines += [f"  expected: {self.expected}"] if self.expected else []
        lines += [f"  found:    {self.found}"] if self.found else []
        lines += [f"  try:      {say(self.remedy)}"] if self.remedy else []
        return "\n".join(lines)


class DataError(BenchmarkError):
    """A data set's file is missing, damaged or not the one that it should be."""


class DiskError(BenchmarkError):
    """The file system refuses to read or write: no room, no right, a limit, a broken disk; `benchmark.faults` says which."""


class EntryError(BenchmarkError):
    """An entry of a model or a data set, or the file that holds it, cannot be used as it is written."""


class FitError(BenchmarkError):
    """A model could not be fitted or asked for predictions; `errors` are those of several models, which it sums up."""

    def __init__(
        self,
        problem: str,
        *,
        expected: str = "",
        found: str = "",
        remedy: Text = "",
        errors: Sequence[BenchmarkError] = (),
    ) -> None:
        super().__init__(problem, expected=expected, found=found, remedy=remedy)
        self.errors = list(errors)

    def text(self, say: Say = as_typed) -> str:
        """Return the parts, then the text of each error that this one sums up."""
        return "\n".join([super().text(say), *(error.text(say) for error in self.errors)])


class ResultsError(BenchmarkError):
    """A stored result is missing, damaged, foreign or of another schema version."""


class NoResultsError(ResultsError):
    """Where one looks, there is nothing of the data set: no result, no site."""


def unknown_name(kind: str, name: str, known: Iterable[str], about: str = "", remedy: Text = "") -> dict[str, Any]:
    """Return the parts of the error that there is no model, data set, metric or commit called `name`.

    Examples
    --------
    >>> print(BenchmarkError(**unknown_name("model", "svm-hgo", ["svm-hog", "lr-hog"])))
    there is no model 'svm-hgo'
      expected: one of svm-hog, lr-hog
      try:      svm-hog, if that was meant

    """
    names = list(dict.fromkeys(known))
    meant = get_close_matches(name, names, n=1)
    others = remedy if isinstance(remedy, tuple) else (remedy,)
    return {
        "problem": f"there is no {kind} {name!r}{about}",
        "expected": f"one of {', '.join(names)}" if names else "",
        "remedy": (f"{meant[0]}, if that was meant{'; ' if remedy else ''}", *others) if meant else remedy,
        "wrong_use": True,
    }


def described(error: BaseException) -> str:
    """Return an exception as text; one of a user's class may be unable to say what it is."""
    try:
        said = str(error)
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
