"""What the site offers as files: every tracked result, all metrics in one tidy table, and the schemas."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from benchmark import results
from benchmark.compare.documents import Comparison
from benchmark.compare.history import History
from benchmark.compare.steps import titles_of
from benchmark.publish.feed import PATH, Place, feed
from benchmark.publish.site import Site
from benchmark.results import CLASS_METRICS, METRICS, Metric, Reading, Results
from benchmark.text import csv_cell


def add_downloads(site: Site) -> None:
    """Publish every tracked result, all models in one tidy table, and the schema."""
    for model in site.stored.models:
        for name in (*results.TRACKED, "run.json"):
            content = site.stored.source.read(f"{model.name}/{name}")
            site.files[f"{site.section}models/{model.name}/{name}"] = content or b""
    table = tidy(site.stored)
    sheet = table.assign(**{"class": table["class"].map(csv_cell)})
    site.files["results.csv"] = sheet.to_csv(index=False, lineterminator="\n").encode()
    site.files["results.json"] = (json.dumps(json.loads(table.to_json(orient="records")), indent=1) + "\n").encode()
    printed = {"diff": Comparison, "history": History, "results": list[results.Observation]}
    schemas = {f"{name}.schema.json": results.document_schema(name, kind) for name, kind in printed.items()}
    schemas["schema.json"] = results.json_schema(
        results.DOCUMENTS | {name: printed[name] for name in ("diff", "history")}
    )
    site.files |= {name: (json.dumps(schema, indent=1) + "\n").encode() for name, schema in schemas.items()}


def add_past(site: Site) -> None:
    """Publish every pair of commits that can be chosen, and the feed where there is one."""
    past = site.past
    site.files |= {f"{site.section}changes/{name}": content for name, content in past.pairs.files.items()}
    if past.history and site.has_feed:
        place = Place(site.origin.address, site.section, site.dataset.entry.title)
        site.files[PATH] = feed(past.history, past.pairs, titles_of(past.history, site.stored), place)


def tidy(stored: Results) -> pd.DataFrame:
    """Return every metric of all models, one row an observation."""
    rows = []
    for model in stored.models:
        shared = {"dataset": stored.dataset["name"], "model": model.name, "commit": model.run["commit"]}
        rows += [_observation(shared, metric, "", metric.of(model)) for metric in METRICS]
        for name, per_class in model.metrics["test"]["per_class"].items():
            rows += [_observation(shared, metric, name, metric.read(per_class)) for metric in CLASS_METRICS]
    return pd.DataFrame([row for row in rows if row])


def _observation(
    shared: dict[str, Any], metric: Metric, name: str, found: Reading | None
) -> results.Observation | None:
    """Return the row of a metric, for all classes where `name` is empty; None where there is no value."""
    if found is None or found["value"] is None:
        return None
    return {
        "dataset": shared["dataset"],
        "model": shared["model"],
        "metric": metric.name,
        "class": name,
        "value": found["value"],
        "low": found.get("low"),
        "high": found.get("high"),
        "unit": metric.unit,
        "direction": metric.better,
        "commit": shared["commit"],
    }
