"""Numbers as text: shares, intervals, differences, p-values, seconds, bytes. No other module formats a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmark.results.documents import Convergence, Estimate
from benchmark.results.metrics import Metric, Reading
from benchmark.results.stored import ModelResult

NOTHING = "–"  # for an undefined or missing value
NOT_RECORDED = "not recorded"  # for a metric that older results lack
SMALLEST_P = 1e-12
MINUS = "−"
YEAR, LONGEST_YEARS, SHORTEST = 365.25 * 86_400, 1000, 1e-6  # seconds, years, seconds
SMALLEST_SIZE, LARGEST = 1e5, 1e15  # bytes
SMALLEST_MB = 5e4  # bytes that round to 0.1 MB
MOST_NAMED = 4  # classes in a sentence
ROUNDED_UP = 0.9995  # of a unit: to three digits that is 1 already
COSTS = ("s", "B")  # units whose values are compared by their ratio


# ------------------------------------------------------------------------------------------------------- one number
def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in percent, a dash where it is undefined."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def short_percent(value: float) -> str:
    """Return a percentage short enough for a table cell on a phone."""
    if not value:
        return ""
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"  # noqa: PLR2004


def decimal(value: float | None) -> str:
    """Return an AUC, a log loss or a Brier score with four decimals, a dash where it is undefined."""
    return NOTHING if value is None else f"{value:z.4f}".replace("-", MINUS)


def points(difference: float, sign: str = "", digits: int = 2) -> str:
    """Return a difference of shares in percentage points, with a true minus; `sign` "+" shows a plus as well."""
    return f"{100 * difference:{sign}z.{digits}f}".replace("-", MINUS)


def format_p(p: float) -> str:
    """Return a p-value to 2 digits; one below 1e-12 is given as that bound."""
    return f"{p:.2g}" if p >= SMALLEST_P else f"below {SMALLEST_P:.0e}"


def p_value(p: float) -> str:
    """Return a p-value for a sentence: "p = 0.021", or "p < 10⁻¹²" for one that is smaller."""
    return f"p = {format_p(p)}" if p >= SMALLEST_P else "p < 10⁻¹²"


def duration(seconds: float) -> str:
    """Return seconds to three digits, in a suitable unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= ROUNDED_UP * scale or unit == "µs":
            return f"{three_digits(seconds / scale)} {unit}"
    return ""


