"""The targets that read images, the cache and pickles; each takes a folder of its own, see `documents`."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import shutil
from functools import partial

from tools.fuzz import mutate, seeds
from tools.fuzz.guard import WrongAnswerError
from tools.fuzz.target import Target, in_file, of_file

KEY = "0" * 64


# --------------------------------------------------------------------------------------------------------------- images
def dataset(name, folder):
    """Load a data set, one of whose files is changed: plain, packed, a checksum, or a picture."""
    from benchmark.dataset import FILES, DatasetEntry, load_dataset, summary

    entry = DatasetEntry("tiny", "Tiny", seeds.CLASSES, "CC0", "drawn")
    files, accept = folder / "files", name != "SHA256SUMS"
    arrays = dict(
        zip(
            FILES,
            [
                seeds.idx(seeds.N_TRAIN, *seeds.SHAPE),
                seeds.labels(seeds.N_TRAIN),
                seeds.idx(seeds.N_TEST, *seeds.SHAPE),
                seeds.labels(seeds.N_TEST),
            ],
            strict=True,
        )
    )
    write_data(name, files, arrays)
    sums = folder / "data" / "tiny" / "SHA256SUMS"

    def use(_):
        shutil.rmtree(folder / "cache", ignore_errors=True)
        where = {"root": folder, "data_dir": files, "cache_dir": folder / "cache"}
        return summary(load_dataset("tiny", **where, datasets={"tiny": entry}, accept=accept, report=lambda _: None))

    if name == "SHA256SUMS":
        lines = [f"{hashlib.sha256(content).hexdigest()}  {file}\n" for file, content in arrays.items()]
        hard = [b"", b"a", b"\xff" * 99, "".join(lines).encode("utf-16"), b"a b c\n", b"0" * 1_000_000]
        return Target(
            in_file(sums, use),
            ["".join(lines).encode()],
            mutate.of_words(b"\n", b"  ", b" *", b"\t", b"\r\n", *map(str.encode, FILES)),
            hard,
        )
    path = files / name
    found, plain = path.read_bytes(), arrays.get(name.removesuffix(".gz"), b"")
    if name.endswith(".png"):
        return Target(in_file(path, use), [found], mutate.mutated_png, seeds.hard_pictures())
    hard = seeds.hard_idx(plain)
    if name.endswith(".gz"):
        packed = [
            b"",
            plain,
            seeds.gzip_bomb(),
            found[:-4],
            found + found,
            found + b"\x00" * 9,
            *(gzip.compress(data, mtime=0) for data in hard),
        ]
        return Target(in_file(path, use), [found], mutate.mutated_gzip, packed)
    return Target(in_file(path, use), [found], mutate.mutated_bytes, hard)


def write_data(name, files, arrays):
    """Write the files of a data set in the form that a name is of."""
    if name.endswith(".png"):
        for part, n in (("train", 3), ("test", 1)):
            for i, path in ((i, files / part / label / f"{i}.png") for label in seeds.CLASSES for i in range(n)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(seeds.picture(first=i))
        return
    files.mkdir(parents=True)
    for file, content in arrays.items():
        packed = name.endswith(".gz")
        (files / f"{file}{'.gz' if packed else ''}").write_bytes(gzip.compress(content, mtime=0) if packed else content)


def predicted(form, folder):
    """Read a picture as `predict` does."""
    from benchmark.predict import load_image

    found = seeds.pngs() if form == "png" else seeds.jpegs()
    change = mutate.mutated_png if form == "png" else mutate.mutated_bytes
    return Target(
        in_file(folder / f"picture.{form}", partial(load_image, image_shape=(28, 28))),
        found,
        change,
        seeds.hard_pictures(),
    )


# ------------------------------------------------------------------------------------------------- caches and pickles
def cached(kind, folder):
    """Read an entry of the cache back: what comes is what was put there, or nothing."""
    from benchmark.cache import Cache

    cache, value, content = (
        Cache(folder / "cache"),
        {"score": 0.875, "wall": 1.5, "cpu": 1.25, "of": ["a", None]},
        bytes(range(200)),
    )
    cache.write("fits", KEY, value) if kind == "value" else cache.content("charts", KEY, lambda: content)
    (path,) = (path for path in (folder / "cache").rglob("*") if path.is_file())

    def use(_):
        found = cache.read("fits", KEY, dict) if kind == "value" else cache.content("charts", KEY, lambda: content)
        if found not in ((value, None) if kind == "value" else (content,)):
            raise WrongAnswerError("an altered entry of the cache is taken", f"{found!r:.200}")

    change = mutate.mutated_json if kind == "value" else mutate.mutated_bytes
    return Target(
        in_file(path, use),
        [path.read_bytes()],
        change,
        seeds.hard_json(path.read_bytes()) if kind == "value" else [b""],
    )


def opened(name, folder):
    """Load a model whose pickle, or the document that names its digest, is changed; another pickle must not be opened."""
    from importlib.metadata import version

    from sklearn.dummy import DummyClassifier

    from benchmark.predict import load_model
    from benchmark.results import Run, write_document
    from tests import made

    content = pickle.dumps(DummyClassifier())
    run = made.run("m") | {"pickle": {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}}
    run["libraries"] |= {"scikit-learn": version("scikit-learn")}
    write_document(folder / "run.json", run, Run)
    (folder / "model.pkl").write_bytes(content)

    def use(path):
        load_model(folder / "model.pkl")
        if (folder / "model.pkl").read_bytes() != content:
            raise WrongAnswerError("a pickle of another digest is opened")

    if name == "run.json":
        return of_file(folder / name, use)
    return Target(in_file(folder / name, use), [content], mutate.mutated_bytes, [b"", b"cos\nsystem\n(S'false'\ntR."])
