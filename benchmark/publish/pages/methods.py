"""The page *Methods*: every definition, and the circumstances of the run."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmark.compare.documents import Use
from benchmark.publish.pages.growth import Scale, scale
from benchmark.publish.site import Site
from benchmark.results import CLASS_METRICS, METRICS, Metric, ModelResult, Published, Results, Run, commit_text
from benchmark.results.numbers import percent
from benchmark.statistics import equal_count_bins, f1_intervals, mcnemar_level

DISCORDANT = 16  # where the mid-p test is furthest from its level
# What is computed of an image, by what a table of models calls it; features of a class of one's own have that class's page.
FEATURES = {
    "pixels": "The square roots of the grey values, scaled to 1: that evens out the contrast. Where the grid has a number of components, "
    "their principal components.",
    "hog": "Histograms of oriented gradients, in cells of 4 × 4 pixels (N. Dalal and B. Triggs, 2005, Histograms of oriented gradients for "
    "human detection, CVPR), beside the grey values; then principal components.",
    "rich": "Three blocks side by side: hog (200 principal components), gradients in cells of 2 × 2 pixels (150), and patches (200). Patches of "
    "6 × 6 pixels are normalised, whitened and compared with 200 typical ones, found by k-means; the codes are averaged in 3 × 3 regions, and "
    "their square roots taken (A. Coates, H. Lee and A. Ng, 2011, An analysis of single-layer networks in unsupervised feature learning, "
    "AISTATS). The blocks have 40, 25 and 35 % of the variance. Components and typical patches are those of 3,000 of the images that are "
    "fitted on.",
}


class Circumstance(NamedTuple):
    """One of the conditions of the run."""

    name: str
    text: str


@dataclass(frozen=True)
class StudySettings:
    """How learning curves and importances were taken; "" where no model has one."""

    fold: str
    block: str
    n_permuted: str


@dataclass(frozen=True)
class MethodsPage:
    """The page's content; `use` is None where there is no comparison, `published` where nobody else's result is known."""

    metrics: tuple[Metric, ...]
    class_metrics: tuple[Metric, ...]
    n_splits: int
    random_state: int
    features: list[tuple[str, str]]
    model_rows: list[tuple[str, ...]]
    refits: str
    use: Use | None
    published: Published | None
    study: StudySettings
    scale: Scale
    n_resamples: str
    n_bins: str
    discordant: int
    attained: str
    circumstances: list[Circumstance]


def circumstances(stored: Results) -> list[Circumstance]:
    """Return under which conditions the results were measured."""
    runs, data = [model.run for model in stored.models], stored.dataset
    days = sorted(run["measured_at"][:10] for run in runs)
    commits = sorted(set(map(commit_text, runs)))
    return [
        Circumstance("Machine", "; ".join(sorted({_machine(run) for run in runs}))),
        Circumstance("Software", "; ".join(sorted({_software(run) for run in runs}))),
        Circumstance("Commit", ", ".join(commits)),
        Circumstance("Measured", " to ".join(sorted({days[0], days[-1]}))),
        Circumstance(
            "Data",
            f"{data['n_train']:,} training and {data['n_test']:,} test images, SHA-256 {data['digest'][:16]}…",
        ),
    ]


def _machine(run: Run) -> str:
    found = run["machine"]
    kernel = f", BLAS kernel {found['kernel']}" if "kernel" in found else ""
    usable = found.get("usable_cores", found["cores"])
    cores = f"{found['cores']} cores" if usable == found["cores"] else f"{usable} of {found['cores']} cores"
    return (
        f"{found['cpu']}, {cores}, {found['memory_bytes'] / 2**30:.0f} GiB, "
        f"{found['system']} on {found['architecture']}{kernel}"
    )


def _software(run: Run) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in run["libraries"].items())
    return f"Python {run['python']}, {libraries}"


def methods_page(site: Site) -> MethodsPage:
    """Return what *Methods* shows."""
    first = site.stored.models[0].metrics["search"]
    used = {model.entry["features"] for model in site.stored.models}
    return MethodsPage(
        metrics=METRICS,
        class_metrics=CLASS_METRICS,
        n_splits=first["n_splits"],
        random_state=first["random_state"],
        features=[(name, words) for name, words in FEATURES.items() if name in used],
        model_rows=[_model_row(model) for model in site.stored.models],
        refits=", ".join(model.metrics["title"] for model in site.stored.models if model.metrics["seeds"]),
        use=site.past.comparison["use"] if site.past.comparison else None,
        published=site.published,
        study=_study_settings(site.stored),
        scale=scale(site),
        n_resamples=_default(f1_intervals, "n_resamples"),
        n_bins=_default(equal_count_bins, "n_bins"),
        discordant=DISCORDANT,
        attained=percent(mcnemar_level(DISCORDANT)),
        circumstances=circumstances(site.stored),
    )


def _model_row(model: ModelResult) -> tuple[str, ...]:
    grid = "; ".join(f"{name.rpartition('__')[2]} in {values}" for name, values in model.entry["grid"].items())
    search = model.metrics["search"]
    return (model.metrics["title"], model.metrics["estimator"], str(len(search["candidates"])), grid)


def _study_settings(stored: Results) -> StudySettings:
    studied = [model.study for model in stored.contestants]
    importance = next((found for study in studied for found in study["importances"] if found["n_images"]), None)
    curve = next((study["learning_curve"] for study in studied if study["learning_curve"]), None)
    return StudySettings(
        fold=f"{curve['fold'] + 1}" if curve else "",
        block=f"{importance['block']}" if importance else "",
        n_permuted=f"{importance['n_images']:,}" if importance else "",
    )


def _default(function: Any, name: str) -> str:
    return f"{inspect.signature(function).parameters[name].default:,}"
