"""What pages say of how cost grows: a model's section, and what more images would need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmark.compare.growth import SMALLEST_BYTES, SMALLEST_SECONDS, TIMES, Costs, Seconds, all_costs, costs
from benchmark.publish.chart import Chart
from benchmark.publish.charts.growth import exponent_cell, growth, predicted_cell, prediction_cell
from benchmark.publish.site import Site
from benchmark.results import ModelResult
from benchmark.results.numbers import NOTHING, duration, long_duration, memory_size

FLOAT32, FLOAT64 = 4, 8  # bytes
MANY = 10**6, 10**7  # images
MANY_WORDS = "1 million", "10 million"


@dataclass(frozen=True)
class GrowthSection:
    """How the costs of a model grow; `check` is "" where no line can be drawn, `unmeasured` says whose memory is not known."""

    chart: Chart
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    measured: str
    far: str
    check: str
    unmeasured: bool


@dataclass(frozen=True)
class Scale:
    """What many more images would need: by the models' lines, without `rows` where no costs were recorded, and by size alone.

    The least seconds and memory are those that a line is fitted to.
    """

    least_seconds: str
    least_memory: str

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    sizes_header: tuple[str, ...]
    sizes: list[tuple[str, ...]]


def growth_section(model: ModelResult) -> GrowthSection | None:
    """Return what a model's page says of how its costs grow, None where they were not recorded."""
    own = costs(model)
    if own is None:
        return None
    n = model.metrics["dataset"]["n_train"]
    sizes = [point["n_train"] for point in own.points]
    return GrowthSection(
        chart=growth(model, own),
        header=(
            "cost",
            "exponent, 95 % interval",
            f"all {n:,} training images",
            f"{TIMES * n:,} images, 95 % prediction interval",
        ),
        rows=_rows(own, n),
        measured=" to ".join(f"{size:,}" for size in sorted({sizes[0], sizes[-1]})),
        far=f"{TIMES * n:,}",
        check=_check(own.seconds, n, model.run["seconds"]["fit_cpu"]) if own.seconds else "",
        unmeasured=not own.measured_memory,
    )


def _rows(own: Costs, n: int) -> list[tuple[str, ...]]:
    seconds = own.seconds
    laws = [
        ("Fit, CPU", seconds.fit if seconds else None, long_duration),
        ("Predict an image from its features, CPU", own.prediction, long_duration),
        ("Memory that the fit adds", own.memory, memory_size),
    ]
    rows: list[tuple[str, ...]] = [
        (title, exponent_cell(law), prediction_cell(law, n, text), prediction_cell(law, TIMES * n, text))
        for title, law, text in laws
    ]
    if seconds:
        features = (predicted_cell(seconds.predict_features(size), long_duration) for size in (n, TIMES * n))
        rows.insert(1, ("Features, CPU, by a straight line", NOTHING, *features))
    return rows


def _check(law: Seconds, n: int, fit_cpu: float) -> str:
    """Return what the line gives for all training images beside what the final fit took."""
    found = law.predict(n)
    inside = found.low <= fit_cpu <= found.high
    return (
        f"for all {n:,} training images the lines give {predicted_cell(found, long_duration)}, and the final fit took {long_duration(fit_cpu)} of CPU, "
        f"{'inside' if inside else 'outside'} that interval"
    )


def scale(site: Site) -> Scale:
    """Return what many more images would need."""
    found = all_costs(site.stored)
    titles = {model.name: model.metrics["title"] for model in site.stored.models}
    return Scale(
        least_seconds=duration(SMALLEST_SECONDS),
        least_memory=memory_size(SMALLEST_BYTES),
        header=("model", *(f"{what}, {many}" for what in ("CPU", "memory") for many in MANY_WORDS)),
        rows=[(titles[name], *_scale_cells(own)) for name, own in found.items()],
        sizes_header=("what is held", *(f"{many} images" for many in MANY_WORDS)),
        sizes=_sizes(site),
    )


def _scale_cells(own: Costs) -> list[str]:
    kinds = (own.seconds, long_duration), (own.memory, memory_size)
    return [prediction_cell(law, n, text) for law, text in kinds for n in MANY]


def _sizes(site: Site) -> list[tuple[str, ...]]:
    """Return what is held of many images, by its size alone."""
    n_pixels = int(np.prod(site.dataset.image_shape))
    labels = np.asarray(site.dataset.train_labels)
    pair = np.sort(np.bincount(labels))[-2:].sum() / len(labels)
    largest = max(site.stored.models, key=lambda model: model.run["pickle"]["bytes"])
    each = largest.run["pickle"]["bytes"] / site.stored.dataset["n_train"]
    found: list[tuple[str, list[float]]] = [
        ("the images as bytes", [n * n_pixels for n in MANY]),
        ("all pixels as float32, 4 bytes each", [FLOAT32 * n * n_pixels for n in MANY]),
        (
            "the kernel of the two largest classes as float64, 8 bytes a pair of images",
            [FLOAT64 * (pair * n) ** 2 for n in MANY],
        ),
        (
            f"the largest pickle here ({largest.metrics['title']}), if it grew in proportion to the images",
            [n * each for n in MANY],
        ),
    ]
    return [(what, *map(memory_size, numbers)) for what, numbers in found]
