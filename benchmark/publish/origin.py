"""Where a site comes from: the version of the program, the commit of the results, the repository, and its own address.

Comes in: the checkout that holds the results, and the address that the site is published at. Goes out: what the foot of every page,
citations and links to itself say. What is not known is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.compare.repository import Repository
from benchmark.errors import BenchmarkError
from benchmark.text import is_web

SHORT = 10  # characters of a commit's SHA, as everywhere else


@dataclass(frozen=True)
class Origin:
    """Where a site comes from; a text is "" where something is not known.

    `commit` is the SHA of the commit that was checked out, `day` its date; `web` is the repository's address and `address` the
    site's, which ends with a slash.
    """

    version: str = ""
    commit: str = ""
    day: str = ""
    web: str = ""
    address: str = ""

    @property
    def short(self) -> str:
        """The beginning of the commit's SHA."""
        return self.commit[:SHORT]

    @property
    def commit_page(self) -> str:
        """The address of the commit's page."""
        return f"{self.web}/commit/{self.commit}" if self.web and self.commit else ""


def read_origin(root: Path, folder: str | None, address: str = "") -> Origin:
    """Return where the site of the results in `folder`, below `root`, comes from.

    `folder` is None where these are not tracked; a commit that does not hold them is not theirs.
    """
    address = f"{address.rstrip('/')}/" if is_web(address) and address.startswith("http") else ""
    known = Origin(address=address)
    if folder is None:
        return known
    repository = Repository(root)
    try:
        commit = repository.commit("HEAD")
        if not repository.tree(commit.sha, folder):
            return known
        return replace(known, commit=commit.sha, day=commit.date[:10], web=repository.web.removesuffix("/commit/"))
    except BenchmarkError:
        return known
