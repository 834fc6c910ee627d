"""The JSON Schema of the documents, made from their types."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal

from benchmark.results.documents import Curves, Metrics
from benchmark.results.run_documents import Entries, Published, Run
from benchmark.results.study_documents import DatasetStudy, Study

DOCUMENTS: dict[str, type] = {
    "metrics.json": Metrics,
    "curves.json": Curves,
    "study.json": Study,
    "run.json": Run,
    "entries.json": Entries,
    "dataset-study.json": DatasetStudy,
    "published.json": Published,
}


def json_schema(documents: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of documents, types by name; DOCUMENTS are those in the results' folders."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Benchmark results",
        "$defs": {name: _schema(kind) for name, kind in documents.items()},
    }


def document_schema(title: str, kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of one document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **_schema(kind)}


def _schema(kind: Any) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated:
        return {"type": "number"}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(argument) for argument in arguments]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if typing.is_typeddict(kind):
        hints = typing.get_type_hints(kind, include_extras=True)
        return {
            "type": "object",
            "description": (kind.__doc__ or "").partition("\n")[0],
            "properties": {key: _schema(hint) for key, hint in hints.items()},
            "required": list(hints),
        }
    names = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}
    return {"type": names[kind]} if kind in names else {}
