"""Models and data sets from a user's own file, `--entries my_models.py`, without editing the package.

Input: the path of a Python file that defines MODELS (a list of `ModelEntry`), DATASETS (a list of `DatasetEntry`) or
both. Output: these entries. The file is imported as a module of its own name, and its folder stays at the end of
`sys.path`: worker processes and code that loads a pickle import its classes from there.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmark.command import word
from benchmark.dataset import DATASETS, DatasetEntry, check_dataset_entry
from benchmark.disk import is_there
from benchmark.errors import BenchmarkError, EntryError, described
from benchmark.measure.code import TABLES
from benchmark.measure.entry import ModelEntry


@dataclass(frozen=True)
class OwnEntries:
    """What a file defines, in its order."""

    models: tuple[ModelEntry, ...] = ()
    datasets: dict[str, DatasetEntry] = field(default_factory=dict)


def load_entries(path: Path) -> OwnEntries:
    """Return the entries that the file `path` defines.

    Raises
    ------
    EntryError
        If the file is missing, cannot be imported, defines no entries, or defines something else in their place.

    """
    module = _imported(path)
    if not any(hasattr(module, name) for name in TABLES):
        raise EntryError(
            f"{path} defines no entries",
            expected="MODELS = [ModelEntry(…), …] or DATASETS = [DatasetEntry(…), …]",
            found=", ".join(name for name in vars(module) if not name.startswith("_")) or "nothing",
            remedy="put the entries into a list of that name",
        )
    datasets: dict[str, DatasetEntry] = {}
    for entry in _listed(path, module, "DATASETS", DatasetEntry):
        check_dataset_entry(entry)
        if entry.name in (*DATASETS, *datasets):
            raise EntryError(f"data set {entry.name!r} is defined twice", remedy=f"rename the one in {path}")
        datasets[entry.name] = entry
    return OwnEntries(tuple(_listed(path, module, "MODELS", ModelEntry)), datasets)


def _imported(path: Path) -> ModuleType:
    if not path.is_file():
        raise EntryError(
            f"{path} {'is no file' if path.exists() else 'does not exist'}",
            expected="a Python file with MODELS or DATASETS",
            remedy="another path",
        )
    name, file = path.stem, path.resolve()
    if path.suffix != ".py" or not name.isidentifier():
        raise EntryError(
            f"{path} has a name that Python cannot import",
            expected="letters, digits and underscores, then .py",
            found=path.name,
            remedy=_renamed(path),
        )
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    spec = importlib.util.find_spec(name)
    if spec is None or Path(spec.origin or "").resolve() != file:
        raise EntryError(
            f"{path} has the name of another module",
            expected="a name that nothing else has",
            found=f"{name}, which is {spec.origin if spec else 'taken'}",
            remedy=_renamed(path),
        )
    try:
        # stdout is for results; and options name folders from where the command was typed
        with contextlib.redirect_stdout(sys.stderr), contextlib.chdir(Path.cwd()):
            return importlib.import_module(name)
    except BenchmarkError:
        raise
    except BaseException as error:  # the file's top level may raise anything
        raise EntryError(
            f"{path} cannot be imported",
            expected="a Python file that only defines things",
            found=f"{described(error)}{_line(error, file)}",
            remedy=f"PYTHONPATH={word(file.parent)} {word(sys.executable)} -c 'import {name}'",
        ) from None


def _renamed(path: Path) -> str:
    """Return the command that gives a file a name that Python can import and that no file has."""
    names = ("my_models.py", *(f"my_models_{number}.py" for number in range(2, 100)))
    free = [name for name in names if not is_there(path.with_name(name)) and not importlib.util.find_spec(name[:-3])]
    return f"mv {word(path)} {word(path.with_name(free[0]))}"


def _line(error: BaseException, file: Path) -> str:
    """Return the line of `file` that raised the error; empty for a syntax error, whose message names its line."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f" (line {lines[-1]})" if lines else ""


def _listed(path: Path, module: ModuleType, name: str, kind: type) -> list[Any]:
    found = getattr(module, name, [])
    strangers = [item for item in found if not isinstance(item, kind)] if isinstance(found, (list, tuple)) else [found]
    if strangers:
        raise EntryError(
            f"{name} in {path} is not a list of entries",
            expected=f"a list of {kind.__name__}",
            found=f"{type(strangers[0]).__name__}: {strangers[0]!r}"[:200],
            remedy=f"{name} = [{kind.__name__}(name=…, …)]",
        )
    return list(found)
