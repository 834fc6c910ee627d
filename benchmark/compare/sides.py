"""The two sides of a comparison: a folder of results, a commit, or the working tree."""

from __future__ import annotations

import os
from pathlib import Path

from benchmark import git
from benchmark.command import Command, word
from benchmark.compare.documents import Side, Use
from benchmark.compare.intervals import checked
from benchmark.compare.repository import Commit, CommitFiles, Repository
from benchmark.disk import is_there
from benchmark.errors import NoResultsError
from benchmark.results import Results, read_folder, read_results

READ_AHEAD = ("metrics.json", "run.json", "predictions.txt", "entries.json", "test_labels.txt")


def read_side(spec: str | None, *, repository: Path, models_dir: Path, dataset: str) -> tuple[Side, Results]:
    """Return the results that `spec` names: a folder of results, else a commit; None is the working tree.

    Raises
    ------
    BenchmarkError
        If it names neither, or what it names holds no results.

    """
    if spec is None:
        return _read_folder(models_dir / dataset, "working tree")
    named = Path(os.path.expanduser(spec))  # noqa: PTH111  # Path's raises where there is no such home
    for folder in (named, named / dataset):
        if is_there(folder / "entries.json"):
            return _read_folder(folder, spec)
    repo = Repository(repository)
    return read_commit(repo, repo.commit(spec), spec, tracked_folder(repository, models_dir, dataset))


def _read_folder(folder: Path, label: str) -> tuple[Side, Results]:
    stored = checked(read_folder(folder))
    return _side(stored, label, None), stored


def read_commit(repository: Repository, commit: Commit, label: str, folder: str) -> tuple[Side, Results]:
    """Return the results in a commit.

    Raises
    ------
    NoResultsError
        If it has none.

    """
    files = CommitFiles(repository, commit, label, folder, READ_AHEAD)
    if files.read("entries.json") is None:
        whole = repository.prefix + folder  # a repository may be given by a folder in it, also by a wrong one
        raise NoResultsError(
            f"{label} ({commit.sha[:10]}) holds no results in {whole}",
            expected=f"{whole}/entries.json",
            found="no such file in that commit",
            remedy=f"{git.called(repository.root)} log --oneline -- {word(folder)}",
        )
    stored = checked(read_results(files))
    return _side(stored, label, commit), stored


def uncommitted(repository: Repository, sha: str, folder: str) -> NoResultsError:
    """Return that no commit up to `sha` has results in `folder`, which is relative to the repository's root."""
    typed = git.called(repository.root)
    documents = " ".join(word(f"{folder}/*{ending}") for ending in (".json", ".txt"))  # and no pickle
    add = f"{typed} add --force {documents}, then {typed} commit"
    return NoResultsError(
        f"no commit up to {sha[:10]} has results in {folder}",
        expected="results that are committed; git ignores those of the sample and of profiles",
        remedy=add if is_there(repository.root / folder) else Command("bench"),
    )


def tracked_folder(repository: Path, models_dir: Path, dataset: str) -> str:
    """Return the folder of a data set's results in a commit: that of `models_dir`, or `models` if it is elsewhere."""
    models_dir, repository = models_dir.resolve(), repository.resolve()
    inside = models_dir.is_relative_to(repository)
    return f"{models_dir.relative_to(repository).as_posix() if inside else 'models'}/{dataset}"


def use_of_test_set(repository: Repository, sha: str, folder: str) -> Use:
    """Count the first-parent commits that changed predictions since the test labels last changed."""
    since = repository.last_change(sha, f"{folder}/test_labels.txt")
    commits = repository.count(sha, since, f"{folder}/*/predictions.txt")
    return {"commits": commits, "at_least": repository.is_shallow}


def _side(stored: Results, label: str, commit: Commit | None) -> Side:
    return {
        "label": label,
        "commit": commit.sha if commit else None,
        "date": commit.date if commit else None,
        "subject": commit.subject if commit else None,
        "n_test": len(stored.test_labels),
        "digest": stored.dataset["digest"],
    }
