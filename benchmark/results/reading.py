"""Documents and predictions read back from a folder or a commit, checked against their types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.command import Command, Text
from benchmark.errors import ResultsError
from benchmark.results.documents import SCHEMA_VERSION
from benchmark.results.predictions import ALPHABET
from benchmark.results.writing import shaped


class Source(Protocol):
    """Where the results of a data set are read from: a folder, or the same folder in a commit."""

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if there is no such file."""

    def where(self, name: str) -> str:
        """Return how errors call that file."""


@dataclass(frozen=True)
class Folder:
    """Results in a folder, `models/<data set>`."""

    path: Path

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if there is no such file."""
        try:
            return (self.path / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ResultsError(
                f"{self.where(name)} cannot be read", found=error.strerror or "", remedy="chmod u+r"
            ) from None

    def where(self, name: str) -> str:
        """Return the file's path."""
        return str(self.path / name)


def read_document(path: Path, kind: Any) -> Any:
    """Return the document in `path`, checked against its type; see `parse_document`."""
    return source_document(Folder(path.parent), path.name, kind)


def source_document(source: Source, name: str, kind: Any) -> Any:
    """Return a document of a source, checked against its type; errors as in `parse_document`."""
    content, where = source.read(name), source.where(name)
    if content is None:
        raise ResultsError(f"{where} does not exist", remedy=Command("bench"))
    return parse_document(content, where, kind)


def parse_document(content: bytes, where: str, kind: Any) -> Any:
    """Return the document in `content`, checked against its type; errors call it `where`.

    Raises
    ------
    ResultsError
        If it is no JSON, of another schema version, or lacks what its type promises.

    """
    document = parse_json(content, where)
    try:
        shaped(document, kind, "")
    except ResultsError as error:
        raise ResultsError(f"{where} does not fit {kind.__name__}: {error}", remedy=restore_remedy(where)) from None
    return document


def parse_json(content: bytes, where: str) -> Any:
    """Return the JSON in `content`, of this schema version, but not checked against a type.

    Raises
    ------
    ResultsError
        If it is no JSON or of another schema version.

    """
    try:
        document = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ResultsError(
            f"{where} is no JSON document", expected="JSON in UTF-8", found=str(error), remedy=restore_remedy(where)
        ) from None
    found = document.get("schema_version") if isinstance(document, dict) else None
    if found != SCHEMA_VERSION:
        newer = isinstance(found, int) and found > SCHEMA_VERSION
        raise ResultsError(
            f"{where} is of another schema version",
            expected=f'"schema_version": {SCHEMA_VERSION}',
            found=f"{found!r}",
            remedy="a newer version of this benchmark (git pull)"
            if newer
            else remeasure_remedy(where, Command("bench")),
        )
    return document


def remeasure_remedy(where: str, command: Command) -> Text:
    """Return the command that mends a file on disk; a commit stays as it is."""
    return command if Path(where).exists() else "another commit (git log --oneline -- models)"


def restore_remedy(where: str) -> str:
    """Return the command that restores a file on disk; a commit stays as it is."""
    return f"git checkout -- {where}" if Path(where).exists() else "another revision"


def fits(document: Any, kind: Any) -> bool:
    """Say whether `document` is of its type, without looking at a schema version."""
    try:
        shaped(document, kind, "")
    except ResultsError:
        return False
    return True


def decode_predictions(text: str, where: str, *, n_classes: int, n_images: int | None = None) -> NDArray[np.int64]:
    """Return class indices, ndarray of shape (n_images,), from the text of the file `where`.

    Raises
    ------
    ResultsError
        If a character is no class or the number of images is another.

    """
    codes = {character: label for label, character in enumerate(ALPHABET[:n_classes])}
    characters = text.replace("\n", "")
    foreign = sorted(set(characters) - set(codes))
    if foreign:
        raise ResultsError(
            f"{where} holds characters that are no class",
            expected=f"one of {ALPHABET[:n_classes]} an image",
            found=" ".join(map(repr, foreign[:5])),
            remedy=restore_remedy(where),
        )
    if n_images is not None and len(characters) != n_images:
        raise ResultsError(
            f"{where} has another number of images",
            expected=str(n_images),
            found=str(len(characters)),
            remedy=restore_remedy(where),
        )
    return np.array([codes[character] for character in characters], dtype=np.int64)


def read_labels(source: Source, name: str, n_classes: int, n_images: int) -> NDArray[np.int64]:
    """Return the labels, of shape (n_images,), in a file of a source; see `decode_predictions` for errors."""
    content, where = source.read(name), source.where(name)
    if content is None or not content.isascii():
        raise ResultsError(
            f"{where} cannot be read",
            expected="ASCII text",
            found="no such file" if content is None else "other characters",
            remedy=Command("bench"),
        )
    return decode_predictions(content.decode("ascii"), where, n_classes=n_classes, n_images=n_images)
