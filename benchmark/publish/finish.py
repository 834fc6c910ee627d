"""What is done to the pages that MkDocs has built: they get their policy, and lose the styles that match nothing in them."""

from __future__ import annotations

from pathlib import Path

from benchmark.publish.policy import protected
from benchmark.publish.styles import prune_styles


def finish(site: Path) -> None:
    """Write the policy into every page of a built site, and leave unused rules out of its style sheets; each page is read once.

    Raises
    ------
    BenchmarkError
        If a page holds a script that none of the templates holds.

    """
    pages = protected({path: path.read_text(encoding="utf-8") for path in sorted(site.rglob("*.html"))})
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    prune_styles(site, list(pages.values()))
