"""What is not computed twice: keys that name a computation by all it depends on, and the store of what it gave.

A key is the SHA-256 of the parts of a computation as canonical JSON. A code digest walks the syntax tree without
positions and docstrings, so that a comment or a reformatting reruns nothing.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmark.errors import BenchmarkError
from benchmark.results import write_atomically

__all__ = ["Cache", "code_digest", "digest", "locked_versions"]

# Fields that one Python version fills and another does not have, and that say nothing of what code does.
SILENT_FIELDS = {"type_params", "type_comment", "kind", "ctx", "type_ignores"}


def digest(*parts: Any) -> str:
    """Return the SHA-256, in hexadecimal, of `parts` as canonical JSON; objects count by their `repr`."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def code_digest(paths: Iterable[Path]) -> str:
    """Return the digest of what the modules in `paths` do: equal on every Python that can parse them."""
    return digest(*[_shape(ast.parse(path.read_text(encoding="utf-8"))) for path in paths])


def _shape(node: Any) -> Any:
    """Return a syntax tree as nested lists, without docstrings, positions, and fields that are empty."""
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if name not in SILENT_FIELDS}
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and _has_docstring(node):
        fields["body"] = node.body[1:]
    return [type(node).__name__, *([name, _shape(value)] for name, value in fields.items() if value not in (None, []))]


def _has_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return ast.get_docstring(node, clean=False) is not None


def locked_versions(lock_file: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the versions that `lock_file` pins `names` to.

    Raises
    ------
    BenchmarkError
        If one of them is not pinned there.

    """
    text = lock_file.read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\\n]+)", text, flags=re.MULTILINE))
    missing = [name for name in names if name not in pinned]
    if missing:
        raise BenchmarkError(f"{lock_file} does not pin {missing[0]}", remedy="make lock")
    return {name: pinned[name] for name in names}


class Cache:
    """Files and folders by key under one folder; what was used longest ago goes first when it grows too large."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, kind: str, key: str, suffix: str = "") -> Path:
        """Return where the result of `key` lies, or will lie."""
        return self.folder / kind / f"{key}{suffix}"

    def read(self, kind: str, key: str) -> Any:
        """Return the small JSON result of `key`, or None; a damaged file counts as absent."""
        path = self.path(kind, key, ".json")
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        os.utime(path)
        return value

    def write(self, kind: str, key: str, value: Any) -> None:
        """Keep a small JSON result, whole or not at all."""
        write_atomically(self.path(kind, key, ".json"), json.dumps(value).encode())

    def trim(self, max_bytes: int, *, keep: Iterable[Path] = ()) -> None:
        """Remove what was used longest ago until at most `max_bytes` are left; `keep` stays whatever its age."""
        kept = set(keep)
        items = [item for kind in self.folder.glob("*") if kind.is_dir() for item in kind.iterdir()]
        sizes = {item: _size(item) for item in items}
        excess = sum(sizes.values()) - max_bytes
        for item in sorted(items, key=lambda item: item.stat().st_mtime):
            if excess <= 0:
                break
            if item not in kept:
                shutil.rmtree(item) if item.is_dir() else item.unlink(missing_ok=True)
                excess -= sizes[item]


def _size(item: Path) -> int:
    files = [path for path in item.rglob("*") if path.is_file()] if item.is_dir() else [item]
    return sum(path.stat().st_size for path in files)
