"""What changed between two sets of results, and whether it is more than noise.

Comes in: the results of two commits (or folders), or two models of one. Goes out: a `Comparison`, a plain document
with a JSON Schema of its own; `report` puts it into words. Nothing is trained, unpickled or read but tracked files.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import ResultsError
from benchmark.repository import Commit, CommitFiles, Repository
from benchmark.results import METRICS, Folder, Metric, ModelResult, Results, read_results, recover_folders
from benchmark.statistics import (
    holm,
    mcnemar_midp,
    newcombe_paired_interval,
    seed_threshold,
    smallest_detectable_difference,
)

__all__ = [
    "Comparison",
    "ModelChange",
    "Paired",
    "Place",
    "compare_models",
    "compare_results",
    "gate",
    "only",
    "paired",
    "read_commit",
    "read_side",
    "tracked_folder",
    "use_of_test_set",
]

SCHEMA_VERSION = 1
LEVEL = 0.05
JUDGED = "accuracy"  # the metric of the primary family
READ_AHEAD = ("metrics.json", "run.json", "predictions.txt", "entries.json", "test_labels.txt")
POWER = 0.8
Verdict = Literal[
    "improved", "regressed", "within noise", "unchanged", "not comparable", "not measured", "added", "removed"
]
VERDICTS: tuple[Verdict, ...] = (
    "regressed", "improved", "within noise", "not comparable", "not measured", "added", "removed", "unchanged",
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------- two columns
@dataclass(frozen=True)
class Paired:
    """Two sets of predictions of the same images: difference of accuracy, first less second, its 95 % interval, mid-p.

    `only_first` and `only_second` count the images that just one of the two gets right.
    """

    difference: float
    low: float
    high: float
    p: float
    only_first: int
    only_second: int
    n: int


def paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Paired:
    """Compare which images two models get right; both of shape (n_images,)."""
    only_first, only_second = int((first & ~second).sum()), int((~first & second).sum())
    both, neither = int((first & second).sum()), int((~first & ~second).sum())
    _, low, high = newcombe_paired_interval(both, only_first, only_second, neither)
    difference = (only_first - only_second) / len(first)
    return Paired(difference, low, high, mcnemar_midp(only_first, only_second), only_first, only_second, len(first))


# ---------------------------------------------------------------------------------------------------------- documents
class Side(TypedDict):
    """One side of a comparison; commit, date and subject are null for a folder."""

    label: str
    commit: str | None
    date: str | None
    subject: str | None
    n_test: int
    digest: str


class Test(TypedDict):
    """McNemar's mid-p test of one model's accuracy, after less before.

    The 95 % interval is a single comparison's; the verdict follows `p_adjusted`. `detectable` is the smallest difference
    that this comparison would find with 80 % power; null where the test found one.
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
    """What another seed does: the difference that two refits exceed in 5 % of pairs, and whether this one stays below."""

    n: int
    sd: float
    threshold: float
    explains: bool


class MetricChange(TypedDict):
    """A declared metric on both sides, each with its own interval where it has one; null where it is undefined."""

    metric: str
    unit: str
    better: Literal["higher", "lower"]
    judged: bool
    before: dict[str, float | None] | None
    after: dict[str, float | None] | None
    change: float | None


class ClassChange(TypedDict):
    """A class's recall on both sides, tested within the secondary family, and the change of its precision beside it."""

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
    """A test image whose prediction changed between right and wrong."""

    index: int
    true: str
    before: str
    after: str


class Changed(TypedDict):
    """A circumstance that is not the same on both sides."""

    what: str
    before: Any
    after: Any


class ModelChange(TypedDict):
    """All that is said of one model (of two models, where two of one commit are compared)."""

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
    """Tests that are adjusted together, by Holm at `level`."""

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
    """How often predictions changed since the test labels last did: a test set that is looked at often wears out."""

    commits: int
    at_least: bool


class Comparison(TypedDict):
    """The document of a diff; `places` are of the two models of a `compare`, none otherwise."""

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


