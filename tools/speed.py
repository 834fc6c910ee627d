"""`make speed`: times `diff` and `history`, then the straightforward way against ours, alternately; prints the ratios.

Both ways run on the same subset, grid and folds.

Straightforward: `Pipeline(StandardScaler, PCA, estimator)` in `GridSearchCV(n_jobs=-1)`, float64, on descriptors computed
image by image with scikit-image; then the refit and the prediction of the test images. Ours: the same from raw images.
A family's row is that family alone, from raw images, with an empty cache. *All* is one run of the four, as `make bench` is
one: the straightforward way describes the images once for all of them, ours starts from one empty cache.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))
from benchmark.commands.process import pin_arithmetic

pin_arithmetic()  # before NumPy is imported

import joblib
import numpy as np
from skimage.feature import hog
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmark.commands import settings

if "--fast" in sys.argv:
    settings.accelerate()  # before the table of models names scikit-learn's forest, which the other side keeps

from benchmark import git, results
from benchmark.dataset import load_dataset, subset
from benchmark.machine import usable_cores
from benchmark.measure import fit, search, steps
from benchmark.measure.cluster import open_engine
from benchmark.measure.images import hold, pack
from benchmark.measure.model import FOLDS, Model
from benchmark.measure.setting import Setting
from benchmark.measure.task import Shared
from benchmark.models import MODELS
from benchmark.progress import Reporter
from tests import made

ROOT = Path(__file__).parent.parent


def describe(image):
    blocks = hog(image / 255, orientations=9, pixels_per_cell=(4, 4), cells_per_block=(2, 2), block_norm="L2-Hys")
    return np.concatenate([blocks, 0.45 * image.ravel() / 255])


def straightforward_grid(entry, data):
    """Return the entry's grid for standardised features: a gamma is the same multiple of scikit-learn's "scale" there."""
    grid = {key.replace("features__", "pca__"): values for key, values in entry.grid.items()}
    if "classifier__gamma" not in grid:
        return grid
    images = np.asarray(data.train_images)[:4000]
    n_components = max(entry.grid["features__n_components"])
    own = entry.pipeline(data.image_shape).named_steps["features"].set_params(n_components=n_components)
    plain = make_pipeline(StandardScaler(), PCA(n_components, random_state=0))
    described = np.array([describe(image) for image in images])
    ratio = own.fit_transform(images).var() / plain.fit_transform(described).var()
    return grid | {"classifier__gamma": [float(gamma * ratio) for gamma in grid["classifier__gamma"]]}


def described(data):
    """Return the descriptors of the training and of the test images, as one computes them first."""
    return [
        np.array(joblib.Parallel(-1)(joblib.delayed(describe)(image) for image in np.asarray(images)))
        for images in (data.train_images, data.test_images)
    ]


def straightforward(entry, data, grid, train_X, test_X):
    """Search, refit and predict as one writes it first; return the accuracy on the test images."""
    pipeline = entry.pipeline(data.image_shape)
    last = pipeline.steps[-1][1]
    stock = {"svm": SVC(), "rf": RandomForestClassifier()}.get(entry.family, last)
    if entry.family == "rf":
        stock.set_params(**{name: last.get_params()[name] for name in ("n_estimators", "max_samples", "random_state")})
    plain = Pipeline([("scaler", StandardScaler()), ("pca", PCA(random_state=0)), ("classifier", stock)])
    folds = StratifiedKFold(search.N_SPLITS, shuffle=True, random_state=search.RANDOM_STATE)
    found = GridSearchCV(plain, grid, cv=folds, n_jobs=-1).fit(train_X, data.train_labels)
    return float(np.mean(found.predict(test_X) == data.test_labels))


def ours(entries, data, n_jobs, fast):
    """Search, refit and predict each entry, from an empty cache; return their accuracies on the test images."""
    accuracies = []
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(ROOT, Path(folder) / "models", Path(folder), data, n_jobs, Reporter(quiet=True), fast)
        with open_engine(setting) as engine:
            images = Shared("images", "images", hold, pack(data, same_machine=True))
            models = [Model(setting, entry, images, rank) for rank, entry in enumerate(entries)]
            for model in models:
                engine.announce(model.group(FOLDS))
            with ThreadPoolExecutor() as threads:
                list(threads.map(lambda model: engine.run(model.entry.name, steps.search_tasks(model)), models))
            searched = {model.entry.name: steps.searched(model) for model in models}
        for entry in entries:
            found = searched[entry.name]
            best = found.candidates[search.choose(found.candidates, found.scores)]
            pipeline = entry.pipeline(data.image_shape).set_params(**best)
            with fit._side_by_side(pipeline, n_jobs):
                pipeline.fit(np.asarray(data.train_images).reshape(data.n_train, -1), data.train_labels)
            accuracies.append(float(np.mean(pipeline.predict(np.asarray(data.test_images)) == data.test_labels)))
    return accuracies


def timed(function, *arguments):
    """Return the wall seconds of a call, and what it gave."""
    start = time.perf_counter()
    outcome = function(*arguments)
    return time.perf_counter() - start, outcome


def generated_history(folder, n_commits, n_models=12, n_images=10_000):
    """Make a repository whose every commit changes every model's results."""
    names = [f"model-{i}" for i in range(n_models)]
    template = folder / "template"
    made.write_table(template, names, made.labels(n_images))
    truth, predicted = made.labels(n_images), made.predictions(range(0, n_images, 9), n_images)
    made.write_model(template, "model", predicted)
    texts = {file: (template / "model" / file).read_text() for file in ("metrics.json", "run.json")}
    accuracy = str(results.round_measured(float(np.mean(predicted == truth))))
    shared = {file: (template / file).read_text() for file in ("entries.json", "test_labels.txt")}
    root = made.repository(folder / "repository")
    rng = np.random.default_rng(0)
    stream = []

    def put(path, text):
        stream.append(f"M 100644 inline models/made/{path}\ndata {len(text.encode())}\n{text}\n")

    for number in range(n_commits):
        message = f"Change {number}"
        stream.append(f"commit refs/heads/main\ncommitter t <t@example.org> {1_700_000_000 + number} +0000\n")
        stream.append(f"data {len(message)}\n{message}\n")
        for file, text in shared.items() if number == 0 else []:
            put(file, text)
        for name in names:
            moved = predicted.copy()
            moved[rng.integers(0, n_images, 40)] = 0
            put(f"{name}/predictions.txt", results.encode_predictions(moved))
            now = str(results.round_measured(float(np.mean(moved == truth))))
            put(f"{name}/metrics.json", texts["metrics.json"].replace(f'"value": {accuracy}', f'"value": {now}', 1))
            put(f"{name}/run.json", texts["run.json"].replace('"fit": 1.0', f'"fit": {1 + number / 1000}'))
    words = ["git", "-C", str(root), "fast-import", "--quiet"]
    subprocess.run(words, input="".join(stream).encode(), check=True, env=git.environment(root))
    return root


