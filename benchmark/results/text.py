"""Documents as text made to be diffed, and back: checked against their types in both directions."""

from __future__ import annotations

import json
import math
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from benchmark.disk import write_atomically
from benchmark.errors import ResultsError
from benchmark.results.documents import SCHEMA_VERSION, Params

SIGNIFICANT_DIGITS = 6


def round_measured(value: float) -> float:
    """Round to 6 significant digits, as every measured float is, once, when it is written."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def dump_document(document: Any, kind: Any) -> str:
    """Return `document` as text made to be diffed; see DOCUMENTS for the kinds.

    Raises
    ------
    ResultsError
        If a value does not fit its type, or is NaN or infinite.

    """
    return _render(_shaped(document, kind, kind.__name__), 0) + "\n"


def write_document(path: Path, document: Any, kind: Any) -> None:
    """Write `document` to `path`, whole or not at all."""
    write_atomically(path, dump_document(document, kind).encode())


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
        raise ResultsError(f"{where} does not exist", remedy="make bench")
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
        _shaped(document, kind, "")
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
            remedy="a newer version of this benchmark (git pull)" if newer else remeasure_remedy(where, "make bench"),
        )
    return document


def remeasure_remedy(where: str, command: str) -> str:
    """Return the command that mends a file on disk; a commit stays as it is."""
    return command if Path(where).exists() else "another commit (git log --oneline -- models)"


def restore_remedy(where: str) -> str:
    """Return the command that restores a file on disk; a commit stays as it is."""
    return f"git checkout -- {where}" if Path(where).exists() else "another revision"


def fits(document: Any, kind: Any) -> bool:
    """Say whether `document` is of its type, without looking at a schema version."""
    try:
        _shaped(document, kind, "")
    except ResultsError:
        return False
    return True


def _shaped(value: Any, kind: Any, where: str) -> Any:
    """Return `value` in the shape of `kind`: keys in its order, measured floats rounded; refuse what does not fit."""
    if kind is Any:
        return value
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return _shaped_number(value, where)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        return _shaped(value, inner, where)
    if typing.is_typeddict(kind):
        return _shaped_record(value, kind, where)
    if origin is Literal:
        return value if value in arguments else _refuse(where, " or ".join(map(repr, arguments)), value)
    if origin is list:
        if not isinstance(value, list):
            _refuse(where, "a list", value)
        return [_shaped(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            _refuse(where, "an object", value)
        keys = sorted(value) if kind == Params else value
        return {key: _shaped(value[key], arguments[1], f"{where}.{key}") for key in keys}
    if kind is float:
        kind = (int, float)
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
        _refuse(where, getattr(kind, "__name__", "a number"), value)
    return value


def _shaped_record(value: Any, kind: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(where, "an object", value)
    hints = typing.get_type_hints(kind, include_extras=True)
    missing = [key for key in hints if key not in value]
    if missing:
        _refuse(where, f"the field {missing[0]!r}", f"only {', '.join(value) or 'nothing'}")
    return {key: _shaped(value[key], hint, f"{where}.{key}") for key, hint in hints.items()}


def _shaped_number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _refuse(where, "a finite number", value)
    return round_measured(float(value))


def _refuse(where: str, expected: str, found: Any) -> typing.NoReturn:
    raise ResultsError(f"{where.lstrip('.')}", expected=expected, found=repr(found)[:80])


def _render(value: Any, depth: int) -> str:
    if isinstance(value, (dict, list)) and value and not _is_row(value):
        pad = "  " * (depth + 1)
        opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
        items = (
            [f"{json.dumps(key, ensure_ascii=False)}: {_render(item, depth + 1)}" for key, item in value.items()]
            if isinstance(value, dict)
            else [_render(item, depth + 1) for item in value]
        )
        return f"{opening}\n{pad}" + f",\n{pad}".join(items) + f"\n{'  ' * depth}{closing}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _is_row(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, (int, float)) or item is None for item in value)
