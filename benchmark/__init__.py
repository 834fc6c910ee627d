"""Trains and evaluates classical models on image data sets and publishes what it measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["__version__", "load_model"]
__version__ = "0.1.0"


def load_model(path: str | Path, sha256: str | None = None) -> Any:
    """Return the fitted pipeline in `path`, from raw `uint8` images to class; see `benchmark.predict.load_model`."""
    from benchmark.predict import load_model as load  # importing the package does nothing

    return load(path, sha256)
