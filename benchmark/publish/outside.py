"""What a site takes from files that no results folder holds: the models of a release, and the study of the data set."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from benchmark.command import Command, word
from benchmark.dataset import Dataset
from benchmark.decoding import decoded
from benchmark.disk import read_bounded
from benchmark.errors import BenchmarkError
from benchmark.publish.site import Asset, Release
from benchmark.results import DatasetStudy
from benchmark.text import is_web

PICKLE, PORTABLE = ".pkl", ".skops"
SHA256 = re.compile("sha256:([0-9a-f]{64})")


class _File(msgspec.Struct):
    """A file of a release, as GitHub describes it; it knows no digest of old files."""

    name: str
    browser_download_url: str = ""
    digest: str | None = None


class _Answer(msgspec.Struct):
    """What GitHub says of a release, as far as it is used here."""

    tag_name: str
    assets: list[_File]


def read_released(path: Path) -> dict[str, Release]:
    """Return what a release carries by model, from what GitHub says of it (make released).

    Raises
    ------
    BenchmarkError
        If the file is there and is no such answer.

    """
    if (content := read_bounded(path)) is None:
        return {}
    try:
        answer = decoded(content, _Answer)
        assets = {
            own.name: _asset(own.browser_download_url, own.digest)
            for own in answer.assets
            if own.digest and own.name.endswith((PICKLE, PORTABLE))
        }
    except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
        raise BenchmarkError(
            f"{path} does not describe a release",
            expected="GitHub's answer: tag_name, and assets with name, browser_download_url and digest",
            found=f"{type(error).__name__}: {error}",
            remedy=(f"rm {word(path)}, or ", Command("released")),
        ) from None
    models = {name.removesuffix(PICKLE): pickle for name, pickle in assets.items() if name.endswith(PICKLE)}
    return {name: Release(answer.tag_name, pickle, assets.get(name + PORTABLE)) for name, pickle in models.items()}


def _asset(address: str, digest: str) -> Asset:
    sha256 = SHA256.fullmatch(digest)
    if not (is_web(address) and address.startswith("http") and sha256):
        raise ValueError(f"{address[:100]!r} and {digest[:100]!r} are no address of a file and its SHA-256")
    return Asset(address, sha256[1])


def of_other_data(study: DatasetStudy, dataset: Dataset) -> str:
    """Return in what a data set's study differs from its images, "" if it is theirs."""
    indices = [*study["map"]["index"], *(twin["train"] for twin in study["near_duplicates"]["nearest"])]
    tests = [twin["test"] for twin in study["near_duplicates"]["nearest"]]
    differences = {
        "digest": study["digest"] != dataset.digest,
        "classes": not set(dataset.class_names) <= study["class_means"].keys(),
        "size of the images": tuple(study["image_shape"]) != tuple(dataset.image_shape),
        "number of training images": max(indices, default=0) >= dataset.n_train,
        "number of test images": max(tests, default=0) >= dataset.n_test,
    }
    return next((what for what, differs in differences.items() if differs), "")
