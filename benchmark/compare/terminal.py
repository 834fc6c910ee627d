"""Comparisons for a terminal: as wide as it is, a line for all models that did not change, details on demand.

Input: a `Comparison`. Output: text. What commits and models are called in it is `words`, which pull requests share.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from benchmark.compare.documents import Comparison, ModelChange
from benchmark.compare.tables import aligned, fitted, lines_of, shortened
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
    place_line,
)
from benchmark.text import one_line, visible

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
            lines += ["", *_wrapped([f"{model['name']}: {model['verdict']} ({model['reason']})"], width)]
            lines += [
                f"  {line}".rstrip() for line in _details(model, METRIC_HEADER, CLASS_HEADER, width and width - 2)
            ]
        lines += [
            "",
            *_wrapped(notes(comparison), width),
            *_wrapped([more] if more and hidden and not details else [], width),
        ]
    return "\n".join(lines).rstrip()


def _two_commits(comparison: Comparison, *, colour: bool, width: int | None) -> list[str]:
    ends = aligned([("before", *head(comparison["before"])), ("after", *head(comparison["after"]))])
    lines = [
        *[shortened(line, width) if width else line for line in ends],
        "",
        *_wrapped([comparison["sentence"]], width),
    ]
    changed = [model for model in comparison["models"] if model["verdict"] != "unchanged"]
    if changed:
        header, *blocks = fitted([HEADER, *map(model_row, changed)], width)
        lines += ["", *header]
        for model, block in zip(changed, blocks, strict=True):
            lines += [_coloured(line, model) if colour else line for line in block]
    same = [model["name"] for model in comparison["models"] if model["verdict"] == "unchanged"]
    if same and changed:
        lines += ["", *_wrapped([f"unchanged: {', '.join(same)}"], width)]
    return lines


def _two_models(comparison: Comparison, width: int | None) -> list[str]:
    """Return what tells two models apart, each by its name."""
    model, places = comparison["models"][0], comparison["places"]
    first, second = (place["name"] for place in places)
    lines = [*_wrapped([comparison["sentence"], *map(place_line, places)], width), ""]
    named = METRIC_HEADER[0], first, second, *METRIC_HEADER[3:]
    lines += _details(model, named, CLASS_HEADER, width, (f"only {first} right", f"only {second} right"))
    return [*lines, "", *_wrapped(notes(comparison), width)]


def _details(
    model: ModelChange,
    metric_header: Sequence[str],
    class_header: Sequence[str],
    width: int | None,
    flips: tuple[str, str] = ("right → wrong", "wrong → right"),
) -> list[str]:
    lines = lines_of([metric_header, *metric_rows(model)], width) if model["metrics"] else []
    if model["classes"]:
        lines += ["", *lines_of([class_header, *class_rows(model)], width)]
    told = [*machine_lines(model), *changed_lines(model), *flip_lines(model, N_INDICES, flips)]
    return [*lines, *([""] if lines else []), *_wrapped(told, width)]


def _wrapped(lines: Sequence[str], width: int | None) -> list[str]:
    shown = [visible(one_line(line)) for line in lines]
    if width is None:
        return shown
    return [
        part for line in shown for part in textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    ]


def _coloured(line: str, model: ModelChange) -> str:
    code = COLOURS.get(model["verdict"])
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
