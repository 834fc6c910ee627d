"""Right inputs to begin with: the tracked documents, the sample's format in small, made results, drawn pictures."""

from __future__ import annotations

import functools
import gzip
import io
import json
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from benchmark.errors import BenchmarkError
from benchmark.results import DOCUMENTS, Curves, Study, write_document
from benchmark.results.reading import parse_document
from tools.fuzz.mutate import png_file

ROOT = Path(__file__).resolve().parents[2]
SHAPE = (5, 4)
CLASSES = ("a", "b")
N_TRAIN, N_TEST = 8, 4
N_IMAGES = 40  # of made results
MODELS = ("one", "two")
TIB = 1 << 40


# ------------------------------------------------------------------------------------------------------------ documents
def tracked(name):
    """Return tracked documents of that name, shortened: the smallest of a model, or the one of the data set."""
    folders = {"entries.json": "models/fashion-mnist", "published.json": "data/fashion-mnist"}
    if name in folders:
        paths = [ROOT / folders[name] / name]
    elif name == "dataset-study.json":
        paths = [ROOT / "data" / "fashion-mnist" / "study.json"]
    else:
        paths = sorted((ROOT / "models" / "fashion-mnist").glob(f"*/{name}"), key=lambda path: path.stat().st_size)
        paths = [paths[0], paths[-1]]
    return [_short(path.read_bytes(), name) for path in paths]


def _short(content, name):
    """Return a document with fewer items where it is right without the others too."""
    short = json.dumps(shortened(json.loads(content)), indent=1).encode()
    try:
        parse_document(short, name, DOCUMENTS[name])
    except BenchmarkError:
        return content
    return short


def shortened(value, most=3):
    """Return a document with at most so many items of each list, and of each object whose values are alike."""
    if isinstance(value, list):
        return [shortened(item, most) for item in value[:most]]
    if isinstance(value, dict):
        alike = len({type(item) for item in value.values()}) == 1 and len(value) > 2 * most
        return {key: shortened(value[key], most) for key in list(value)[: most if alike else None]}
    return value


def released():
    """Return what GitHub says of a release."""
    asset = {
        "name": "svm-hog.pkl",
        "browser_download_url": "https://example.org/svm-hog.pkl",
        "digest": f"sha256:{'0' * 64}",
    }
    return [json.dumps({"tag_name": "v1.0", "assets": [asset, asset | {"name": "SHA256SUMS"}]}).encode()]


