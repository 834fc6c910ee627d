"""Models side by side: a column of figures each, and which of them is the best of a row.

Comes in: results. Goes out: the titles of the rows by group, and each model's cells in their order; the page *Compare* shows the columns
that a reader chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from benchmark.compare.rerun import origin
from benchmark.results import CLASS_METRICS, METRICS, Estimate, Metric, ModelResult, Reading, round_measured
from benchmark.results.numbers import NOT_RECORDED, NOTHING, duration, interval, reading_text
from benchmark.text import one_line

SCORES = {"predict_proba": "probabilities", "decision_function": "decision values"}
FITTED = ("train_accuracy",)  # a model that knows its training images by heart is no better for it
OF_CLASSES = ("recall", "precision")


class Line(NamedTuple):
    """A row: its title, and which end is better, "" where none is.

    `alike` is what the columns must have in common for one of their figures to be called the best: "scores" or "machine".
    """

    title: str
    better: Literal["higher", "lower", ""] = ""
    alike: Literal["scores", "machine", ""] = ""


class Group(NamedTuple):
    """Rows under one heading."""

    title: str
    lines: list[Line]


class Cell(NamedTuple):
    """A figure: its text, its interval's ("" where it has none), and the value by which it is compared, None where it has none."""

    text: str
    range: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Column:
    """A model's figures, a list of cells a group."""

    name: str
    title: str
    scores: str
    machine: str
    cells: list[list[Cell]]


def groups(order: Sequence[str], n_predict: int) -> list[Group]:
    """Return the titles of all rows; `order` are the classes, `n_predict` how many images the time of a prediction is of."""
    scores, calibration, costs = _metrics()
    return [
        Group("Test images right", [_line(metric, n_predict) for metric in scores]),
        Group("Calibration", [Line("Scores"), *(_line(metric, n_predict) for metric in calibration)]),
        Group("Cost", [*(_line(metric, n_predict) for metric in costs), Line("Machine")]),
        *(Group(f"{metric.title} of each class", [Line(one_line(n), metric.better) for n in order]) for metric in _class_metrics()),
    ]  # fmt: skip


def column(model: ModelResult, order: Sequence[str]) -> Column:
    """Return a model's cells under `groups`."""
    scores, calibration, costs = ([_cell(metric, model) for metric in metrics] for metrics in _metrics())
    kind, machine = model.metrics["scores"], one_line(origin(model.run).machine)
    figures = model.metrics["test"]["per_class"]
    classes = [[_class_cell(figures[name][metric.name]) for name in order] for metric in _class_metrics()]  # type: ignore[literal-required]
    return Column(
        name=model.name,
        title=one_line(model.metrics["title"]),
        scores=kind,
        machine=machine,
        cells=[scores, [Cell(SCORES[kind]), *calibration], [*costs, Cell(machine)], *classes],
    )


def best(line: Line, columns: Sequence[Column], cells: Sequence[Cell]) -> list[bool]:
    """Return which cells of a row are its best: those that show the same as the best one, none where all show the same.

    Figures that cannot be compared have no best: AUCs of probabilities and of decision values, times on two machines.
    """
    known = [(cell, column) for cell, column in zip(cells, columns, strict=True) if cell.value is not None]
    common = {getattr(column, line.alike) for _, column in known} if line.alike else {""}
    if not line.better or len(common) != 1 or len({cell.text for cell, _ in known}) < 2:  # noqa: PLR2004
        return [False] * len(cells)
    sign = 1 if line.better == "higher" else -1
    top = max((cell for cell, _ in known), key=lambda cell: sign * (cell.value or 0.0))
    return [cell.value is not None and cell.text == top.text for cell in cells]


def _metrics() -> tuple[list[Metric], list[Metric], list[Metric]]:
    """Return the metrics of scores, of calibration and of cost."""
    measured = [metric for metric in METRICS if metric.document == "metrics.json"]
    of_calibration = [metric for metric in measured if "calibration" in metric.path]
    costs = [metric for metric in METRICS if metric.document == "run.json"]
    return [metric for metric in measured if metric not in of_calibration], of_calibration, costs


def _class_metrics() -> list[Metric]:
    by_name = {metric.name: metric for metric in CLASS_METRICS}
    return [by_name[name] for name in OF_CLASSES]


def _line(metric: Metric, n_predict: int) -> Line:
    title = f"{metric.title}, {n_predict:,} image{'' if n_predict == 1 else 's'}" if metric.per else metric.title
    better = "" if metric.name in FITTED else metric.better
    return Line(title, better, "scores" if metric.of_scores else "machine" if metric.unit == "s" else "")


def _cell(metric: Metric, model: ModelResult) -> Cell:
    if not metric.is_recorded(model):
        return Cell(NOT_RECORDED)
    reading = metric.of(model)
    if reading is None or reading["value"] is None:
        return Cell(NOTHING)
    if metric.unit == "s":
        return Cell(duration(reading["value"]), value=round_measured(reading["value"]))
    alone: Reading = {"value": reading["value"]}
    return _split(reading_text(alone, metric.unit), reading_text(reading, metric.unit), reading["value"])


def _class_cell(estimate: Estimate) -> Cell:
    if estimate["value"] is None:
        return Cell(NOTHING)
    alone: Estimate = {"value": estimate["value"], "low": None, "high": None}
    return _split(interval(alone), interval(estimate), estimate["value"])


def _split(alone: str, whole: str, value: float) -> Cell:
    return Cell(alone, whole.removeprefix(alone).strip(), round_measured(value))
