"""`python tools/locked.py`: says whether the lock files are what pyproject.toml asks for, without asking an index.

Each dependency named there is pinned within its bounds and marked as ours, and nothing else is. A newer version out
there makes no lock file wrong; `make lock` is for taking it.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.lock": ("test",), "requirements-fast.lock": ("test", "fast")}


def main():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    problems = []
    for lock, extras in LOCKS.items():
        asked = [
            *project["dependencies"],
            *(line for extra in extras for line in project["optional-dependencies"][extra]),
        ]
        text = (ROOT / lock).read_text(encoding="utf-8")
        problems += [f"{lock}: {problem}" for problem in compare(map(Requirement, asked), text, project["name"])]
    if problems:
        print("error: a lock file is not what pyproject.toml asks for", file=sys.stderr)
        print("\n".join(f"  found:    {problem}" for problem in problems), file=sys.stderr)
        print("  try:      make lock", file=sys.stderr)
    return int(bool(problems))


def compare(asked, lock, project):
    """Return what is wrong with the text of a lock file, a sentence each."""
    pinned, ours = read_lock(lock, project)
    wanted = {canonicalize_name(requirement.name): requirement for requirement in asked}
    for name, requirement in wanted.items():
        if name not in pinned:
            yield f"{name} is not pinned"
        elif name not in ours:
            yield f"{name} is pinned for another package alone"
        else:
            outside = [version for version in pinned[name] if version not in requirement.specifier]
            yield from (f"{name}=={version} is not within {requirement.specifier}" for version in outside)
    yield from (f"{name} is pinned for this project, which does not ask for it" for name in sorted(ours - set(wanted)))


def read_lock(text, project):
    """Return the versions that each package is pinned to, and the names of those that `project` itself asks for."""
    pinned, ours = {}, set()
    for entry in re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE):
        found = re.match(r"([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", entry)
        if found:
            pinned.setdefault(canonicalize_name(found.group(1)), []).append(found.group(2))
            if f"{project} (pyproject.toml)" in entry:
                ours.add(canonicalize_name(found.group(1)))
    return pinned, ours


if __name__ == "__main__":
    sys.exit(main())
