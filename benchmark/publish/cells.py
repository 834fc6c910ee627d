"""Where the cells of a confusion matrix lead: to their images on the page *Errors*, whose address holds what is selected."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from urllib.parse import quote_plus, urlencode

import numpy as np

from benchmark.publish.chart import Chart
from benchmark.results import ModelResult
from benchmark.text import one_line, with_units


def selection(model: str, truth: str, taken: str) -> str:
    """Return the part of the address of *Errors* that selects the images of a class that a model takes for another.

    Classes are named as the page's fields have them.
    """
    return "#" + urlencode({"model": model, "true": _in_field(truth), "predicted": _in_field(taken)})


def missed_by(truth: str, n_models: int) -> str:
    """Return the part of the address of *Errors* that selects the images of a class that as many models miss, or more."""
    return "#" + urlencode({"true": _in_field(truth), "missed": n_models})


def leading(chart: Chart, model: ModelResult, order: Sequence[str], errors: str) -> Chart:
    """Return the chart of a model's confusion matrix with cells that lead to their images, off the diagonal and where there are any.

    Parameters
    ----------
    chart : Chart
        Its table has a row a true class and, after their names, a column a predicted class, both in `order`.
    model : ModelResult
    order : sequence of str
        The classes.
    errors : str
        The address of *Errors* from the site's root.

    """
    places = [model.metrics["dataset"]["classes"].index(name) for name in order]
    counts = np.array(model.metrics["test"]["confusion"])[np.ix_(places, places)]
    cells = [(i, j) for i, j in np.argwhere(counts).tolist() if i != j]
    return dataclasses.replace(
        chart,
        links={(i, j + 1): errors + selection(model.name, order[i], order[j]) for i, j in cells},
        spec=chart.spec | {"layout": chart.spec["layout"] | {"meta": {"cells": _live(model, order, errors)}}},
    )


def _live(model: ModelResult, order: Sequence[str], errors: str) -> dict[str, str | list[str]]:
    """Return what a live chart makes the same addresses of, by the row and the column of a cell: parts that are encoded already."""
    return {"errors": errors, "model": model.name, "classes": [quote_plus(_in_field(name)) for name in order]}


def _in_field(name: str) -> str:
    return with_units(one_line(name))
