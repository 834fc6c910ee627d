"""A folder that is replaced as a whole: the new one, complete beside the old one, takes its place in one step.

`<name>` becomes what `.<name>.new` is, while readers go on. Where the file system cannot let two folders change places, the
old one is `.<name>.old` for a moment. A process that is killed then leaves both: readers find the new one by `standing`,
and the next writer, who holds the lock of the place, puts it there by `recover`. No reader renames anything.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchmark.disk import remove
from benchmark.errors import DiskError
from benchmark.faults import told
from benchmark.layout import is_name

NOT_POSSIBLE = {errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EXDEV}
AT_FDCWD, EXCHANGE = -100, 2  # RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS


def new_folder(target: Path) -> Path:
    """Return where the folder that is to replace `target` is made."""
    return target.with_name(f".{target.name}.new")


def _old_folder(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def replace_folder(target: Path) -> None:
    """Replace `target` with the complete `new_folder` of it, and remove what was there.

    Raises
    ------
    DiskError
        If the file system refuses; `target` is then as it was.

    """
    new, old = new_folder(target), _old_folder(target)
    with told(target):
        if os.path.lexists(target):
            if exchange(new, target):
                _discard(new)
                return
            remove(old)
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            with suppress(OSError):
                old.rename(target)
            raise
    _discard(old)


def _discard(path: Path) -> None:
    """Remove what nobody needs any more, as far as that is possible: the next run tries again."""
    with suppress(DiskError):
        remove(path)


def standing(target: Path) -> Path:
    """Return where the contents of `target` are: there, unless a process was killed while it replaced the folder."""
    new, old = new_folder(target), _old_folder(target)
    if os.path.lexists(target) or not old.is_dir():
        return target
    return new if new.is_dir() else old


def recover(parent: Path) -> None:
    """Finish or undo what killed processes left below `parent`; only who holds the lock of the place may do so.

    Raises
    ------
    DiskError

    """
    for left in sorted([*parent.glob(".*.old"), *parent.glob(".*.new")]):
        name = left.name[1:-4]
        if not is_name(name) or left.is_symlink() or not left.is_dir():
            continue  # not ours
        target = parent / name
        found = standing(target)
        if found != target:
            with told(target):
                found.rename(target)
        if left.exists():
            _discard(left)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; return whether this system and its file system can do that.

    Raises
    ------
    OSError
        If they can, but refuse.

    """
    change = _exchange()
    if change is None:
        return False
    if change(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    number = ctypes.get_errno()
    if number in NOT_POSSIBLE:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


@functools.cache
def _exchange() -> Callable[[bytes, bytes], int] | None:
    """Return the system's function that exchanges two paths, None where it has none that is known here."""
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        return lambda one, other: int(library.renameat2(AT_FDCWD, one, AT_FDCWD, other, EXCHANGE))
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        return lambda one, other: int(library.renamex_np(one, other, EXCHANGE))
    return None
