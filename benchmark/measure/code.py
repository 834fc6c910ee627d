"""Digests of code: of this package's files and of estimators from elsewhere; and the locked library versions.

A code digest is taken of the syntax tree without positions, docstrings and imports from this package. Changing a
comment, reformatting or moving code therefore triggers no rerun.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmark import git
from benchmark.cache import digest
from benchmark.command import Command, word
from benchmark.errors import BenchmarkError

# Fields that some Python versions fill and others lack; none of them affects what the code does.
SILENT_FIELDS = {"type_params", "type_comment", "kind", "ctx", "type_ignores"}


TABLES = ("MODELS", "DATASETS")  # entries are keyed by their values, so their tables do not count as code
OWN = "benchmark"
COUNTED = {OWN, "numpy", "scipy", "sklearn"}  # their code or their versions are in every key


def code_digest(paths: Iterable[Path]) -> str:
    """Return a digest of the code in `paths`, the same on every Python version that can parse it."""
    return digest(*[shape_of(path.read_text(encoding="utf-8")) for path in paths])


def shape_of(text: str) -> Any:
    """Return what a digest is taken of the code in `text`: its syntax tree as nested lists, without what changes no result."""
    return _shape(ast.parse(text))


def foreign_code(kind: Any) -> list[str]:
    """Return what a class or function depends on besides its name and the `COUNTED` packages.

    Empty for those packages and the standard library; the name and version of any other installed package; otherwise a
    digest of the code in its file, without the tables of entries, and in the files beside it that this one imports.
    """
    name = getattr(kind, "__module__", None) or ""
    top = name.partition(".")[0]
    if top in COUNTED or top in sys.stdlib_module_names:
        return []
    if top in _packages():
        return [f"{package} {importlib.metadata.version(package)}" for package in sorted(set(_packages()[top]))]
    path = getattr(sys.modules.get(name), "__file__", None)
    return [_own_code(Path(path), name.count("."))] if path else []


@functools.cache  # takes a tenth of a second, and only foreign classes need it
def _packages() -> Mapping[str, list[str]]:
    return importlib.metadata.packages_distributions()


@functools.cache
def _own_code(path: Path, depth: int) -> str:
    """Return a digest of a module `depth` packages deep and of everything below the same folder that it imports."""
    root = path.parents[depth + (path.stem == "__init__")]
    found: set[Path] = set()
    ahead = [path]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += [file for name in _imports(here, root) for file in _files(root, name) if file.is_file()]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in sorted(found)]
    for tree in trees:
        tree.body = [node for node in tree.body if not _is_table(node)]
    return digest(*[_shape(tree) for tree in trees])


def _imports(path: Path, root: Path) -> Iterator[str]:
    """Yield the names of the modules that a file imports and of the packages that contain them."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [base, *(f"{base}.{name}" for name in names)]
        for name in names:
            parts = name.split(".")
            yield from (".".join(parts[:i]) for i in range(1, len(parts) + 1) if parts[0] != OWN)


def _files(root: Path, name: str) -> tuple[Path, Path]:
    place = root.joinpath(*name.split("."))
    return place.with_name(f"{place.name}.py"), place / "__init__.py"


def _is_table(node: ast.stmt) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Name) and target.id in TABLES for target in targets)


def _shape(node: Any) -> Any:
    """Return a syntax tree as nested lists, without docstrings, positions, own imports and empty fields."""
    if isinstance(node, list):
        return [_shape(item) for item in node if not _is_own_import(item)]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if name not in SILENT_FIELDS}
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _has_docstring(node):
        fields["body"] = node.body[1:]
    return [type(node).__name__, *([name, _shape(value)] for name, value in fields.items() if value not in (None, []))]


def _is_own_import(node: Any) -> bool:
    """Return whether a statement imports only from this package: moving a name does not change what code does."""
    if isinstance(node, ast.ImportFrom):
        return bool(node.level) or (node.module or "").partition(".")[0] == OWN
    return isinstance(node, ast.Import) and all(alias.name.partition(".")[0] == OWN for alias in node.names)


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def locked_versions(lock_file: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the versions that `lock_file` pins `names` to, or the installed ones where there is no such file.

    A lock may pin one version per Python version. All of them are returned, so that the answer is the same on each.

    Raises
    ------
    BenchmarkError
        If one of them is not pinned there.

    """
    if not lock_file.exists():  # the package is installed, not checked out
        return {name: importlib.metadata.version(name) for name in names}
    text = lock_file.read_text(encoding="utf-8")
    pinned: dict[str, str] = {}
    for name, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\\n]+)", text, flags=re.MULTILINE):
        pinned[name] = f"{pinned[name]}, {version}" if name in pinned else version
    missing = [name for name in names if name not in pinned]
    if missing:
        changed = git.state(lock_file) == "changed"
        restore = f"git -C {word(lock_file.parent)} checkout HEAD -- {lock_file.name}"
        raise BenchmarkError(f"{lock_file} does not pin {missing[0]}", remedy=restore if changed else Command("lock"))
    return {name: pinned[name] for name in names}
