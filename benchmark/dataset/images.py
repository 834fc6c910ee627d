"""A data set in memory maps: loading and verifying it, drawing a stratified subset, and a text summary."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.dataset.checks import FILES, MIN_PER_CLASS, read_arrays
from benchmark.dataset.conversion import converted, digest_of
from benchmark.dataset.entry import DatasetEntry, check_dataset_entry
from benchmark.dataset.fetch import fetch
from benchmark.dataset.idx import CHUNK_BYTES, Bytes, write_idx
from benchmark.dataset.sources import Report
from benchmark.dataset.table import DATASETS, find_entry
from benchmark.disk import file_sha256
from benchmark.text import one_line


@dataclass(frozen=True)
class Dataset:
    """Images, of shape (n, height, width), and labels, of shape (n,); `digest` is that of the four files in order."""

    entry: DatasetEntry
    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    digest: str
    profile: str | None = field(default=None)

    @property
    def image_shape(self) -> tuple[int, int]:
        """Height and width."""
        height, width = self.train_images.shape[1:]
        return height, width

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, in label order."""
        return self.entry.class_names

    @property
    def n_train(self) -> int:
        """Number of training images."""
        return len(self.train_labels)

    @property
    def n_test(self) -> int:
        """Number of test images."""
        return len(self.test_labels)


def load_dataset(
    name: str,
    *,
    root: Path,
    data_dir: Path | None = None,
    cache_dir: Path,
    report: Report = print,
    datasets: Mapping[str, DatasetEntry] = DATASETS,
    accept: bool = False,
    convert: bool = False,
) -> Dataset:
    """Return a data set, fetched if necessary, verified and mapped into memory; see `fetch`.

    Raises
    ------
    DataError
        If no source has it, or a file is damaged or not the one that its checksum describes.

    """
    entry = find_entry(name, datasets)
    check_dataset_entry(entry)
    folder = fetch(
        entry, root=root, data_dir=data_dir, cache_dir=cache_dir, report=report, accept=accept, convert=convert
    )
    return _open(entry, folder)


def _open(entry: DatasetEntry, folder: Path, profile: str | None = None) -> Dataset:
    train_images, train_labels, test_images, test_labels = read_arrays(entry, [folder / name for name in FILES])
    return Dataset(entry, train_images, train_labels, test_images, test_labels, digest=_digest(folder), profile=profile)


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in FILES:
        with (folder / name).open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                whole.update(chunk)
    return whole.hexdigest()


def subset(dataset: Dataset, n_train: int, n_test: int, *, seed: int = 0, cache_dir: Path) -> Dataset:
    """Return a stratified subset of a data set, drawn with `seed`, with its own digest and its files in `cache_dir`.

    It keeps as many images of a rare class as a data set must have.
    """
    folder = cache_dir / f"{dataset.entry.name}-{dataset.digest[:12]}-{n_train}-{n_test}-{seed}"
    source = digest_of([dataset.digest, str(n_train), str(n_test), str(seed), file_sha256(Path(__file__))])

    def make(paths: list[Path]) -> None:
        rng = np.random.default_rng(seed)
        train = _stratified(dataset.train_labels, n_train, rng, MIN_PER_CLASS["training"])
        test = _stratified(dataset.test_labels, n_test, rng, MIN_PER_CLASS["test"])
        write_idx(paths[0], dataset.train_images[train])
        write_idx(paths[1], dataset.train_labels[train])
        write_idx(paths[2], dataset.test_images[test])
        write_idx(paths[3], dataset.test_labels[test])

    converted(folder, source, make)
    return _open(dataset.entry, folder, profile="quick")


def _stratified(labels: Bytes, n: int, rng: np.random.Generator, least: int) -> NDArray[np.int64]:
    """Return `n` rows (all, if there are fewer) in ascending order, with the class proportions of `labels`.

    Of a class are taken `least` rows or more; those come from the class with most.
    """
    if n >= len(labels):
        return np.arange(len(labels))
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * n / len(labels)
    wanted = np.floor(shares).astype(int)
    wanted[np.argsort(wanted - shares, kind="stable")[: n - wanted.sum()]] += 1
    while wanted.min() < least and wanted.max() > least:
        wanted[wanted.argmin()] += 1
        wanted[wanted.argmax()] -= 1
    rows = [
        rng.choice(np.flatnonzero(labels == label), size, replace=False)
        for label, size in zip(classes, wanted, strict=True)
    ]
    return np.sort(np.concatenate(rows))


def summary(dataset: Dataset) -> dict[str, Any]:
    """Return the contents of the data set, as data."""
    entry, height_width = dataset.entry, list(dataset.image_shape)
    counts = [
        np.bincount(labels, minlength=len(entry.class_names)) for labels in (dataset.train_labels, dataset.test_labels)
    ]
    return {
        "name": entry.name,
        "title": entry.title,
        "licence": entry.licence,
        "source": entry.source,
        "profile": dataset.profile,
        "digest": dataset.digest,
        "image_shape": height_width,
        "n_train": dataset.n_train,
        "n_test": dataset.n_test,
        "train_mean": round(float(dataset.train_images.mean()), 2),
        "classes": [
            {"name": name, "train": int(counts[0][i]), "test": int(counts[1][i])}
            for i, name in enumerate(entry.class_names)
        ],
    }


def format_summary(found: Mapping[str, Any]) -> str:
    """Return a summary as text."""
    height, width = found["image_shape"]
    rows = [
        one_line(f"{found['title']} ({found['name']}), {found['licence']}, {found['source']}"),
        f"{found['n_train']:,} training and {found['n_test']:,} test images of {height} x {width} pixels, "
        f"training mean {found['train_mean']:.2f} of 255",
        f"SHA-256 {found['digest']}",
        f"{'class':16} training    test",
    ]
    rows += [f"{one_line(row['name']):16} {row['train']:8,} {row['test']:7,}" for row in found["classes"]]
    return "\n".join(rows)
