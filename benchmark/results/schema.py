"""The JSON Schema of the documents, made from their types."""

from __future__ import annotations

from typing import Any

import msgspec

from benchmark.results.documents import Curves, Metrics
from benchmark.results.run_documents import Entries, Published, Run
from benchmark.results.study_documents import DatasetStudy, Study

DRAFT = "https://json-schema.org/draft/2020-12/schema"
TYPE = "#/$defs/{name}"
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
    """Return the JSON Schema of documents, types by name; DOCUMENTS lists those in the results folders."""
    schemas, types = msgspec.json.schema_components(documents.values(), ref_template=TYPE)
    return {
        "$schema": DRAFT,
        "title": "Benchmark results",
        "$defs": {**dict(zip(documents, schemas, strict=True)), **types},
    }


def document_schema(title: str, kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of one document."""
    (schema,), types = msgspec.json.schema_components([kind], ref_template=TYPE)
    return {"$schema": DRAFT, "title": title, **schema, "$defs": types}
