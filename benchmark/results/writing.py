"""Documents as text that diffs well: keys in type order, measured floats rounded once, one scalar per line."""

from __future__ import annotations

import functools
import json
import math
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

from benchmark.disk import write_atomically
from benchmark.errors import ResultsError
from benchmark.results.documents import Params

SIGNIFICANT_DIGITS = 6


def round_measured(value: float) -> float:
    """Round to 6 significant digits; every measured float is rounded so, once, when it is written."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def dump_document(document: Any, kind: Any) -> str:
    """Return `document` as text that diffs well; see DOCUMENTS for the kinds.

    Raises
    ------
    ResultsError
        If a value does not fit its type, or is NaN or infinite.

    """
    return _render(shaped(document, kind, kind.__name__), 0) + "\n"


def write_document(path: Path, document: Any, kind: Any) -> None:
    """Write `document` to `path`, atomically."""
    write_atomically(path, dump_document(document, kind).encode())


def shaped(value: Any, kind: Any, where: str) -> Any:
    """Return `value` in the shape of `kind`: keys in its order, measured floats rounded; refuse what does not fit."""
    if kind is Any:
        return value
    if typing.is_typeddict(kind):
        return _shaped_record(value, kind, where)
    shape = SHAPES.get(typing.get_origin(kind))
    return shape(value, kind, where) if shape else _shaped_scalar(value, kind, where)


def _shaped_record(value: Any, kind: Any, where: str) -> dict[str, Any]:
    fields = _fields(kind)
    if not isinstance(value, dict):
        _refuse(where, "an object", value)
    missing = [key for key, (_, required) in fields.items() if required and key not in value]
    if missing:
        _refuse(where, f"the field {missing[0]!r}", f"only {', '.join(value) or 'nothing'}")
    return {key: shaped(value[key], hint, f"{where}.{key}") for key, (hint, _) in fields.items() if key in value}


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, bool]]:
    """Return the fields of a record in order: the type of each, and whether it is required."""
    hints = typing.get_type_hints(kind, include_extras=True)
    optional = {key for key, hint in hints.items() if typing.get_origin(hint) is NotRequired}
    return {
        key: (typing.get_args(hint)[0] if key in optional else hint, key not in optional) for key, hint in hints.items()
    }


def _shaped_number(value: Any, _: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        _refuse(where, "a finite number", value)
    return round_measured(float(value))


def _shaped_optional(value: Any, kind: Any, where: str) -> Any:
    (inner,) = [argument for argument in typing.get_args(kind) if argument is not type(None)]
    return None if value is None else shaped(value, inner, where)


def _shaped_word(value: Any, kind: Any, where: str) -> Any:
    words = typing.get_args(kind)
    return value if value in words else _refuse(where, " or ".join(map(repr, words)), value)


def _shaped_list(value: Any, kind: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        _refuse(where, "a list", value)
    return [shaped(item, typing.get_args(kind)[0], f"{where}[{i}]") for i, item in enumerate(value)]


def _shaped_mapping(value: Any, kind: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(where, "an object", value)
    keys = sorted(value) if kind == Params else value
    return {key: shaped(value[key], typing.get_args(kind)[1], f"{where}.{key}") for key in keys}


def _shaped_scalar(value: Any, kind: Any, where: str) -> Any:
    fitting = isinstance(value, (int, float) if kind is float else kind)
    if not fitting or (kind is not bool and isinstance(value, bool)):
        _refuse(where, kind.__name__, value)
    return value


SHAPES: dict[Any, Callable[[Any, Any, str], Any]] = {
    Annotated: _shaped_number,
    typing.Union: _shaped_optional,
    types.UnionType: _shaped_optional,
    Literal: _shaped_word,
    list: _shaped_list,
    dict: _shaped_mapping,
}


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
