"""Where files are: beside the package in a checkout, inside it when installed; results go to the working folder.

Uses the standard library only; reads and writes nothing.
"""

from __future__ import annotations

import re
from pathlib import Path


def slug(name: str) -> str:
    """Return `name` as part of a URL: ASCII lower case, with each run of other characters replaced by a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


PACKAGE = Path(__file__).resolve().parent


def is_checkout() -> bool:
    """Return whether the package runs from a checkout, with its templates beside it."""
    return (PACKAGE.parent / "mkdocs.yml").exists()


def shipped(name: str) -> Path:
    """Return the path of a file or folder shipped with the package: `templates`, `site_src`, `mkdocs.yml`, …."""
    return (PACKAGE.parent if is_checkout() else PACKAGE) / name


def work_folder() -> Path:
    """Return the folder of `data`, `models` and `build`: the checkout, or else the current folder."""
    return PACKAGE.parent if is_checkout() else Path.cwd()
