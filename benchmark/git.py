"""Git, called in one way: about one folder, whatever a person, a hook or another program has set.

Comes in: a folder and the arguments of a git command. Goes out: what git prints, as bytes, or its own reason as an error.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Literal

from benchmark.command import Command, word
from benchmark.errors import BenchmarkError
from benchmark.faults import is_of_machine

# Where git and its settings are, how it reaches a remote, where it stops to search, and the switches of its own tests.
# All others are about a repository that somebody else works on, or about how its answers look.
KEPT = re.compile(
    r"GIT_(?:EXEC_PATH|CEILING_DIRECTORIES|DISCOVERY_ACROSS_FILESYSTEM|NO_LAZY_FETCH|ALLOW_PROTOCOL|ASKPASS|TEST_\w+"
    r"|CONFIG_(?:NOSYSTEM|SYSTEM|GLOBAL|COUNT|PARAMETERS|KEY_\d+|VALUE_\d+)|(?:SSH|SSL|HTTP|PROXY)\w*)"
)
INCOMING = (
    "GIT_QUARANTINE_PATH",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
)  # of a push being checked
PLAIN = {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
# settings of a person that would change the answers
OPTIONS = (
    "--no-pager", "-c", "log.showSignature=false", "-c", "color.ui=false", "-c", "color.diff=false", "-c", "color.status=false",
    "-c", "i18n.logOutputEncoding=UTF-8", "-c", "diff.relative=false",
)  # fmt: skip
Known = Literal["unmerged", "changed", "unchanged", "unknown"]


class NoCloneError(BenchmarkError):
    """A folder is in no git repository."""


def environment(folder: Path, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment in which git is asked about `folder`: that of this process without what is about another.

    A hook gets the repository that it runs for in GIT_DIR and other variables; the folder need not be in that one. While a
    push to the folder's own repository is checked, its objects are in a place of their own, which stays known.
    """
    kept = {name: value for name, value in given.items() if not name.startswith("GIT_") or KEPT.fullmatch(name)}
    kept.pop("LANGUAGE", None)
    quarantine = given.get("GIT_QUARANTINE_PATH")
    if quarantine and Path(quarantine).resolve().parent.parent in (folder.resolve(), (folder / ".git").resolve()):
        kept |= {name: given[name] for name in INCOMING if name in given}
    return kept | PLAIN


def called(folder: Path) -> str:
    """Return how one calls git for a folder from the one that one is in."""
    return "git" if folder.resolve() == Path.cwd() else f"git -C {word(folder)}"


def start(
    folder: Path,
    *arguments: str,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stderr: IO[bytes] | int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start git in `folder`; its output is a pipe.

    Raises
    ------
    BenchmarkError
        If git cannot be run.

    """
    command = ["git", *OPTIONS, "-C", str(folder), *arguments]
    try:
        return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=environment(folder))
    except OSError as error:
        if is_of_machine(error):
            raise
        raise BenchmarkError(
            "git cannot be run", expected="git on the path", found=error.strerror or "", remedy="install git"
        ) from None


def output(folder: Path, *arguments: str, allowed: tuple[int, ...] = (0,)) -> bytes:
    """Return what a git command prints.

    Raises
    ------
    BenchmarkError
        With git's own reason, if its exit status is none of those that are allowed.

    """
    with start(folder, *arguments) as process:
        found, complaint = process.communicate()
    if process.returncode not in allowed:
        raise failure(folder, arguments[0], complaint)
    return found


def failure(folder: Path, command: str, complaint: bytes) -> BenchmarkError:
    """Return git's own reason as an error with what helps; `complaint` is what it printed on stderr."""
    said = complaint.decode(errors="replace").strip()
    reason = next((line.removeprefix("fatal: ") for line in said.splitlines() if line.startswith("fatal: ")), said)
    trust = re.search(r"git config --global --add safe\.directory .+", said)
    if trust:
        return BenchmarkError(
            "git does not read this repository, because another user owns it", found=reason, remedy=trust[0]
        )
    if "not a git repository" in reason:
        return NoCloneError(
            f"{folder} is no git clone",
            expected="a clone, with its history; an archive of the files has none",
            found=reason,
            remedy=(
                "git clone the repository and work there; two folders of results need no git: ",
                Command("diff", base="FOLDER", head="FOLDER"),
            ),
        )
    return BenchmarkError(f"git {command} failed in {folder}", found=reason[-400:], remedy=_remedy(folder, reason))


def _remedy(folder: Path, reason: str) -> str:
    if not folder.is_dir():
        return f"another folder: {word(folder)} is none"
    if re.search(r"\bconfig (?:line|file|value)|GIT_CONFIG", reason):
        return "mend git's configuration where it says"
    return f"{called(folder)} fsck"


def state(path: Path) -> Known:
    """Return what the repository around a file knows of it; "unknown" if no commit has it, or git cannot say."""
    flags = ("--porcelain", "-z", "--untracked-files=all", "--ignored", "--no-renames")
    try:
        code = output(path.parent, "status", *flags, "--", f":(literal){path.name}")[:2].decode(errors="replace")
    except BenchmarkError:
        return "unknown"
    if "U" in code or code in ("AA", "DD"):
        return "unmerged"
    if code in ("??", "!!") or code.startswith("A"):
        return "unknown"
    return "changed" if code else "unchanged"
