"""`python tests/notes.py v1.2.0`: prints what CHANGELOG.md says of a version, without its heading."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


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


if __name__ == "__main__":
    print(notes(CHANGELOG.read_text(encoding="utf-8"), sys.argv[1]))
