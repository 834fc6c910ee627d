"""Using a fitted pipeline: loading a pickle with the expected digest, and classifying photographs."""

from __future__ import annotations

import hashlib
import pickle
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.command import Command, Text, word
from benchmark.dataset.pictures import read_picture
from benchmark.disk import is_there
from benchmark.errors import BenchmarkError, DataError, DiskError, NoResultsError, ResultsError, described, unknown_name
from benchmark.faults import told
from benchmark.layout import is_name
from benchmark.portable import SUFFIX, from_portable
from benchmark.results import Run, read_document
from benchmark.returned import ReturnedError, checked_labels, checked_scores

__all__ = ["Prediction", "load_image", "load_model", "model_folder", "predict_images"]

LISTED = (Command("list"), ", which says what is measured")
PICKLE, DESCRIBED = Path("model.pkl"), "metrics.json"  # of a model's folder
MARGIN = 1 / 14  # share of the side left free around a garment: two of 28 pixels
LIKELIEST = 3  # classes that are told
LEAST_SEEN = 8  # greys between the darkest and the brightest pixel


def model_folder(given: Path, results: Path) -> Path:
    """Return the folder of a model that is given by its folder, its pickle `model.pkl`, or its name.

    Parameters
    ----------
    given : Path
    results : Path
        Where a name is looked up, `models/<data set>`.

    Raises
    ------
    ResultsError
        If there are no results of such a model.

    """
    if given.suffix == PICKLE.suffix:
        if given.name == PICKLE.name:
            return given.parent
        raise ResultsError(
            f"{given} is not the pickle of a model's folder",
            expected=f"{PICKLE}, with the metrics.json and run.json of the model beside it",
            found=given.name,
            remedy="the model's folder, or its name; load_model with a digest opens a pickle that lies elsewhere",
        )
    if is_there(given / DESCRIBED):
        return given
    if given.parts == (given.name,) and is_name(given.name) and is_there(results / given.name / DESCRIBED):
        return results / given.name
    names = sorted(path.parent.name for path in results.glob(f"*/{DESCRIBED}"))
    kind_of_error = ResultsError if names else NoResultsError
    raise kind_of_error(
        f"there are no results of a model {str(given)!r}",
        expected=f"a folder with {DESCRIBED}, or a name: "
        + (f"one of {', '.join(names)}" if names else f"{results} has none yet"),
        found=_what_is_there(given),
        remedy=unknown_name("model", str(given), names, remedy=LISTED)["remedy"] if names else Command("bench"),
        wrong_use=bool(names),
    )


def _what_is_there(path: Path) -> str:
    if not is_there(path):
        return "no such file or folder"
    return f"a folder without {DESCRIBED}" if path.is_dir() else "a file"


def load_model(path: str | Path, sha256: str | None = None) -> Any:
    """Return the fitted pipeline in `path`, from raw `uint8` images to class.

    Loading a pickle runs code: one is opened only if its digest is the one expected. A `.skops` file runs none, see `portable`.
    The file is read once; what is checked is what is loaded.

    Parameters
    ----------
    path : str or Path
        A pickle, or a file that ends in `.skops`. Without `sha256`, the `run.json` of a pickle must be beside it.
    sha256 : str, optional
        The expected digest, in hexadecimal, as published where the file was downloaded.

    Raises
    ------
    ResultsError
        If the file is missing, has another digest, was written by another scikit-learn, or needs code that is not here.
    DiskError
        If it cannot be read.

    """
    path = Path(path)
    remedy: Text = (
        _measured_again(path.resolve().parent) if sha256 is None else "download it again, with its SHA256SUMS"
    )
    try:
        with told(path, "read"):
            content = path.read_bytes()
    except DiskError:
        if is_there(path):
            raise
        raise ResultsError(f"{path} does not exist: pickles are not in git", remedy=remedy) from None
    portable = path.suffix == SUFFIX
    if sha256 is not None:
        _check_digest(path, content, sha256.lower().removeprefix("sha256:"), "of the digest given", remedy)
    elif not portable:
        run: Run = read_document(path.parent / "run.json", Run)
        _check_digest(path, content, run["pickle"]["sha256"], f"that {path.parent / 'run.json'} describes", remedy)
        _check_version(path, run["libraries"].get("scikit-learn"), remedy)
    read = partial(from_portable, path, vouched=sha256 is not None) if portable else pickle.loads
    return _load(path, content, remedy, read)


def _check_digest(path: Path, content: bytes, expected: str, where: str, remedy: Text) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ResultsError(
            f"{path} is not the {'file' if path.suffix == SUFFIX else 'pickle'} {where}; it was not opened",
            expected=f"SHA-256 {expected}",
            found=f"SHA-256 {found}",
            remedy=remedy,
        )


def _measured_again(folder: Path) -> Command:
    """Return the command that makes a model's folder, `models/<data set>/<model>`, anew."""
    return Command("bench", models=folder.name, dataset=folder.parent.name)


