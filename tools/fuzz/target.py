"""A target: a reader of one file's bytes, with right inputs of it and the mutation that suits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tools.fuzz import mutate, seeds


@dataclass(frozen=True)
class Target:
    """A reader; right inputs, which it must take; how they are mutated; and hard ones, which come first."""

    read: Callable[[bytes], object]
    seeds: Sequence[bytes]
    mutate: Callable[..., bytes] = mutate.mutated_bytes
    hard: Sequence[bytes] = field(default=())


def of_file(path, use):
    """Return the target of a text file that is there, by its suffix JSON or not."""
    found = [path.read_bytes()]
    if path.suffix == ".json":
        return Target(in_file(path, use), found, mutate.mutated_json, seeds.hard_json(found[0]))
    words = (b"\n", b"0", b"9", b"z", b"\r\n", b" ", b"\xff", b"0" * 200)
    return Target(in_file(path, use), found, mutate.of_words(*words), [b"", b"\n" * 9, b"0" * 1_000_000, "é".encode()])


def in_file(path, use):
    """Return a reader that gets the bytes in a file."""

    def read(data):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return use(path)

    return read
