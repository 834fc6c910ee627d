"""Models in files that run no code when they are loaded: skops's format, with the few classes that may be in one.

Comes in: a fitted pipeline, or the bytes of a `.skops` file. Goes out: the bytes, or the pipeline. A pickle can do anything;
such a file can make objects of listed classes alone, scikit-learn's and those of this package, and put numbers into them.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from benchmark.errors import ResultsError

SUFFIX = ".skops"
# skops itself lists scikit-learn's classes; these are ours that stand in a fitted pipeline.
OWN_TYPES = (
    "benchmark.features.HogFeatures",
    "benchmark.features.PixelFeatures",
    "benchmark.features.StreamedPCA",
    "benchmark.patches.PatchFeatures",
    "benchmark.patches.SampledPCA",
    "benchmark.rich.GradientFeatures",
    "benchmark.rich.RichFeatures",
    "benchmark.svm.RbfSVC",
)
# Of scikit-learn, but not listed by skops: settings and arrays of numbers, of which predicting uses none.
PLAIN_TYPES = ("sklearn.neural_network._stochastic_optimizers.AdamOptimizer",)
# scikit-learn follows their indices without a look at them, so that forged ones read other memory: by digest alone.
TREE_TYPES = (
    "sklearn.tree._tree.Tree",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


def to_portable(pipeline: Any) -> bytes:
    """Return a fitted pipeline as the bytes of a `.skops` file.

    Raises
    ------
    TypeError
        If a part of it cannot be kept so.

    """
    import skops.io

    return skops.io.dumps(pipeline)  # type: ignore[no-any-return]


def from_portable(path: Path, content: bytes, *, vouched: bool) -> Any:
    """Return the fitted pipeline in the bytes of a `.skops` file, which errors call `path`.

    Parameters
    ----------
    path : Path
    content : bytes
    vouched : bool
        Whether the digest of the bytes is the one expected; trees are made only then.

    Raises
    ------
    ResultsError
        If it is damaged, or holds something of another class.

    """
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        return _loaded(path, content, vouched=vouched)
    except (ResultsError, InconsistentVersionWarning, ImportError):
        raise
    except Exception as error:  # a damaged file may raise anything
        raise ResultsError(
            f"{path} is no whole file of a model",
            expected="what skops.io.dump writes of a pipeline",
            found=" ".join(f"{type(error).__name__}: {error}".split())[:200],
            remedy="download it again",
        ) from None


def _loaded(path: Path, content: bytes, *, vouched: bool) -> Any:
    import skops.io  # takes a second

    _check_archive(content)
    strange = set(skops.io.get_untrusted_types(data=content)) - {*OWN_TYPES, *PLAIN_TYPES}
    if strange & set(TREE_TYPES) and not vouched:
        raise _unvouched(path)
    if strange - set(TREE_TYPES):
        raise _foreign(path, strange - set(TREE_TYPES))
    found = skops.io.loads(content, trusted=[*OWN_TYPES, *PLAIN_TYPES, *(TREE_TYPES if vouched else ())])
    if not hasattr(found, "predict"):
        raise TypeError(f"it holds no model, but {type(found).__name__}")
    return found


def _check_archive(content: bytes) -> None:
    """Refuse what would grow when it is unpacked; skops does not compress."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(part.file_size for part in archive.infolist()) > len(content):
            raise ValueError("its parts are larger than the file")


def _unvouched(path: Path) -> ResultsError:
    return ResultsError(
        f"{path} holds decision trees, and no digest is given",
        expected="the SHA-256 of the file from where it was published: forged trees could read this process's memory",
        found="none",
        remedy=f'load_model("{path}", sha256="…")',
    )


def _foreign(path: Path, found: set[str]) -> ResultsError:
    return ResultsError(
        f"{path} holds classes that may not be in such a file; it was not loaded",
        expected="classes of scikit-learn, " + ", ".join(OWN_TYPES),
        found=", ".join(sorted(found))[:200],
        remedy=f"load_model of the pickle, {path.stem}.pkl, with its digest, if you trust whoever made it",
    )
