"""Data sets: where the four IDX files come from, and how they are verified and read.

Goes out: `Dataset`, whose images stay `uint8` in a memory map. Nothing else in the package knows a shape, a number of
classes or a name of any data set.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import BenchmarkError, DataError
from benchmark.results import atomic_path, file_sha256, write_atomically

__all__ = [
    "DATASETS",
    "FILES",
    "Dataset",
    "DatasetEntry",
    "fetch",
    "find_entry",
    "format_summary",
    "load_dataset",
    "subset",
]

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
UNSIGNED_BYTE = 0x08
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 4
MAX_CLASSES = 62

Report = Callable[[str], None]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class DatasetEntry:
    """What the benchmark is told about a data set; all else is read from its files.

    `families` groups class names that belong together; `home` is where its checksums and files lie.
    """

    name: str
    title: str
    class_names: tuple[str, ...]
    families: dict[str, tuple[str, ...]]
    licence: str
    source: str
    urls: tuple[str, ...] = ()
    debian_package: str = ""
    debian_folder: str = ""
    home: str = ""


FASHION_MNIST = DatasetEntry(
    name="fashion-mnist",
    title="Fashion-MNIST",
    class_names=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    families={
        "Tops": ("T-shirt/top", "Pullover", "Coat", "Shirt"),
        "Dresses and trousers": ("Dress", "Trouser"),
        "Shoes": ("Sandal", "Sneaker", "Ankle boot"),
        "Bags": ("Bag",),
    },
    licence="MIT, copyright 2017 Zalando SE",
    source="https://github.com/zalandoresearch/fashion-mnist",
    urls=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    debian_package="dataset-fashion-mnist",
    debian_folder="usr/share/datasets/fashion-mnist",
    home="data/fashion-mnist",
)
DATASETS: dict[str, DatasetEntry] = {
    entry.name: entry
    for entry in (
        FASHION_MNIST,
        replace(
            FASHION_MNIST,
            name="fashion-mnist-sample",
            title="Fashion-MNIST sample",
            urls=(),
            debian_package="",
            debian_folder="",
            home="tests/data",
        ),
    )
}


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


def find_entry(name: str) -> DatasetEntry:
    """Return the entry called `name`.

    Raises
    ------
    DataError
        If there is none.

    """
    if name not in DATASETS:
        raise DataError(
            f"there is no data set {name!r}",
            expected="one of " + ", ".join(DATASETS),
            found=name,
            remedy="python -m benchmark data --help",
        )
    return DATASETS[name]


def load_dataset(
    name: str, *, root: Path, data_dir: Path | None = None, cache_dir: Path, report: Report = print
) -> Dataset:
    """Return a data set, fetched if need be, verified and mapped into memory.

    Raises
    ------
    DataError
        If no source has it, or a file is damaged or not the one that its checksum describes.

    """
    entry = find_entry(name)
    return _open(entry, fetch(entry, root=root, data_dir=data_dir, cache_dir=cache_dir, report=report))


def _open(entry: DatasetEntry, folder: Path, profile: str | None = None) -> Dataset:
    arrays = [read_idx(folder / name) for name in FILES]
    _check_pairs(entry, folder, arrays)
    train_images, train_labels, test_images, test_labels = arrays
    return Dataset(entry, train_images, train_labels, test_images, test_labels, digest=_digest(folder), profile=profile)


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in FILES:
        with (folder / name).open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                whole.update(chunk)
    return whole.hexdigest()


# ------------------------------------------------------------------------------------------------------------ IDX files
def read_idx(path: Path) -> Bytes:
    """Return the array in an IDX file as a read-only memory map; its header is checked before a byte is used.

    Raises
    ------
    DataError
        If the file is missing, empty, of another type, or longer or shorter than its header says.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges: The MNIST database, "The IDX file format".

    """
    n_dims = 3 if "images" in path.name else 1
    remedy = f"rm {path} && make data"
    expected = f"an IDX file of {'images' if n_dims == 3 else 'labels'}: magic 0x{UNSIGNED_BYTE << 8 | n_dims:08x}"  # noqa: PLR2004
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            header = stream.read(4 + 4 * n_dims)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read", expected=expected, found=error.strerror or "", remedy=remedy
        ) from None
    if len(header) < 4 + 4 * n_dims:
        raise DataError(f"{path} ends within its header", expected=expected, found=f"{size} bytes", remedy=remedy)
    magic, *shape = struct.unpack(f">{1 + n_dims}I", header)
    if magic != (UNSIGNED_BYTE << 8 | n_dims):
        raise DataError(
            f"{path} is no such IDX file",
            expected=expected,
            found=f"magic 0x{magic:08x}{_guess(magic, n_dims)}",
            remedy=remedy,
        )
    length = len(header) + int(np.prod(shape, dtype=object))
    if size != length or 0 in shape:
        raise DataError(
            f"{path} does not have the length that its header says",
            expected=f"{length} bytes for {' x '.join(map(str, shape))}, none of them 0",
            found=f"{size} bytes",
            remedy=remedy,
        )
    return np.memmap(path, dtype=np.uint8, mode="r", offset=len(header), shape=tuple(shape))


def _guess(magic: int, n_dims: int) -> str:
    if magic == UNSIGNED_BYTE << 8 | (4 - n_dims):
        return ": images and labels look exchanged"
    if magic >> 16 == 0x1F8B:  # noqa: PLR2004
        return ": a gzip file without .gz in its name"
    return ""


def _check_pairs(entry: DatasetEntry, folder: Path, arrays: list[Bytes]) -> None:
    """Refuse labels that are no class, counts that differ, and test images of another shape."""
    for images, labels, name in ((arrays[0], arrays[1], FILES[1]), (arrays[2], arrays[3], FILES[3])):
        remedy = f"rm {folder / name} && make data"
        if len(images) != len(labels):
            raise DataError(
                f"{folder / name} does not have as many labels as there are images",
                expected=str(len(images)),
                found=str(len(labels)),
                remedy=remedy,
            )
        if int(labels.max()) >= len(entry.class_names):
            place = int(labels.argmax())
            raise DataError(
                f"{folder / name} holds a label that is no class",
                expected=f"0 to {len(entry.class_names) - 1}",
                found=f"{labels[place]} at place {place}",
                remedy=remedy,
            )
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise DataError(
            f"{folder / FILES[2]} holds images of another shape than the training images",
            expected=str(arrays[0].shape[1:]),
            found=str(arrays[2].shape[1:]),
            remedy=f"rm {folder / FILES[2]} && make data",
        )


def write_idx(path: Path, array: Bytes) -> None:
    """Write an array of bytes as an IDX file, whole or not at all."""
    header = struct.pack(f">{1 + array.ndim}I", UNSIGNED_BYTE << 8 | array.ndim, *array.shape)
    write_atomically(path, header + np.ascontiguousarray(array, dtype=np.uint8).tobytes())


def subset(dataset: Dataset, n_train: int, n_test: int, *, seed: int = 0, cache_dir: Path) -> Dataset:
    """Return a stratified part of a data set, drawn with `seed`, with a digest of its own; its files lie in `cache_dir`."""
    folder = cache_dir / f"{dataset.entry.name}-{dataset.digest[:12]}-{n_train}-{n_test}-{seed}"
    if not all((folder / name).exists() for name in FILES):
        rng = np.random.default_rng(seed)
        chosen = (
            _stratified(dataset.train_labels, n_train, rng),
            _stratified(dataset.test_labels, n_test, rng),
        )
        write_idx(folder / FILES[0], dataset.train_images[chosen[0]])
        write_idx(folder / FILES[1], dataset.train_labels[chosen[0]])
        write_idx(folder / FILES[2], dataset.test_images[chosen[1]])
        write_idx(folder / FILES[3], dataset.test_labels[chosen[1]])
    return _open(dataset.entry, folder, profile="quick")


def _stratified(labels: Bytes, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return `n` rows (all, if there are fewer), each class in its share, in ascending order."""
    if n >= len(labels):
        return np.arange(len(labels))
    classes, counts = np.unique(labels, return_counts=True)
    shares = counts * n / len(labels)
    wanted = np.floor(shares).astype(int)
    wanted[np.argsort(wanted - shares, kind="stable")[: n - wanted.sum()]] += 1
    rows = [
        rng.choice(np.flatnonzero(labels == label), size, replace=False)
        for label, size in zip(classes, wanted, strict=True)
    ]
    return np.sort(np.concatenate(rows))


