"""The page *Changes*: what the newest commit with results did, and the images that flipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.compare.documents import Comparison, Flip, ModelChange, Side
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
from benchmark.publish.gallery import Gallery, Tile
from benchmark.publish.pairs import Pairs
from benchmark.publish.past import Past
from benchmark.results import Results

N_FLIPS = 24  # pictures shown of a model's flips in one direction


@dataclass(frozen=True)
class Commit:
    """One side of the comparison; `link` is empty where the repository is on no web."""

    end: str
    sha: str
    link: str
    date: str
    subject: str


@dataclass(frozen=True)
class FlippedImage:
    """A test image, its class, and what the model took it for."""

    index: int
    true: str
    before: str
    after: str
    tile: Tile


@dataclass(frozen=True)
class FlipGallery:
    """The images that flipped in one direction, `n` in all, of which `items` are shown."""

    title: str
    n: int
    items: list[FlippedImage]


@dataclass(frozen=True)
class ChangedModel:
    """What is said of a model that changed; `linked` where it has a page."""

    name: str
    title: str
    verdict: str
    reason: str
    changed: list[str]
    metric_header: tuple[str, ...]
    metric_rows: list[tuple[str, ...]]
    class_header: tuple[str, ...]
    class_rows: list[tuple[str, ...]]
    flips: list[FlipGallery]
    linked: bool


@dataclass(frozen=True)
class Newest:
    """The newest comparison: a row a model, and those that changed at length."""

    sentence: str
    sides: list[Commit]
    since: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    unchanged: str
    notes: list[str]
    models: list[ChangedModel]


@dataclass(frozen=True)
class ChangesPage:
    """The page's content; where there is no comparison, what is missing and the command that gets it.

    `pairs` are the commits that can be chosen instead; `feed` is whether the site has a feed of these steps.
    """

    newest: Newest | None
    missing: str
    remedy: str
    pairs: Pairs
    feed: bool


def changes_page(
    gallery: Gallery, past: Past, stored: Results, order: Sequence[str], *, feed: bool = False
) -> ChangesPage:
    """Return what *Changes* shows: the sentence, the table, and the images that flipped; a link where there is a page."""
    found = past.comparison
    if found is None:
        return ChangesPage(None, past.missing, past.remedy, past.pairs, feed)
    with_page = {model.name for model in stored.models}
    web = past.history["web"] if past.history else ""
    newest = Newest(
        sentence=found["sentence"],
        sides=[_side(found["before"], "before", web), _side(found["after"], "after", web)],
        since=_since(past.since),
        header=HEADER,
        rows=[(model["title"], *model_row(model)[1:]) for model in found["models"] if model["verdict"] != "unchanged"],
        unchanged=", ".join(model["title"] for model in found["models"] if model["verdict"] == "unchanged"),
        notes=notes(found),
        models=_models(gallery, found, order, with_page),
    )
    return ChangesPage(newest, past.missing, past.remedy, past.pairs, feed)


def _since(commits: int) -> str:
    if not commits:
        return ""
    return f"{commits} commit{'' if commits == 1 else 's'} with results since then changed no prediction."


def _side(found: Side, end: str, web: str) -> Commit:
    sha = found["commit"] or ""
    return Commit(
        end=end,
        sha=sha[:10],
        link=web + sha if web else "",
        date=(found["date"] or "")[:10],
        subject=found["subject"] or "",
    )


def _models(gallery: Gallery, comparison: Comparison, order: Sequence[str], with_page: set[str]) -> list[ChangedModel]:
    changed = [model for model in comparison["models"] if not is_same(model)]
    return [_model(gallery, model, order, linked=model["name"] in with_page) for model in changed]


def _model(gallery: Gallery, model: ModelChange, order: Sequence[str], *, linked: bool) -> ChangedModel:
    directions = {
        "Right before, wrong now": model["right_to_wrong"],
        "Wrong before, right now": model["wrong_to_right"],
    }
    return ChangedModel(
        name=model["name"],
        title=model["title"],
        verdict=model["verdict"],
        reason=model["reason"],
        changed=[*machine_lines(model), *changed_lines(model)],
        metric_header=METRIC_HEADER,
        metric_rows=metric_rows(model),
        class_header=CLASS_HEADER,
        class_rows=class_rows(model),
        flips=[flip_gallery(gallery, title, flips, order) for title, flips in directions.items() if flips],
        linked=linked,
    )


def flip_gallery(gallery: Gallery, title: str, flips: Sequence[Flip], order: Sequence[str]) -> FlipGallery:
    """Return the first flips of each class in turn, as pictures."""
    places = {name: i for i, name in enumerate(order)}
    seen: dict[str, int] = {}
    turns = []
    for flip in flips:
        seen[flip["true"]] = seen.get(flip["true"], 0) + 1
        turns.append((seen[flip["true"]], places.get(flip["true"], 0), flip))
    shown = [flip for _, _, flip in sorted(turns, key=lambda turn: turn[:2])[:N_FLIPS]]
    tiles = gallery.tiles([flip["index"] for flip in shown])
    return FlipGallery(title, len(flips), [FlippedImage(**flip, tile=tiles[flip["index"]]) for flip in shown])
