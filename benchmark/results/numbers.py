"""Numbers in words: shares, intervals, p-values, seconds, bytes, and tables of text. Nothing else formats a figure."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from benchmark.results.documents import Estimate
from benchmark.results.metrics import Metric

NOT_RECORDED = "not recorded"  # of a metric that older results do not have
SMALLEST_P = 1e-12


def share_interval(estimate: Estimate) -> str:
    """Return a share with its interval, in percent, with two decimals."""
    value, low, high = (100 * (estimate[key] or 0.0) for key in ("value", "low", "high"))
    return f"{value:.2f} % [{low:.2f}, {high:.2f}]"


def format_p(p: float) -> str:
    """Return a p value at 2 digits; nobody can tell apart what lies below a million millionth."""
    return f"{p:.2g}" if p >= SMALLEST_P else f"below {SMALLEST_P:.0e}"


def duration(seconds: float) -> str:
    """Return seconds to three digits in a unit that suits them."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale or unit == "µs":
            return f"{three_digits(seconds / scale)} {unit}"
    return ""


def three_digits(value: float) -> str:
    """Return a positive number to three digits, a large one to the last before the point, not as a power of ten."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"  # noqa: PLR2004


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in percent, a dash where it is undefined."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def interval(estimate: Estimate, digits: int = 1) -> str:
    """Return an estimate with its interval, in percent."""
    if estimate["low"] is None or estimate["high"] is None:
        return percent(estimate["value"], digits)
    return f"{percent(estimate['value'], digits)} [{100 * estimate['low']:.{digits}f}, {100 * estimate['high']:.{digits}f}]"


def listed(items: Sequence[str]) -> str:
    """Return items as an English list: "a, b and c"."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def auc_text(estimate: Estimate) -> str:
    """Return an AUC with its interval, with four decimals."""
    if estimate["low"] is None:
        return "–" if estimate["value"] is None else f"{estimate['value']:.4f}"
    return f"{estimate['value']:.4f} [{estimate['low']:.4f}, {estimate['high']:.4f}]"


def short_percent(value: float) -> str:
    """Return a percentage as short as a cell on a phone is narrow."""
    if not value:
        return ""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004


def metric_text(figure: dict[str, float | None] | None, metric: Metric) -> str:
    """Return a metric's value with its interval in its unit, for a table of commits."""
    if figure is None or figure["value"] is None:
        return "–"
    if metric.unit != "share":
        return f"{figure['value']:.4g}{f' {metric.unit}' if metric.unit in ('s', 'B') else ''}"
    low, high = figure.get("low"), figure.get("high")
    ends = "" if low is None or high is None else f" [{100 * low:.2f}, {100 * high:.2f}]"
    return f"{100 * figure['value']:.2f} %{ends}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines whose cells stand below each other."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def value_text(figure: dict[str, float | None] | None, unit: str) -> str:
    """Return a metric's value with its interval in its unit, for a table of two sides."""
    if figure is None or figure["value"] is None:
        return "–"
    value = figure["value"]
    if unit == "share":
        low, high = figure.get("low"), figure.get("high")
        ends = "" if low is None or high is None else f" [{100 * low:.2f}, {100 * high:.2f}]"
        return f"{100 * value:.2f} %{ends}"
    return f"{value / 1e6:,.1f} MB" if unit == "B" else f"{value:.4g} {'s' if unit == 's' else ''}".rstrip()


def code_span(text: str) -> str:
    """Return foreign text as a code span, in which nothing is a link, a mention or a tag."""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def markdown_row(cells: Sequence[str]) -> str:
    """Return cells as a row of a Markdown table."""
    return "| " + " | ".join(inert(cell).replace("|", "\\|") for cell in cells) + " |"


def inert(text: str) -> str:
    """Return text in which nothing is a tag or a mention: a pipeline, a grid and a class have any name."""
    return html.escape(text, quote=False).replace("@", "@\u200b")
