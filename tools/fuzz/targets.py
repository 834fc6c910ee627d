"""The table of targets: the readers of bytes from outside.

By each name, its share of the executions and what makes it of a folder. The parsers of documents are the fastest by far.
"""

from __future__ import annotations

from functools import partial

from tools.fuzz.documents import git, parsed, released, results
from tools.fuzz.files import cached, dataset, opened, predicted


def _each(prefix, weight, make, names):
    return {f"{prefix}-{name.replace('/', '-').replace(' ', '-')}": (weight, partial(make, name)) for name in names}


TARGETS = {
    **_each("parse", 80, parsed, ("metrics.json", "curves.json", "study.json", "run.json", "entries.json", "dataset-study.json", "published.json")),
    "parse-released.json": (60, released),
    **_each("results", 8, results, ("one/metrics.json", "one/run.json", "one/curves.json", "one/study.json", "entries.json")),
    **_each("results", 8, results, ("one/predictions.txt", "test_labels.txt")),
    **_each("git", 4, git, ("rev-parse", "rev-parse 2", "config", "ls-tree", "cat-file", "log", "log 2", "log 4", "rev-list")),
    **_each("git", 4, git, ("one/metrics.json", "one/run.json", "one/predictions.txt", "entries.json")),
    **_each("data", 10, dataset, ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "SHA256SUMS")),
    **_each("data", 6, dataset, ("train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", "train/a/1.png")),
    **_each("predict", 8, predicted, ("png", "jpeg")),
    **_each("cache", 40, cached, ("value", "content")),
    **_each("pickle", 20, opened, ("model.pkl", "run.json")),
}  # fmt: skip