def generated_sides(folder, n_models=12, n_images=10_000):
    """Write two folders of results in which every model's predictions differ; return them."""
    names = [f"model-{i}" for i in range(n_models)]
    for number, side in enumerate(sides := [folder / "before" / "made", folder / "after" / "made"]):
        made.write_table(side, names, made.labels(n_images))
        for name in names:
            made.write_model(side, name, made.predictions(range(50 * number, 1000), n_images))
    return sides


def time_commands(rounds, n_commits):
    """Print the wall time of `diff` on generated and on the tracked results, and of `history` on a generated repository."""
    with tempfile.TemporaryDirectory() as folder:
        root, sides = generated_history(Path(folder), n_commits), generated_sides(Path(folder))
        for words in (
            ["diff", *map(str, sides), "--dataset", "made"],
            ["diff"],
            ["history", "--dataset", "made", "--repository", str(root), "--format", "json"],
        ):
            seconds = []
            for _ in range(rounds):
                start = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "benchmark", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE
                )
                seconds.append(time.perf_counter() - start)
            generated = {"diff": "diff of 12 models", "history": f"history of {n_commits} commits x 12 models"}
            told = generated[words[0]] if "made" in words else "diff of the working tree"
            print(f"{told}: {median(seconds):.2f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="fashion-mnist", help="whose images (default: %(default)s)")
    parser.add_argument("--models", default="", help="of those on HOG, separated by commas (default: all)")
    parser.add_argument("--train", type=int, default=6000)
    parser.add_argument("--test", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--commits", type=int, default=500, help="of the generated history (default: %(default)s)")
    parser.add_argument("--fast", action="store_true")
    arguments = parser.parse_args()
    time_commands(arguments.rounds, arguments.commits)
    cache = ROOT / "build" / "data"
    whole = load_dataset(arguments.dataset, root=ROOT, cache_dir=cache)
    data = subset(whole, arguments.train, arguments.test, cache_dir=cache)
    print(f"{data.n_train:,} training, {data.n_test:,} test images, {arguments.rounds} rounds; medians")
    named = arguments.models.split(",") if arguments.models else [entry.name for entry in MODELS]
    entries = [entry for entry in MODELS if entry.features == "hog" and entry.name in named]
    grids = {entry.name: straightforward_grid(entry, data) for entry in entries}
    n_jobs, rows = usable_cores(), {}
    for number in range(1, arguments.rounds + 1):
        describing, descriptors = timed(described, data)
        total = describing
        for entry in entries:
            fitting, plain_accuracy = timed(straightforward, entry, data, grids[entry.name], *descriptors)
            own, [accuracy] = timed(ours, [entry], data, n_jobs, arguments.fast)
            total += fitting
            rows.setdefault(entry.name, []).append((describing + fitting, plain_accuracy, own, accuracy))
            print(
                f"round {number}: {entry.name} {describing + fitting:.1f} s, {own:.1f} s", file=sys.stderr, flush=True
            )
        if len(entries) == 1:
            continue
        own, _ = timed(ours, entries, data, n_jobs, arguments.fast)
        rows.setdefault("all", []).append((total, None, own, None))
        print(f"round {number}: all {total:.1f} s, {own:.1f} s", file=sys.stderr, flush=True)
    for name, measured in rows.items():
        plain, plain_accuracy, own, accuracy = zip(*measured, strict=True)
        shown = [f"({value[0]:.4f})" if name != "all" else " " * 8 for value in (plain_accuracy, accuracy)]
        ratio = median(theirs / mine for theirs, mine in zip(plain, own, strict=True))
        print(
            f"{name:8} straightforward {median(plain):7.1f} s {shown[0]}   ours {median(own):7.1f} s {shown[1]}   "
            f"{ratio:.2f} times as fast"
        )


if __name__ == "__main__":
    main()
