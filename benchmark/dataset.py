"""Data sets: where the four IDX files come from, and how they are verified and read.

Goes out: `Dataset`, whose images stay `uint8` in a memory map. Nothing else in the package knows a shape, a number of
classes or a name of any data set. To add one, add an entry and run `make data DATASET=<name> ACCEPT=1`.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import BenchmarkError, DataError, EntryError
from benchmark.layout import shipped
from benchmark.results import atomic_path, file_sha256, slug, write_atomically

__all__ = [
    "DATASETS",
    "FILES",
    "Dataset",
    "DatasetEntry",
    "check_dataset_entry",
    "fetch",
    "find_entry",
    "format_summary",
    "load_dataset",
    "subset",
    "summary",
]

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
UNSIGNED_BYTE = 0x08
CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 4
MAX_CLASSES = 62  # a prediction is stored as one character
MIN_PER_CLASS = {"training": 3, "test": 1}  # one for each fold of the search
TAKEN = ("assets", "figures", "images", "methods", "search")  # folders of the site beside a data set's own

Report = Callable[[str], None]
Sums = dict[str, str] | None  # SHA-256 by name of file; None while they are about to be accepted
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class DatasetEntry:
    """What the benchmark is told about a data set; all else is read from its files.

    Parameters
    ----------
    name : str
        Its name in addresses and folders: lower-case letters, digits and hyphens.
    title, licence, source : str
        How pages call it, under what licence it is, and where it comes from.
    class_names : sequence of str
        Names of the classes in label order, 62 at most.
    families : dict of str to sequence of str
        Class names that belong together, and how pages call them.
    urls : tuple of str
        Addresses below which `<file>.gz` lies for each of `FILES`.
    debian_package, debian_folder : str
        A Debian package with these files, and the folder in it.
    home : str
        Where its checksums and files lie, the four IDX files (plain or .gz) or the folders train and test of PNG files:
        absolute, or below the folder of `models` and `build`; empty for data/<name>.

    """

    name: str
    title: str
    class_names: tuple[str, ...]
    licence: str
    source: str
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
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
    home="data/fashion-mnist",  # as for any data set, were it not for the sample below
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


def find_entry(name: str, datasets: Mapping[str, DatasetEntry] = DATASETS) -> DatasetEntry:
    """Return the entry called `name`.

    Raises
    ------
    DataError
        If there is none.

    """
    if name not in datasets:
        raise DataError(
            f"there is no data set {name!r}",
            expected="one of " + ", ".join(datasets),
            found=name,
            remedy="--entries with the file that defines it, or an entry in benchmark/dataset.py",
        )
    return datasets[name]


def check_dataset_entry(entry: DatasetEntry) -> None:
    """Refuse an entry that no files could fit.

    Raises
    ------
    EntryError
        For a name that is no folder's, a missing word, too few or too many classes, two classes of one address, or a
        family of unknown classes.

    """
    names = entry.class_names
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name) or entry.name in TAKEN:
        expected, found = f"lower-case letters, digits and hyphens, and none of {', '.join(TAKEN)}", repr(entry.name)
    elif not (entry.title and entry.licence and entry.source):
        expected, found = "a title, a licence and a source", "an empty one"
    elif isinstance(names, str) or not all(isinstance(name, str) for name in names):
        expected, found = "class_names: a sequence of str", repr(names)[:80]
    elif not 2 <= len(names) <= MAX_CLASSES:  # noqa: PLR2004
        expected, found = f"2 to {MAX_CLASSES} classes", str(len(names))
    elif len({slug(name) for name in names} - {""}) < len(names):
        expected = "class names that differ in ASCII letters and digits, which is what their addresses are made of"
        found = ", ".join(names)
    elif foreign := [name for members in entry.families.values() for name in members if name not in names]:
        expected, found = "families of classes: " + ", ".join(names), repr(foreign[0])
    else:
        return
    raise EntryError(
        f"data set {entry.name!r} is not sound", expected=expected, found=found, remedy="mend the data set's entry"
    )


def load_dataset(
    name: str,
    *,
    root: Path,
    data_dir: Path | None = None,
    cache_dir: Path,
    report: Report = print,
    datasets: Mapping[str, DatasetEntry] = DATASETS,
    accept: bool = False,
) -> Dataset:
    """Return a data set, fetched if need be, verified and mapped into memory; see `fetch`.

    Raises
    ------
    DataError
        If no source has it, or a file is damaged or not the one that its checksum describes.

    """
    entry = find_entry(name, datasets)
    check_dataset_entry(entry)
    folder = fetch(entry, root=root, data_dir=data_dir, cache_dir=cache_dir, report=report, accept=accept)
    return _open(entry, folder)


def _open(entry: DatasetEntry, folder: Path, profile: str | None = None) -> Dataset:
    train_images, train_labels, test_images, test_labels = _read(entry, [folder / name for name in FILES])
    return Dataset(entry, train_images, train_labels, test_images, test_labels, digest=_digest(folder), profile=profile)


def _digest(folder: Path) -> str:
    whole = hashlib.sha256()
    for name in FILES:
        with (folder / name).open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                whole.update(chunk)
    return whole.hexdigest()


# ------------------------------------------------------------------------------------------------------------ IDX files
def read_idx(path: Path, remedy: str = "") -> Bytes:
    """Return the array in an IDX file as a read-only memory map; its header is checked before a byte is used.

    Parameters
    ----------
    path : Path
        Has `images` in its name, or `labels`.
    remedy : str
        What an error advises.

    Raises
    ------
    DataError
        If the file is missing, empty, of another type, or longer or shorter than its header says.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges: The MNIST database, "The IDX file format".

    """
    n_dims = 3 if "images" in path.name else 1
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


def _read(entry: DatasetEntry, paths: list[Path]) -> list[Bytes]:
    """Return the arrays of the four files, which must fit the entry and each other."""
    arrays = [read_idx(path, _again(entry, path)) for path in paths]
    _check_part(entry, "training", arrays[:2], paths[1])
    _check_part(entry, "test", arrays[2:], paths[3])
    if arrays[0].shape[1:] != arrays[2].shape[1:]:
        raise DataError(
            f"{paths[2]} holds images of another shape than the training images",
            expected=str(arrays[0].shape[1:]),
            found=str(arrays[2].shape[1:]),
            remedy=_again(entry, paths[2]),
        )
    return arrays


def _again(entry: DatasetEntry, path: Path) -> str:
    """Return what mends a file: nobody is told to remove one that cannot be fetched again."""
    return f"rm {path} && make data" if entry.urls else f"put the right file in its place: {path}"


def _check_part(entry: DatasetEntry, part: str, arrays: list[Bytes], path: Path) -> None:
    """Refuse labels, in the file `path`, that are no class, classes without images, and counts that differ."""
    images, labels = arrays
    if len(images) != len(labels):
        raise DataError(
            f"{path} does not have as many labels as there are images",
            expected=str(len(images)),
            found=str(len(labels)),
            remedy=_again(entry, path),
        )
    if int(labels.max()) >= len(entry.class_names):
        place = int(labels.argmax())
        raise DataError(
            f"{path} holds a label that is no class",
            expected=f"0 to {len(entry.class_names) - 1}",
            found=f"{labels[place]} at place {place}",
            remedy=_again(entry, path),
        )
    counts = np.bincount(labels, minlength=len(entry.class_names))
    if counts.min() < MIN_PER_CLASS[part]:
        rarest = int(counts.argmin())
        raise DataError(
            f"{path} holds too few {part} images of the class {entry.class_names[rarest]!r}",
            expected=f"{MIN_PER_CLASS[part]} or more of each class",
            found=str(counts[rarest]),
            remedy="more images of the class, or an entry without it",
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
    entry: DatasetEntry,
    *,
    root: Path,
    data_dir: Path | None = None,
    cache_dir: Path,
    report: Report = print,
    accept: bool = False,
) -> Path:
    """Return the folder with the four verified, decompressed files, from the first source that has them.

    With `accept`, whatever the source has is the data set: its checksums are written, not compared.

    Raises
    ------
    DataError
        If none has, naming all that was tried; or if a file that is there is damaged or another.

    """
    home = root / (entry.home or f"data/{entry.name}")
    sums = None if accept else _checksums(entry, home)
    folder = _find(entry, home, data_dir, cache_dir, sums, report)
    if accept:
        lines = [f"{file_sha256(folder / name)}  {name}\n" for name in sorted(FILES)]
        write_atomically(home / "SHA256SUMS", "".join(lines).encode())
        report(f"{entry.title}: these files are the data set from now on, says {home / 'SHA256SUMS'}")
    return folder


def _find(entry: DatasetEntry, home: Path, data_dir: Path | None, cache_dir: Path, sums: Sums, report: Report) -> Path:
    """Return the folder of the plain files: from files that are here, or else from the first source that answers."""
    given = data_dir or (home if home.exists() or not entry.home else shipped(entry.home))
    unpacked = home if given == home and entry.urls else cache_dir / entry.name
    if any((given / f"{name}{suffix}").exists() for name in FILES for suffix in ("", ".gz")):
        own = entry if given == home else replace(entry, urls=())  # nothing is fetched into a folder of one's own
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
        expected=f"its four files, or the folders train and test of PNG files, in {home}, or one source that answers",
        found="; ".join([f"{home}: no files", *tried]),
        remedy=f"put {', '.join(f'{name}.gz' for name in FILES)} into {home}, or name their folder with --data-dir",
    )


def _checksums(entry: DatasetEntry, home: Path) -> dict[str, str]:
    """Return the SHA-256 of each file, from the data set's own folder or the one that comes with the package."""
    path = home / "SHA256SUMS"
    if entry.home and not path.exists():
        path = shipped(entry.home) / "SHA256SUMS"
    if not path.exists():
        raise DataError(
            f"{path} does not exist: nobody has said yet which files the data set {entry.name} is",
            expected="a line '<SHA-256>  <file>' for each of its four files",
            remedy=f"make data DATASET={entry.name} ACCEPT=1, which writes them, or git checkout -- {path} if they were there",
        )
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


