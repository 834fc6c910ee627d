"""Takes the results that another job has measured: the files that a run writes, at their places, and nothing else.

Comes in: the folder of an artifact, which code of any package that a bench imports may have written. Goes out: those files in this
checkout. Runs with Python alone, before `make propose` commits with a token that may write.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
WRITTEN = re.compile(
    rf"README\.md|build/reproduced/summary\.md|data/{NAME}/study\.json"
    rf"|models/{NAME}/(?:entries\.json|test_labels\.txt|{NAME}/(?:(?:metrics|curves|study|run)\.json|predictions\.txt))"
)
MOST_BYTES = 64 * 2**20


def main(source, root):
    """Copy what a run writes; return 1, and copy nothing, if anything else is there."""
    found = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if not is_folder(path)}
    strangers = [name for name, path in found.items() if not is_written(name, path)]
    if strangers or not found:
        what = ", ".join(map(repr, strangers[:3])) if found else "no file"
        print(f"error: {source} holds what no run writes\n  expected: results\n  found:    {what}", file=sys.stderr)
        return 1
    for name, path in found.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    return 0


def is_folder(path):
    return path.is_dir() and not path.is_symlink()


def is_written(name, path):
    return (
        bool(WRITTEN.fullmatch(name)) and path.is_file() and not path.is_symlink() and path.stat().st_size < MOST_BYTES
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), ROOT))
