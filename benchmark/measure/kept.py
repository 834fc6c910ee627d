"""What the cache keeps of each step, as types: an entry of another shape counts as absent, and its step is done again."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict, get_type_hints

import msgspec

from benchmark.disk import changed_in_use
from benchmark.measure.setting import Setting
from benchmark.results import CurvePoint, DatasetStudy, Growth, Importance, Run

Proportion = Annotated[float, msgspec.Meta(ge=0, le=1)]
Duration = Annotated[float, msgspec.Meta(ge=0)]


class FoldScore(TypedDict):
    """A candidate on a fold: its accuracy, and its part of the wall and CPU seconds of its task."""

    score: Proportion
    wall: Duration
    cpu: Duration


class Refit(TypedDict):
    """The test accuracy of the chosen classifier with another seed."""

    accuracy: Proportion


class Share(TypedDict):
    """A fit of the learning curve."""

    point: CurvePoint
    importance: Importance | None
    growth: Growth
    n_held_out: int


class Scores(TypedDict):
    """What a fitted model says of all images; `digests` are those of its files, SHA-256 by name."""

    scores: Literal["predict_proba", "decision_function"]
    train_accuracy: Proportion
    train_method: str
    digests: dict[str, str]


_CIRCUMSTANCES = ("commit", "dirty", "measured_at", "jobs", "machine", "python", "libraries")
# The record of a final fit: `fit.FinalFit`, the circumstances as `run.json` has them, and the digest of the pickle.
Final = msgspec.defstruct(
    "Final",
    [
        *((name, Duration) for name in ("fit", "fit_cpu", "predict_many", "predict_one")),
        *((name, int) for name in ("n_predict_many", "peak_memory_bytes", "pickle_bytes")),
        ("pickle_sha256", str),
        ("digests", dict[str, str]),
        *((name, get_type_hints(Run, include_extras=True)[name]) for name in _CIRCUMSTANCES),
    ],
)

SHAPES: dict[str, Any] = {
    "fits": FoldScore,
    "finals": Final,
    "scores": Scores,
    "seeds": Refit,
    "shares": Share,
    "studies": DatasetStudy,
}


def read(setting: Setting, kind: str, key: str) -> Any:
    """Return what the cache keeps by this key, or None."""
    return setting.cache.read(kind, key, SHAPES[kind])


def known(setting: Setting, kind: str, key: str) -> Any:
    """Return what a step of this run has kept by this key.

    Raises
    ------
    DiskError
        If it is no longer there, or not as it was written.

    """
    found = read(setting, kind, key)
    if found is None:
        raise changed_in_use(setting.cache.path(kind, key, ".json"), "what this run has written or read there")
    return found