def hard_json(document):
    """Return JSON that parsers stumble over, some of it the document with a twist."""
    other = [
        document.replace(b'"schema_version": 1', b'"schema_version": ' + version)
        for version in (b"2", b"0", b"true", b"1.0", b"null")
    ]
    return [
        b"", b" ", b"null", b"[]", b"{}", b'"', b"\xff\xfe", b"\xef\xbb\xbf" + document, document.decode().encode("utf-16"),
        b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b"1" * 1_000_000, b'"' + b"x" * 1_000_000 + b'"',
        b'{"schema_version": 1}', b'{"schema_version": 1e0}', document + document, document[: len(document) // 2], *other,
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- results
def write_results(folder, wrong=0):
    """Write results of two models whose documents are all there."""
    from tests import made  # takes two seconds, and few targets need it

    made.write_table(folder, MODELS, made.labels(N_IMAGES))
    for place, name in enumerate(MODELS):
        made.write_model(
            folder, name, made.predictions(range(place + 1 + wrong), N_IMAGES), seeds=0.01 if place else None
        )
        write_document(folder / name / "curves.json", _curves(name, made.CLASSES), Curves)
        write_document(folder / name / "study.json", _study(name, made.CLASSES), Study)


def _curves(name, classes):
    line = {"fpr": [0, 0.5, 1], "tpr": [0, 0.75, 1]}
    return {
        "schema_version": 1,
        "name": name,
        "roc": dict.fromkeys(classes, line),
        "precision_recall": {key: {"recall": [0, 1], "precision": [1, 0.5]} for key in classes},
        "reliability": None,
    }


def _study(name, classes):
    points = [{"n_train": n, "accuracy": {"value": 0.8, "low": 0.7, "high": 0.9}} for n in (4, 8)]
    return {
        "schema_version": 1,
        "name": name,
        "confident_mistakes": [{"index": 0, "true": classes[0], "predicted": classes[1], "margin": 0.5}],
        "learning_curve": {"fold": 0, "n_held_out": 4, "points": points},
        "importances": [
            {"method": "permutation", "shape": [1, 2], "block": 1, "n_images": 4, "pictures": {"all": [0.5, 0.0]}}
        ],
    }


# --------------------------------------------------------------------------------------------------------------- images
def idx(*shape, content=None):
    """Return an IDX file of bytes of that shape; `content` instead of what follows from it."""
    body = bytes(i * 37 % 256 for i in range(int(np.prod(shape)))) if content is None else content
    return struct.pack(f">{1 + len(shape)}I", 0x0800 | len(shape), *shape) + body


def labels(n):
    """Return an IDX file of so many labels."""
    return idx(n, content=bytes(i % len(CLASSES) for i in range(n)))


def hard_idx(data):
    """Return headers that claim far more than there is, nothing, or another type."""
    sizes = [(1 << 20, 1 << 10, 1 << 10), (2**32 - 1,) * 3, (0, 5, 4), (N_TRAIN, 0, 4), (1, 1, 1), (1 << 31, 1, 1)]
    claims = [idx(*shape, content=data[16:]) for shape in sizes] + [idx(1 << 31, content=b""), idx(0, content=b"")]
    return [b"", data[:3], data[:15], data + b"\x00", data[:-1], gzip.compress(data, mtime=0), *claims]


@functools.cache
def gzip_bomb():
    """Return 384 MiB of zeros in 400 KB: gzip files may be put one after the other."""
    return gzip.compress(bytes(16 << 20), 9, mtime=0) * 24


def picture(mode="L", form="PNG", size=SHAPE[::-1], first=0, **settings):
    """Return a drawn picture as a file; `first` is the grey that it begins with."""
    n = int(np.prod(size))
    grey = Image.frombytes("L", size, bytes((first + i * 91) % 256 for i in range(n)))
    stream = io.BytesIO()
    (grey if mode == "L" else grey.convert("RGB").convert(mode)).save(stream, form, **settings)
    return stream.getvalue()


def pngs():
    """Return PNG files of all kinds."""
    exif = Image.Exif()
    exif[0x0112] = 6  # on its side
    modes = [picture(mode, size=(9, 7)) for mode in ("L", "RGB", "RGBA", "LA", "P", "1")]
    return [*modes, picture("P", transparency=0), picture(size=(28, 28)), picture(exif=exif)]


def jpegs():
    """Return JPEG files of all kinds."""
    exif = Image.Exif()
    exif[0x0112] = 8
    modes = [picture(mode, "JPEG", (16, 9)) for mode in ("L", "RGB", "CMYK")]
    return [*modes, picture("RGB", "JPEG", (20, 20), progressive=True), picture("L", "JPEG", exif=exif)]


def hard_pictures():
    """Return pictures that claim to be huge, that are huge, that are none, and those of other formats."""
    return [
        b"", b"\x89PNG\r\n\x1a\n", _large(60_000, 60_000, whole=False), _large(13_000, 13_000), _large(1, 1),
        _large(1 << 31, 1, whole=False), _large(1, 2_000_000), png_file([*_chunks(9, 9), (b"zTXt", b"a\x00\x00" + zlib.compress(bytes(64 << 20)))]),
        picture("RGB", "JPEG").replace(struct.pack(">HH", *SHAPE), b"\xff\xff\xff\xff"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"P5\n99999 99999\n255\n",
        _deep(), *(picture("RGB", form) for form in ("BMP", "GIF", "TIFF", "WEBP", "PPM", "ICO", "TGA")),
    ]  # fmt: skip


def _large(width, height, *, whole=True):
    """Return a black PNG file of that size, or only its header and the first bytes."""
    return png_file(_chunks(width, height, whole=whole))


def _deep():
    """Return a PNG file of 16 bits a pixel."""
    stream = io.BytesIO()
    Image.fromarray(np.arange(20, dtype=np.uint16).reshape(SHAPE) * 3000).save(stream, "PNG")
    return stream.getvalue()


def _chunks(width, height, *, whole=True):
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) if whole else b""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return [(b"IHDR", header), (b"IDAT", rows + packer.flush()), (b"IEND", b"")]
