"""`make scale`: runs the bench on 600,000 generated images and prints the most memory that each of its processes held.

The training images are Fashion-MNIST's, ten times, each copy shifted by up to a pixel and with noise of its own; the test
images are the real ones. Two models suffice for reading, features, search, learning curve and evaluation: the most
frequent class, and logistic regression on 64 components. Everything is written below `build/scale`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmark.commands.process import pin_arithmetic

pin_arithmetic()  # before NumPy is imported

import numpy as np
import psutil

from benchmark.dataset import load_dataset
from benchmark.dataset.checks import FILES
from benchmark.dataset.idx import write_idx

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "build" / "scale"
COPIES = 10
NOISE = 8  # grey values
GIB = 2**30
ENTRIES = """\
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from benchmark.dataset import DatasetEntry
from benchmark.measure.entry import ModelEntry

DATASETS = [DatasetEntry("generated", "{title}, {copies} times", {classes!r}, "MIT", "generated", home={home!r})]
MODELS = [
    ModelEntry("guess", "A guess", "dummy", "pixels", DummyClassifier(strategy="prior"),
        {{"features__n_components": [64]}}, "Looks at no image.", baseline=True),
    ModelEntry("lr-64", "Logistic regression, 64 components", "lr", "pixels",
        Pipeline([("scaler", StandardScaler()), ("classifier", LogisticRegression(max_iter=1000))]),
        {{"features__n_components": [64], "classifier__C": [0.1, 1.0]}}, "Multinomial."),
]
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--copies", type=int, default=COPIES, help="how many times the training images (default: %(default)s)"
    )
    parser.add_argument("--dataset", default="fashion-mnist", help="whose images (default: %(default)s)")
    parser.add_argument("--models", default="guess,lr-64", help="which of the two (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where all is written (default: build/scale)")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    whole = load_dataset(arguments.dataset, root=ROOT, cache_dir=ROOT / "build" / "data")
    generate(whole, arguments.copies, folder / "data")
    home = {
        "title": whole.entry.title,
        "copies": arguments.copies,
        "classes": whole.class_names,
        "home": str(folder / "data"),
    }
    (folder / "scale_entries.py").write_text(ENTRIES.format(**home), encoding="utf-8")
    where = [
        "--dataset",
        "generated",
        "--entries",
        str(folder / "scale_entries.py"),
        "--build-dir",
        str(folder / "build"),
    ]
    subprocess.run([sys.executable, "-m", "benchmark", "data", *where, "--accept"], cwd=ROOT, check=True)
    run = [sys.executable, "-m", "benchmark", "bench", *where, "--models-dir", str(folder / "models")]
    run += ["--models", arguments.models, "--no-site", "--json"]
    started = time.perf_counter()
    code, peaks, together = watched(run)
    n_images = arguments.copies * whole.n_train
    print(f"{n_images:,} training images, {time.perf_counter() - started:.0f} s, status {code}")
    for what, peak in [*sorted(peaks.items(), key=lambda item: -item[1]), ("all together", together)]:
        print(f"{peak / GIB:6.2f} GiB  {what}")
    return code


def generate(whole, copies, folder):
    """Write the generated data set, copy by copy."""
    folder.mkdir(parents=True, exist_ok=True)
    height, width = whole.image_shape
    shape = copies * whole.n_train, height, width
    header = b"\x00\x00\x08\x03" + b"".join(size.to_bytes(4, "big") for size in shape)
    rng = np.random.default_rng(0)
    with (folder / FILES[0]).open("wb") as stream:
        stream.write(header)
        for _ in range(copies):
            for start in range(0, whole.n_train, 10_000):
                stream.write(altered(np.asarray(whole.train_images[start : start + 10_000]), rng).tobytes())
    write_idx(folder / FILES[1], np.tile(whole.train_labels, copies))
    write_idx(folder / FILES[2], np.asarray(whole.test_images))
    write_idx(folder / FILES[3], np.asarray(whole.test_labels))


def altered(images, rng):
    """Return images shifted together by up to a pixel each way, with noise where there is a garment."""
    shifted = np.roll(images, rng.integers(-1, 2, 2), axis=(1, 2)).astype(np.int16)
    noise = rng.integers(-NOISE, NOISE + 1, images.shape, dtype=np.int16)
    return np.clip(shifted + noise * (shifted > 0), 0, 255).astype(np.uint8)


def watched(command):
    """Run a command; return its status, the most memory of each kind of process, and of all together at one time."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    peaks, together = {}, [0]
    watcher = threading.Thread(target=watch, args=(process, peaks, together))
    watcher.start()
    process.communicate()
    watcher.join()
    return process.returncode, peaks, together[0]


def watch(process, peaks, together):
    """Look at the memory of a process and its children twice a second, until it ends."""
    known = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            tree = [known, *known.children(recursive=True)]
            found = [(kind(one, known), memory(one)) for one in tree]
        except psutil.Error:
            continue  # one of them has just ended
        for what, size in found:
            peaks[what] = max(peaks.get(what, 0), size)
        together[0] = max(together[0], sum(size for _, size in found))
        time.sleep(0.5)


def kind(process, first):
    """Return what a process is: the command itself, the warden and other helpers that it starts, or a process for one fit."""
    if process == first:
        return "the command"
    return "its helpers" if process.ppid() == first.pid else "a fit's own process"


def memory(process):
    """Return the bytes that a process holds, its share of what it shares with others; pages of mapped files count."""
    found = process.memory_full_info()
    return getattr(found, "pss", None) or found.rss


if __name__ == "__main__":
    sys.exit(main())
