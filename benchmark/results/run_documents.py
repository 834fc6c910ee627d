"""The types of `run.json`, of the table of models as data, of published results, and of a row of `results.csv`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from benchmark.results.documents import Measured, Params


class PublishedResult(TypedDict):
    """A result that others report on the same test images.

    `read` is the date on which the source was read, and `checked` says whether somebody else has reproduced it; false where that is not
    known.
    """

    title: str
    accuracy: float
    n_images: int
    source: str
    read: str
    checked: NotRequired[bool]


class Published(TypedDict):
    """`published.json` of a data set: results of others, not measured here; `choice` says which were chosen."""

    schema_version: int
    dataset: str
    choice: str
    results: list[PublishedResult]


# A row of results.csv and results.json. "class" is a keyword in Python, and empty for all classes.
Observation = TypedDict(
    "Observation",
    {
        "dataset": str,
        "model": str,
        "metric": str,
        "class": str,
        "value": float,
        "low": float | None,
        "high": float | None,
        "unit": str,
        "direction": Literal["higher", "lower"],
        "commit": str | None,
    },
)


class Machine(TypedDict):
    """Where a result was measured.

    `usable_cores` and `usable_memory_bytes` are what the process might use, which in a container is less. `kernel` is the
    architecture whose BLAS kernels ran, by OpenBLAS's name for it; the last bits depend on it.
    """

    system: str
    architecture: str
    cpu: str
    cores: int
    memory_bytes: int
    usable_cores: NotRequired[int]
    usable_memory_bytes: NotRequired[int]
    kernel: NotRequired[str]


class Seconds(TypedDict):
    """Wall and CPU seconds; fit and predict are measured in a fresh process with nothing else running."""

    search: Measured
    search_cpu: Measured
    fit: Measured
    fit_cpu: Measured
    predict_many: Measured
    predict_one: Measured


class FileDigest(TypedDict):
    """A file that is not in git."""

    sha256: str
    bytes: int


class Key(TypedDict):
    """One digest for each part of what a result depends on."""

    data: str
    entry: str
    code: str
    figures: str
    study: str
    libraries: str


class Growth(TypedDict):
    """What a fit of the learning curve cost: the chosen pipeline, on `n_train` images, in a process of its own.

    Seconds are of CPU. `features_seconds` are those of fitting the features on these images and of transforming them. The
    features are shared by models, so that they have as many principal components as the model with the most;
    `fit_seconds` are those of the steps after them. `predict_seconds` are those of predicting `n_predict` images from their
    features. `memory_bytes` is the memory that the fit added at its peak to the process that held the features; None where
    the system does not tell.
    """

    n_train: int
    features_seconds: Measured
    fit_seconds: Measured
    predict_seconds: Measured
    n_predict: int
    memory_bytes: int | None


class Run(TypedDict):
    """`run.json`: what may differ between two runs of one commit; `growth` has the smallest share first.

    `commit` is that of the code that ran, and `dirty` says whether that code had changed since; None is unknown.
    """

    schema_version: int
    name: str
    commit: str | None
    dirty: bool | None
    measured_at: str
    accelerated: bool
    jobs: int
    machine: Machine
    python: str
    libraries: dict[str, str]
    seconds: Seconds
    n_predict_many: int
    peak_memory_bytes: int
    growth: NotRequired[list[Growth]]
    pickle: FileDigest
    scores: FileDigest
    key: Key
    files: dict[str, str]


def commit_text(run: Run) -> str:
    """Return the commit of the code that a result was measured with, in a few words."""
    if not run["commit"]:
        return "unknown"
    changes = {True: " with changes", False: "", None: ", perhaps with changes"}[run["dirty"]]
    return run["commit"][:10] + changes


class Entry(TypedDict):
    """A row of the table of models, as data; `misfit` is why it does not fit the data set, where that is so."""

    name: str
    title: str
    family: str
    features: str
    estimator: str
    pipeline: str
    grid: Params
    note: str
    baseline: bool
    misfit: NotRequired[str]


class Entries(TypedDict):
    """`entries.json`."""

    schema_version: int
    dataset: str
    entries: list[Entry]
