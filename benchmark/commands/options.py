"""What each command is told, as typed values: the parser makes them, the commands read them.

A folder in them is where something lies, whichever options decided that. `repeat` holds the options that a command
named in a message repeats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Format = Literal["text", "markdown", "json"]


# ------------------------------------------------------------------------------------------------- what several share
@dataclass(frozen=True)
class Images:
    """A data set, the quick profile's part of it or all, where its files are, and the file that may define it."""

    dataset: str
    quick: bool
    data_dir: Path | None
    cache_dir: Path
    entries: Path | None


@dataclass(frozen=True)
class Measuring:
    """The models to measure or to look at, where their results and the caches are, and with what means."""

    images: Images
    models: tuple[str, ...]
    models_dir: Path
    build_dir: Path
    jobs: int
    fast: bool
    dask: str = ""
    dashboard: bool = False
    memory: int | None = None
    fit_seconds: float | None = None


@dataclass(frozen=True)
class Where:
    """Where a comparison looks for results: the repository, the working tree's folder, and the data set."""

    repository: Path
    models_dir: Path
    dataset: str


# ------------------------------------------------------------------------------------------------- one value a command
@dataclass(frozen=True)
class DataOptions:
    """What `data` is told."""

    images: Images
    models_dir: Path
    accept: bool
    convert: bool
    json: bool
    quiet: bool
    repeat: Mapping[str, str]


@dataclass(frozen=True)
class BenchOptions:
    """What `bench` is told."""

    measuring: Measuring
    site_dir: Path
    dry_run: bool
    no_site: bool
    json: bool
    quiet: bool
    repeat: Mapping[str, str]


@dataclass(frozen=True)
class WorkerOptions:
    """What `worker` is told."""

    address: str
    jobs: int
    entries: Path | None
    memory: int | None = None


@dataclass(frozen=True)
class ListOptions:
    """What `list` is told."""

    measuring: Measuring
    check: bool
    json: bool
    quiet: bool


@dataclass(frozen=True)
class SiteOptions:
    """What `site` is told."""

    images: Images
    models_dir: Path
    site_dir: Path
    quiet: bool
    repeat: Mapping[str, str]


@dataclass(frozen=True)
class ServeOptions:
    """What `serve` is told."""

    site_dir: Path
    port: int


@dataclass(frozen=True)
class PredictOptions:
    """What `predict` is told; `results` is the folder of all models, for one that is named."""

    model: Path
    results: Path
    images: tuple[Path, ...]
    entries: Path | None
    json: bool


@dataclass(frozen=True)
class ReadmeOptions:
    """What `readme` is told."""

    models_dir: Path
    dataset: str


@dataclass(frozen=True)
class DiffOptions:
    """What `diff` is told; the least effect and the largest loss are in percentage points."""

    where: Where
    before: str
    after: str | None
    models: tuple[str, ...]
    exit_code: bool
    min_effect: float | None
    max_loss: float | None
    verbose: bool
    format: Format
    repeat: Mapping[str, str]


@dataclass(frozen=True)
class CompareOptions:
    """What `compare` is told."""

    where: Where
    first: str
    second: str
    at: str | None
    format: Format
    repeat: Mapping[str, str]


@dataclass(frozen=True)
class LeaderboardOptions:
    """What `leaderboard` is told."""

    models_dir: Path
    dataset: str
    json: bool
    repeat: Mapping[str, str]


@dataclass(frozen=True)
class HistoryOptions:
    """What `history` is told."""

    where: Where
    models: tuple[str, ...]
    metrics: tuple[str, ...]
    verbose: bool
    json: bool