# ------------------------------------------------------------------------------------------------------------- sources
def fetch(
    entry: DatasetEntry, *, root: Path, data_dir: Path | None = None, cache_dir: Path, report: Report = print
) -> Path:
    """Return the folder with the four verified, decompressed files, from the first source that has them.

    Raises
    ------
    DataError
        If none has, naming all that was tried; or if a file that is there is damaged or another.

    """
    home = root / entry.home
    sums = _checksums(home / "SHA256SUMS")
    given = data_dir or home
    unpacked = cache_dir / entry.name if data_dir or not entry.urls else home
    if any((given / f"{name}{suffix}").exists() for name in FILES for suffix in ("", ".gz")):
        return _local(entry, given, unpacked, sums)
    if data_dir:
        raise DataError(
            f"{data_dir} does not hold the data set {entry.name}",
            expected=", ".join(FILES) + ", plain or .gz",
            found=", ".join(sorted(path.name for path in data_dir.glob("*"))[:6]) or "nothing",
            remedy="another --data-dir",
        )
    tried = []
    sources: list[tuple[str, Callable[[Path], None]]] = [
        (url, lambda folder, url=url: _download(url, folder, report))  # type: ignore[misc]
        for url in entry.urls
    ]
    if entry.debian_package:
        sources.append((f"Debian package {entry.debian_package}", lambda folder: _from_debian(entry, folder, report)))
    for name, get in sources:
        report(f"{entry.title}: trying {name}")
        partial = cache_dir / f"{entry.name}.{os.getpid()}.partial"
        try:
            partial.mkdir(parents=True, exist_ok=True)
            get(partial)
            _install(entry, partial, home, sums)
        except (BenchmarkError, OSError, subprocess.SubprocessError) as error:
            tried.append(f"{name}: {' '.join(str(error).split())[:200]}")
            report(f"  not from there: {tried[-1].partition(': ')[2]}")
        else:
            report(f"{entry.title}: verified, in {home}")
            return home
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    raise DataError(
        f"the data set {entry.name} could not be fetched",
        expected=f"its four files in {home}, or one source that answers",
        found="; ".join([f"{home}: no files", *tried]),
        remedy=f"put {', '.join(f'{name}.gz' for name in FILES)} into {home}, or name their folder with --data-dir",
    )


