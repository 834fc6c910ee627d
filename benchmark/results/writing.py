"""Documents as text made to be diffed: keys in the order of their types, measured floats rounded once, a scalar a line."""

from __future__ import annotations

import json
import math
import types
import typing
from pathlib import Path
from typing import Annotated, Any, Literal

from benchmark.disk import write_atomically
from benchmark.errors import ResultsError
from benchmark.results.documents import Params

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
    return _render(shaped(document, kind, kind.__name__), 0) + "\n"


def write_document(path: Path, document: Any, kind: Any) -> None:
    """Write `document` to `path`, whole or not at all."""
    write_atomically(path, dump_document(document, kind).encode())


def shaped(value: Any, kind: Any, where: str) -> Any:
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
        return shaped(value, inner, where)
    if typing.is_typeddict(kind):
        return _shaped_record(value, kind, where)
    if origin is Literal:
        return value if value in arguments else _refuse(where, " or ".join(map(repr, arguments)), value)
    if origin is list:
        if not isinstance(value, list):
            _refuse(where, "a list", value)
        return [shaped(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            _refuse(where, "an object", value)
        keys = sorted(value) if kind == Params else value
        return {key: shaped(value[key], arguments[1], f"{where}.{key}") for key in keys}
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
    return {key: shaped(value[key], hint, f"{where}.{key}") for key, hint in hints.items()}


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
