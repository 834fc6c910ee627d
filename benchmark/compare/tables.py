"""Tables as text: aligned for a terminal, or rows of Markdown in which foreign text is inert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len

from benchmark.text import inert, one_line, visible


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines with aligned columns; a cell is one line, in which nothing steers a terminal."""
    shown = [[visible(one_line(cell)) for cell in row] for row in rows]
    widths = [max(cell_len(row[column]) for row in shown) for column in range(len(rows[0]))]
    return ["  ".join(map(_filled, row, widths)).rstrip() for row in shown]


def _filled(cell: str, width: int) -> str:
    return cell + " " * (width - cell_len(cell))


def markdown_row(cells: Sequence[str]) -> str:
    """Return cells as a row of a Markdown table."""
    return "| " + " | ".join(map(posted, cells)) + " |"


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
