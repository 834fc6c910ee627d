"""The page *Methods*: every definition, and the circumstances of the run."""

from __future__ import annotations

import inspect
from typing import Any

from benchmark.publish.site import Site
from benchmark.results import CLASS_METRICS, METRICS, Metric, Results
from benchmark.results.numbers import percent
from benchmark.statistics import equal_count_bins, f1_intervals, mcnemar_level

DISCORDANT = 16  # where the mid-p test is furthest from its level


def circumstances(stored: Results) -> list[tuple[str, str]]:
    """Return under which conditions the results were measured, a name and a text each."""
    runs = [model.run for model in stored.models]
    days = sorted(run["measured_at"][:10] for run in runs)
    return [
        (
            "Machine",
            "; ".join(
                sorted(
                    {
                        f"{r['machine']['cpu']}, {r['machine']['cores']} cores, {r['machine']['memory_bytes'] / 2**30:.0f} GiB, "
                        f"{r['machine']['system']} on {r['machine']['architecture']}"
                        for r in runs
                    }
                )
            ),
        ),
        (
            "Software",
            "; ".join(
                sorted(
                    {
                        f"Python {r['python']}, "
                        + ", ".join(f"{name} {version}" for name, version in r["libraries"].items())
                        for r in runs
                    }
                )
            ),
        ),
        (
            "Commit",
            ", ".join(
                sorted({(r["commit"] or "unknown")[:10] + (" with changes" if r["dirty"] else "") for r in runs})
            ),
        ),
        ("Measured", " to ".join(sorted({days[0], days[-1]}))),
        (
            "Data",
            f"{stored.dataset['n_train']:,} training and {stored.dataset['n_test']:,} test images, "
            f"SHA-256 {stored.dataset['digest'][:16]}…",
        ),
    ]


def methods_page(site: Site) -> dict[str, Any]:
    """Return what *Methods* shows."""
    first = site.stored.models[0].metrics["search"]
    studied = [model.study for model in site.stored.contestants]
    importance = next((found for study in studied for found in study["importances"] if found["n_images"]), None)
    curve = next((study["learning_curve"] for study in studied if study["learning_curve"]), None)
    return {
        "published": site.published,
        "metrics": [_definition(metric) for metric in METRICS],
        "class_metrics": [_definition(metric) for metric in CLASS_METRICS],
        "study": {
            "fold": curve["fold"] + 1 if curve else "",
            "block": importance["block"] if importance else "",
            "n_permuted": f"{importance['n_images']:,}" if importance else "",
        },
        "n_resamples": _default(f1_intervals, "n_resamples"),
        "n_bins": _default(equal_count_bins, "n_bins"),
        "attained": percent(mcnemar_level(DISCORDANT)),
        "discordant": DISCORDANT,
        "n_splits": first["n_splits"],
        "random_state": first["random_state"],
        "use": site.past.comparison["use"] if site.past.comparison else None,
        "refits": ", ".join(m.metrics["title"] for m in site.stored.models if m.metrics["seeds"]),
        "circumstances": circumstances(site.stored),
        "model_rows": [
            (
                m.metrics["title"],
                m.metrics["estimator"],
                str(len(m.metrics["search"]["candidates"])),
                "; ".join(f"{name.rpartition('__')[2]} in {values}" for name, values in m.entry["grid"].items()),
            )
            for m in site.stored.models
        ],
    }


def _default(function: Any, name: str) -> str:
    return f"{inspect.signature(function).parameters[name].default:,}"


def _definition(metric: Metric) -> dict[str, str]:
    return {"title": metric.title, "unit": metric.unit, "better": metric.better, "definition": metric.definition}