def _local(entry: DatasetEntry, given: Path, unpacked: Path, sums: Sums) -> Path:
    """Use the files in `given`: structure first, then checksums; `.gz` files are unpacked into `unpacked`."""
    paths = [_plain(entry, given, unpacked, name, sums) for name in FILES]
    _read(entry, paths)
    _verify(entry, paths, sums, given)
    folders = {path.parent for path in paths}
    if len(folders) > 1:
        for path in paths:
            if path.parent != unpacked:
                with atomic_path(unpacked / path.name) as partial:
                    shutil.copyfile(path, partial)
        return unpacked
    return folders.pop()


def _converted(entry: DatasetEntry, given: Path, unpacked: Path, sums: Sums, report: Report) -> Path:
    """Write a folder of pictures as IDX files into `unpacked`, once, and again when a picture has changed."""
    from benchmark.image_folder import newest_change, read_image_folder  # Pillow, which IDX files do not need

    paths = [unpacked / name for name in FILES]
    written = min((path.stat().st_mtime if path.exists() else 0.0) for path in paths)
    names = unpacked / "class_names.txt"  # a label is a place among them
    wanted = "".join(f"{name}\n" for name in entry.class_names)
    if written <= newest_change(given) or not names.exists() or names.read_text(encoding="utf-8") != wanted:
        report(f"{entry.title}: reading the pictures in {given}")
        for path, array in zip(paths, read_image_folder(given, entry.class_names), strict=True):
            write_idx(path, array)
        with atomic_path(names) as partial:
            partial.write_text(wanted, encoding="utf-8")
    _read(entry, paths)
    _verify(entry, paths, sums)
    return unpacked


