"""Synthetic results for tests: no fits, no images, but metrics that follow from the predictions."""

from __future__ import annotations

import functools
import subprocess

import numpy as np
from scipy.optimize import brentq
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

from benchmark import disk, results
from benchmark.git import environment

CLASSES = ["Shirt", "Coat", "Bag", "Boot"]
N = 2000


def labels(n=N):
    return np.arange(n) % len(CLASSES)


def predictions(wrong, n=N):
    """Return the labels, another class in the places `wrong`."""
    made = labels(n)
    made[np.asarray(wrong, dtype=int)] = (made[np.asarray(wrong, dtype=int)] + 1) % len(CLASSES)
    return made


def estimate(value):
    return {"value": None if value is None else float(value), "low": None, "high": None}


def entry(name):
    return {
        "name": name,
        "title": f"Model {name}",
        "family": "made",
        "features": "pixels",
        "estimator": "made.Up",
        "pipeline": "Up()",
        "grid": {"classifier__C": [1, 2]},
        "note": "",
        "baseline": False,
    }


def figures(predicted, truth, classes):
    """Return what follows from predictions: accuracy, macro F1, per class, the confusion matrix."""
    shared = {"labels": range(len(classes)), "average": None, "zero_division": 0}
    precision, recall, f1 = (f(truth, predicted, **shared) for f in (precision_score, recall_score, f1_score))
    return {
        "accuracy": accuracy_score(truth, predicted),
        "macro_f1": f1.mean(),
        "per_class": {
            label: {
                "precision": precision[i] if (predicted == i).any() else None,
                "recall": recall[i] if (truth == i).any() else None,
                "f1": f1[i],
                "support": int((truth == i).sum()),
            }
            for i, label in enumerate(classes)
        },
        "confusion": confusion_matrix(truth, predicted, labels=range(len(classes))).tolist(),
    }


def rewrite(folder, name, predicted):
    """Put other predictions and the figures that follow from them into a model's real results below `folder`."""
    truth = results.load_results(folder.parent, folder.name).test_labels
    path = folder / name / "metrics.json"
    document = results.read_document(path, results.Metrics)
    test = document["test"]
    found = figures(predicted, truth, document["dataset"]["classes"])
    test["confusion"] = found["confusion"]
    for where, what in ((test, found), *((test["per_class"][c], found["per_class"][c]) for c in found["per_class"])):
        for key in {"accuracy", "macro_f1", "precision", "recall", "f1"} & set(what):
            where[key] = estimate(what[key])
    results.write_document(path, document, results.Metrics)
    disk.write_atomically(folder / name / "predictions.txt", results.encode_predictions(predicted).encode())


def metrics(name, predicted, *, truth=None, digest="d" * 64, profile=None, seeds=None, best=1, cv=0.9):
    truth = labels(len(predicted)) if truth is None else truth
    found = figures(predicted, truth, CLASSES)
    return {
        "schema_version": 1,
        "name": name,
        "title": f"Model {name}",
        "family": "made",
        "features": "pixels",
        "estimator": "made.Up",
        "scores": "decision_function",
        "distinct_scores": None,
        "dataset": {
            "name": "made",
            "digest": digest,
            "profile": profile,
            "n_train": 10,
            "n_test": len(predicted),
            "classes": CLASSES,
        },
        "search": {
            "scoring": "accuracy",
            "n_splits": 3,
            "random_state": 0,
            "best_params": {"classifier__C": best},
            "best_score": cv,
            "at_edge": [],
            "candidates": [{"params": {"classifier__C": c}, "scores": [cv, cv, cv]} for c in (1, 2)],
        },
        "train": {"method": "resubstitution", "accuracy": {"value": 0.99}},
        "test": {
            "accuracy": estimate(found["accuracy"]),
            "macro_auc": {"value": 0.98, "low": 0.97, "high": 0.99},
            "macro_f1": estimate(found["macro_f1"]),
            "calibration": None,
            "per_class": {
                label: {
                    "auc": estimate(0.98),
                    **{name: estimate(figure[name]) for name in ("precision", "recall", "f1")},
                    "support": figure["support"],
                }
                for label, figure in found["per_class"].items()
            },
            "confusion": found["confusion"],
        },
        "seeds": None
        if seeds is None
        else {"n": 5, "random_states": [0, 1, 2, 3, 4], "accuracy": {"values": [0.9] * 5, "sd": seeds}},
    }


