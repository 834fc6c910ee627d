"""The page *Data sets*: what each data set of the site is, and which model leads there."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.publish.pages.home import headline
from benchmark.publish.site import Site

SIDE = 40  # of a picture, in pixels


@dataclass(frozen=True)
class Listed:
    """A data set: an image of each class as data addresses, `width` and `height` of these in pixels, and its leader in words."""

    title: str
    address: str
    pictures: list[str]
    width: int
    height: int
    n_train: str
    n_test: str
    size: str
    n_classes: int
    licence: str
    leader: str


@dataclass(frozen=True)
class DatasetsPage:
    """The page's content."""

    listed: list[Listed]


def datasets_page(site: Site) -> DatasetsPage:
    """Return what the page says of each data set of a site that has several."""
    return DatasetsPage([_listed(part.title, part.address, part.site) for part in site.parts])


def _listed(title: str, address: str, site: Site) -> Listed:
    height, width = site.dataset.image_shape
    scale = SIDE / max(height, width)
    return Listed(
        title=title,
        address=address,
        pictures=list(site.thumbnails.values()),
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        n_train=f"{site.dataset.n_train:,}",
        n_test=f"{site.dataset.n_test:,}",
        size=f"{width} × {height}",
        n_classes=len(site.stored.dataset["classes"]),
        licence=site.dataset.entry.licence,
        leader=_leader(site),
    )


def _leader(site: Site) -> str:
    n_ranked, lead = len(site.board.ranked), headline(site.board)
    if not lead:
        return "No model is ranked."
    return f"{lead} of the test images right{f', the best of {n_ranked} ranked models' if n_ranked > 1 else ''}."