# --------------------------------------------------------------------------------------------------------- the two sides
def read_side(spec: str | None, *, repository: Path, models_dir: Path, dataset: str) -> tuple[Side, Results]:
    """Return the results that `spec` names: a folder of results, else a commit; None is `models_dir` as it is.

    Raises
    ------
    BenchmarkError
        If it names neither, or what it names holds no results.

    """
    if spec is None:
        return _read_folder(models_dir / dataset, "working tree")
    for folder in (Path(spec), Path(spec) / dataset):
        if (folder / "entries.json").exists():
            return _read_folder(folder, spec)
    repo = Repository(repository)
    return read_commit(repo, repo.commit(spec), spec, tracked_folder(repository, models_dir, dataset))


def _read_folder(folder: Path, label: str) -> tuple[Side, Results]:
    recover_folders(folder)
    stored = read_results(Folder(folder))
    return _side(stored, label, None), stored


def read_commit(repository: Repository, commit: Commit, label: str, folder: str) -> tuple[Side, Results]:
    """Return the results in a commit.

    Raises
    ------
    ResultsError
        If it has none.

    """
    files = CommitFiles(repository, commit, label, folder, READ_AHEAD)
    if files.read("entries.json") is None:
        raise ResultsError(
            f"{label} ({commit.sha[:10]}) holds no results in {folder}",
            expected=f"{folder}/entries.json",
            found="no such file in that commit",
            remedy=f"git log --oneline -- {folder}",
        )
    stored = read_results(files)
    return _side(stored, label, commit), stored


def tracked_folder(repository: Path, models_dir: Path, dataset: str) -> str:
    """Return where in a commit the results of a data set lie: where `models_dir` is, or `models` if it is elsewhere."""
    models_dir, repository = models_dir.resolve(), repository.resolve()
    inside = models_dir.is_relative_to(repository)
    return f"{models_dir.relative_to(repository).as_posix() if inside else 'models'}/{dataset}"


def use_of_test_set(repository: Repository, sha: str, folder: str) -> Use:
    """Count the first-parent commits that changed predictions since the test labels last changed."""
    since = repository.last_change(sha, f"{folder}/test_labels.txt")
    commits = repository.count(sha, since, f"{folder}/*/predictions.txt")
    return {"commits": commits, "at_least": repository.is_shallow}


def _side(stored: Results, label: str, commit: Commit | None) -> Side:
    return {
        "label": label,
        "commit": commit.sha if commit else None,
        "date": commit.date if commit else None,
        "subject": commit.subject if commit else None,
        "n_test": len(stored.test_labels),
        "digest": stored.dataset["digest"],
    }


# ----------------------------------------------------------------------------------------------------------- comparing
def compare_results(before: tuple[Side, Results], after: tuple[Side, Results], use: Use | None = None) -> Comparison:
    """Compare every model of two sets of results.

    Parameters
    ----------
    before, after : tuple of Side and Results
    use : Use, optional
        How often the test set was looked at.
    """
    (before_side, old), (after_side, new) = before, after
    names = [entry["name"] for entry in new.entries]
    names += [entry["name"] for entry in old.entries if entry["name"] not in names]
    models = [_model_change(old, new, name) for name in names]
    return _judge(old.dataset["name"], before_side, after_side, models, use)


def compare_models(stored: tuple[Side, Results], first: ModelResult, second: ModelResult) -> Comparison:
    """Compare two models of one set of results: `second` takes the part of *after*."""
    about, results = stored
    change = _measured_change(results, results, first, second)
    change |= {
        "name": f"{first.name}..{second.name}",
        "title": f"{second.metrics['title']} against {first.metrics['title']}",
    }
    ends = [{**about, "label": f"{model.name} at {about['label']}"} for model in (first, second)]
    comparison = _judge(results.dataset["name"], ends[0], ends[1], [change], None)  # type: ignore[arg-type]
    comparison["sentence"] = _sentence_of_two(comparison["models"][0], first.name, second.name)
    return comparison


def only(comparison: Comparison, names: Sequence[str]) -> Comparison:
    """Return the comparison with the models named alone; families, counts and sentence stay those of all.

    Raises
    ------
    ResultsError
        If there is no such model.

    """
    known = [model["name"] for model in comparison["models"]]
    for name in names:
        if name not in known:
            raise ResultsError(f"neither side has a model {name!r}", expected="one of " + ", ".join(known), found=name)
    return {**comparison, "models": [model for model in comparison["models"] if model["name"] in names]}


