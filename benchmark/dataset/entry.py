"""The entry of a data set: what the benchmark has to know about it, checked before any file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.errors import EntryError
from benchmark.layout import NAME_RULE, is_name
from benchmark.text import is_storable, is_text, is_web, one_line

MAX_CLASSES = 62  # a prediction is stored as one character
LIBRARIES = ("scikit-learn",)  # that hold a data set
OF_SITES = (
    "assets",
    "cite",
    "datasets",
    "figures",
    "images",
    "methods",
    "search",
)  # folders of a site next to those of the data sets
OF_BUILD = (
    "cache",
    "data",
    "docs",
    "fast",
    "models",
    "parts",
    "pickles",
    "quick",
    "reproduced",
    "review",
    "scale",
    "site",
)
TAKEN = (*OF_SITES, *OF_BUILD)  # a data set's site is built into build/<name>


@dataclass(frozen=True)
class DatasetEntry:
    """What the benchmark has to know about a data set; everything else is read from its files.

    Parameters
    ----------
    name : str
        Its name in URLs and folders: lower-case letters, digits and hyphens.
    title, licence, source : str
        What pages call it, its licence, and where it comes from.
    class_names : sequence of str
        Names of the classes in label order, 62 at most.
    families : dict of str to sequence of str
        Groups of class names, by the title that pages give them.
    urls : tuple of str
        Base URLs with a `<file>.gz` for each of `FILES`.
    debian_package, debian_folder : str
        A Debian package with these files, and the folder in it.
    bundled : str
        The installed library that holds it, a name in `benchmark.dataset.bundled.BUNDLED`.
    home : str
        The folder of its checksums and its files: the four IDX files (plain or .gz) or folders train and test of grey PNGs.
        Absolute, or relative to the folder of `models` and `build`; empty for data/<name>.

    """

    name: str
    title: str
    class_names: tuple[str, ...]
    licence: str
    source: str
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    urls: tuple[str, ...] = ()
    debian_package: str = ""
    debian_folder: str = ""
    bundled: str = ""
    home: str = ""

    @property
    def can_be_fetched(self) -> bool:
        """Whether its files can be had again when they are gone."""
        return bool(self.urls or self.bundled)

    def as_local(self) -> DatasetEntry:
        """Return the entry without its sources, for a folder of a user's own: nothing is fetched into it."""
        return replace(self, urls=(), bundled="")


def check_dataset_entry(entry: DatasetEntry) -> None:
    """Refuse an entry that no files could fit.

    Raises
    ------
    EntryError
        For an invalid name, an empty field, too few or too many classes, two classes that read the same, or a family
        of unknown classes.

    """
    names = entry.class_names
    if not (isinstance(entry.name, str) and is_name(entry.name)) or entry.name in TAKEN:
        expected, found = f"{NAME_RULE}; and none of {', '.join(TAKEN)}", repr(entry.name)[:200]
    elif not all(map(is_text, (entry.title, entry.licence, entry.source))):
        expected, found = "a title, a licence and a source", repr((entry.title, entry.licence, entry.source))[:200]
    elif not isinstance(names, (list, tuple)) or not all(map(is_text, names)):  # a set has another order each time
        expected, found = "class_names: a list or tuple of str, none of them empty", _shown(names)
    elif not 2 <= len(names) <= MAX_CLASSES:  # noqa: PLR2004
        expected, found = f"2 to {MAX_CLASSES} classes", str(len(names))
    elif len({one_line(name).strip() for name in names}) < len(names):
        expected, found = "class names that differ", ", ".join(map(repr, names))
    elif not _are_families(entry.families):
        expected = "families: a dict of titles, each with a list or tuple of class names"
        found = _shown(entry.families)
    elif not isinstance(entry.urls, (list, tuple)) or not all(map(_is_base, entry.urls)):
        expected, found = "urls: a list or tuple of addresses that begin with http:// or https://", _shown(entry.urls)
    elif not all(map(_is_path, (entry.home, entry.debian_package, entry.debian_folder))):
        expected = "home, debian_package and debian_folder: a str, of which a path can be made"
        found = _shown((entry.home, entry.debian_package, entry.debian_folder))
    elif entry.bundled not in ("", *LIBRARIES):
        expected, found = f"bundled: one of {', '.join(LIBRARIES)}, or none", _shown(entry.bundled)
    elif foreign := [name for members in entry.families.values() for name in members if name not in names]:
        expected, found = "families of classes: " + ", ".join(names), repr(foreign[0])
    else:
        return
    raise EntryError(
        f"data set {entry.name!r} has an invalid entry",
        expected=expected,
        found=found,
        remedy="fix the data set's entry",
    )


def _shown(value: Any) -> str:
    return repr(value)[:80]


def _are_families(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        is_text(title) and isinstance(members, (list, tuple)) and all(map(is_text, members))
        for title, members in value.items()
    )


def _is_base(address: Any) -> bool:
    return isinstance(address, str) and is_web(address) and not address.startswith("mailto:")


def _is_path(value: Any) -> bool:
    return isinstance(value, str) and is_storable(value) and "\0" not in value