def long_duration(seconds: float) -> str:
    """Return seconds to three digits, from two minutes on in minutes, hours, days or years; a bound for the immeasurable."""
    if seconds > LONGEST_YEARS * YEAR:
        return f"over {LONGEST_YEARS:,} years"
    for unit, scale in (("years", YEAR), ("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * scale:
            return f"{three_digits(seconds / scale)} {unit}"
    return duration(seconds) if seconds >= SHORTEST else "under 1 µs"


def memory_size(number: float) -> str:
    """Return bytes to three digits in MB, GB or TB (powers of 1,000); a bound for what no machine has."""
    if number > LARGEST:
        return f"over {LARGEST / 1e12:,.0f} TB"
    for unit, scale in (("TB", 1e12), ("GB", 1e9)):
        if number >= scale:
            return f"{three_digits(number / scale)} {unit}"
    return f"{three_digits(number / 1e6)} MB" if number >= SMALLEST_SIZE else "under 0.1 MB"


def megabytes(number: float) -> str:
    """Return bytes in MB (1,000,000 bytes), with one decimal; in kB where that would be 0.0."""
    return f"{number / 1e6:,.1f} MB" if number >= SMALLEST_MB else f"{number / 1e3:,.1f} kB"


def three_digits(value: float) -> str:
    """Return a positive number to three digits; from 100 on, as a whole number and never as a power of ten."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"  # noqa: PLR2004


# ---------------------------------------------------------------------------------------------------- with an interval
def interval(estimate: Estimate, digits: int = 1) -> str:
    """Return an estimate with its interval, in percent."""
    if estimate["low"] is None or estimate["high"] is None:
        return percent(estimate["value"], digits)
    return f"{percent(estimate['value'], digits)} [{100 * estimate['low']:.{digits}f}, {100 * estimate['high']:.{digits}f}]"


def percent_range(estimate: Estimate, between: str = " to ", digits: int = 1) -> str:
    """Return the interval of a share: "91.3 to 93.6 %", or without the sign where a column says the unit; "" where there is none."""
    if estimate["low"] is None or estimate["high"] is None:
        return ""
    ends = between.join(points(end, digits=digits) for end in (estimate["low"], estimate["high"]))
    return f"{ends} %" if between == " to " else ends


def with_interval(value: float, interval: tuple[float, float], text: Callable[[float], str]) -> str:
    """Return a value with its interval, each as `text` says it."""
    return f"{text(value)} [{text(interval[0])}, {text(interval[1])}]"


def exponent(value: float) -> str:
    """Return the exponent of a power law with two decimals."""
    return f"{value:z.2f}".replace("-", MINUS)


def decimal_interval(estimate: Estimate) -> str:
    """Return an AUC or a log loss with its interval, with four decimals."""
    value = decimal(estimate["value"])
    return value if estimate["low"] is None else f"{value} [{decimal(estimate['low'])}, {decimal(estimate['high'])}]"


def points_interval(low: float, high: float) -> str:
    """Return the interval of a difference of shares, in points: −0.82 to 1.20."""
    return f"{points(low)} to {points(high)}"


def points_range(low: float, high: float) -> str:
    """Return the same as short as a narrow column wants it: 2.14–3.11, and with words where a minus would meet the dash."""
    return points_interval(low, high) if low < 0 else f"{points(low)}–{points(high)}"


def reading_text(reading: Reading | None, unit: str) -> str:
    """Return the value of a metric in its unit, with its interval where it has one."""
    if reading is None or reading["value"] is None:
        return NOTHING
    value = reading["value"]
    if unit == "B":
        return megabytes(value)
    if unit == "s":
        return f"{value:.4g} s"
    estimate: Estimate = {"value": value, "low": reading.get("low"), "high": reading.get("high")}
    return interval(estimate, 2) if unit == "share" else decimal_interval(estimate)


def metric_text(metric: Metric, result: ModelResult) -> str:
    """Return a metric of a model's result as text; a dash where it does not apply, "not recorded" where the result is older."""
    return reading_text(metric.of(result), metric.unit) if metric.is_recorded(result) else NOT_RECORDED


def change_text(before: Reading | None, after: Reading | None, change: float | None, unit: str) -> str:
    """Return how a metric changed: points for a share, a ratio for a cost, a difference for anything else."""
    if change is None:
        return NOTHING
    if unit == "share":
        return f"{points(change, '+')} points"
    if unit not in COSTS:
        return f"{change:+z.4f}".replace("-", MINUS)
    old, new = ((side or {}).get("value") for side in (before, after))
    return f"× {new / old:.2f}" if old and new is not None else NOTHING


# ---------------------------------------------------------------------------------------------------------- many words
def convergence_words(warned: Convergence) -> str:
    """Return how many convergence warnings there were, and where; nothing if there were none."""
    counts = [(warned["search"], "in the search"), (warned["final_fit"], "in the final fit")]
    number = sum(count for count, _ in counts)
    where = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    return f"{number:,} convergence warning{'' if number == 1 else 's'}: {where}" if number else ""


def listed(items: Sequence[str]) -> str:
    """Return items as an English list: "a, b and c"; "a, x; b and c" where commas stand in items."""
    between = "; " if any(", " in item for item in items) else ", "
    return " and ".join([between.join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def images(number: int) -> str:
    """Return a number of images: "1 image", "2,000 images"."""
    return f"{number:,} image{'' if number == 1 else 's'}"


def class_words(name: str, *, first: bool = False) -> str:
    """Return the name of a class in a sentence; one that is a number, or a sign, is said to be a class: "class 7".

    `first` makes it the beginning of the sentence; a name of letters stays as it is.
    """
    return name if any(map(str.isalpha, name)) else f"{'Class' if first else 'class'} {name}"


def classes_words(names: Sequence[str], *, first: bool = False) -> str:
    """Return several classes in a sentence: a few by name, more by their number."""
    if len(names) > MOST_NAMED:
        return f"{len(names)} classes"
    return listed([class_words(name, first=first and place == 0) for place, name in enumerate(names)])
