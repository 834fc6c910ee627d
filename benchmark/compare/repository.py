"""Tracked files of any commit, read with git: no checkout, and one process for any number of files.

Input: a repository's folder, a revision, a folder in it. Output: commits, blob ids by path, and contents.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from benchmark import git
from benchmark.errors import BenchmarkError, unknown_name

FIELDS = "%H %cI %s"  # only the last may hold a space
FILE = ("100644", "100755")  # modes of a tree; others are links and submodules
# a remote that a browser can open; not one with a user name, a token or an SSH port in it
REMOTE = re.compile(
    r"(?:https://(?P<web>[^@/]+)/|(?:ssh://)?git@(?P<ssh>[^:/]+)[:/](?!\d+/))(?P<path>[^@:]+?)(?:\.git)?/?"
)


@dataclass(frozen=True)
class Commit:
    """A commit: its SHA, the committer's date in ISO 8601, and the first line of its message."""

    sha: str
    date: str
    subject: str


@dataclass(frozen=True)
class Change:
    """A commit and the blobs that it wrote below the requested folder, by path; None for a removed file."""

    commit: Commit
    blobs: dict[str, str | None]


@dataclass(frozen=True)
class Repository:
    """A git repository (complete, bare or shallow) that contains `root`."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository | None:
        """Return the repository that contains `folder`; None if there is none, it has no commit, or git is missing.

        Raises
        ------
        BenchmarkError
            If git refuses to read the one that is there.

        """
        try:
            git.output(folder, "rev-parse", "--git-dir")
        except BenchmarkError as error:
            if isinstance(error, git.NoCloneError) or not shutil.which("git"):
                return None
            raise
        found = cls(folder)
        return found if found.sha("HEAD") else None

    def sha(self, revision: str) -> str:
        """Return the SHA of the commit that `revision` names, empty if it names none."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return git.output(self.root, *words, allowed=(0, 1, 128)).decode(errors="replace").strip()

    def commit(self, revision: str) -> Commit:
        """Return the commit that `revision` names.

        Raises
        ------
        BenchmarkError
            If it does not name a commit here, or git refuses to read the repository.

        """
        sha = self.sha(revision)
        if not sha:
            raise self._unnamed(revision)
        found = git.output(self.root, "log", "--max-count=1", f"--format={FIELDS}", sha)
        return _commit(os.fsdecode(found).removesuffix("\n"))

    def _unnamed(self, revision: str) -> BenchmarkError:
        typed = git.called(self.root)
        shallow = self.is_shallow  # raises git's own reason, where git reads nothing here
        if not self.sha("HEAD"):
            again = f"{typed} add models data, then {typed} commit"
            return BenchmarkError("this repository has no commit yet", remedy=again)
        meant = unknown_name("commit", revision, self.names, remedy=f"{typed} log --oneline")["remedy"]
        return BenchmarkError(
            f"{revision!r} is neither a commit of {self.root} nor a folder of results",
            expected="a branch, a tag, a SHA, HEAD~1, …, or a folder with entries.json",
            found="a shallow clone that may end before it" if shallow else "nothing of that name",
            remedy=f"{typed} fetch --unshallow" if shallow else meant,
            wrong_use=True,
        )

    @property
    def names(self) -> list[str]:
        """What commits are called here: HEAD, branches and tags."""
        refs = git.output(
            self.root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"
        )
        return ["HEAD", *refs.decode(errors="replace").split()]

    @property
    def is_shallow(self) -> bool:
        """Whether the clone is shallow: older history is missing."""
        return git.output(self.root, "rev-parse", "--is-shallow-repository").strip() == b"true"

    @property
    def prefix(self) -> str:
        """Path of `root` below the top of the repository, with a final slash; empty for the top itself."""
        return os.fsdecode(git.output(self.root, "rev-parse", "--show-prefix")).removesuffix("\n")

    @property
    def web(self) -> str:
        """URL of a commit's page without the SHA, from the remote `origin`; empty if that is not known."""
        remote = (
            git.output(self.root, "config", "--get", "remote.origin.url", allowed=(0, 1))
            .decode(errors="replace")
            .strip()
        )
        found = REMOTE.fullmatch(remote)
        return f"https://{found['web'] or found['ssh']}/{found['path']}/commit/" if found else ""

    def tree(self, sha: str, folder: str) -> dict[str, str]:
        """Return the blobs below `folder` (relative to `root`) in a commit: id by path relative to `folder`."""
        top = self.prefix + folder.rstrip("/") + "/"
        listed = os.fsdecode(git.output(self.root, "ls-tree", "-r", "-z", "--full-tree", sha, "--", top))
        rows = [line.partition("\t") for line in listed.split("\0") if line]
        found = [(_fields(about, 3, "ls-tree"), path.removeprefix(top)) for about, _, path in rows]
        return {path: blob for (mode, _, blob), path in found if mode in FILE}

    def blobs(self, ids: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Yield each distinct blob with its content, all through one process, one in memory at a time.

        Raises
        ------
        BenchmarkError
            If a blob is not here, as in a partial clone without its remote.

        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return
        with (
            tempfile.TemporaryFile() as asked,
            tempfile.TemporaryFile() as said,
        ):  # pipes used by turns fill up and block
            asked.write(os.fsencode("\n".join([*wanted, ""])))  # what git cannot have said is missing
            asked.seek(0)
            with git.start(self.root, "cat-file", "--batch", "--buffer", stdin=asked, stderr=said) as process:
                stream = cast("IO[bytes]", process.stdout)
                for blob in wanted:
                    header = stream.readline().split()
                    if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004  # missing, or a commit of a submodule
                        process.communicate()
                        said.seek(0)
                        raise self._lacking(blob, said.read())
                    yield blob, stream.read(_number(header[2], "cat-file") + 1)[:-1]

    def _lacking(self, blob: str, complaint: bytes) -> BenchmarkError:
        if complaint and not self._is_partial:
            return git.failure(self.root, "cat-file", complaint)
        return BenchmarkError(
            f"object {blob} is not in {self.root}",
            expected="a clone with its files' history",
            found="a partial clone" if self._is_partial else "a damaged clone",
            remedy=f"{git.called(self.root)} {'fetch --refetch' if self._is_partial else 'fsck'}",
        )

    @property
    def _is_partial(self) -> bool:
        pattern = r"^(remote\..*\.promisor|extensions\.partialclone)$"
        return bool(git.output(self.root, "config", "--get-regexp", pattern, allowed=(0, 1)))

    def changes(self, sha: str, folder: str) -> Iterator[Change]:
        """Yield the first-parent commits up to `sha` that changed a file below `folder`, the oldest first.

        Paths are relative to `folder`. A shallow clone's oldest commit contains everything from before it.
        """
        top = self.prefix + folder.rstrip("/") + "/"
        found = git.output(
            self.root, "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-abbrev", "--no-renames",
            "--root", "-z", f"--format={FIELDS}", sha, "--", f":(top,literal){top}",
        )  # fmt: skip
        commit: Commit | None = None
        blobs: dict[str, str | None] = {}
        parts = iter(os.fsdecode(found).split("\0"))
        for part in (part.lstrip("\n") for part in parts):
            if part.startswith(":"):  # two modes, two blobs and the kind of change, then the path
                _, mode, _, blob, _ = _fields(part, 5, "log")
                path = next(parts, "").removeprefix(top)
                blobs[path] = blob if mode in FILE else None  # removed, or no file any more
            elif part:
                if commit:
                    yield Change(commit, blobs)
                commit, blobs = _commit(part), {}
        if commit:
            yield Change(commit, blobs)

    def count(self, sha: str, since: str | None, pattern: str) -> int:
        """Count the first-parent commits after `since` (all if None) to `sha` that changed what `pattern` matches."""
        span = f"{since}..{sha}" if since else sha
        below = re.sub(r"([*?[\\])", r"\\\1", self.prefix)
        found = git.output(
            self.root, "rev-list", "--count", "--first-parent", span, "--", f":(top,glob){below}{pattern}"
        )
        return _number(found.strip(), "rev-list")

    def last_change(self, sha: str, path: str) -> str | None:
        """Return the SHA of the newest first-parent commit that changed `path`, relative to `root`."""
        found = git.output(self.root, "log", "-1", "--first-parent", "--diff-merges=first-parent", "--format=%H", sha, "--", f":(top,literal){self.prefix}{path}")  # fmt: skip
        return found.decode(errors="replace").strip() or None


def _number(text: bytes, command: str) -> int:
    if not text.isdigit():
        raise BenchmarkError(f"git {command} answers in another form", expected="a number", found=str(text[:200]))
    return int(text[:18])  # more digits are no size and no count


def _commit(text: str) -> Commit:
    sha, date, subject = _fields(text, 3, "log", " ")
    return Commit(sha, date, os.fsencode(subject).decode(errors="replace"))


def _fields(text: str, n: int, command: str, separator: str | None = None) -> list[str]:
    """Return the fields of a line of git's; refuse another number of them."""
    found = text.split(separator, n - 1)
    if len(found) != n:
        raise BenchmarkError(f"git {command} answers in another form", expected=f"{n} fields", found=text[:200])
    return found


@dataclass
class CommitFiles:
    """A folder as it is in a commit: a `results.Source`.

    Parameters
    ----------
    repository : Repository
    commit : Commit
    label : str
        What errors call the commit.
    folder : str
        Relative to the repository's `root`.
    ahead : tuple of str
        Suffixes of the files that are read ahead, through one process; others are read on demand.
    """

    repository: Repository
    commit: Commit
    label: str
    folder: str
    ahead: tuple[str, ...] = ()
    _ids: dict[str, str] = field(init=False, repr=False)
    _contents: dict[str, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._ids = self.repository.tree(self.commit.sha, self.folder)
        self._contents = dict(
            self.repository.blobs(blob for name, blob in self._ids.items() if name.endswith(self.ahead) and self.ahead)
        )

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if the commit has no such file."""
        blob = self._ids.get(name)
        if blob is None:
            return None
        if blob not in self._contents:
            self._contents |= dict(self.repository.blobs([blob]))
        return self._contents[blob]

    def where(self, name: str) -> str:
        """Return the file as git calls it: revision, colon, path."""
        return f"{self.label}:{self.folder}/{name}"
