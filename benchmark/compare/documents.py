"""The document of a comparison, as types; its JSON Schema is published as `diff.schema.json`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

SCHEMA_VERSION = 1
Verdict = Literal[
    "improved", "regressed", "within noise", "rerun", "unchanged", "not comparable", "not measured", "added", "removed"
]


VERDICTS: tuple[Verdict, ...] = (
    "regressed", "improved", "within noise", "rerun", "not comparable", "not measured", "added", "removed", "unchanged",
)  # fmt: skip


class Side(TypedDict):
    """One side of a comparison; commit, date and subject are null for a folder."""

    label: str
    commit: str | None
    date: str | None
    subject: str | None
    n_test: int
    digest: str


class Test(TypedDict):
    """McNemar's mid-p test of one model's accuracy, after minus before.

    The 95 % interval is that of a single comparison; the verdict follows `p_adjusted`. `detectable` is the smallest
    difference that this comparison would detect with 80 % power; null where the test found one, or can find none because
    there are too few images.
    """

    n: int
    only_before: int
    only_after: int
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    detectable: float | None


class SeedNote(TypedDict):
    """The effect of another seed: the difference exceeded by 5 % of pairs of refits, and whether this one is below."""

    n: int
    sd: float
    threshold: float
    explains: bool


class MetricChange(TypedDict):
    """A declared metric on both sides, each with its own interval where it has one; null where it is undefined.

    `not_recorded` names the sides whose results are older than the metric.
    """

    metric: str
    unit: str
    better: Literal["higher", "lower"]
    judged: bool
    before: dict[str, float | None] | None
    after: dict[str, float | None] | None
    change: float | None
    not_recorded: list[Literal["before", "after"]]


class ClassChange(TypedDict):
    """A class's recall on both sides, tested within the secondary family, and the change in its precision."""

    name: str
    recall_before: float | None
    recall_after: float | None
    recall_change: float
    precision_change: float | None
    only_before: int
    only_after: int
    p: float
    p_adjusted: float


class Flip(TypedDict):
    """A test image whose prediction changed between right and wrong, by the names that the classes have after the change.

    What it was taken for before has the name that the class had then.
    """

    index: int
    true: str
    before: str
    after: str


class Changed(TypedDict):
    """A circumstance that differs between the sides."""

    what: str
    before: Any
    after: Any


class ModelChange(TypedDict):
    """Everything reported about one model (about two models, if two of one commit are compared)."""

    name: str
    title: str
    verdict: Verdict
    reason: str
    test: Test | None
    seeds: SeedNote | None
    metrics: list[MetricChange]
    classes: list[ClassChange]
    right_to_wrong: list[Flip]
    wrong_to_right: list[Flip]
    wrong_to_wrong: int
    machines: list[str]
    changed: list[Changed]


class Family(TypedDict):
    """Tests that are adjusted together, by Holm's method at `level`.

    Of two commits the primary one has a test for each model whose predictions differ; of two ranked models, it has a test for
    each pair of ranked models.
    """

    size: int
    level: float
    rejected: int


class Place(TypedDict):
    """A model's rank interval among `n_ranked` models, null for a baseline, and how far it is behind the leader."""

    name: str
    best: int | None
    worst: int | None
    n_ranked: int
    behind: float | None
    low: float | None
    high: float | None


class Use(TypedDict):
    """How often predictions changed since the test labels last did: a test set that is used often wears out."""

    commits: int
    at_least: bool


class Comparison(TypedDict):
    """The document of a diff; `places` are those of the two models of a `compare`, otherwise empty."""

    schema_version: int
    dataset: str
    before: Side
    after: Side
    sentence: str
    counts: dict[str, int]
    primary: Family
    secondary: Family
    use: Use | None
    models: list[ModelChange]
    places: list[Place]
