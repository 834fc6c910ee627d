"""Fetching a data set: from local files or the first source that answers, verified and moved into place."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmark.command import Command, Text
from benchmark.dataset.checks import FILES, Sums, mend_remedy, read_arrays, read_checksums, verify
from benchmark.dataset.entry import DatasetEntry
from benchmark.dataset.idx import CHUNK_BYTES, write_idx
from benchmark.dataset.sources import Report, download, from_debian
from benchmark.disk import atomic_path, file_sha256, write_atomically
from benchmark.errors import BenchmarkError, DataError, DiskError
from benchmark.faults import is_of_machine
from benchmark.layout import shipped


def fetch(
    entry: DatasetEntry,
    *,
    root: Path,
    data_dir: Path | None = None,
    cache_dir: Path,
    report: Report = print,
    accept: bool = False,
) -> Path:
    """Return the folder with the four verified, decompressed files, from the first source that has them.

    With `accept`, whatever the source has becomes the data set: its checksums are written, not compared.

    Raises
    ------
    DataError
        If no source has them, naming all that were tried; or if a local file is damaged or has a wrong checksum.

    """
    home = root / (entry.home or f"data/{entry.name}")
    sums = None if accept else read_checksums(entry, home)
    folder = _find(entry, home, data_dir, cache_dir, sums, report)
    if accept:
        lines = [f"{file_sha256(folder / name)}  {name}\n" for name in sorted(FILES)]
        write_atomically(home / "SHA256SUMS", "".join(lines).encode())
        report(f"{entry.title}: these files are the data set from now on, says {home / 'SHA256SUMS'}")
    return folder


def _find(entry: DatasetEntry, home: Path, data_dir: Path | None, cache_dir: Path, sums: Sums, report: Report) -> Path:
    """Return the folder of the plain files, from local files or else from the first source that answers."""
    given = data_dir or (home if home.exists() or not entry.home else shipped(entry.home))
    unpacked = home if given == home and entry.urls else cache_dir / entry.name
    if any((given / f"{name}{suffix}").exists() for name in FILES for suffix in ("", ".gz")):
        own = entry if given == home else replace(entry, urls=())  # nothing is fetched into a user's own folder
        return _local(own, given, unpacked, sums)
    if any((given / part).is_dir() for part in ("train", "test")):
        return _converted(entry, given, unpacked, sums, report)
    if data_dir:
        raise DataError(
            f"{data_dir} does not hold the data set {entry.name}",
            expected=", ".join(FILES) + ", plain or .gz, or the folders train and test of PNG files",
            found=", ".join(sorted(path.name for path in data_dir.glob("*"))[:6]) or "nothing",
            remedy="another --data-dir",
        )
    tried = []
    sources: list[tuple[str, Callable[[Path], None]]] = [
        (url, lambda folder, url=url: download(url, folder, report))  # type: ignore[misc]
        for url in entry.urls
    ]
    if entry.debian_package:
        sources.append((f"Debian package {entry.debian_package}", lambda folder: from_debian(entry, folder, report)))
    for name, get in sources:
        report(f"{entry.title}: trying {name}")
        partial = cache_dir / f"{entry.name}.{os.getpid()}.partial"
        try:
            partial.mkdir(parents=True, exist_ok=True)
            get(partial)
            _install(entry, partial, home, sums)
        except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
            if isinstance(error, DiskError) or is_of_machine(error):
                raise  # no other source helps
            tried.append(f"{name}: {' '.join(str(error).split())[:200]}")
            report(f"  not from there: {tried[-1].partition(': ')[2]}")
        else:
            report(f"{entry.title}: verified, in {home}")
            return home
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    raise DataError(
        f"the data set {entry.name} could not be fetched",
        expected=f"its four files, or the folders train and test of PNG files, in {home}, or one source that answers",
        found="; ".join([f"{home}: no files", *tried]),
        remedy=f"put {', '.join(f'{name}.gz' for name in FILES)} into {home}, or name their folder with --data-dir",
    )


def _local(entry: DatasetEntry, given: Path, unpacked: Path, sums: Sums) -> Path:
    """Use the files in `given`: structure first, then checksums; `.gz` files are unpacked into `unpacked`."""
    paths = [_plain(entry, given, unpacked, name, sums) for name in FILES]
    read_arrays(entry, paths)
    verify(entry, paths, sums, given)
    folders = {path.parent for path in paths}
    if len(folders) > 1:
        for path in paths:
            if path.parent != unpacked:
                with atomic_path(unpacked / path.name) as partial:
                    shutil.copyfile(path, partial)
        return unpacked
    return folders.pop()


def _converted(entry: DatasetEntry, given: Path, unpacked: Path, sums: Sums, report: Report) -> Path:
    """Convert a folder of pictures to IDX files in `unpacked`; again only when the pictures or class names change."""
    from benchmark.dataset.image_folder import newest_change, read_image_folder  # needs Pillow; IDX files do not

    paths = [unpacked / name for name in FILES]
    written = min((path.stat().st_mtime if path.exists() else 0.0) for path in paths)
    names = unpacked / "class_names.txt"  # a label is an index into them
    wanted = "".join(f"{name}\n" for name in entry.class_names)
    if written <= newest_change(given) or not names.exists() or names.read_text(encoding="utf-8") != wanted:
        report(f"{entry.title}: reading the pictures in {given}")
        for path, array in zip(paths, read_image_folder(given, entry.class_names), strict=True):
            write_idx(path, array)
        with atomic_path(names) as partial:
            partial.write_text(wanted, encoding="utf-8")
    read_arrays(entry, paths)
    verify(entry, paths, sums)
    return unpacked


def _plain(entry: DatasetEntry, given: Path, unpacked: Path, name: str, sums: Sums) -> Path:
    """Return the plain file, unpacking its `.gz` if necessary."""
    if (given / name).exists():
        return given / name
    packed, target = given / f"{name}.gz", unpacked / name
    if not packed.exists():
        remedy = (f"rm -r {given}/*-ubyte* && ", Command("data")) if entry.urls else f"put it into {given}"
        raise DataError(f"{given / name} is missing", expected=f"{name} or {name}.gz", remedy=remedy)
    if not (sums and target.exists() and file_sha256(target) == sums[name]):
        _unpack(packed, target, mend_remedy(entry, packed))
    return target


def _unpack(packed: Path, target: Path, remedy: Text) -> None:
    """Decompress in chunks, atomically."""
    try:
        with gzip.open(packed, "rb") as source, atomic_path(target) as partial, partial.open("wb") as stream:
            shutil.copyfileobj(source, stream, CHUNK_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{packed} is damaged", expected="a whole gzip file", found=str(error), remedy=remedy) from None


def _install(entry: DatasetEntry, partial: Path, home: Path, sums: Sums) -> None:
    """Unpack and verify what was fetched, then move it into place."""
    plain = partial / "plain"
    paths = [_plain(entry, partial, plain, name, sums) for name in FILES]
    read_arrays(entry, paths)
    verify(entry, paths, sums)
    for path in paths:
        with atomic_path(home / path.name) as target:
            shutil.move(path, target)
