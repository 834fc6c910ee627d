"""Tracked files of any commit, read with git: no checkout, and one process for any number of files.

Comes in: a repository's folder, a revision, a folder in it. Goes out: commits, blob ids by path, and contents.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.errors import BenchmarkError

__all__ = ["Change", "Commit", "CommitFiles", "Repository"]

NOTHING = "0" * 40
FIELDS = "%H%x1f%cI%x1f%s"


@dataclass(frozen=True)
class Commit:
    """A commit: its SHA, the committer's date in ISO 8601, and the first line of its message."""

    sha: str
    date: str
    subject: str


@dataclass(frozen=True)
class Change:
    """A commit and the blobs that it put below the folder asked for, by path; None where it removed one."""

    commit: Commit
    blobs: dict[str, str | None]


@dataclass(frozen=True)
class Repository:
    """A git repository, whole, bare or shallow, that holds `root`."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository | None:
        """Return the repository that `folder` lies in; None where there is none, no commit in it, or no git."""
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
            If it names none here.

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
        return Commit(*fields.rstrip("\n").split("\x1f"))

    @property
    def is_shallow(self) -> bool:
        """Whether the history ends before its beginning."""
        return self._git("rev-parse", "--is-shallow-repository").strip() == b"true"

    @property
    def prefix(self) -> str:
        """Path of `root` below the top of the repository, with a final slash; empty for the top itself."""
        return self._git("rev-parse", "--show-prefix").decode().strip()

    @property
    def web(self) -> str:
        """Address of a commit on the web without its SHA, from the remote `origin`; empty where that is not known."""
        remote = self._git("config", "--get", "remote.origin.url", allowed=(0, 1)).decode().strip().removesuffix(".git")
        if remote.startswith("git@"):
            remote = "https://" + remote.removeprefix("git@").replace(":", "/", 1)
        return f"{remote}/commit/" if remote.startswith("https://") and "@" not in remote else ""

    def tree(self, sha: str, folder: str) -> dict[str, str]:
        """Return the blobs below `folder` (relative to `root`) in a commit: id by path relative to `folder`."""
        top = self.prefix + folder.rstrip("/") + "/"
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", sha, "--", top).decode(errors="replace")
        found = {}
        for line in filter(None, listed.split("\0")):
            about, _, path = line.partition("\t")
            found[path.removeprefix(top)] = about.split()[2]
        return found

    def blobs(self, ids: Iterable[str]) -> dict[str, bytes]:
        """Return the contents of blobs by id, all through one process.

        Raises
        ------
        BenchmarkError
            If a blob is not here, as in a partial clone without its remote.

        """
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        output = self._git("cat-file", "--batch", "--buffer", stdin="\n".join([*wanted, ""]).encode())
        found, start = {}, 0
        for blob in wanted:
            end = output.index(b"\n", start)
            header = output[start:end].split()
            if header[-1] == b"missing":
                raise BenchmarkError(
                    f"object {blob} is not in {self.root}",
                    expected="a clone with its files' history",
                    found="a partial clone",
                    remedy="git fetch --refetch",
                )
            size = int(header[2])
            found[blob] = output[end + 1 : end + 1 + size]
            start = end + size + 2
        return found

    def changes(self, sha: str, folder: str) -> Iterator[Change]:
        """Yield the first-parent commits up to `sha` that changed a file below `folder`, the oldest first.

        Paths are relative to `folder`. A shallow clone's oldest commit holds all that was there before it.
        """
        top = self.prefix + folder.rstrip("/") + "/"
        output = self._git(
            "log", "--first-parent", "--diff-merges=first-parent", "--reverse", "--raw", "--no-abbrev", "--no-renames",
            "--root", "-z", f"--format=%x1e{FIELDS}%x1d", sha, "--", f":(top){top}",
        ).decode(errors="replace")  # fmt: skip
        for record in output.split("\x1e")[1:]:
            fields, _, raw = record.partition("\x1d")
            parts = [part for part in raw.replace("\n", "").split("\0") if part]
            blobs: dict[str, str | None] = {}
            for about, path in zip(parts[::2], parts[1::2], strict=True):
                blob = about.split()[3]
                blobs[path.removeprefix(top)] = None if blob == NOTHING else blob
            yield Change(Commit(*fields.split("\x1f")), blobs)

    def count(self, sha: str, since: str | None, pattern: str) -> int:
        """Count the first-parent commits after `since` (all if None), `sha` included, that changed what `pattern` names."""
        span = f"{since}..{sha}" if since else sha
        found = self._git("rev-list", "--count", "--first-parent", span, "--", f":(top,glob){self.prefix}{pattern}")
        return int(found)

    def last_change(self, sha: str, path: str) -> str | None:
        """Return the SHA of the newest first-parent commit that changed `path`, relative to `root`."""
        found = self._git("log", "-1", "--first-parent", "--diff-merges=first-parent", "--format=%H", sha, "--", f":(top){self.prefix}{path}")  # fmt: skip
        return found.decode().strip() or None

    def _git(self, *arguments: str, stdin: bytes = b"", allowed: tuple[int, ...] = (0,)) -> bytes:
        try:
            done = subprocess.run(
                ["git", "-C", str(self.root), *arguments], input=stdin, capture_output=True, check=False
            )
        except OSError:
            raise BenchmarkError("git cannot be run", expected="git on the path", remedy="install git") from None
        if done.returncode not in allowed:
            raise BenchmarkError(
                f"git {arguments[0]} failed in {self.root}",
                found=done.stderr.decode(errors="replace").strip()[-400:],
                remedy=f"git -C {self.root} status",
            )
        return done.stdout


@dataclass
class CommitFiles:
    """A folder as it is in a commit: a `results.Source`.

    Parameters
    ----------
    repository : Repository
    commit : Commit
    label : str
        How errors call the commit.
    folder : str
        Relative to the repository's `root`.
    ahead : tuple of str
        Endings of the files that are read at once, through one process; others are read when asked for.
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
        self._contents = self.repository.blobs(
            blob for name, blob in self._ids.items() if name.endswith(self.ahead) and self.ahead
        )

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, None if the commit has no such file."""
        blob = self._ids.get(name)
        if blob is None:
            return None
        if blob not in self._contents:
            self._contents |= self.repository.blobs([blob])
        return self._contents[blob]

    def where(self, name: str) -> str:
        """Return the file as git calls it: revision, colon, path."""
        return f"{self.label}:{self.folder}/{name}"
