"""Tables as text: aligned for a terminal, or rows of Markdown in which foreign text is inert."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines with aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def markdown_row(cells: Sequence[str]) -> str:
    """Return cells as a row of a Markdown table."""
    return "| " + " | ".join(inert(cell).replace("|", "\\|") for cell in cells) + " |"


def code_span(text: str) -> str:
    """Return foreign text as a code span, in which nothing is a link, a mention or a tag."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def inert(text: str) -> str:
    """Return text in which nothing is a tag or a mention: a pipeline, a grid or a class may contain anything."""
    return html.escape(text, quote=False).replace("@", "@\u200b")
