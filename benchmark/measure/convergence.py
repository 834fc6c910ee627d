"""Convergence warnings: how often scikit-learn says that a fit ended before it converged."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sklearn.exceptions import ConvergenceWarning


@dataclass
class Warned:
    """The number of convergence warnings so far."""

    number: int = 0


@contextmanager
def counted() -> Iterator[Warned]:
    """Count the convergence warnings of a block, those that are repeated too; each is shown as any other warning.

    Those of processes that the block starts are not counted, nor those that it silences.
    """
    warned = Warned()
    with warnings.catch_warnings():  # it restores both of what is changed here
        warnings.simplefilter("always", ConvergenceWarning)
        show = warnings.showwarning

        def note(message: Any, category: type[Warning], *rest: Any, **more: Any) -> None:
            warned.number += issubclass(category, ConvergenceWarning)
            show(message, category, *rest, **more)

        warnings.showwarning = note
        yield warned