def _checksums(path: Path) -> dict[str, str]:
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
        sums = {name: sha256 for sha256, name in rows}
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read",
            expected="a line '<SHA-256>  <file>' for each file",
            found=str(error),
            remedy=f"git checkout -- {path}",
        ) from None
    missing = [name for name in FILES if name not in sums]
    if missing:
        raise DataError(f"{path} lacks {missing[0]}", remedy=f"git checkout -- {path}")
    return sums


def _local(entry: DatasetEntry, given: Path, unpacked: Path, sums: dict[str, str]) -> Path:
    """Use the files in `given`: structure first, then checksums; `.gz` files are unpacked into `unpacked`."""
    paths = [_plain(given, unpacked, name, sums[name]) for name in FILES]
    _check_pairs(entry, given, [read_idx(path) for path in paths])
    for path in paths:
        _verify(path, sums[path.name])
    folders = {path.parent for path in paths}
    if len(folders) > 1:
        for path in paths:
            if path.parent != unpacked:
                with atomic_path(unpacked / path.name) as partial:
                    shutil.copyfile(path, partial)
        return unpacked
    return folders.pop()


def _plain(given: Path, unpacked: Path, name: str, sha256: str) -> Path:
    """Return the plain file, unpacking the `.gz` beside it if need be."""
    if (given / name).exists():
        return given / name
    packed, target = given / f"{name}.gz", unpacked / name
    if not packed.exists():
        raise DataError(
            f"{given / name} is missing", expected=f"{name} or {name}.gz", remedy=f"rm -r {given}/*-ubyte* && make data"
        )
    if not (target.exists() and file_sha256(target) == sha256):
        _unpack(packed, target)
    return target


