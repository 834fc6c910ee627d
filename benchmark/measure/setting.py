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
    """Where a run reads and writes, and with which resources.

    Parameters
    ----------
    root, models_dir, build_dir : Path
        The checkout, the folder of results, the folder of the caches.
    dataset : Dataset
    jobs : int
        Number of cores that this machine's worker takes.
    report : Reporter
    accelerated : bool
        Whether scikit-learn-intelex does the fitting.
    entries : Path, optional
        The user's own file of entries.
    dask : str
        The address of a Dask scheduler, or its scheduler file; empty for a worker on this machine.
    dashboard : bool
        Whether Dask shows its dashboard on a loopback address.
    memory : int, optional
        Bytes that all processes on this machine may take together; by default what is free.
    fit_seconds : float, optional
        How long a fit may take.

    """

    root: Path
    models_dir: Path
    build_dir: Path
    dataset: Dataset
    jobs: int
    report: Reporter
    accelerated: bool = False
    entries: Path | None = None
    dask: str = ""
    dashboard: bool = False
    memory: int | None = None
    fit_seconds: float | None = None
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
