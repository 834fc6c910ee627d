"""Two models of one set of results in words, each by its name: nothing comes before or after, and nobody loses.

Input: a `Comparison` with two places. Output: tables and lines that a terminal and Markdown say alike, and the Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmark.compare.documents import ClassChange, Comparison
from benchmark.compare.tables import markdown_table, posted
from benchmark.compare.words import (
    METRIC_HEADER,
    N_FOLDED,
    changed_lines,
    flip_lines,
    machine_lines,
    metric_rows,
    moved_classes,
    notes,
    place_line,
    share,
)
from benchmark.results.numbers import NOTHING, format_p, points

Table = list[Sequence[str]]


def opening(comparison: Comparison) -> list[str]:
    """Return the sentence, and the rank of each model."""
    return [comparison["sentence"], *map(place_line, comparison["places"])]


def tables(comparison: Comparison) -> list[Table]:
    """Return the table of metrics and that of classes, those that are not empty; the first row is the header."""
    (model,), (first, second) = comparison["models"], names(comparison)
    metrics: Table = [(METRIC_HEADER[0], first, second, *METRIC_HEADER[3:]), *metric_rows(model)]
    header = ("recall, %", first, second, "points", "right alone", "p (Holm)", "precision")
    classes: Table = [header, *map(_class_row, moved_classes(model))]
    return [table for table in (metrics, classes) if len(table) > 1]


def names(comparison: Comparison) -> tuple[str, str]:
    """Return what the two models are called."""
    first, second = (place["name"] for place in comparison["places"])
    return first, second


def lines(comparison: Comparison, most: int) -> list[str]:
    """Return what else differs, and the images that one model alone gets right, the first `most` of them."""
    (model,), (first, second) = comparison["models"], names(comparison)
    kinds = (f"only {first} right", f"only {second} right", "both wrong, with different classes")
    alone = [f"right alone: images that only {first} and only {second} gets right"] if model["classes"] else []
    return [*alone, *machine_lines(model), *changed_lines(model), *flip_lines(model, most, kinds)]


def format_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown."""
    sentence, *places = map(posted, opening(comparison))
    shown = [f"**{sentence}**", *(f"- {line}" for line in places)]
    parts = ["\n\n".join([shown[0], "\n".join(shown[1:])])]
    parts += ["\n".join(markdown_table(table)) for table in tables(comparison)]
    parts.append("\n".join(f"- {posted(line)}" for line in [*lines(comparison, N_FOLDED), *notes(comparison)]))
    return "\n\n".join(parts)


def _class_row(row: ClassChange) -> tuple[str, ...]:
    return (
        row["name"],
        share(row["recall_before"]),
        share(row["recall_after"]),
        points(row["recall_change"], "+", 1),
        f"{row['only_before']}, {row['only_after']}",
        format_p(row["p_adjusted"]),
        NOTHING if row["precision_change"] is None else points(row["precision_change"], "+", 1),
    )
