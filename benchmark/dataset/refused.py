"""Pictures that a data set cannot hold as they are: all of them are counted in one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.command import Command, Text
from benchmark.errors import DataError

UNREADABLE, FORM, SIZE = "unreadable", "form", "size"
PROBLEMS = {
    UNREADABLE: "cannot be read as a picture",
    FORM: "is not an 8-bit grey PNG file",
    SIZE: "is of another size than the first picture",
}
REPLACE = "remove or replace what cannot be read"
FETCH = "fetch what the links point to (git annex get, dvc pull), or remove them"
RESCALE = "scale all pictures to one size"
N_NAMED = 3  # files of a kind


@dataclass(frozen=True)
class Refused:
    """A file, which of the three kinds of fault it has, and what was found in it."""

    path: Path
    kind: str
    found: str


def refusal(folder: Path, refused: Sequence[Refused], n_pictures: int, convert: Text) -> DataError:
    """Return the error that counts all refused files of `folder`; `convert` is the remedy for those of another form."""
    kinds = [kind for kind in PROBLEMS if any(own.kind == kind for own in refused)]
    links = [own.path.is_symlink() for own in refused if own.kind == UNREADABLE]
    remedy: dict[str, Text] = {UNREADABLE: FETCH if links and all(links) else REPLACE, FORM: convert, SIZE: RESCALE}
    one = refused[0]
    return DataError(
        f"{one.path} {PROBLEMS[one.kind]}"
        if len(refused) == 1
        else f"{len(refused):,} of {n_pictures:,} pictures in {folder} cannot be used as they are",
        expected="8-bit grey PNG files (mode L), all of one size",
        found=one.found if len(refused) == 1 else "; ".join(_groups(refused)),
        remedy=_joined([remedy[kind] for kind in kinds if remedy[kind]]),
    )


def _groups(refused: Sequence[Refused]) -> list[str]:
    """Return each group of files in words: what cannot be read is one, else what was found is the same."""
    groups: dict[tuple[str, str], list[Refused]] = {}
    for own in sorted(refused, key=lambda own: list(PROBLEMS).index(own.kind)):
        groups.setdefault((own.kind, "" if own.kind == UNREADABLE else own.found), []).append(own)
    return [f"{len(group):,} {_heading(*key)}: {_named(group)}" for key, group in groups.items()]


def _heading(kind: str, found: str) -> str:
    return {UNREADABLE: "unreadable", FORM: f"of the form {found}", SIZE: f"of {found}"}[kind]


def _named(group: Sequence[Refused]) -> str:
    names = [f"{own.path} ({own.found})" if own.kind == UNREADABLE else str(own.path) for own in group[:N_NAMED]]
    return ", ".join(names) + (", …" if len(group) > N_NAMED else "")


def _joined(remedies: Sequence[Text]) -> Text:
    parts: list[str | Command] = []
    for remedy in remedies:
        parts += ["; then "] if parts else []
        parts += remedy if isinstance(remedy, tuple) else [remedy]
    return tuple(parts)
