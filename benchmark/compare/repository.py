"""Tracked files of any commit, read with git: no checkout, and one process for any number of files.

Input: a repository's folder, a revision, a folder in it. Output: commits, blob ids by path, and contents.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

from benchmark.errors import BenchmarkError

FIELDS = "%H%x00%cI%x00%s"  # a message may hold any other character
RAW = (":", "\n:")  # how a line about a file begins
# a remote that a browser can open; not one with a user name, a token or an SSH port in it
REMOTE = re.compile(
    r"(?:https://(?P<web>[^@/]+)/|(?:ssh://)?git@(?P<ssh>[^:/]+)[:/](?!\d+/))(?P<path>[^@:]+?)(?:\.git)?/?"
)


# overrides user settings that would add text to the output parsed here
PLAIN = ("-c", "log.showSignature=false", "-c", "color.ui=false", "-c", "i18n.logOutputEncoding=UTF-8")


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
        """Return the repository that contains `folder`; None if there is none, it has no commit, or git is missing."""
        try:
            found = cls(folder)
            found.commit("HEAD")
        except BenchmarkError:
            return None
        return found

    def commit(self, revision: str) -> Commit:
        """Return the commit that `revision` names.

        Raises
        ------
        BenchmarkError
            If it does not name a commit here.

        """
        sha = self._git(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", allowed=(0, 1, 128)
        )
        if not sha.strip():
            raise BenchmarkError(
                f"{revision!r} is neither a commit of {self.root} nor a folder of results",
                expected="a branch, a tag, a SHA, HEAD~1, …, or a folder with entries.json",
                found="a shallow clone that may end before it" if self.is_shallow else "nothing of that name",
                remedy="git fetch --unshallow" if self.is_shallow else "git log --oneline -- models",
            )
        fields = self._git("show", "--no-patch", f"--format={FIELDS}", sha.decode().strip()).decode(errors="replace")
        return Commit(*fields.rstrip("\n").split("\0", 2))

    @property
    def is_shallow(self) -> bool:
        """Whether the clone is shallow: older history is missing."""
        return self._git("rev-parse", "--is-shallow-repository").strip() == b"true"

    @property
    def prefix(self) -> str:
        """Path of `root` below the top of the repository, with a final slash; empty for the top itself."""
        return self._git("rev-parse", "--show-prefix").decode().strip()

    @property
    def web(self) -> str:
        """URL of a commit's page without the SHA, from the remote `origin`; empty if that is not known."""
        remote = self._git("config", "--get", "remote.origin.url", allowed=(0, 1)).decode().strip()
        found = REMOTE.fullmatch(remote)
        return f"https://{found['web'] or found['ssh']}/{found['path']}/commit/" if found else ""

    def tree(self, sha: str, folder: str) -> dict[str, str]:
        """Return the blobs below `folder` (relative to `root`) in a commit: id by path relative to `folder`."""
        top = self.prefix + folder.rstrip("/") + "/"
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", sha, "--", top).decode(errors="replace")
        found = {}
        for line in filter(None, listed.split("\0")):
            about, _, path = line.partition("\t")
            found[path.removeprefix(top)] = about.split()[2]
        return found

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
        with tempfile.TemporaryFile() as asked:  # writing and reading pipes by turns deadlocks once both are full
            asked.write("\n".join([*wanted, ""]).encode())
            asked.seek(0)
            with self._start("cat-file", "--batch", "--buffer", stdin=asked) as process:
                stream = cast("IO[bytes]", process.stdout)
                for blob in wanted:
                    header = stream.readline().split()
                    if len(header) != 3:  # noqa: PLR2004
                        raise BenchmarkError(
                            f"object {blob} is not in {self.root}",
                            expected="a clone with its files' history",
                            found="a partial clone",
                            remedy="git fetch --refetch",
                        )
                    yield blob, stream.read(int(header[2]) + 1)[:-1]

    def changes(self, sha: str, folder: str) -> Iterator[Change]:
        """Yield the first-parent commits up to `sha` that changed a file below `folder`, the oldest first.

        Paths are relative to `folder`. A shallow clone's oldest commit contains everything from before it.
        """
        top = self.prefix + folder.rstrip("/") + "/"
        output = self._git(
            "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-abbrev", "--no-renames",
            "--root", "-z", f"--format={FIELDS}", sha, "--", f":(top){top}",
        ).decode(errors="replace")  # fmt: skip
        parts = iter(output.split("\0"))
        change: Change | None = None
        for part in parts:
            if part.startswith(RAW):
                blob, path = part.split()[3], next(parts)
                if change:
                    change.blobs[path.removeprefix(top)] = (
                        blob if blob.strip("0") else None
                    )  # of a removed file all zeros
            elif part:  # a commit; a message and a path are taken by their place, whatever they begin with
                if change:
                    yield change
                change = Change(Commit(part, next(parts), next(parts)), {})
        if change:
            yield change

    def count(self, sha: str, since: str | None, pattern: str) -> int:
        """Count the first-parent commits after `since` (all if None) to `sha` that changed what `pattern` matches."""
        span = f"{since}..{sha}" if since else sha
        found = self._git("rev-list", "--count", "--first-parent", span, "--", f":(top,glob){self.prefix}{pattern}")
        return int(found)

    def last_change(self, sha: str, path: str) -> str | None:
        """Return the SHA of the newest first-parent commit that changed `path`, relative to `root`."""
        found = self._git("log", "-1", "--first-parent", "--diff-merges=first-parent", "--format=%H", sha, "--", f":(top){self.prefix}{path}")  # fmt: skip
        return found.decode().strip() or None

    def _git(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> bytes:
        with self._start(*arguments) as process:
            output, complaint = process.communicate()
        if process.returncode not in allowed:
            raise BenchmarkError(
                f"git {arguments[0]} failed in {self.root}",
                found=complaint.decode(errors="replace").strip()[-400:],
                remedy=f"git -C {self.root} status",
            )
        return output

    def _start(self, *arguments: str, stdin: IO[bytes] | int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                ["git", "-C", str(self.root), *PLAIN, *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError:
            raise BenchmarkError("git cannot be run", expected="git on the path", remedy="install git") from None


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
