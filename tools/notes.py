"""`python tools/notes.py v1.2.0`: prints what CHANGELOG.md says of a version, without its heading.

The tag must be the package's own version: a release is what its files say that they are.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(text, tag):
    """Return the section of a version; `tag` has a v in front of it."""
    found = re.search(
        rf"^## \[{re.escape(tag.removeprefix('v'))}\].*?\n(.*?)(?=^## \[|\Z)", text, re.DOTALL | re.MULTILINE
    )
    if found is None:
        sys.exit(
            f"error: CHANGELOG.md says nothing of {tag}\n  expected: a heading ## [{tag.removeprefix('v')}]\n"
            "  try:      write the section, commit it, and move the tag there"
        )
    return found.group(1).strip()


def check_version(text, tag):
    """Refuse a tag that is not the version in `text`, the package's `__init__.py`."""
    version = dict(re.findall(r'^(__version__) = "(.+)"$', text, re.MULTILINE))["__version__"]
    if tag != f"v{version}":
        sys.exit(
            f"error: the tag is {tag}\n  expected: v{version}, of benchmark/__init__.py\n  try:      set both alike"
        )


if __name__ == "__main__":
    check_version((ROOT / "benchmark" / "__init__.py").read_text(encoding="utf-8"), sys.argv[1])
    print(notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), sys.argv[1]))
