"""The setting of a run: where it reads and writes, and with which resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmark.cache import Cache
from benchmark.dataset import Dataset
from benchmark.progress import Reporter


@dataclass(frozen=True)
class Setting:
    """Where a run reads and writes, and with which resources; `entries` is the user's own file of entries, if any."""

    root: Path
    models_dir: Path
    build_dir: Path
    dataset: Dataset
    jobs: int
    report: Reporter
    accelerated: bool = False
    entries: Path | None = None
    cache: Cache = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cache", Cache(self.build_dir / "cache"))

    @property
    def folder(self) -> Path:
        """The folder of the data set's results."""
        return self.models_dir / self.dataset.entry.name

    @property
    def n_pixels(self) -> int:
        """Number of pixels per image."""
        return int(np.prod(self.dataset.image_shape))
