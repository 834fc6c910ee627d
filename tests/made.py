"""Results made up for tests: no fit, no images, but figures that follow from the predictions."""

from __future__ import annotations

import subprocess

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

from benchmark import results

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


def metrics(name, predicted, *, digest="d" * 64, seeds=None, best=1, cv=0.9):
    truth = labels(len(predicted))
    shared = {"labels": range(len(CLASSES)), "average": None, "zero_division": 0}
    shown = [f(truth, predicted, **shared) for f in (precision_score, recall_score, f1_score)]
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
            "profile": None,
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
            "candidates": [{"params": {"classifier__C": best}, "scores": [cv, cv, cv]}],
        },
        "train": {"method": "resubstitution", "accuracy": {"value": 0.99}},
        "test": {
            "accuracy": estimate(accuracy_score(truth, predicted)),
            "macro_auc": {"value": 0.98, "low": 0.97, "high": 0.99},
            "macro_f1": estimate(shown[2].mean()),
            "calibration": None,
            "per_class": {
                label: {
                    "auc": estimate(0.98),
                    "precision": estimate(shown[0][i]),
                    "recall": estimate(shown[1][i]),
                    "f1": estimate(shown[2][i]),
                    "support": int((truth == i).sum()),
                }
                for i, label in enumerate(CLASSES)
            },
            "confusion": confusion_matrix(truth, predicted, labels=range(len(CLASSES))).tolist(),
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


def write_model(folder, name, predicted, *, fit=1.0, cpu="A processor", code="c" * 64, **more):
    """Write one model's results below `folder`, `models/made`."""
    results.write_document(folder / name / "metrics.json", metrics(name, predicted, **more), results.Metrics)
    results.write_document(folder / name / "run.json", run(name, fit=fit, cpu=cpu, code=code), results.Run)
    results.write_atomically(folder / name / "predictions.txt", results.encode_predictions(predicted).encode())


def write_table(folder, names, truth=None):
    """Write the table of models and the answer key."""
    table = {"schema_version": 1, "dataset": "made", "entries": [entry(name) for name in names]}
    results.write_document(folder / "entries.json", table, results.Entries)
    truth = labels() if truth is None else truth
    results.write_atomically(folder / "test_labels.txt", results.encode_predictions(truth).encode())


def git(folder, *arguments):
    return subprocess.run(
        [
            "git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", "-c",
            "commit.gpgsign=false", *arguments,
        ],
        check=True,
        capture_output=True,
        text=True,
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