def _load(path: Path, content: bytes, remedy: Text, read: Callable[[bytes], Any]) -> Any:
    from sklearn.exceptions import InconsistentVersionWarning  # takes a second; a wrong digest fails first

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            return read(content)
    except InconsistentVersionWarning as warning:
        _check_version(path, warning.original_sklearn_version, remedy)
        raise
    except (ImportError, AttributeError) as error:
        raise ResultsError(
            f"{path} needs code that is not here",
            expected="the modules that its estimator was defined in",
            found=str(error),
            remedy="--entries with the file that defines it, its folder on PYTHONPATH, or pip install of its package",
        ) from None
    except BenchmarkError:
        raise
    except (Exception, SystemExit) as error:  # a pickle may raise anything
        raise ResultsError(
            f"{path} cannot be loaded", expected="a fitted pipeline", found=described(error)[:400], remedy=remedy
        ) from None


def _check_version(path: Path, wrote: str | None, remedy: Text) -> None:
    installed = version("scikit-learn")
    if wrote is None:
        raise ResultsError(
            f"{path.parent / 'run.json'} does not say which scikit-learn wrote {path.name}",
            expected="scikit-learn among the libraries",
            found="none of that name",
            remedy=remedy,
        )
    if wrote != installed:
        raise ResultsError(
            f"{path} was written by another scikit-learn",
            expected=f"scikit-learn {wrote}",
            found=f"scikit-learn {installed}",
            remedy=(
                *(remedy if isinstance(remedy, tuple) else (remedy,)),
                f", or {word(sys.executable)} -m pip install {word(f'scikit-learn=={wrote}')}",
            ),
        )


@dataclass(frozen=True)
class Prediction:
    """A model's prediction for one image; `score` is a probability or a decision value, as `kind` says.

    `others` are the classes that come next by their scores, with these.
    """

    path: Path
    label: int
    score: float
    kind: str
    others: tuple[tuple[int, float], ...]


def predict_images(
    model: Any, paths: list[Path], image_shape: tuple[int, int], where: str = "the model"
) -> list[Prediction]:
    """Return the predicted class and its score for each image file; `where` is what errors call the model.

    Raises
    ------
    DataError
        If a file is no picture in which something can be seen.
    ResultsError
        If the model fails, or returns what is no prediction.

    """
    images = np.stack([load_image(path, image_shape) for path in paths]).reshape(len(paths), -1)
    expected = "a fitted classifier, which gives a class and scores for each image"
    try:
        kind = "predict_proba" if hasattr(model, "predict_proba") else "decision_function"
        classes = np.asarray(model.classes_)
        scores = checked_scores(kind, getattr(model, kind)(images), len(paths), len(classes))
        labels = checked_labels(model.predict(images), len(paths), classes)
    except ReturnedError as error:
        expected, found = error.expected, error.found
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:  # its classes may be a user's
        found = described(error)[:400]
    else:
        if scores.ndim == 1:  # two classes: a single score, for the second
            scores = np.stack([-scores, scores], axis=1)
        return [
            _prediction(path, int(label), classes, row, kind)
            for path, label, row in zip(paths, labels, scores, strict=True)
        ]
    raise ResultsError(
        f"{where} gives no predictions", expected=expected, found=found, remedy=("measure it again: ", Command("bench"))
    )


def _prediction(path: Path, label: int, classes: NDArray[Any], scores: NDArray[Any], kind: str) -> Prediction:
    ranked = [(int(classes[place]), float(scores[place])) for place in np.argsort(-scores, kind="stable")]
    others = [(other, score) for other, score in ranked if other != label][: LIKELIEST - 1]
    return Prediction(path, label, dict(ranked)[label], kind, tuple(others))


def load_image(path: Path, image_shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a PNG or JPEG file in the form of the data set's images: bright on dark, centred, of `image_shape`.

    A picture whose border is bright is taken to be dark on light and inverted. A picture of another
    size is cropped to the garment, scaled to leave a margin, and centred.

    Raises
    ------
    DataError
        If the file is missing, is not a picture, or nothing can be seen in it, before or after this.

    """
    with told(path, "read"):
        grey = read_picture(path).grey
    _check_seen(path, grey, "its own size")
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    if np.median(border) > 127:  # noqa: PLR2004
        grey = 255 - grey
    fitted = grey if grey.shape == tuple(image_shape) else _fitted(grey, image_shape)
    _check_seen(path, fitted, f"{image_shape[0]} x {image_shape[1]} pixels")
    return fitted


def _check_seen(path: Path, grey: NDArray[np.uint8], size: str) -> None:
    if np.ptp(grey) < LEAST_SEEN:
        raise DataError(
            f"there is nothing to see in {path}",
            expected=f"greys that are {LEAST_SEEN} of 255 apart or more, at {size}",
            found=f"greys from {grey.min()} to {grey.max()}",
            remedy="a picture of one thing that stands out from its ground",
        )


def _fitted(grey: NDArray[np.uint8], image_shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Crop to the bright part, scale it into `image_shape` minus a margin, and centre it."""
    floor = float(np.median(np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])))
    bright = grey > floor + 0.1 * (float(grey.max()) - floor)
    if bright.any():
        rows, columns = np.flatnonzero(bright.any(axis=1)), np.flatnonzero(bright.any(axis=0))
        grey = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (round(side * (1 - MARGIN * 2)) for side in image_shape)
    scale = min(height / grey.shape[0], width / grey.shape[1])
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.LANCZOS))
    canvas = np.zeros(image_shape, dtype=np.uint8)
    top, left = (image_shape[0] - small.shape[0]) // 2, (image_shape[1] - small.shape[1]) // 2
    canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas
