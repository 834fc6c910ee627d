"""What the file system refuses, in words: which file, why, which limit, how much room.

Comes in: an `OSError`, or the text of a program that ended with one. Goes out: a `DiskError`. Other errors of the operating
system (of the network, or of a program that is missing) are none of its business.
"""

from __future__ import annotations

import errno
import os
import re
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from benchmark.command import word
from benchmark.errors import DiskError
from benchmark.machine import in_words

# What a machine runs out of or breaks at; no file and no program is at fault.
MACHINE = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EFBIG, errno.ESTALE,
}  # fmt: skip
OF_A_PATH = {
    errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG,
    errno.EXDEV, errno.ENOTEMPTY, errno.EBUSY, errno.EMLINK, errno.ENXIO, errno.ENODEV, errno.EINVAL, errno.EOPNOTSUPP,
}  # fmt: skip
FOLDER_WANTED = {errno.EEXIST, errno.ENOTDIR}
LEADS_NOWHERE = FOLDER_WANTED | {errno.ENOENT, errno.EISDIR, errno.ELOOP}
TOLD = re.compile(r"\[Errno (\d+)\] [^\n:]*(?:: '([^'\n]*)')?")  # how Python prints an OSError
NOT_ALL_WRITTEN = re.compile(r"\d+ requested and \d+ written")  # what NumPy says of a full disk
ELSEWHERE = "folders on another disk: --build-dir, --models-dir"


def is_of_machine(error: BaseException) -> bool:
    """Return whether an error says that this machine has run out of something or is broken, whatever the program did."""
    return _number(error) in MACHINE


def is_of_disk(error: BaseException) -> bool:
    """Return whether an error is one of the file system."""
    named = isinstance(error, OSError) and error.errno in OF_A_PATH and error.filename is not None
    return named or is_of_machine(error)


def _number(error: BaseException | None) -> int:
    """Return the number of an error of the operating system, 0 for any other error."""
    if not isinstance(error, OSError):
        return 0
    if error.errno is None and NOT_ALL_WRITTEN.search(str(error)):
        return errno.ENOSPC
    return error.errno or 0  # a damaged gzip file is an OSError too, and has none


@contextmanager
def told(path: Path, how: str = "written") -> Iterator[None]:
    """Raise an error of the file system in the block as a `DiskError` that names `path`.

    What is to be read must be a regular file or a folder: of a pipe or a device there may be no end.

    Parameters
    ----------
    path : Path
        The file or folder that the block is about.
    how : str
        What cannot be done with it, as a participle.

    Raises
    ------
    DiskError

    """
    if how == "read":
        refuse_endless(path)
    try:
        yield
    except OSError as error:
        if _number(error) not in MACHINE | OF_A_PATH:
            raise
        raise disk_error(error, path, how) from None


def refuse_endless(path: Path) -> None:
    """Refuse what is neither a file nor a folder: reading it might never end.

    Raises
    ------
    DiskError

    """
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    with suppress(OSError, ValueError):  # told when it is read
        if kind := kinds.get(stat.S_IFMT(path.stat().st_mode)):
            raise DiskError(f"{path} is no file", expected="a regular file", found=kind, remedy="another path")


@contextmanager
def any_told() -> Iterator[None]:
    """Raise any error of the file system in the block as a `DiskError`; the error says which file.

    Raises
    ------
    DiskError

    """
    try:
        yield
    except OSError as error:
        if not is_of_disk(error):
            raise
        raise disk_error(error) from None


def disk_error(error: OSError, path: Path | None = None, how: str = "") -> DiskError:
    """Return an error of the file system in words; `path` and `how` are those of `told`, by default what the error names."""
    named = error.filename2 or error.filename
    if path is None and isinstance(named, (str, bytes, os.PathLike)):
        path = Path(os.fsdecode(named))
    number = _number(error)
    how = how or ("written" if number in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG} else "used")
    reason, remedy = _reason(number, path)
    return DiskError(
        f"{'a file' if path is None else _shortened(str(path))} cannot be {how}",
        expected=_expected(number),
        found=reason,
        remedy=remedy,
    )


def fault_in(said: str) -> OSError | None:
    """Return the error of the file system in what a program printed, None if there is none."""
    for number, name in TOLD.findall(said):
        error = OSError(int(number), os.strerror(int(number)), name or None)
        if is_of_disk(error):
            return error
    return None


def fault_behind(error: BaseException | None) -> OSError | None:
    """Return the error of the file system that led to `error`, itself included, None if there is none."""
    while error is not None:
        if is_of_disk(error):
            return error  # type: ignore[return-value]
        if found := fault_in(str(error)):
            return found
        error = error.__cause__ or error.__context__
    return None


