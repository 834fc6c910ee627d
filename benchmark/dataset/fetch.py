"""Fetching a data set: from local files or the first source that answers, verified and moved into place."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.command import Command, word
from benchmark.dataset.bundled import BUNDLED
from benchmark.dataset.checks import FILES, Sums, read_arrays, read_checksums, verify
from benchmark.dataset.entry import DatasetEntry
from benchmark.dataset.local import check_links, copy_idx, find_idx, has_pictures, listed, open_idx, open_pictures
from benchmark.dataset.sources import Report, download, from_debian
from benchmark.disk import atomic_path, check_writable, file_sha256, remove_partials, write_atomically
from benchmark.errors import BenchmarkError, DataError, DiskError
from benchmark.faults import is_of_machine
from benchmark.layout import shipped

EXPECTED = ", ".join(FILES) + ", plain or .gz, or the folders train and test of PNG files"


def fetch(
    entry: DatasetEntry,
    *,
    root: Path,
    data_dir: Path | None = None,
    cache_dir: Path,
    report: Report = print,
    accept: bool = False,
    convert: bool = False,
) -> Path:
    """Return the folder with the four verified, decompressed files, from the first source that has them.

    With `accept`, whatever the source has becomes the data set: its checksums are written, not compared. With `convert`,
    what is in the local folder is first turned into what a data set can be; see `convert_files`.

    Raises
    ------
    DataError
        If no source has them, naming all that were tried; or if a local file is damaged or has a wrong checksum.

    """
    home = root / (entry.home or f"data/{entry.name}")
    given = data_dir or (home if home.exists() or not entry.home else shipped(entry.home))
    remove_partials(cache_dir)
    remove_partials(home)
    if convert:
        from benchmark.dataset.convert import convert_files  # needs Pillow

        convert_files(entry, given, report)
    sums = None if accept else read_checksums(entry, home, data_dir)
    folder = _local(entry, home, given, data_dir, cache_dir, sums, report)
    folder = folder or _fetched(entry, home, cache_dir, sums, report)
    if accept:
        lines = [f"{file_sha256(folder / name)}  {name}\n" for name in sorted(FILES)]
        write_atomically(home / "SHA256SUMS", "".join(lines).encode())
        report(f"{entry.title}: these files are the data set from now on, says {home / 'SHA256SUMS'}")
    return folder


def _local(
    entry: DatasetEntry,
    home: Path,
    given: Path,
    data_dir: Path | None,
    cache_dir: Path,
    sums: Sums,
    report: Report,
) -> Path | None:
    """Return the folder of the plain files if they are here, None if they are to be fetched."""
    own = entry if given == home else entry.as_local()
    if not own.can_be_fetched:
        check_links(given)
    sources, unpacked = find_idx(given), cache_dir / entry.name
    if len(sources) == len(FILES) or (sources and not own.can_be_fetched):
        if own.can_be_fetched and _belongs_at_home(home, sources):
            with _partial(cache_dir, entry) as partial:
                return _install(own, sources, partial, home, sums)
        return open_idx(own, given, unpacked, sums, data_dir, sources)
    if has_pictures(given):
        return open_pictures(own, given, unpacked, sums, data_dir, report)
    if data_dir:
        raise DataError(
            f"{data_dir} does not hold the data set {entry.name}",
            expected=EXPECTED,
            found=listed(data_dir),
            remedy="another --data-dir, or these names for its files",
        )
    return None


def _fetched(entry: DatasetEntry, home: Path, cache_dir: Path, sums: Sums, report: Report) -> Path:
    """Return `home`, with the files from the first source that answers."""
    for place in (home / name for name in FILES):
        if place.is_dir():
            raise DataError(
                f"{place} is a folder",
                expected=f"the file {place.name}",
                found=f"a folder with {listed(place)}",
                remedy=(f"rm -r {word(place)} && ", Command("data", dataset=entry.name))
                if entry.can_be_fetched
                else f"move {place} away, and put the file in its place",
            )
    tried = []
    sources: list[tuple[str, Callable[[Path], None]]] = [
        (url, lambda folder, url=url: download(url, folder, report))  # type: ignore[misc]
        for url in entry.urls
    ]
    if entry.debian_package:
        sources.append((f"Debian package {entry.debian_package}", lambda folder: from_debian(entry, folder, report)))
    if entry.bundled:
        sources.append((f"the installed {entry.bundled}", BUNDLED[entry.bundled]))
    for name, get in sources:
        report(f"{entry.title}: trying {name}")
        try:
            with _partial(cache_dir, entry) as partial:
                get(partial)
                _install(entry, find_idx(partial), partial / "plain", home, sums)
        except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
            if isinstance(error, DiskError) or is_of_machine(error):
                raise  # no other source helps
            tried.append(f"{name}: {' '.join(str(error).split())[:200]}")
            report(f"  not from there: {tried[-1].partition(': ')[2]}")
        else:
            report(f"{entry.title}: verified, in {home}")
            return home
    raise DataError(
        f"the data set {entry.name} could not be fetched",
        expected=f"{EXPECTED}, in {home}, or one source that answers",
        found="; ".join([f"{home}: {listed(home)}", *tried]),
        remedy=f"put {', '.join(f'{name}.gz' for name in FILES)} into {home}, or name their folder with --data-dir",
    )


def _belongs_at_home(home: Path, sources: dict[str, Path]) -> bool:
    """Return whether plain files are to be made beside packed ones, as where they are fetched; no folder may be in their place."""
    plain = {name: home / name for name in FILES}
    return sources != plain and not any(path.is_dir() for path in plain.values())


@contextmanager
def _partial(cache_dir: Path, entry: DatasetEntry) -> Iterator[Path]:
    """Yield a folder that is removed at the end."""
    partial = cache_dir / f".{entry.name}.{os.getpid()}.partial"
    try:
        check_writable(partial)
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _install(entry: DatasetEntry, sources: dict[str, Path], plain: Path, home: Path, sums: Sums) -> Path:
    """Unpack and verify files in the folder `plain`, then move them to `home`; return that."""
    origins, paths = [sources[name] for name in FILES], [plain / name for name in FILES]
    copy_idx(entry, origins, paths)
    read_arrays(entry, paths, origins)
    verify(entry, paths, sums, origins)
    for path in paths:
        with atomic_path(home / path.name) as target:
            shutil.move(path, target)
    return home