def run(name, *, fit=1.0, cpu="A processor", code="c" * 64):
    return {
        "schema_version": 1,
        "name": name,
        "commit": None,
        "dirty": False,
        "measured_at": "2026-01-01T00:00:00+00:00",
        "accelerated": False,
        "jobs": 1,
        "machine": {"system": "Linux", "architecture": "x86_64", "cpu": cpu, "cores": 2, "memory_bytes": 1},
        "python": "3.11",
        "libraries": {"numpy": "2"},
        "seconds": {
            "search": 1.0,
            "search_cpu": 1.0,
            "fit": fit,
            "fit_cpu": fit,
            "predict_many": 0.5,
            "predict_one": 0.001,
        },
        "n_predict_many": 100,
        "peak_memory_bytes": 1000,
        "pickle": {"sha256": "0", "bytes": 2_000_000},
        "scores": {"sha256": "0", "bytes": 2},
        "key": {"data": "d", "entry": "e", "code": code, "figures": "f", "study": "s", "libraries": "l"},
        "files": {},
    }


def stored(columns, truth):
    """Return results in memory, with these predictions by model name."""
    models = [
        results.ModelResult(entry(name), metrics(name, predicted, truth=truth), run(name), predicted, None)
        for name, predicted in columns.items()
    ]
    return results.Results(
        source=None,
        dataset=models[0].metrics["dataset"],
        entries=[model.entry for model in models],
        models=models,
        missing=[],
        test_labels=truth,
    )


def write_model(folder, name, predicted, *, fit=1.0, cpu="A processor", code="c" * 64, **more):
    """Write one model's results below `folder`, `models/made`."""
    results.write_document(folder / name / "metrics.json", metrics(name, predicted, **more), results.Metrics)
    results.write_document(folder / name / "run.json", run(name, fit=fit, cpu=cpu, code=code), results.Run)
    disk.write_atomically(folder / name / "predictions.txt", results.encode_predictions(predicted).encode())


def write_table(folder, names, truth=None):
    """Write the table of models and the answer key."""
    table = {"schema_version": 1, "dataset": "made", "entries": [entry(name) for name in names]}
    results.write_document(folder / "entries.json", table, results.Entries)
    truth = labels() if truth is None else truth
    disk.write_atomically(folder / "test_labels.txt", results.encode_predictions(truth).encode())


@functools.cache
def _errors(discordance):
    """Return how likely an error is on images of ten levels of difficulty, few of them hard."""
    levels = np.linspace(0, 1, 10) ** 4 / 2
    scale = brentq(lambda s: np.mean(2 * s * levels * (1 - s * levels)) - discordance, 0, 1)
    return scale * levels


def null_table(rng, discordance, n=10_000):
    """Return how many images only one of two equally good models gets right.

    Both find the same images hard; given an image they err independently.
    """
    q = _errors(discordance)
    shares = np.stack([q * (1 - q), q * (1 - q), 1 - 2 * q * (1 - q)], axis=1)
    b, c, _ = rng.multinomial(n // len(q), shares).sum(axis=0)
    return int(b), int(c)


def git(folder, *arguments):
    return subprocess.run(
        [
            "git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", "-c",
            "commit.gpgsign=false", *arguments,
        ],
        check=True,
        capture_output=True,
        text=True,
        env=environment(folder),
    ).stdout.strip()  # fmt: skip


def commit(folder, message):
    """Commit all that is below `folder` and return the SHA."""
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def repository(folder):
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder
