"""The table of models as data, and the selection of entries by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from benchmark.errors import EntryError, unknown_name
from benchmark.measure.entry import ModelEntry
from benchmark.results import SCHEMA_VERSION, Entries


def entries_document(
    entries: Iterable[ModelEntry], dataset: str, image_shape: tuple[int, int], misfits: Mapping[str, str]
) -> Entries:
    """Return the table of models as data, for `entries.json`; `misfits` are those that do not fit the data set, and why."""
    documents = [entry.document(image_shape) for entry in entries]
    for document in documents:
        if reason := misfits.get(document["name"]):
            document["misfit"] = reason
    return {"schema_version": SCHEMA_VERSION, "dataset": dataset, "entries": documents}


def select_entries(entries: Sequence[ModelEntry], names: Sequence[str]) -> list[ModelEntry]:
    """Return the entries called `names`, in the order of the table; all of them where none is named.

    Raises
    ------
    EntryError
        If a name is not in the table.

    """
    table = {entry.name: entry for entry in entries}
    unknown = [name for name in names if name not in table]
    if unknown:
        raise EntryError(
            **unknown_name(
                "model",
                unknown[0],
                table,
                remedy="an entry of that name in benchmark/models.py or in the file that --entries names",
            )
        )
    return [entry for entry in entries if not names or entry.name in names]
