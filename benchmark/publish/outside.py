"""What a site takes from files that no results folder holds: the pickles of a release, and the study of the data set."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, NotRequired, TypedDict

import msgspec

from benchmark.command import Command
from benchmark.dataset import Dataset
from benchmark.errors import BenchmarkError
from benchmark.publish.site import Release
from benchmark.results import DatasetStudy

PICKLE = ".pkl"
SHA256 = re.compile("sha256:([0-9a-f]{64})")


class Asset(TypedDict):
    """A file of a release, as GitHub describes it."""

    name: str
    browser_download_url: NotRequired[Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s<>\"']+$")]]
    digest: NotRequired[str | None]


class Answer(TypedDict):
    """What GitHub says of a release, as far as it is used here."""

    tag_name: str
    assets: list[Asset]


def read_released(path: Path) -> dict[str, Release]:
    """Return the pickles of a release by model, from what GitHub says of it (make released).

    Raises
    ------
    BenchmarkError
        If the file is there and is no such answer.

    """
    if not path.exists():
        return {}
    try:
        answer = msgspec.json.decode(path.read_bytes(), type=Answer)
        return {
            asset["name"].removesuffix(PICKLE): Release(
                answer["tag_name"], asset["browser_download_url"], _sha256(asset["digest"])
            )
            for asset in answer["assets"]
            if asset["name"].endswith(PICKLE)
        }
    except (ValueError, KeyError, RecursionError) as error:
        raise BenchmarkError(
            f"{path} does not describe a release",
            expected="GitHub's answer: tag_name, and assets with name, browser_download_url and digest",
            found=f"{type(error).__name__}: {error}",
            remedy=(f"rm {path}, or ", Command("released")),
        ) from None


def _sha256(digest: str | None) -> str:
    found = SHA256.fullmatch(digest or "")
    if found is None:
        raise ValueError(f"the digest {digest!r} is no SHA-256"[:100])
    return found[1]


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
