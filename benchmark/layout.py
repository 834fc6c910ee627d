"""Where things lie: in a checkout beside the package, in an installed package inside it; results go where one works.

Standard library alone, and nothing read or written.
"""

from __future__ import annotations

import re
from pathlib import Path


def slug(name: str) -> str:
    """Return `name` as a part of an address: ASCII lower case, other runs become a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


PACKAGE = Path(__file__).resolve().parent


def is_checkout() -> bool:
    """Say whether the package runs from a checkout, where its templates lie beside it."""
    return (PACKAGE.parent / "mkdocs.yml").exists()


def shipped(name: str) -> Path:
    """Return where a file or folder lies that comes with the package: `templates`, `site_src`, `mkdocs.yml`, …."""
    return (PACKAGE.parent if is_checkout() else PACKAGE) / name


def work_folder() -> Path:
    """Return the folder of `data`, `models` and `build`: the checkout, or else the current folder."""
    return PACKAGE.parent if is_checkout() else Path.cwd()