def _plain(entry: DatasetEntry, given: Path, unpacked: Path, name: str, sums: Sums) -> Path:
    """Return the plain file, unpacking the `.gz` beside it if need be."""
    if (given / name).exists():
        return given / name
    packed, target = given / f"{name}.gz", unpacked / name
    if not packed.exists():
        remedy = f"rm -r {given}/*-ubyte* && make data" if entry.urls else f"put it into {given}"
        raise DataError(f"{given / name} is missing", expected=f"{name} or {name}.gz", remedy=remedy)
    if not (sums and target.exists() and file_sha256(target) == sums[name]):
        _unpack(packed, target, _again(entry, packed))
    return target


def _unpack(packed: Path, target: Path, remedy: str) -> None:
    """Decompress in chunks, whole or not at all."""
    try:
        with gzip.open(packed, "rb") as source, atomic_path(target) as partial, partial.open("wb") as stream:
            shutil.copyfileobj(source, stream, CHUNK_BYTES)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{packed} is damaged", expected="a whole gzip file", found=str(error), remedy=remedy) from None


def _verify(entry: DatasetEntry, paths: list[Path], sums: Sums, given: Path | None = None) -> None:
    """Refuse contents of another checksum, by the name of the file that they came from: a `.gz` in `given`, perhaps."""
    for path in paths if sums else []:
        found = file_sha256(path)
        if sums and found != sums[path.name]:
            meant = (
                ""
                if entry.urls or entry.debian_package
                else f", or make data DATASET={entry.name} ACCEPT=1 if it is meant to differ"
            )
            packed = given / f"{path.name}.gz" if given and path.parent != given else path
            origin = packed if packed.exists() else path
            raise DataError(
                f"{origin} is not the file that SHA256SUMS describes",
                expected=f"SHA-256 {sums[path.name]}{'' if origin is path else ' of the contents'}",
                found=f"SHA-256 {found}",
                remedy=_again(entry, origin) + meant,
            )


def _install(entry: DatasetEntry, partial: Path, home: Path, sums: Sums) -> None:
    """Unpack and verify what was fetched, then move it into place."""
    plain = partial / "plain"
    paths = [_plain(entry, partial, plain, name, sums) for name in FILES]
    _read(entry, paths)
    _verify(entry, paths, sums)
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
def summary(dataset: Dataset) -> dict[str, Any]:
    """Return what the data set holds."""
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
        f"{found['title']} ({found['name']}), {found['licence']}, {found['source']}",
        f"{found['n_train']:,} training and {found['n_test']:,} test images of {height} x {width} pixels, "
        f"training mean {found['train_mean']:.2f} of 255",
        f"SHA-256 {found['digest']}",
        f"{'class':16} training    test",
    ]
    rows += [f"{row['name']:16} {row['train']:8,} {row['test']:7,}" for row in found["classes"]]
    return "\n".join(rows)
