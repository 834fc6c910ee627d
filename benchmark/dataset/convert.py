"""On request: what lies in a data set's folder is turned into what a data set can be, and the originals are kept.

Pictures become upright 8-bit grey PNG files, labels that begin at 1 begin at 0. Nothing is lost: each original is in the folder
`originals` (or `originals-2`, …) before another file takes its place.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.dataset.checks import FILES, begins_at_one
from benchmark.dataset.entry import DatasetEntry
from benchmark.dataset.idx import Bytes, read_idx, write_idx
from benchmark.dataset.image_folder import foreign_pictures
from benchmark.dataset.local import copy_idx, find_idx, has_pictures
from benchmark.dataset.pictures import read_picture
from benchmark.dataset.sources import Report
from benchmark.disk import atomic_path, check_writable, write_atomically

LABELS = (FILES[1], FILES[3])


def convert_files(entry: DatasetEntry, folder: Path, report: Report) -> None:
    """Convert the pictures or the labels in `folder`, where they need it.

    Raises
    ------
    DataError
        If a picture cannot be read; nothing is converted then.
    DiskError
        If the folder cannot be written.

    """
    if folder.is_dir():
        check_writable(folder)
    kept = next(path for path in _places(folder) if not path.exists())
    sources = find_idx(folder)
    if sources:
        converted = [
            sources[name] for name in LABELS if name in sources and _from_zero(entry, folder, sources[name], kept)
        ]
    elif has_pictures(folder):
        converted = foreign_pictures(folder, entry.class_names)
        for path in converted:
            _to_grey(path, kept / path.relative_to(folder))
    else:
        converted = []
    files = "1 file was" if len(converted) == 1 else f"{len(converted):,} files were"
    words = f"{files} converted; the originals are in {kept}" if converted else "nothing to convert"
    report(f"{entry.title}: {words}")


def _places(folder: Path) -> map[Path]:
    return map(folder.joinpath, itertools.chain(["originals"], (f"originals-{n}" for n in itertools.count(2))))


def _to_grey(path: Path, kept: Path) -> None:
    """Put a grey PNG file in the place of a picture, which is kept."""
    stream = io.BytesIO()
    Image.fromarray(read_picture(path).grey).save(stream, "PNG")
    target = next(other for other in _targets(path) if _is_free(other, path, stream.getvalue()))
    _keep(path, kept)
    write_atomically(target, stream.getvalue())
    if target != path:
        path.unlink()


def _targets(path: Path) -> Iterator[Path]:
    yield path.with_suffix(".png")
    yield path.with_name(f"{path.name}.png")
    for n in itertools.count(2):
        yield path.with_name(f"{path.name}-{n}.png")


def _is_free(target: Path, path: Path, content: bytes) -> bool:
    """Return whether a grey copy of `path` may become `target`: it is the same file, is not there, or a killed run has written it."""
    return target == path or not target.exists() or target.read_bytes() == content


def _from_zero(entry: DatasetEntry, folder: Path, source: Path, kept: Path) -> bool:
    """Subtract 1 from labels that begin at 1; return whether they do."""
    name = next(name for name in LABELS if name.partition("-")[0] == source.name.partition("-")[0])
    labels = _labels(entry, source)
    if not begins_at_one(labels, entry):
        return False
    target = folder / name
    if target.is_dir():  # the file lies in a folder of its own name
        kept.mkdir(exist_ok=True)
        target.rename(kept / name)
    else:
        _keep(source, kept / source.relative_to(folder))
    write_idx(target, labels - 1)
    if source != target and source.exists():
        source.unlink()
    return True


def _labels(entry: DatasetEntry, source: Path) -> Bytes:
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder, FILES[1])
        copy_idx(entry, [source], [plain])
        return np.array(read_idx(plain))


def _keep(path: Path, kept: Path) -> None:
    """Keep a file in another place as well."""
    with atomic_path(kept) as partial:
        if path.is_symlink():  # its target may be relative to where it lies
            shutil.copy2(path, partial)
            return
        try:
            os.link(path, partial)
        except OSError:  # not supported everywhere
            shutil.copy2(path, partial)
