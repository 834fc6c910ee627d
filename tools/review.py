"""`make review` and `make review-quick`: what a branch does to the results, for a job's summary and a comment.

Comes in: which section, and a base; HEAD is compared with the commit that both grew from. Goes out:
build/review/<section>.md, which the job's summary gets as well. Exit status: what `diff --exit-code` says where that is
1 or 2, and 1 for what crashed. A stale result and a difference in the quick profile fail nothing.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmark import git
from benchmark.compare.diff import compare_results
from benchmark.compare.documents import Comparison
from benchmark.compare.repository import Repository
from benchmark.compare.sides import read_side
from benchmark.compare.words import format_markdown
from benchmark.errors import BenchmarkError
from benchmark.statistics import LEVEL, mcnemar_midp

DATASET = "fashion-mnist"
REVIEW = ROOT / "build" / "review"
UNREADABLE, STALE = 2, 3
LAST_LINES = 20
TABLE = 3  # parts of the path models/<data set>/entries.json


def main(arguments):
    section, revision = arguments
    try:
        text, status = {"results": results_section, "quick": quick_section}[section](merge_base(ROOT, revision))
    except BenchmarkError as error:
        text, status = quoted(f"error: {error}"), UNREADABLE
    REVIEW.mkdir(parents=True, exist_ok=True)
    (REVIEW / f"{section}.md").write_text(text + "\n", encoding="utf-8")
    add_to_summary(text)
    print(text)
    return status


def merge_base(repository, revision):
    """Return the commit that `revision` and HEAD grew from."""
    try:
        return git.output(repository, "merge-base", "--end-of-options", revision, "HEAD").decode().strip()
    except BenchmarkError as error:
        shallow = Repository(repository).is_shallow
        raise BenchmarkError(
            f"{revision} and HEAD grew from no commit that is here",
            expected="a revision of this repository, and its history",
            found=error.found or "none in common",
            remedy="git fetch --unshallow" if shallow else "make review BASE= with one of git branch --all",
        ) from None


def add_to_summary(text, environment: Mapping[str, str] = os.environ):
    """Show the text on the job's page, where a job runs this."""
    if environment.get("GITHUB_STEP_SUMMARY"):
        with Path(environment["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")


def quoted(output):
    """Return the end of what a program printed, as a block that none of its lines can close."""
    return "\n".join(["", *(f"    {line}" for line in output.strip().splitlines()[-LAST_LINES:]), ""])


# ------------------------------------------------------------------------------------------------- the tracked results
def results_section(base):
    """Compare the tracked results of `base` and HEAD, data set by data set, and name those that are stale."""
    before, after = (tracked_datasets(ROOT, revision) for revision in (base, "HEAD"))
    told = [of_dataset(base, name, is_new=name not in before) for name in after or [DATASET]]
    return "\n\n".join(text for text, _ in told), max(status for _, status in told)


def tracked_datasets(repository, revision):
    """Return the names of the data sets that have results at a commit, the usual one first."""
    paths = git.output(repository, "ls-tree", "-r", "-z", "--name-only", revision, "--", "models").decode().split("\0")
    found = {
        parts[1] for parts in (path.split("/") for path in paths) if len(parts) == TABLE and parts[2] == "entries.json"
    }
    return sorted(found, key=lambda name: (name != DATASET, name))


def of_dataset(base, name, *, is_new=False):
    """Return what a branch does to the tracked results of a data set, and the exit status."""
    title = "## Tracked results" if name == DATASET else f"## Tracked results of {name}"
    lines, failure = [title, "", "The base has none."], 0
    if not is_new:
        done = command("diff", base, "HEAD", "--dataset", name, "--exit-code", "--format", "markdown")
        failure = done.returncode if done.returncode != STALE else 0  # a result that is not measured is no regression
        lines[-1] = done.stdout.strip() or quoted(done.stderr)
    listed = command("list", "--dataset", name, "--check", "--quiet", "--json")
    if listed.returncode not in (0, STALE):
        return "\n".join([*lines, "", "`list --check` failed:", quoted(listed.stderr)]), failure or 1
    lines += stale_lines(listed.stdout, name)
    return "\n".join(lines), failure


def stale_lines(listed, dataset=DATASET):
    """Return the warning about models that are not current, from what `list --json` prints; nothing if all are."""
    stale = {row["name"]: row["why"] for row in json.loads(listed) if not row["current"]}
    if not stale:
        return []
    remedy = f"make bench MODELS={','.join(stale)}{'' if dataset == DATASET else f' DATASET={dataset}'}"
    if os.environ.get("GITHUB_ACTIONS"):
        print(f"::warning title=Stale results::{remedy}")
    return ["", f"**Not current: `{remedy}` measures them again.**", "", *(f"- {n}: {why}" for n, why in stale.items())]


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmark", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


# ---------------------------------------------------------------------------------------------------- the quick profile
def quick_section(base):
    """Measure the quick profile here and at `base`, one after the other on this machine, and compare."""
    title = ["## Quick profile, measured on this branch and on its base", ""]
    if make_bench(ROOT):
        return "\n".join([*title, "It crashed on this branch: the job's log says where."]), 1
    with_base = REVIEW / "base"
    shutil.rmtree(with_base, ignore_errors=True)  # of a run that was killed
    git.output(ROOT, "worktree", "prune")
    git.output(ROOT, "worktree", "add", "--force", "--detach", str(with_base), base)
    try:
        borrow_environment(with_base)
        if make_bench(with_base):
            return "\n".join(
                [*title, "It runs on this branch; on the base it crashed, so there is nothing to compare."]
            ), 0
        comparison = compare_results(*(quick_side(folder) for folder in (with_base, ROOT)))
    finally:
        git.output(ROOT, "worktree", "remove", "--force", str(with_base))
    return "\n".join([*title, smallest_sentence(comparison), "", format_markdown(comparison)]), 0


def borrow_environment(folder):
    """Let a checkout with the same lock file use this one's environment; another makes its own."""
    if filecmp.cmp(ROOT / "requirements.lock", folder / "requirements.lock", shallow=False):
        (folder / ".venv").symlink_to(ROOT / ".venv", target_is_directory=True)


def make_bench(folder):
    """Run `make bench PROFILE=quick` in a checkout on this one's data, and return its exit status."""
    settings = ["PROFILE=quick", f"DATA_DIR={ROOT / 'data' / DATASET}"]
    without = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", "-C", str(folder), "bench", *settings], env=without, check=False).returncode


def quick_side(folder):
    models = folder / "build" / "quick" / "models"
    side, stored = read_side(None, repository=folder, models_dir=models, dataset=DATASET)
    return {**side, "label": "base" if folder != ROOT else "branch"}, stored


def smallest_sentence(comparison: Comparison):
    """Say what so few images can show at all: the fewest that the test calls a difference if all changed one way."""
    n, tests = comparison["after"]["n_test"], max(1, comparison["primary"]["size"])
    fewest = next(k for k in range(1, n) if mcnemar_midp(0, k) < LEVEL / tests)
    return (
        f"For information: {n:,} test images cannot show a difference below {100 * fewest / n:.2f} points "
        f"({fewest} images, all changed the same way; {tests} test{'s' if tests > 1 else ''}). "
        "*Within noise* says which would have been found in 4 of 5 cases."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