def _unpack(packed: Path, target: Path) -> None:
    """Decompress in chunks, whole or not at all."""
    try:
        with gzip.open(packed, "rb") as source, atomic_path(target) as partial, partial.open("wb") as stream:
            shutil.copyfileobj(source, stream, CHUNK_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{packed} is damaged", expected="a whole gzip file", found=str(error), remedy=f"rm {packed} && make data"
        ) from None


def _verify(path: Path, expected: str) -> None:
    found = file_sha256(path)
    if found != expected:
        raise DataError(
            f"{path} is not the file that SHA256SUMS describes",
            expected=f"SHA-256 {expected}",
            found=f"SHA-256 {found}",
            remedy=f"rm {path} && make data",
        )


def _install(entry: DatasetEntry, partial: Path, home: Path, sums: dict[str, str]) -> None:
    """Unpack and verify what was fetched, then move it into place."""
    plain = partial / "plain"
    paths = [_plain(partial, plain, name, sums[name]) for name in FILES]
    _check_pairs(entry, plain, [read_idx(path) for path in paths])
    for path in paths:
        _verify(path, sums[path.name])
    for path in paths:
        with atomic_path(home / path.name) as target:
            shutil.move(path, target)


def _download(url: str, folder: Path, report: Report) -> None:
    """Download the four files from an official address."""
    import pooch  # half a second that only a first run needs

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=False)
    for name in FILES:
        report(f"  {name}.gz")
        try:
            pooch.retrieve(f"{url}{name}.gz", known_hash=None, fname=f"{name}.gz", path=folder, downloader=downloader)
        except Exception as error:  # whatever the network layer raises is one more source that did not answer
            raise DataError(f"no answer ({type(error).__name__})") from None


def _from_debian(entry: DatasetEntry, folder: Path, report: Report) -> None:
    """Download and unpack a Debian package without root, with lists and a cache of our own."""
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise DataError(f"not available here: there is no {missing[0]}")
    state = folder / "apt"
    for part in ("lists/partial", "archives/partial"):
        (state / part).mkdir(parents=True)
    options = [
        f"Dir::State::lists={state}/lists",
        f"Dir::Cache={state}",
        f"Dir::Cache::archives={state}/archives",
        "Acquire::Retries=0",
        f"Acquire::http::Timeout={TIMEOUT_SECONDS}",
        f"Acquire::https::Timeout={TIMEOUT_SECONDS}",
        "APT::Sandbox::User=root",
        "Acquire::Languages=none",
        "Debug::NoLocking=1",
        "APT::Update::Error-Mode=any",
    ]
    flags = [word for option in options for word in ("-o", option)]
    report("  package lists, into a folder of our own")
    updated = _run(["apt-get", *flags, "-qq", "update"], folder)
    report(f"  {entry.debian_package}")
    fetched = _run(["apt-get", *flags, "-qq", "download", entry.debian_package], folder)
    packages = sorted(folder.glob("*.deb"))
    if not packages:
        raise DataError(f"apt-get did not download it: {(fetched or updated).strip()[-160:]}")
    _run(["dpkg-deb", "-x", str(packages[0]), str(folder / "package")], folder)
    for name in FILES:
        shutil.move(folder / "package" / entry.debian_folder / f"{name}.gz", folder / f"{name}.gz")


def _run(command: list[str], folder: Path) -> str:
    """Run a command in `folder` and return what it complained of."""
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=600, stdin=subprocess.DEVNULL
    )
    return "" if done.returncode == 0 else done.stderr + done.stdout


# ------------------------------------------------------------------------------------------------------------- summary
def format_summary(dataset: Dataset) -> str:
    """Return what the data set holds, as text."""
    entry = dataset.entry
    images = dataset.train_images
    height, width = dataset.image_shape
    rows = [
        f"{entry.title} ({entry.name}), {entry.licence}, {entry.source}",
        f"{dataset.n_train:,} training and {dataset.n_test:,} test images of {height} x {width} pixels, "
        f"training mean {images.mean():.2f} of 255",
        f"SHA-256 {dataset.digest}",
        f"{'class':16} training    test",
    ]
    counts = [
        np.bincount(labels, minlength=len(entry.class_names)) for labels in (dataset.train_labels, dataset.test_labels)
    ]
    rows += [f"{name:16} {counts[0][i]:8,} {counts[1][i]:7,}" for i, name in enumerate(entry.class_names)]
    return "\n".join(rows)
