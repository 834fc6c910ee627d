"""What a document's types cannot say: ranges, lengths that belong together, names that are there once.

Comes in: a document that fits its type. Goes out: the first fault in it, as field, what was expected and what was found, or
None. What follows from other files, such as the predictions, is checked where these are read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from benchmark.results.documents import Curves, DatasetInfo, Metrics, OutOfSample, Search, Seeds
from benchmark.results.predictions import ALPHABET
from benchmark.results.run_documents import Entries, Published, Run
from benchmark.results.study_documents import DatasetStudy, Importance, Study

MOST = 2**53  # a count beyond it is no whole number to other readers of JSON
LONGEST = 1e9  # seconds: a generation
DEEPEST = 8  # lists and objects inside a parameter's value
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


class Fault(NamedTuple):
    """What is wrong in a document."""

    field: str
    expected: str
    found: Any


Faults = Iterator[Fault]


def first_fault(document: Any, kind: Any) -> Fault | None:
    """Return the first fault of a document of this kind, None if it has none."""
    return next(CHECKS[kind](document), None) if kind in CHECKS else None


# ------------------------------------------------------------------------------------------------------------- one value
def _number(field: str, value: float | None, least: float = 0.0, most: float = math.inf) -> Faults:
    if value is not None and not least <= value <= most:
        yield Fault(field, f"{least:g} or more" if most == math.inf else f"a number from {least:g} to {most:g}", value)


def _count(field: str, value: int | None, least: int = 0, most: int = MOST) -> Faults:
    if value is not None and not least <= value <= most:
        yield Fault(field, f"a whole number from {least} to {most}", value)


def _numbers(field: str, values: Iterable[float], least: float = 0.0, most: float = 1.0) -> Faults:
    outside = next((value for value in values if not least <= value <= most), None)
    yield from _number(field, outside, least, most)


def _estimate(field: str, found: Any, most: float = 1.0, *, around: bool = True) -> Faults:
    """Check a value and its interval, which lies around the value unless it comes from resampling."""
    value, low, high = found["value"], found.get("low"), found.get("high")
    for name, number in (("value", value), ("low", low), ("high", high)):
        yield from _number(f"{field}.{name}", number, 0.0, most)
    if (low is None) != (high is None) or (value is None and low is not None):
        yield Fault(field, "low and high, or null for both", found)
    elif low is not None and not (low <= value <= high if around else low <= high):
        yield Fault(field, "low <= value <= high" if around else "low <= high", f"{low}, {value}, {high}")


def _same_length(field: str, lists: dict[str, Sequence[Any]], least: int = 1) -> Faults:
    lengths = {name: len(values) for name, values in lists.items()}
    if len(set(lengths.values())) > 1 or min(lengths.values()) < least:
        told = ", ".join(f"{name} of {length}" for name, length in lengths.items())
        yield Fault(field, f"lists of one length, {least} or more", told)


def _once(field: str, names: Sequence[str]) -> Faults:
    if len(set(names)) != len(names):
        yield Fault(field, "each name once", next(name for name in names if names.count(name) > 1))


def _params(field: str, params: dict[str, Any]) -> Faults:
    if not _is_shallow(params, DEEPEST):
        yield Fault(field, f"values that are nested {DEEPEST} times at most", "deeper ones")


def _is_shallow(value: Any, levels: int) -> bool:
    if not isinstance(value, (list, dict)):
        return True
    inside = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(item, levels - 1) for item in inside)


# ------------------------------------------------------------------------------------------------------------- documents
def _metrics(document: Metrics) -> Faults:
    yield from _dataset(document["dataset"])
    yield from _search(document["search"])
    yield from _estimate("train.accuracy", document["train"]["accuracy"])
    yield from _test(document["test"], len(document["dataset"]["classes"]))
    yield from _count("distinct_scores", document["distinct_scores"], 1)
    if document["seeds"] is not None:
        yield from _seeds(document["seeds"])


def _dataset(found: DatasetInfo) -> Faults:
    yield from _count("dataset.n_train", found["n_train"], 1)
    yield from _count("dataset.n_test", found["n_test"], 1)
    if not 0 < len(found["classes"]) <= len(ALPHABET):
        yield Fault("dataset.classes", f"1 to {len(ALPHABET)} names", len(found["classes"]))
    yield from _once("dataset.classes", found["classes"])


def _search(found: Search) -> Faults:
    yield from _count("search.n_splits", found["n_splits"], 2)
    yield from _number("search.best_score", found["best_score"], 0.0, 1.0)
    if not found["candidates"]:
        yield Fault("search.candidates", "a candidate or more", "none")
    for i, candidate in enumerate(found["candidates"]):
        field = f"search.candidates[{i}]"
        yield from _params(f"{field}.params", candidate["params"])
        if candidate["params"].keys() != found["best_params"].keys():
            yield Fault(
                f"{field}.params",
                f"those of best_params: {_listed(found['best_params'])}",
                _listed(candidate["params"]),
            )
        if len(candidate["scores"]) != found["n_splits"]:
            yield Fault(f"{field}.scores", f"n_splits = {found['n_splits']} scores", len(candidate["scores"]))
        yield from _numbers(f"{field}.scores", candidate["scores"])
    yield from _params("search.best_params", found["best_params"])
    if all(candidate["params"] != found["best_params"] for candidate in found["candidates"]):
        yield Fault("search.best_params", "those of a candidate", found["best_params"])
    for i, edge in enumerate(found["at_edge"]):
        yield from _number(f"search.at_edge[{i}].fold_sd", edge["fold_sd"], 0.0, 1.0)
        yield from _number(f"search.at_edge[{i}].gain", edge["gain"], -1.0, 1.0)
        yield from _params(f"search.at_edge[{i}].value", {"value": edge["value"]})


def _listed(params: dict[str, Any]) -> str:
    return ", ".join(params) or "none"


def _test(found: OutOfSample, n_classes: int) -> Faults:
    yield from _estimate("test.accuracy", found["accuracy"])
    yield from _estimate("test.macro_auc", found["macro_auc"])
    yield from _estimate("test.macro_f1", found["macro_f1"], around=False)
    for name, figures in found["per_class"].items():
        field = f"test.per_class.{name}"
        for metric in ("auc", "precision", "recall"):
            yield from _estimate(f"{field}.{metric}", figures[metric])
        yield from _estimate(f"{field}.f1", figures["f1"], around=False)
        yield from _count(f"{field}.support", figures["support"])
    if len(found["confusion"]) != n_classes or any(len(row) != n_classes for row in found["confusion"]):
        shape = f"{len(found['confusion'])} rows of {', '.join(str(n) for n in sorted({len(row) for row in found['confusion']}))}"
        yield Fault("test.confusion", f"{n_classes} rows of {n_classes}", shape)
    for row in found["confusion"]:
        for count in row:
            yield from _count("test.confusion", count)
    if found["calibration"] is not None:
        yield from _estimate(
            "test.calibration.expected_calibration_error", found["calibration"]["expected_calibration_error"]
        )
        yield from _estimate("test.calibration.brier_score", found["calibration"]["brier_score"], 2.0)
        if "log_loss" in found["calibration"]:
            yield from _estimate("test.calibration.log_loss", found["calibration"]["log_loss"], math.inf)


def _seeds(found: Seeds) -> Faults:
    lists: dict[str, Sequence[Any]] = {
        "seeds.random_states": found["random_states"],
        "seeds.accuracy.values": found["accuracy"]["values"],
    }
    yield from _same_length("seeds", lists, 2)
    if found["n"] != len(found["random_states"]):
        yield Fault("seeds.n", str(len(found["random_states"])), found["n"])
    yield from _numbers("seeds.accuracy.values", found["accuracy"]["values"])
    yield from _number("seeds.accuracy.sd", found["accuracy"]["sd"], 0.0, 1.0)


def _curves(document: Curves) -> Faults:
    for name, curve in (*document["roc"].items(), *document["precision_recall"].items()):
        yield from _same_length(f"the curve of {name}", curve)  # type: ignore[arg-type]
        for axis, values in curve.items():
            yield from _numbers(f"{axis} of {name}", values)  # type: ignore[arg-type]
    if (found := document["reliability"]) is not None:
        yield from _same_length("reliability", found)  # type: ignore[arg-type]
        yield from _numbers("reliability.confidence", found["confidence"])
        for value, low, high in zip(found["accuracy"], found["low"], found["high"], strict=True):
            yield from _estimate("reliability.accuracy", {"value": value, "low": low, "high": high})
        for count in found["count"]:
            yield from _count("reliability.count", count, 1)


def _run(document: Run) -> Faults:
    for name, seconds in document["seconds"].items():
        yield from _number(f"seconds.{name}", seconds, 0.0, LONGEST)  # type: ignore[arg-type]
    machine = document["machine"]
    counts = (
        ("jobs", document["jobs"], 1),
        ("n_predict_many", document["n_predict_many"], 1),
        ("peak_memory_bytes", document["peak_memory_bytes"], 0),
        ("pickle.bytes", document["pickle"]["bytes"], 0),
        ("scores.bytes", document["scores"]["bytes"], 0),
        ("machine.cores", machine["cores"], 1),
        ("machine.memory_bytes", machine["memory_bytes"], 0),
        ("machine.usable_cores", machine.get("usable_cores"), 1),
        ("machine.usable_memory_bytes", machine.get("usable_memory_bytes"), 0),
    )
    for field, count, least in counts:
        yield from _count(field, count, least)
    for i, point in enumerate(document.get("growth", [])):
        for name in ("features_seconds", "fit_seconds", "predict_seconds"):
            yield from _number(f"growth[{i}].{name}", point[name], 0.0, LONGEST)  # type: ignore[literal-required]
        yield from _count(f"growth[{i}].n_train", point["n_train"], 1, 10**9)
        yield from _count(f"growth[{i}].n_predict", point["n_predict"])
        yield from _count(f"growth[{i}].memory_bytes", point["memory_bytes"])
    for name in document["files"]:
        if not FILE_NAME.fullmatch(name):
            yield Fault("files", "names of files in the model's folder", name)


def _entries(document: Entries) -> Faults:
    yield from _once("entries", [entry["name"] for entry in document["entries"]])
    for entry in document["entries"]:
        yield from _params(f"the grid of {entry['name']}", entry["grid"])


def _published(document: Published) -> Faults:
    for i, result in enumerate(document["results"]):
        yield from _number(f"results[{i}].accuracy", result["accuracy"], 0.0, 1.0)
        yield from _count(f"results[{i}].n_images", result["n_images"], 1)


def _study(document: Study) -> Faults:
    for i, mistake in enumerate(document["confident_mistakes"]):
        yield from _count(f"confident_mistakes[{i}].index", mistake["index"])
    if (curve := document["learning_curve"]) is not None:
        yield from _count("learning_curve.fold", curve["fold"])
        yield from _count("learning_curve.n_held_out", curve["n_held_out"], 1)
        if not curve["points"]:
            yield Fault("learning_curve.points", "a point or more", "none")
        for i, point in enumerate(curve["points"]):
            yield from _count(f"learning_curve.points[{i}].n_train", point["n_train"], 1)
            yield from _estimate(f"learning_curve.points[{i}].accuracy", point["accuracy"])
    for i, importance in enumerate(document["importances"]):
        yield from _importance(f"importances[{i}]", importance)


def _importance(field: str, found: Importance) -> Faults:
    yield from _shape(f"{field}.shape", found["shape"])
    yield from _count(f"{field}.block", found["block"], 1)
    yield from _count(f"{field}.n_images", found["n_images"], 1)
    if not found["pictures"]:
        yield Fault(f"{field}.pictures", "a picture or more", "none")
    for name, picture in found["pictures"].items():
        yield from _picture(f"{field}.pictures.{name}", picture, found["shape"])


def _shape(field: str, shape: Sequence[int]) -> Faults:
    if len(shape) != 2 or min(shape) < 1 or max(shape) > MOST:  # noqa: PLR2004  # rows and columns
        yield Fault(field, "two lengths, 1 or more", shape)


def _picture(field: str, picture: Sequence[float], shape: Sequence[int]) -> Faults:
    if len(picture) != math.prod(shape):
        yield Fault(field, f"{' × '.join(map(str, shape))} numbers", len(picture))


def _dataset_study(document: DatasetStudy) -> Faults:
    shape, plane, near = document["image_shape"], document["map"], document["near_duplicates"]
    yield from _shape("image_shape", shape)
    for name, mean in document["class_means"].items():
        yield from _picture(f"class_means.{name}", mean, shape)
        yield from _numbers(f"class_means.{name}", mean, 0, 255)
    yield from _picture("pixel_sd", document["pixel_sd"], shape)
    yield from _numbers("pixel_sd", document["pixel_sd"], 0, 255)
    if not document["components"] or not document["explained_variance_ratio"]:
        yield Fault("components", "a component or more, and its share of the variance", "none")
    for i, component in enumerate(document["components"]):
        yield from _picture(f"components[{i}]", component, shape)
    yield from _numbers("explained_variance_ratio", document["explained_variance_ratio"], 0.0, 1.0)
    yield from _same_length("map", {name: plane[name] for name in ("index", "x", "y")})
    yield from _same_length("near_duplicates", {name: near[name] for name in ("distances", "counts")}, 2)
    indices = [*plane["index"], *(index for twin in near["nearest"] for index in (twin["test"], twin["train"]))]
    for count in (*indices, *near["counts"], near["n_other_class"]):
        yield from _count("indices and counts", count)


CHECKS: dict[Any, Callable[[Any], Faults]] = {
    Metrics: _metrics,
    Curves: _curves,
    Run: _run,
    Entries: _entries,
    Published: _published,
    Study: _study,
    DatasetStudy: _dataset_study,
}