def _expected(number: int) -> str:
    if number in {errno.EMFILE, errno.ENFILE}:
        return "some hundred files that may be open at once"
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return "room for it"
    return "a file system that reads and writes it"


def _reason(number: int, path: Path | None) -> tuple[str, str]:
    """Return why, and what helps."""
    said = os.strerror(number)
    if path is None and number in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE}:
        return said, f"df -h, which says which disk it is; or {ELSEWHERE}"
    folder = nearest_folder(path or Path())
    look = REASONS.get(number)
    if look:
        found, remedy = look(folder)
        return f"{said}: {found}" if found else said, remedy
    if path is not None and (odd := _odd_part(path, number)):
        return odd
    if number in {errno.EACCES, errno.EPERM}:
        return said, _permission_remedy(path or folder)
    if number == errno.ENAMETOOLONG:
        return said, "a shorter name, or a folder nearer to the root"
    return said, f"ls -ld {_shortened(str(path or folder))}"


def _no_room(folder: Path) -> tuple[str, str]:
    remedy = f"free space there (du -sh {folder}/* says what takes it), or {ELSEWHERE}"
    try:
        room = os.statvfs(folder)
    except OSError:  # a disk may be broken as well
        return "", remedy
    free, whole = room.f_bavail * room.f_frsize, room.f_blocks * room.f_frsize
    found = f"{in_words(free)} of {in_words(whole)} free on the disk of {folder}"
    if room.f_files and not room.f_favail:
        found = f"none of the {room.f_files} files that the disk of {folder} can hold is free"
    return found, remedy


def _too_many_open(_: Path) -> tuple[str, str]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
    higher = f"ulimit -n {enough}, then the same command"
    return f"this process may have {soft} (ulimit -n)", higher if enough > soft else "fewer JOBS=, or a higher limit"


def _too_large(_: Path) -> tuple[str, str]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limited = soft != resource.RLIM_INFINITY
    found = f"this process may write {in_words(soft)} a file (ulimit -f)" if limited else ""
    return found, "ulimit -f unlimited, then the same command" if limited else ELSEWHERE


REASONS: dict[int, Callable[[Path], tuple[str, str]]] = {
    errno.ENOSPC: _no_room,
    errno.EDQUOT: lambda folder: ("", f"free space of yours on the disk of {folder} (quota says how much), or {ELSEWHERE}"),
    errno.EROFS: lambda folder: (f"the disk of {folder} is mounted so", ELSEWHERE),
    errno.EMFILE: _too_many_open,
    errno.ENFILE: lambda _: ("all programs of this machine together", "end other programs"),
    errno.EFBIG: _too_large,
    errno.EIO: lambda folder: (f"the disk of {folder} does not answer as it should", f"dmesg, which says why; or {ELSEWHERE}"),
    errno.ESTALE: lambda folder: (f"{folder} is gone on the server", "mount it again"),
}  # fmt: skip


def nearest_folder(path: Path) -> Path:
    """Return the folder that is there and nearest to `path`."""
    for folder in (path, *path.absolute().parents):
        if os.path.isdir(folder):  # noqa: PTH112  # a path that is too long is no folder, and no error
            return folder
    return Path("/")


def _odd_part(path: Path, number: int) -> tuple[str, str] | None:
    """Return what is wrong with the first part of a path that leads nowhere, and what helps; None for another error."""
    if number not in LEADS_NOWHERE:
        return None
    *above, last = [*reversed(path.absolute().parents), path.absolute()]
    for part in (*above, last):
        with suppress(OSError):
            if part.is_symlink() and not part.exists():
                target = part.parent / part.readlink()
                return (
                    f"{part} is a link to {target}, which is not there",
                    f"rm {word(part)}, or mkdir -p {word(target)}",
                )
            if part.exists() and not part.is_dir() and (part is not last or number in FOLDER_WANTED):
                return f"{part} is a file, where a folder should be", f"mv {word(part)} {word(part)}.old"
            if part is last and part.is_dir() and number == errno.EISDIR:
                return f"{part} is a folder, where a file should be", f"mv {word(part)} {word(part)}.old"
    return None


def _permission_remedy(path: Path) -> str:
    """Return what gives this user the right to use `path`."""
    for part in (path, *path.absolute().parents):
        with suppress(OSError):
            owned, mode = part.stat().st_uid == os.geteuid(), os.R_OK | os.W_OK
            if not os.access(part, mode | os.X_OK if part.is_dir() else mode):
                return f"chmod u+rwX {word(part)}" if owned else f"the owner of {part} may change that; or {ELSEWHERE}"
    return ELSEWHERE


def _shortened(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:140]}…{text[-140:]}"  # noqa: PLR2004
