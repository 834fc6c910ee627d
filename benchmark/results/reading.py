"""Documents and predictions read back from a folder or a commit, checked against their types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from benchmark import git
from benchmark.command import Command, Text, word
from benchmark.decoding import converted, decoded
from benchmark.disk import is_there, read_bounded
from benchmark.errors import NoResultsError, ResultsError
from benchmark.layout import NAME_RULE, is_name
from benchmark.results.checks import first_fault
from benchmark.results.documents import SCHEMA_VERSION
from benchmark.results.predictions import ALPHABET
from benchmark.swap import standing

# For each schema version before SCHEMA_VERSION: the function that upgrades a document of a type to the next version.
UPGRADES: dict[int, Callable[[dict[str, Any], Any], dict[str, Any]]] = {}
OTHER_COMMIT = "another commit (git log --oneline -- models)"
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Source(Protocol):
    """Where the results of a data set are read from: a folder, or the same folder in a commit."""

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if there is no such file."""

    def where(self, name: str) -> str:
        """Return what errors call that file."""


@dataclass(frozen=True)
class Folder:
    """Results in a folder, `models/<data set>`."""

    path: Path

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if there is no such file.

        A model's folder is found as well where a killed process left it in mid-replacement.

        Raises
        ------
        DiskError
            If the file is there, but cannot be read.

        """
        folder, _, file = name.rpartition("/")
        for _ in range(2):  # the folder may be replaced between a look at it and the reading
            path = standing(self.path / folder) / file if folder else self.path / file
            if (content := read_bounded(path)) is not None:
                return content
        return None

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
        kind_of_error = NoResultsError if name == "entries.json" else ResultsError
        raise kind_of_error(f"{where} does not exist", remedy=measure_remedy(source, Command("bench")))
    return parse_document(content, where, kind)


def parse_document(content: bytes, where: str, kind: Any) -> Any:
    """Return the document in `content`, checked against its type; errors call it `where`.

    A field that is not required may be absent, and unknown fields are dropped. So older documents can be read, and
    so can those of a newer version of this benchmark that adds fields.

    Raises
    ------
    ResultsError
        If it is not JSON, has another schema version, does not fit its type, or holds what cannot be: see `checks`.

    """
    document = _typed(content, where, kind)
    _check_names(document, where)
    if fault := first_fault(document, kind):
        raise ResultsError(
            f"{where} holds an impossible {fault.field[:200]}",
            expected=fault.expected[:200],
            found=str(fault.found)[:200],
            remedy=restore_remedy(where),
        )
    return document


def _typed(content: bytes, where: str, kind: Any) -> Any:
    """Return the document in `content` as one of this schema version that fits its type."""
    try:
        document = decoded(content, kind)
    except msgspec.ValidationError as error:
        document = _upgraded(parse_json(content, where), where, kind, error)
    except NO_JSON as error:
        raise _no_json(where, error) from None
    if document["schema_version"] != SCHEMA_VERSION:
        document = _upgraded(parse_json(content, where), where, kind, None)
    return document


def _check_names(document: Any, where: str) -> None:
    """Refuse names in a document that an entry may not have, because paths are made of them."""
    named, about = [document, *document.get("entries", [])], document.get("dataset")
    names = {"name": [part["name"] for part in named if "name" in part]}
    names["dataset"] = [about["name"] if isinstance(about, dict) else about] if about is not None else []
    names["files"] = [name.replace("_", "-").replace(".", "-") for name in document.get("files", {})]
    for field, found in names.items():
        for name in found:
            if not is_name(name):
                raise ResultsError(
                    f"{where} holds a name that cannot be part of a path, in the field {field!r}",
                    expected=NAME_RULE,
                    found=repr(name[:200]),
                    remedy=restore_remedy(where),
                )


def _upgraded(document: Any, where: str, kind: Any, error: Exception | None) -> Any:
    """Return a document upgraded from an older schema version; refuse one of this version that does not fit."""
    version = document["schema_version"]
    if version == SCHEMA_VERSION:
        raise _unfit(where, kind, error)
    while version < SCHEMA_VERSION:
        document = UPGRADES[version](document, kind) | {"schema_version": version + 1}
        version += 1
    try:
        return converted(document, kind)
    except msgspec.ValidationError as unfit:
        raise _unfit(where, kind, unfit) from None


def _unfit(where: str, kind: Any, error: Exception | None) -> ResultsError:
    what, _, place = str(error)[:400].partition(" - at `$")
    told = f"{place.strip('.`')}: {what}" if place else what
    return ResultsError(
        f"{where} does not fit {kind.__name__}: {told.replace('`', '')}",
        expected="a document that follows schema.json, which the site publishes",
        remedy=restore_remedy(where),
    )


def _no_json(where: str, error: Exception) -> ResultsError:
    return ResultsError(
        f"{where} is not valid JSON", expected="JSON in UTF-8", found=str(error), remedy=restore_remedy(where)
    )


def parse_json(content: bytes, where: str) -> Any:
    """Return the JSON in `content`, of a schema version that can be read, but not checked against a type.

    Raises
    ------
    ResultsError
        If it is not JSON or has another schema version.

    """
    try:
        document = msgspec.json.decode(content)
    except NO_JSON as error:
        raise _no_json(where, error) from None
    found = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(found, int) or found not in (SCHEMA_VERSION, *UPGRADES):
        newer = isinstance(found, int) and found > SCHEMA_VERSION
        raise ResultsError(
            f"{where} is of another schema version",
            expected=f'"schema_version": {SCHEMA_VERSION}',
            found=repr(found)[:100] if isinstance(found, (int, float, str, type(None))) else type(found).__name__,
            remedy="a newer version of this benchmark (git pull)"
            if newer
            else (Command("bench") if is_there(Path(where)) else OTHER_COMMIT),
        )
    return document


def measure_remedy(source: Source, command: Command) -> Text:
    """Return the command that makes what a source lacks; a commit cannot be changed."""
    return command if isinstance(source, Folder) else OTHER_COMMIT


def restore_remedy(where: str) -> Text:
    """Return what restores a damaged file on disk, by what git knows of it; a commit cannot be changed."""
    path = Path(where)
    if not is_there(path):
        return OTHER_COMMIT
    of_model = is_there(path.parent / "metrics.json")
    again = Command("bench", models=path.parent.name) if of_model else Command("bench")
    if path.name == "published.json":  # written by hand
        again = Command("site")
    match git.state(path):
        case "unmerged":
            whole = "." if of_model else word(path.name)  # a model's files belong together
            return (
                "a merge is under way, so keep one side: ",
                f"git -C {word(path.parent)} checkout --ours -- {whole} (or --theirs), then ",
                again,
            )
        case "changed":
            return f"git -C {word(path.parent)} checkout HEAD -- {word(path.name)}"
        case _:
            return again if path.name != "published.json" else ("mend or remove it, then ", again)


def decode_predictions(text: str, where: str, *, n_classes: int, n_images: int | None = None) -> NDArray[np.int64]:
    """Return class indices, ndarray of shape (n_images,), from the text of the file `where`.

    Raises
    ------
    ResultsError
        If a character is not a class or the number of images is wrong.

    """
    codes = {character: label for label, character in enumerate(ALPHABET[:n_classes])}
    characters = text.replace("\n", "")
    foreign = sorted(set(characters) - set(codes))
    if foreign:
        raise ResultsError(
            f"{where} holds characters that are not a class",
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


def read_labels(source: Source, name: str, n_classes: int, n_images: int | None = None) -> NDArray[np.int64]:
    """Return the labels, of shape (n_images,), in a file of a source; see `decode_predictions` for errors."""
    content, where = source.read(name), source.where(name)
    if content is None or not content.isascii():
        raise ResultsError(
            f"{where} cannot be read",
            expected="ASCII text",
            found="no such file" if content is None else "other characters",
            remedy=measure_remedy(source, Command("bench")),
        )
    return decode_predictions(content.decode("ascii"), where, n_classes=n_classes, n_images=n_images)