def _model_change(old: Results, new: Results, name: str) -> ModelChange:
    entries = [{entry["name"]: entry for entry in stored.entries}.get(name) for stored in (old, new)]
    models = [{model.name: model for model in stored.models}.get(name) for stored in (old, new)]
    title = next(entry["title"] for entry in reversed(entries) if entry)
    if entries[1] is None:
        return _unpaired(name, title, "removed", "its entry is gone")
    if models[1] is None:
        return _unpaired(
            name, title, "not measured", f"the entry is there, its result is not (make bench MODELS={name})"
        )
    if entries[0] is None:
        return _unpaired(name, title, "added", "a new entry", models[1])
    if models[0] is None:
        return _unpaired(name, title, "not measured", "the entry was there before, its result was not", models[1])
    return _measured_change(old, new, models[0], models[1])


def _unpaired(name: str, title: str, verdict: Verdict, reason: str, after: ModelResult | None = None) -> ModelChange:
    return {
        "name": name, "title": title, "verdict": verdict, "reason": reason, "test": None, "seeds": None,
        "metrics": [_metric_change(metric, None, after) for metric in METRICS] if after else [],
        "classes": [], "right_to_wrong": [], "wrong_to_right": [], "wrong_to_wrong": 0,
        "machines": [_machine(after)] if after else [], "changed": [],
    }  # fmt: skip


def _measured_change(old: Results, new: Results, before: ModelResult, after: ModelResult) -> ModelChange:
    change = _unpaired(after.name, after.metrics["title"], "unchanged", "the same predictions")
    change["metrics"] = [_metric_change(metric, before, after) for metric in METRICS]
    change["machines"] = [_machine(before), _machine(after)]
    change["changed"] = _changed(before, after)
    other = _other_data(old, new, before, after)
    if other:
        return change | {"verdict": "not comparable", "reason": other}
    labels, classes = new.test_labels, after.metrics["dataset"]["classes"]
    moved = before.predictions != after.predictions
    if not moved.any():
        return change
    was, now = before.predictions == labels, after.predictions == labels
    found = paired(now, was)
    change["test"] = {
        "n": found.n, "only_before": found.only_second, "only_after": found.only_first,
        "difference": found.difference, "low": found.low, "high": found.high,
        "p": found.p, "p_adjusted": found.p, "detectable": None,
    }  # fmt: skip
    change["seeds"] = _seed_note(before, after, found.difference)
    change["classes"] = [_class_change(name, labels == i, was, now, before, after) for i, name in enumerate(classes)]

    def flips(of: NDArray[np.bool_]) -> list[Flip]:
        return [
            {
                "index": int(i),
                "true": classes[labels[i]],
                "before": classes[before.predictions[i]],
                "after": classes[after.predictions[i]],
            }
            for i in np.flatnonzero(of)
        ]

    change["right_to_wrong"], change["wrong_to_right"] = flips(was & ~now), flips(~was & now)
    change["wrong_to_wrong"] = int((moved & ~was & ~now).sum())
    return change


def _other_data(old: Results, new: Results, before: ModelResult, after: ModelResult) -> str:
    """Say what keeps two results from being compared, nothing if they can be."""
    first, second = before.metrics["dataset"], after.metrics["dataset"]
    ends = [
        f"{about['n_train']:,} + {about['n_test']:,} images, digest {about['digest'][:12]}…"
        for about in (first, second)
    ]
    if (first["digest"], first["profile"]) != (second["digest"], second["profile"]):
        return f"measured on other data: {ends[0]} before, {ends[1]} after"
    if first["classes"] != second["classes"] or not np.array_equal(old.test_labels, new.test_labels):
        return "the test labels are others"
    return ""


def _metric_change(metric: Metric, before: ModelResult | None, after: ModelResult | None) -> MetricChange:
    values = [_figure(metric, model) for model in (before, after)]
    ends = [value["value"] if value else None for value in values]
    if metric.of_scores and before and after and before.metrics["scores"] != after.metrics["scores"]:
        ends = [None, None]
    return {
        "metric": metric.name,
        "unit": metric.unit,
        "better": metric.better,
        "judged": metric.name == JUDGED,
        "before": values[0],
        "after": values[1],
        "change": None if ends[0] is None or ends[1] is None else ends[1] - ends[0],
    }


