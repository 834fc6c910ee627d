"""What a process may use is the least of the machine's, its affinity's and its control groups' limits."""

from __future__ import annotations

import os
from types import SimpleNamespace

import psutil
import pytest

from benchmark import machine
from benchmark.machine import (
    bytes_of,
    free_memory,
    has_avx2,
    in_words,
    machine_memory,
    usable_cores,
    usable_memory,
)

GIB = 2**30


@pytest.fixture(autouse=True)
def large(monkeypatch):
    """A machine of 16 cores and 64 GiB."""
    monkeypatch.setattr(machine, "_affinity", lambda: 16)
    monkeypatch.setattr(machine, "machine_memory", lambda: 64 * GIB)


def made(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


OWN = {"proc/self/cgroup": "0::/user.slice/bench"}
OLD = {"proc/self/cgroup": "4:memory:/docker/abc\n3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n0::/"}


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 16),
        (OWN, 16),
        (OWN | {"sys/fs/cgroup/user.slice/bench/cpu.max": "max 100000"}, 16),
        (OWN | {"sys/fs/cgroup/user.slice/bench/cpu.max": "200000 100000"}, 2),
        (OWN | {"sys/fs/cgroup/user.slice/bench/cpu.max": "250000 100000"}, 3),
        (OWN | {"sys/fs/cgroup/user.slice/bench/cpu.max": "10000 100000"}, 1),
        (OWN | {"sys/fs/cgroup/user.slice/bench/cpu.max": "9900000 100000"}, 16),
        (OWN | {f"sys/fs/cgroup/user.slice/{name}cpu.max": n for name, n in (("", "3 1"), ("bench/", "5 1"))}, 3),
        ({"proc/self/cgroup": "0::/"} | {"sys/fs/cgroup/cpu.max": "400000 100000"}, 4),
        ({"proc/self/cgroup": "0::/../other"} | {"sys/fs/cgroup/cpu.max": "400000 100000"}, 4),
        (OLD | {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 16),
        (OLD | {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "150000", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000"}, 2),
        (
            OLD | {f"sys/fs/cgroup/cpu/docker/abc/cpu.cfs_{n}_us": v for n, v in (("quota", 5000), ("period", 1000))},
            5,
        ),
    ],
)
def test_cores_are_those_of_the_affinity_and_the_lowest_quota(tmp_path, files, cores):
    assert usable_cores(made(tmp_path, files)) == cores


@pytest.mark.parametrize(
    ("files", "gib"),
    [
        ({}, 64),
        (OWN, 64),
        (OWN | {"sys/fs/cgroup/user.slice/bench/memory.max": "max"}, 64),
        (OWN | {"sys/fs/cgroup/user.slice/bench/memory.max": str(6 * GIB)}, 6),
        (OWN | {"sys/fs/cgroup/user.slice/memory.max": str(5 * GIB)}, 5),
        (OWN | {"sys/fs/cgroup/user.slice/bench/memory.max": str(99 * GIB)}, 64),
        (OLD | {"sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712"}, 64),
        (OLD | {"sys/fs/cgroup/memory/memory.limit_in_bytes": str(2 * GIB)}, 2),
        (OLD | {"sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": str(3 * GIB)}, 3),
    ],
)
def test_memory_is_the_lowest_limit_and_no_more_than_the_machine_has(tmp_path, files, gib):
    assert usable_memory(made(tmp_path, files)) == gib * GIB


@pytest.mark.parametrize(("free", "limit", "gib"), [(8, "max", 8), (8, 6 * GIB, 6), (4, 6 * GIB, 4)])
def test_a_run_may_use_no_more_than_is_free(tmp_path, monkeypatch, free, limit, gib):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free * GIB))
    assert free_memory(made(tmp_path, OWN | {"sys/fs/cgroup/user.slice/bench/memory.max": limit})) == gib * GIB


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        ("8GiB", 8 * GIB, "8GiB"),
        ("8 GB", 8 * 10**9, "7.45GiB"),
        ("1.5GiB", 3 * 2**29, "1.5GiB"),
        ("512MiB", 2**29, "512MiB"),
        ("300MB", 3 * 10**8, "286.1MiB"),
        ("12bytes", 12, "12bytes"),
    ],
)
def test_bytes_are_read_from_a_number_and_a_unit_and_said_as_such(text, number, words):
    assert bytes_of(text) == number
    assert in_words(number) == words
    assert bytes_of(words) == pytest.approx(number, rel=0.001)


@pytest.mark.parametrize(
    "text", ["", "8", "GiB", "8gib", "8G", "8 GiB ", "-8GiB", "1e3GB", "8,5GiB", ".5GiB", "8GiB/s", "infGiB"]
)
def test_other_words_are_no_number_of_bytes(text):
    with pytest.raises(ValueError, match="must be a number and one of bytes, MB, MiB, GB, GiB"):
        bytes_of(text)


def test_this_process_may_use_a_core_and_some_memory(monkeypatch):
    monkeypatch.undo()
    assert 1 <= usable_cores() <= os.cpu_count()
    assert 0 < usable_memory() <= machine_memory()
    if hasattr(os, "sched_setaffinity"):
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(before)})
        try:
            assert usable_cores() == 1
        finally:
            os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("text", "architecture", "has"),
    [
        ("processor : 0\nflags\t\t: fpu avx avx2 fma bmi2\n", "x86_64", True),
        ("processor : 0\nflags\t\t: fpu avx avx2 bmi2\n", "x86_64", False),
        ("processor : 0\nflags\t\t: fpu avx\n", "x86_64", False),
        ("processor : 0\nFeatures : fp asimd\n", "aarch64", False),
        ("", "x86_64", False),
    ],
)
def test_a_processor_has_avx2_where_its_flags_say_so(tmp_path, monkeypatch, text, architecture, has):
    monkeypatch.setattr(machine.platform, "machine", lambda: architecture)
    assert has_avx2(made(tmp_path, {"proc/cpuinfo": text})) is has
    assert not has_avx2(tmp_path / "no-such-folder")
