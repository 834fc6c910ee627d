"""What decides that a result was only measured again elsewhere: the same data, entry, code and libraries on another machine.

Such a step is not judged: no change of ours made it.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.results import Run

SAME_FIT = ("data", "entry", "code", "libraries")  # the parts of a key that a fit depends on


@dataclass(frozen=True)
class Origin:
    """Where a result comes from: the parts of its key, its machine, and the BLAS kernel, "" where none is recorded."""

    key: tuple[str, ...]
    machine: str
    kernel: str


def origin(run: Run) -> Origin:
    """Return where a result comes from."""
    machine = run["machine"]
    return Origin(
        key=tuple(run["key"][part] for part in SAME_FIT),  # type: ignore[literal-required]
        machine=f"{machine['cpu']}, {machine['cores']} cores",
        kernel=machine.get("kernel", ""),
    )


def is_rerun(before: Origin, after: Origin) -> bool:
    """Return whether the same fit ran on another machine, or with another kernel where both sides recorded theirs."""
    elsewhere = before.machine != after.machine or len({before.kernel, after.kernel} - {""}) > 1
    return before.key == after.key and elsewhere
