"""`failures.json`: the models that could not be measured when they were last tried here.

It lies in the build folder: a failure is news for whoever runs the bench, and no result. It may hold those of several
folders of results.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from benchmark.errors import ResultsError
from benchmark.results.documents import SCHEMA_VERSION
from benchmark.results.reading import read_document
from benchmark.results.writing import write_document

FILE = "failures.json"


class Failure(TypedDict):
    """A model that failed: the folder of results where it would be, when it failed, and how."""

    model: str
    results: str
    at: str
    message: str


class Failures(TypedDict):
    """`failures.json`."""

    schema_version: int
    failures: list[Failure]


def read_failures(build_dir: Path, folder: Path) -> dict[str, Failure]:
    """Return the failures of the models whose results would be in `folder`, by model; none where the file cannot be read."""
    return {failure["model"]: failure for failure in _every(build_dir) if failure["results"] == str(folder.absolute())}


def note_failures(build_dir: Path, folder: Path, tried: Iterable[str], failed: Mapping[str, str]) -> None:
    """Note which of the models that were tried failed, with a message each; the failures of others are kept.

    Raises
    ------
    ResultsError
        If the file cannot be written.

    """
    place, now = str(folder.absolute()), datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    before = _every(build_dir)
    over = {*tried, *failed}
    after = [failure for failure in before if failure["results"] != place or failure["model"] not in over]
    new: list[Failure] = [
        {"model": name, "results": place, "at": now, "message": message} for name, message in failed.items()
    ]
    if after + new != before:
        write_document(
            build_dir / FILE, {"schema_version": SCHEMA_VERSION, "failures": sorted(after + new, key=_order)}, Failures
        )


def _order(failure: Failure) -> tuple[str, str]:
    return failure["results"], failure["model"]


def _every(build_dir: Path) -> list[Failure]:
    try:
        found: Failures = read_document(build_dir / FILE, Failures)
    except ResultsError:
        return []
    return found["failures"]
