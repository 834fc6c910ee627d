"""The history and the newest comparison for the site, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from benchmark.command import Command, Say, as_typed
from benchmark.compare.diff import compare_results
from benchmark.compare.documents import Comparison
from benchmark.compare.history import History, read_history
from benchmark.compare.repository import Repository
from benchmark.compare.sides import read_commit, use_of_test_set
from benchmark.errors import BenchmarkError
from benchmark.git import NoCloneError
from benchmark.publish.pairs import Pairs, read_pairs


@dataclass(frozen=True)
class Past:
    """The history and its newest step that changed a prediction; None with the reason and the command that helps in `missing`.

    `since` is how many commits with results came after that step; they changed no prediction. `pairs` are those of commits that
    can be chosen instead.
    """

    history: History | None
    comparison: Comparison | None
    missing: str = ""
    remedy: str = ""
    since: int = 0
    pairs: Pairs = field(default_factory=Pairs)


def read_past(repository: Repository, folder: str | None, digest: str, say: Say = as_typed) -> Past:
    """Return the history of the results in `folder` up to HEAD, and what its last commit that changed a prediction did.

    What cannot be read is no reason to build no site: it is said instead. `digest` is that of the images that the pages
    show; flips of other data have no pictures here. `say` formats the commands.
    """
    if folder is None:
        return Past(None, None, "These results are not tracked by git.", say(Command("bench")))
    try:
        history = read_history(repository, repository.commit("HEAD").sha, folder)
    except NoCloneError:
        return Past(None, None, "These pages are made from git's history, and this is no clone.", "git clone")
    except BenchmarkError as error:
        return _unread(None, error, say)
    if len(history["commits"]) < 2:  # noqa: PLR2004
        if history["truncated"]:
            return Past(history, None, "This site was built from a shallow clone.", "git fetch --unshallow")
        missing = "There are no two commits with results so far, so nothing to compare."
        return Past(history, None, missing, say(Command("bench")))
    step = _newest_step(history)
    pairs = read_pairs(repository, history, folder, step, say)
    try:
        before, after = (repository.commit(commit["sha"]) for commit in history["commits"][step - 1 : step + 1])
        old, new = (read_commit(repository, commit, commit.sha[:10], folder) for commit in (before, after))
        use = use_of_test_set(repository, after.sha, folder)
    except BenchmarkError as error:
        return replace(_unread(history, error, say), pairs=pairs)
    if new[0]["digest"] != digest:
        missing = "The newest commit with results measured other images than these."
        return Past(history, None, missing, say(Command("bench")), pairs=pairs)
    return Past(history, compare_results(old, new, use, say), since=len(history["commits"]) - 1 - step, pairs=pairs)


def _newest_step(history: History) -> int:
    """Return the place of the last commit that changed a prediction or a model, the first aside; without one, of the last of all."""
    changed = {point["commit"] for point in history["points"] if point["step"] != "unchanged"}
    return max(changed - {0}, default=len(history["commits"]) - 1)


def _unread(history: History | None, error: BenchmarkError, say: Say) -> Past:
    """Return what is missing in the words of the error that says so."""
    problem = error.problem
    return Past(history, None, f"{problem[0].upper()}{problem[1:]}.", say(error.remedy or "git status"))