def _figure(metric: Metric, model: ModelResult | None) -> dict[str, float | None] | None:
    if model is None:
        return None
    value: Any = model.metrics if metric.document == "metrics.json" else model.run
    for key in metric.path:
        value = value[key] if value is not None else None
    if value is None or isinstance(value, dict):
        return value
    return {"value": float(value)}


def _class_change(
    name: str,
    own: NDArray[np.bool_],
    was: NDArray[np.bool_],
    now: NDArray[np.bool_],
    before: ModelResult,
    after: ModelResult,
) -> ClassChange:
    lost, gained = int((was & ~now & own).sum()), int((~was & now & own).sum())
    old, new = (model.metrics["test"]["per_class"][name] for model in (before, after))
    precisions = old["precision"]["value"], new["precision"]["value"]
    p = mcnemar_midp(lost, gained)
    return {
        "name": name,
        "recall_before": old["recall"]["value"],
        "recall_after": new["recall"]["value"],
        "recall_change": (gained - lost) / max(1, int(own.sum())),
        "precision_change": None if None in precisions else precisions[1] - precisions[0],  # type: ignore[operator]
        "only_before": lost,
        "only_after": gained,
        "p": p,
        "p_adjusted": p,
    }


def _seed_note(before: ModelResult, after: ModelResult, difference: float) -> SeedNote | None:
    """Return what another seed does, by the wider of the two spreads."""
    spreads = [model.metrics["seeds"] for model in (before, after)]
    known = [(seed_threshold(s["accuracy"]["sd"], s["n"]), s["n"], s["accuracy"]["sd"]) for s in spreads if s]
    if not known:
        return None
    threshold, n, sd = max(known)
    return {"n": n, "sd": sd, "threshold": threshold, "explains": abs(difference) <= threshold}


def _changed(before: ModelResult, after: ModelResult) -> list[Changed]:
    """Return the circumstances that differ; seconds and memory are metrics."""
    looks: list[tuple[str, Callable[[ModelResult], Any]]] = [
        ("features", lambda m: m.metrics["features"]),
        ("estimator", lambda m: m.metrics["estimator"]),
        ("pipeline", lambda m: m.entry["pipeline"]),
        ("grid", _grid),
        ("best parameters", lambda m: m.metrics["search"]["best_params"]),
        ("kind of scores", lambda m: m.metrics["scores"]),
        ("data", lambda m: m.metrics["dataset"]["digest"]),
        ("training images", lambda m: m.metrics["dataset"]["n_train"]),
        ("libraries", lambda m: m.run["libraries"]),
        ("Python", lambda m: m.run["python"]),
        ("machine", _machine),
        ("code", lambda m: m.run["key"]["code"][:12]),
    ]
    pairs = [(what, look(before), look(after)) for what, look in looks]
    return [{"what": what, "before": old, "after": new} for what, old, new in pairs if old != new]


def _grid(model: ModelResult) -> dict[str, list[Any]]:
    """Return what was searched, which a table that has moved on does not tell."""
    grid: dict[str, list[Any]] = {}
    for candidate in model.metrics["search"]["candidates"]:
        for name, value in candidate["params"].items():
            values = grid.setdefault(name, [])
            values += [value] if value not in values else []
    return grid


def _machine(model: ModelResult) -> str:
    return f"{model.run['machine']['cpu']}, {model.run['machine']['cores']} cores"


# ------------------------------------------------------------------------------------------------------------- judging
def _judge(dataset: str, before: Side, after: Side, models: list[ModelChange], use: Use | None) -> Comparison:
    """Adjust both families, formed before any filter, and give the verdicts, by the primary one alone."""
    tested = [model for model in models if model["test"] is not None]
    tests = [model["test"] for model in tested if model["test"] is not None]
    rejected = _adjust(tests)
    stopped_at = LEVEL / max(1, len(tests) - rejected)
    for model, test in zip(tested, tests, strict=True):
        if test["p_adjusted"] < LEVEL:
            model["verdict"] = "improved" if test["difference"] > 0 else "regressed"
        else:
            model["verdict"] = "within noise"
            discordance = (test["only_before"] + test["only_after"]) / test["n"]
            test["detectable"] = smallest_detectable_difference(discordance, test["n"], stopped_at, POWER)
        model["reason"] = _reason(model)
    classes = [row for model in tested for row in model["classes"]]
    counts: dict[str, int] = {verdict: sum(model["verdict"] == verdict for model in models) for verdict in VERDICTS}
    comparison: Comparison = {
        "schema_version": SCHEMA_VERSION,
        "dataset": dataset,
        "before": before,
        "after": after,
        "sentence": "",
        "counts": counts,
        "primary": {"size": len(tests), "level": LEVEL, "rejected": rejected},
        "secondary": {"size": len(classes), "level": LEVEL, "rejected": _adjust(classes)},
        "use": use,
        "models": sorted(models, key=lambda model: VERDICTS.index(model["verdict"])),
        "places": [],
    }
    comparison["sentence"] = _sentence(comparison)
    return comparison


