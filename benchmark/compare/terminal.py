"""Comparisons for a terminal: as wide as it is, a line for all models that did not change, details on demand.

Input: a `Comparison`. Output: text. What commits and models are called in it is `words`, which pull requests share.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from benchmark.compare import two_models
from benchmark.compare.documents import Comparison, ModelChange
from benchmark.compare.tables import aligned, fitted, lines_of, shortened, wrapped
from benchmark.compare.words import (
    CLASS_HEADER,
    HEADER,
    METRIC_HEADER,
    N_INDICES,
    changed_lines,
    class_rows,
    flip_lines,
    head,
    is_same,
    machine_lines,
    metric_rows,
    model_row,
    notes,
)

COLOURS = {"regressed": "31", "improved": "32", "not comparable": "33", "not measured": "33"}
MORE = "--verbose shows every metric and class, and the images that changed"


def format_text(
    comparison: Comparison, *, colour: bool = False, details: bool = True, width: int | None = None, more: str = ""
) -> str:
    """Return the comparison for a terminal: the sentence, one row per model that changed and, with `details`, what changed.

    With `colour` rows are coloured by escape sequences, of which the text holds no others. No line is longer than `width` characters,
    None for any, as far as words can be broken. `more` is the last line where there are details that are not shown.
    """
    if comparison["places"]:
        lines = _two_models(comparison, width)
    else:
        lines = _two_commits(comparison, colour=colour, width=width)
        hidden = [model for model in comparison["models"] if not is_same(model)]
        for model in hidden if details else []:
            lines += ["", *wrapped([f"{model['name']}: {model['verdict']} ({model['reason']})"], width)]
            lines += [f"  {line}".rstrip() for line in _details(model, width and width - 2)]
        lines += [
            "",
            *wrapped(notes(comparison), width),
            *wrapped([more] if more and hidden and not details else [], width),
        ]
    return "\n".join(lines).rstrip()


def _two_commits(comparison: Comparison, *, colour: bool, width: int | None) -> list[str]:
    ends = aligned([("before", *head(comparison["before"])), ("after", *head(comparison["after"]))])
    lines = [
        *[shortened(line, width) if width else line for line in ends],
        "",
        *wrapped([comparison["sentence"]], width),
    ]
    changed = [model for model in comparison["models"] if model["verdict"] != "unchanged"]
    if changed:
        header, *blocks = fitted([HEADER, *map(model_row, changed)], width)
        lines += ["", *header]
        for model, block in zip(changed, blocks, strict=True):
            lines += [_coloured(line, model) if colour else line for line in block]
    same = [model["name"] for model in comparison["models"] if model["verdict"] == "unchanged"]
    if same and changed:
        lines += ["", *wrapped([f"unchanged: {', '.join(same)}"], width)]
    return lines


def _two_models(comparison: Comparison, width: int | None) -> list[str]:
    lines = wrapped(two_models.opening(comparison), width)
    for table in two_models.tables(comparison):
        lines += ["", *_figures(table, width)]
    lines += ["", *wrapped(two_models.lines(comparison, N_INDICES), width)]
    return [*lines, "", *wrapped(notes(comparison), width)]


def _details(model: ModelChange, width: int | None) -> list[str]:
    lines = _figures([METRIC_HEADER, *metric_rows(model)], width) if model["metrics"] else []
    if model["classes"]:
        lines += ["", *lines_of([CLASS_HEADER, *class_rows(model)], width)]
    told = [*machine_lines(model), *changed_lines(model), *flip_lines(model, N_INDICES)]
    return [*lines, *([""] if lines else []), *wrapped(told, width)]


def _figures(table: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Return a table whose second and third columns are figures; where it has no room, their intervals stand below them."""
    header, *rows = table
    if (
        width is None
        or max(map(cell_len, aligned(table))) <= width
        or not any("[" in cell for row in rows for cell in row[1:3])
    ):
        return lines_of(table, width)
    short = []
    for row in rows:
        ends = [(name, *cell.partition(" [")) for name, cell in zip(header[1:3], row[1:3], strict=True)]
        intervals = ", ".join(f"{name} [{interval}" for name, _, _, interval in ends if interval)
        short.append((row[0], *(figure for _, figure, _, _ in ends), *row[3:], intervals))
    return lines_of([(*header, "95 %"), *short], width)


def _coloured(line: str, model: ModelChange) -> str:
    code = COLOURS.get(model["verdict"])
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
