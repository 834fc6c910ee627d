"""The data sets of one site: each has its leaderboard and its pages; the first has the site's own address, others a folder below it.

Comes in: the sites of all data sets, before they are rendered. Goes out: what each says of the others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from benchmark.command import Say, as_typed
from benchmark.dataset import Dataset
from benchmark.errors import BenchmarkError
from benchmark.publish.site import Part, Site
from benchmark.results.failures import Failure


@dataclass(frozen=True)
class Other:
    """A data set beside the first.

    `load` opens its images; `say` formats the commands that its pages name, `say_here` those of messages; `failures` are those of its
    models when last tried here.
    """

    name: str
    load: Callable[[], Dataset]
    say: Say = as_typed
    say_here: Say = as_typed
    failures: Mapping[str, Failure] = field(default_factory=lambda: MappingProxyType({}))


class LeftOutError(BenchmarkError):
    """A site was built, but without a data set whose results or images cannot be used."""

    def __init__(self, left_out: Sequence[tuple[Other, BenchmarkError]]) -> None:
        (first, error), *more = left_out
        and_more = f", and without {', '.join(other.name for other, _ in more)}" if more else ""
        super().__init__(
            f"the site was built without the data set {first.name}{and_more}: {error.problem}",
            expected=error.expected,
            found=error.found,
            remedy=first.say_here(error.remedy) if error.remedy else "",
        )


def join(sites: Sequence[Site]) -> None:
    """Let the sites of one build know of each other; the first keeps its place, each other one goes into a folder of its name."""
    first, *others = sites
    for site in others:
        site.nested = True
        address = first.origin.address and f"{first.origin.address}{site.dataset.entry.name}/"
        site.origin = dataclasses.replace(site.origin, address=address)
    for site in sites if others else ():
        home = "../" if site.nested else ""
        site.parts = [
            Part(other.dataset.entry.title, home + (f"{other.dataset.entry.name}/" if other.nested else ""), other)
            for other in sites
        ]
