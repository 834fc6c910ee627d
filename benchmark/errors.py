"""The errors that a person can mend: what failed, what was expected, what was found, and the command that helps."""

__all__ = ["BenchmarkError", "DataError", "EntryError", "FitError", "ResultsError"]


class BenchmarkError(Exception):
    """The root of every error that this package raises on purpose.

    Parameters
    ----------
    problem : str
        What failed, with the file's name where there is one.
    expected, found : str, optional
        What was expected there and what was found.
    remedy : str, optional
        What helps, usually a command.

    """

    def __init__(self, problem: str, *, expected: str = "", found: str = "", remedy: str = "") -> None:
        lines = [problem]
        lines += [f"  expected: {expected}"] if expected else []
        lines += [f"  found:    {found}"] if found else []
        lines += [f"  try:      {remedy}"] if remedy else []
        super().__init__("\n".join(lines))


class DataError(BenchmarkError):
    """A data set's file is missing, damaged or not the one that it should be."""


class EntryError(BenchmarkError):
    """An entry of a model or a data set, or the file that holds it, cannot be used as it is written."""


class FitError(BenchmarkError):
    """A model could not be fitted or asked for predictions."""


class ResultsError(BenchmarkError):
    """A stored result is missing, damaged, foreign or of another schema version."""