def _adjust(tests: Sequence[Any]) -> int:
    """Write Holm's adjusted p beside each p of a family; return how many are below the level."""
    for test, p in zip(tests, holm([test["p"] for test in tests]), strict=True):
        test["p_adjusted"] = float(p)
    return sum(test["p_adjusted"] < LEVEL for test in tests)


def _reason(model: ModelChange) -> str:
    test, seeds = model["test"], model["seeds"]
    if test is None:
        return model["reason"]
    if model["verdict"] == "within noise":
        words = f"a difference of {100 * (test['detectable'] or 0):.2f} points would have been found in 4 of 5 cases"
    else:
        words = f"{100 * abs(test['difference']):.2f} points"
    if seeds is None:
        return words
    return f"{words}; another seed {'moves it as much' if seeds['explains'] else 'moves it less'}"


def _sentence(comparison: Comparison) -> str:
    """Return the summary sentence: what is real, out of how many tests."""
    counts, size = comparison["counts"], comparison["primary"]["size"]
    parts = [f"{counts[verdict]} {verdict}" for verdict in VERDICTS if counts[verdict]]
    names = {
        verdict: ", ".join(model["name"] for model in comparison["models"] if model["verdict"] == verdict)
        for verdict in ("regressed", "improved")
    }
    told = [f"{verdict}: {listed}" for verdict, listed in names.items() if listed]
    tests = f"{size} test{'s' if size > 1 else ''}, Holm at 5 %" if size else "no prediction changed"
    return f"{', '.join(parts)} ({tests})." + (f" {'; '.join(told).capitalize()}." if told else "")


def _sentence_of_two(change: ModelChange, first: str, second: str) -> str:
    """Return the summary sentence of two models of one set of results."""
    test = change["test"]
    if test is None:
        return f"{first} and {second}: {change['verdict']}, {change['reason']}."
    told = f"{100 * abs(test['difference']):.2f} points {'better' if test['difference'] > 0 else 'worse'} than"
    words = f"{second} is {told} {first}" if test["difference"] else f"{first} and {second} get equally many right"
    noise = "within noise" if change["verdict"] == "within noise" else "more than noise"
    return f"{words}: {noise} (McNemar mid-p = {test['p']:.2g})."


# ------------------------------------------------------------------------------------------------------------ the gate
def gate(comparison: Comparison, *, min_effect: float = 0.0, max_loss: float | None = None) -> tuple[int, str]:
    """Return 1 if something regressed, 3 if something could not be compared or is not measured, 0 otherwise; and why.

    Parameters
    ----------
    min_effect : float
        Points from which on a regression counts.
    max_loss : float, optional
        Points; if given, every changed model's lower 95 % bound must lie above the loss of as many as well: too little
        data fails instead of passing.
    """
    tests = [(model["name"], model["verdict"], model["test"]) for model in comparison["models"] if model["test"]]
    worse = [
        f"{name} regressed"
        for name, verdict, test in tests
        if verdict == "regressed" and 100 * (test["only_before"] - test["only_after"]) / test["n"] >= min_effect
    ]
    if max_loss is not None:
        worse += [
            f"{name} may have lost {-100 * test['low']:.2f} points"
            for name, _, test in tests
            if 100 * test["low"] <= -max_loss
        ]
    if worse:
        return 1, ", ".join(worse)
    unknown = [
        f"{model['name']} is {model['verdict']}"
        for model in comparison["models"]
        if model["verdict"] in ("not comparable", "not measured")
    ]
    return (3 if unknown else 0), ", ".join(unknown)
