"""The page *Changes*: what the newest commit with results did, and the images that flipped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.compare.documents import Comparison, Flip, ModelChange
from benchmark.compare.words import (
    CLASS_HEADER,
    HEADER,
    METRIC_HEADER,
    changed_lines,
    class_rows,
    is_same,
    machine_lines,
    metric_rows,
    model_row,
    notes,
)
from benchmark.publish.gallery import Gallery
from benchmark.publish.past import Past
from benchmark.results import Results

N_FLIPS = 24  # pictures shown of a model's flips in one direction


def changes_page(gallery: Gallery, past: Past, stored: Results, order: Sequence[str]) -> dict[str, Any]:
    """Return what *Changes* shows: the sentence, the table, and the images that flipped; a link where there is a page."""
    comparison = past.comparison
    if comparison is None:
        return {"comparison": None, "missing": past.missing, "remedy": past.remedy}
    models = [model for model in comparison["models"] if not is_same(model)]
    with_page = {model.name for model in stored.models}
    return {
        "comparison": comparison,
        "sides": [_side(comparison, end, past) for end in ("before", "after")],
        "header": HEADER,
        "rows": [(model["title"], *model_row(model)[1:]) for model in comparison["models"]],
        "notes": notes(comparison),
        "models": [_model(gallery, model, order) | {"linked": model["name"] in with_page} for model in models],
    }


def _side(comparison: Comparison, end: str, past: Past) -> dict[str, str]:
    found = comparison["before"] if end == "before" else comparison["after"]
    web = past.history["web"] if past.history else ""
    sha = found["commit"] or ""
    return {
        "end": end,
        "sha": sha[:10],
        "link": web + sha if web else "",
        "date": (found["date"] or "")[:10],
        "subject": found["subject"] or "",
    }


def _model(gallery: Gallery, model: ModelChange, order: Sequence[str]) -> dict[str, Any]:
    return {
        "name": model["name"],
        "title": model["title"],
        "verdict": model["verdict"],
        "reason": model["reason"],
        "changed": [*machine_lines(model), *changed_lines(model)],
        "metric_header": METRIC_HEADER,
        "metric_rows": metric_rows(model),
        "class_header": CLASS_HEADER,
        "class_rows": class_rows(model),
        "flips": [
            flip_gallery(gallery, title, flips, order)
            for title, flips in (
                ("Right before, wrong now", model["right_to_wrong"]),
                ("Wrong before, right now", model["wrong_to_right"]),
            )
            if flips
        ],
    }


def flip_gallery(gallery: Gallery, title: str, flips: Sequence[Flip], order: Sequence[str]) -> dict[str, Any]:
    """Return the first flips of each class in turn, as pictures."""
    places = {name: i for i, name in enumerate(order)}
    seen: dict[str, int] = {}
    turns = []
    for flip in flips:
        seen[flip["true"]] = seen.get(flip["true"], 0) + 1
        turns.append((seen[flip["true"]], places.get(flip["true"], 0), flip))
    shown = [flip for _, _, flip in sorted(turns, key=lambda turn: turn[:2])[:N_FLIPS]]
    tiles = gallery.tiles([flip["index"] for flip in shown])
    return {
        "title": title,
        "n": len(flips),
        "items": [{**flip, "tile": tiles[flip["index"]]} for flip in shown],
    }
