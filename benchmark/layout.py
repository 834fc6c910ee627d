"""Where files are: beside the package in a checkout, inside it when installed; results go to the working folder.

Uses the standard library only; reads and writes nothing.
"""

from __future__ import annotations

import re
from pathlib import Path

LONGEST_NAME = 100  # a file name holds 255 characters, and more is added to a name
# "index" and "readme" are a folder's own page for MkDocs, the others devices for Windows, whatever the ending
RESERVED = {"index", "readme", "con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}
NAME_RULE = (
    f"lower-case letters, digits and single hyphens, {LONGEST_NAME} characters at most; neither index, readme nor a device of "
    "Windows (con, nul, …)"
)


def slug(name: str) -> str:
    """Return `name` as part of a URL: ASCII lower case, with each run of other characters replaced by a hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def is_name(text: str) -> bool:
    """Return whether `text` may name a model or a data set, in tables and in documents: it becomes a part of paths.

    `NAME_RULE` is the same in words.
    """
    if len(text) > LONGEST_NAME or text in RESERVED:
        return False
    return bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text))


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
