"""Tables as text: aligned for a terminal, or rows of Markdown in which foreign text is inert."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from rich.cells import cell_len

from benchmark.results.numbers import NOTHING
from benchmark.text import inert, one_line, visible

EQUAL = re.compile(" (?=[=<] |%)|(?<= [=<]) ")  # the spaces of `p = 0.01` and of `5 %`
JOINED = "\ue000"  # for a space at which no line is to be broken; in no text, for it has no meaning


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines with aligned columns; a cell is one line, in which nothing steers a terminal."""
    shown = [[visible(one_line(cell)) for cell in row] for row in rows]
    widths = [max(cell_len(row[column]) for row in shown) for column in range(len(rows[0]))]
    return ["  ".join(map(_filled, row, widths)).rstrip() for row in shown]


def fitted(rows: Sequence[Sequence[str]], width: int | None, *, spill: bool = True) -> list[list[str]]:
    """Return each row, the header first, as lines of at most `width` characters, None for any.

    Where the whole has no room, the last columns go into further lines of their row, each cell after its column's name; without
    `spill` they are left out.
    """
    lines = aligned(rows)
    if width is None or max(map(cell_len, lines)) <= width:
        return [[line] for line in lines]
    n_columns = 1
    for n in range(len(rows[0]) - 1, 1, -1):
        if max(map(cell_len, aligned([row[:n] for row in rows]))) <= width:
            n_columns = n
            break
    header, *short = aligned([row[:n_columns] for row in rows])
    rest = [_rest(rows[0][n_columns:], row[n_columns:], width) if spill else [] for row in rows[1:]]
    return [[header], *([line, *more] for line, more in zip(short, rest, strict=True))]


def lines_of(rows: Sequence[Sequence[str]], width: int | None, *, spill: bool = True) -> list[str]:
    """Return the rows as lines; see `fitted`."""
    return [line for block in fitted(rows, width, spill=spill) for line in block]


def wrapped(lines: Sequence[str], width: int | None) -> list[str]:
    """Return text as lines of at most `width` characters, None for any, further ones indented; what equals what stays together."""
    shown = [visible(one_line(line)) for line in lines]
    if width is None:
        return shown
    return [
        part.replace(JOINED, " ")
        for line in shown
        for part in textwrap.wrap(
            EQUAL.sub(JOINED, line), width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    ]


def shortened(text: str, most: int) -> str:
    """Return text of at most `most` characters, the last a sign that there is more."""
    return f"{text[: most - 1].rstrip()}…" if len(text) > most else text


def _rest(names: Sequence[str], cells: Sequence[str], width: int) -> list[str]:
    """Return cells with the names of their columns, broken between the parts of a cell where these have room."""
    indent = "    "
    told = "; ".join(
        f"{name}: {visible(one_line(cell))}"
        for name, cell in zip(names, cells, strict=True)
        if cell not in ("", NOTHING)
    )
    parts = [part.replace(" ", JOINED) if len(part) < width - len(indent) - 1 else part for part in told.split("; ")]
    lines = _broken("; ".join(parts), width, indent)
    return [line.replace(JOINED, " ") for line in lines]


def _broken(told: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        told, width, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _filled(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def markdown_row(cells: Sequence[str]) -> str:
    """Return cells as a row of a Markdown table."""
    return "| " + " | ".join(map(posted, cells)) + " |"


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows, the header first, as the lines of a Markdown table."""
    header, *others = map(markdown_row, rows)
    return [header, "|" + " --- |" * len(rows[0]), *others]


def code_span(text: str) -> str:
    """Return foreign text as a code span, in which nothing is a link, a mention or a tag."""
    line = visible(one_line(text))
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def posted(text: str) -> str:
    """Return text as Markdown for GitHub in which nothing is markup, a tag or a mention, which would call somebody."""
    return (
        inert(visible(one_line(text))).replace("@", "@\u200b").replace("&#39;", "'").replace("&#34;", '"')
    )  # people edit it, too
