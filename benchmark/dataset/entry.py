"""What the benchmark is told about a data set, and the check of it before any file is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmark.errors import EntryError
from benchmark.layout import slug

MAX_CLASSES = 62  # a prediction is stored as one character
TAKEN = ("assets", "figures", "images", "methods", "search")  # folders of the site beside a data set's own


@dataclass(frozen=True)
class DatasetEntry:
    """What the benchmark is told about a data set; all else is read from its files.

    Parameters
    ----------
    name : str
        Its name in addresses and folders: lower-case letters, digits and hyphens.
    title, licence, source : str
        How pages call it, under what licence it is, and where it comes from.
    class_names : sequence of str
        Names of the classes in label order, 62 at most.
    families : dict of str to sequence of str
        Class names that belong together, and how pages call them.
    urls : tuple of str
        Addresses below which `<file>.gz` lies for each of `FILES`.
    debian_package, debian_folder : str
        A Debian package with these files, and the folder in it.
    home : str
        Where its checksums and files lie, the four IDX files (plain or .gz) or the folders train and test of PNG files:
        absolute, or below the folder of `models` and `build`; empty for data/<name>.

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
    home: str = ""


def check_dataset_entry(entry: DatasetEntry) -> None:
    """Refuse an entry that no files could fit.

    Raises
    ------
    EntryError
        For a name that is no folder's, a missing word, too few or too many classes, two classes of one address, or a
        family of unknown classes.

    """
    names = entry.class_names
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name) or entry.name in TAKEN:
        expected, found = f"lower-case letters, digits and hyphens, and none of {', '.join(TAKEN)}", repr(entry.name)
    elif not (entry.title and entry.licence and entry.source):
        expected, found = "a title, a licence and a source", "an empty one"
    elif isinstance(names, str) or not all(isinstance(name, str) for name in names):
        expected, found = "class_names: a sequence of str", repr(names)[:80]
    elif not 2 <= len(names) <= MAX_CLASSES:  # noqa: PLR2004
        expected, found = f"2 to {MAX_CLASSES} classes", str(len(names))
    elif len({slug(name) for name in names} - {""}) < len(names):
        expected = "class names that differ in ASCII letters and digits, which is what their addresses are made of"
        found = ", ".join(names)
    elif foreign := [name for members in entry.families.values() for name in members if name not in names]:
        expected, found = "families of classes: " + ", ".join(names), repr(foreign[0])
    else:
        return
    raise EntryError(
        f"data set {entry.name!r} is not sound", expected=expected, found=found, remedy="mend the data set's entry"
    )
