"""Workflows do nothing that cannot be done at a desk, with no more rights than they need; and the scripts they run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from benchmark import load_model
from benchmark.compare.diff import compare_results
from benchmark.compare.sides import read_side
from benchmark.errors import BenchmarkError, ResultsError
from benchmark.results import load_results
from tests import made
from tests.conftest import ROOT, RUN_MODELS, SAMPLE
from tools import comment, links, locked, notes, pickles, rehearse, reproduced, review, taken

PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in PATHS}
WORKFLOWS = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = [(name, job, found) for name, flow in WORKFLOWS.items() for job, found in flow["jobs"].items()]
STEPS = [(name, job, step) for name, job, found in JOBS for step in found["steps"]]
USES = re.compile(r"uses: *(\S+)(?: +# *(\S+))?$", re.MULTILINE)
WRITES = {  # what each job may write, and nothing else may
    ("publish", "deploy"): {"pages", "id-token"},
    ("pull-request-comment", "comment"): {"pull-requests"},
    ("bench", "propose"): {"contents", "pull-requests"},
    ("bench", "release"): {"actions", "contents"},
}


def targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))


# ------------------------------------------------------------------------------------------------------- the workflows
def test_every_step_that_runs_something_is_a_make_target():
    lines = [step["run"] for _, _, step in STEPS if "run" in step]
    assert len(lines) > 10
    for line in lines:
        target = re.fullmatch(
            r'make ([a-z-]+)( BASE="\$BASE"| DATASET=digits)?', line
        )  # no setting comes from the environment
        assert target, line
        assert target[1] in targets(), line


def test_every_action_is_pinned_to_one_commit_whose_version_is_beside_it():
    pins = {}
    for text in TEXTS.values():
        for address, version in USES.findall(text):
            action, _, commit = address.partition("@")
            assert re.fullmatch(r"[0-9a-f]{40}", commit), address
            assert re.fullmatch(r"v\d+\.\d+\.\d+", version), address
            assert pins.setdefault(action, (commit, version)) == (commit, version)
    assert all(action.startswith("actions/") for action in pins)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_rights_but_those_its_jobs_name_and_one_run_at_a_time(name):
    assert WORKFLOWS[name]["permissions"] == {}
    assert WORKFLOWS[name]["concurrency"]["group"]


@pytest.mark.parametrize(("name", "job", "found"), JOBS, ids=[f"{name}-{job}" for name, job, _ in JOBS])
def test_a_job_has_a_time_limit_and_writes_what_is_listed_here_alone(name, job, found):
    assert found["timeout-minutes"] <= 240
    granted = {right for right, level in found["permissions"].items() if level == "write"}
    assert granted == WRITES.get((name, job), set())


def test_no_checkout_leaves_its_token_behind():
    checkouts = [step for _, _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_site_is_published_with_its_history_and_without_a_fit():
    steps = WORKFLOWS["publish"]["jobs"]["build"]["steps"]
    assert next(step for step in steps if "checkout" in step.get("uses", ""))["with"]["fetch-depth"] == 0
    lines = [step["run"] for step in steps if "run" in step]
    assert lines.index("make site") < lines.index("make audit-links") < lines.index("make audit")
    assert "make bench" not in lines


def test_the_comment_is_made_by_the_default_branchs_code():
    flow = WORKFLOWS["pull-request-comment"]
    assert flow[True] == {"workflow_run": {"workflows": [WORKFLOWS["pull-request"]["name"]], "types": ["completed"]}}
    checkout = flow["jobs"]["comment"]["steps"][0]
    assert set(checkout["with"]) == {"persist-credentials"}


@pytest.mark.parametrize("name", ["bench", "publish"])
def test_what_is_released_or_published_comes_from_no_cache(name):
    assert "cache" not in re.sub(r"#.*", "", TEXTS[name])


def test_an_artifact_is_never_unpacked_over_the_checkout():
    downloads = [step for _, _, step in STEPS if step.get("uses", "").startswith("actions/download-artifact@")]
    places = {step["with"].get("path", "") for step in downloads}
    assert len(downloads) >= 3
    assert all(place.startswith(("build/", "${{ runner.temp }}/")) for place in places)


def test_what_is_tracked_of_results_and_data_is_text():
    words = ["git", "-C", ROOT, "ls-files", "--stage", "-z", "models", "data"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no clone")
    entries = [line.split("\t") for line in done.stdout.split("\0") if line]
    assert entries
    assert {mode.split()[0] for mode, _ in entries} == {"100644"}  # no link, and nothing that is run
    assert all(path.endswith((".json", ".txt", ".bib", "/SHA256SUMS")) for _, path in entries)


@pytest.mark.parametrize(
    "stranger", ["Makefile", ".git/config", "models/a/b/model.pkl", "models/../x/metrics.json", "link"]
)
def test_only_the_files_that_a_run_writes_are_taken_from_an_artifact(tmp_path, stranger, capsys):
    source, root = tmp_path / "results", tmp_path / "checkout"
    names = [
        "README.md",
        "build/reproduced/summary.md",
        "data/a/study.json",
        "models/a/entries.json",
        "models/a/b/predictions.txt",
    ]
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
    assert taken.main(source, root) == 0
    assert sorted(path.relative_to(root).as_posix() for path in root.rglob("*.*")) == sorted(names)
    shutil.rmtree(root)
    if stranger == "link":
        (source / "models" / "a" / "b" / "metrics.json").symlink_to("/etc/passwd")
    else:
        path = Path(os.path.normpath(source / stranger))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert taken.main(source, root) == 1
    assert "holds what no run writes" in capsys.readouterr().err
    assert not root.exists()


def test_what_a_workflow_restores_from_elsewhere_is_verified_by_hash_and_never_a_build_folder():
    restored = [step["with"]["path"] for _, _, step in STEPS if step.get("uses", "").startswith("actions/cache@")]
    assert restored
    assert set(restored) == {"data/*/*-ubyte"}  # `make data` compares these with SHA256SUMS


def test_zizmor_finds_no_hole():
    zizmor = Path(sys.executable).parent / "zizmor"
    done = subprocess.run(
        [zizmor, "--offline", "--no-progress", ROOT / ".github"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# -------------------------------------------------------------------------------------------------------- the rehearsal
def test_the_rehearsal_knows_every_expression_in_the_workflows_it_runs():
    lines = [
        line
        for name in rehearse.REHEARSED
        for _, steps in rehearse.jobs(rehearse.WORKFLOWS / f"{name}.yml")
        for line, _, _ in steps
    ]
    assert set(rehearse.LEFT_OUT) < set(lines)
    assert "make site" in lines


def test_the_rehearsal_stops_a_job_at_a_failure_but_for_steps_that_run_anyway(tmp_path, capfd):
    (tmp_path / "flow.yml").write_text(
        'jobs:\n  one:\n    env: {WORD: given}\n    steps:\n      - run: echo "$WORD" && false\n      - run: echo never\n'
        "      - run: echo anyway\n        if: ${{ !cancelled() }}\n  two:\n    steps:\n      - uses: some/action@1\n      - run: echo other\n"
    )
    assert not rehearse.rehearse(tmp_path / "flow.yml", tmp_path, {"PATH": "/usr/bin:/bin"})
    output = capfd.readouterr().out
    assert "\ngiven\n" in output
    assert "\nnever\n" not in output
    assert "\nanyway\n" in output
    assert "\nother\n" in output


# ----------------------------------------------------------------------------------------------- what a review says
def finished(status, out="", err=""):
    return subprocess.CompletedProcess([], status, out, err)


def listed(stale):
    """Return what `list --json` prints of models, and why each is not current."""
    return json.dumps([{"name": name, "current": not why, "why": why} for name, why in stale.items()])


@pytest.mark.parametrize(
    ("diff_status", "list_status", "expected"),
    [(0, 0, 0), (1, 0, 1), (2, 0, 2), (3, 0, 0), (0, 3, 0), (1, 3, 1), (0, 1, 1)],
)
def test_a_review_fails_on_a_regression_and_on_what_cannot_be_read_and_on_nothing_else(
    monkeypatch, diff_status, list_status, expected
):
    answers = {
        "diff": finished(diff_status, "the comparison", "error: unreadable"),
        "list": finished(list_status, listed({"svm-hog": "moved", "lr-hog": ""})),
    }
    asked = []
    monkeypatch.setattr(review, "command", lambda *words: asked.append(words) or answers[words[0]])
    monkeypatch.setattr(review, "tracked_datasets", lambda *_: ["fashion-mnist", "digits"])
    text, status = review.results_section("HEAD~1")
    assert status == expected
    assert [words[words.index("--dataset") + 1] for words in asked] == [
        "fashion-mnist",
        "fashion-mnist",
        "digits",
        "digits",
    ]
    assert "## Tracked results of digits" in text
    assert "the comparison" in text
    assert ("make bench MODELS=svm-hog`" in text) == (list_status in (0, 3))


def test_stale_results_are_a_warning_that_names_them(monkeypatch, capsys):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    why = {"a": "changed since it was measured: the code", "b": "", "c": "no result yet"}
    lines = review.stale_lines(listed(why))
    assert "**Not current: `make bench MODELS=a,c` measures them again.**" in lines
    assert "- a: changed since it was measured: the code" in lines
    assert capsys.readouterr().out == "::warning title=Stale results::make bench MODELS=a,c\n"
    assert review.stale_lines(listed({"b": ""})) == []
    assert "**Not current: `make bench MODELS=a,c DATASET=digits` measures them again.**" in review.stale_lines(
        listed(why), "digits"
    )


def test_a_data_set_that_the_base_has_no_results_of_is_new_and_no_failure(tmp_path, monkeypatch):
    root = made.repository(tmp_path / "repo")
    for name in ("fashion-mnist", "digits", "other/deeper"):
        (root / "models" / name).mkdir(parents=True)
        (root / "models" / name / "entries.json").write_text("{}")
        made.commit(root, name)
    assert review.tracked_datasets(root, "HEAD") == ["fashion-mnist", "digits"]
    assert review.tracked_datasets(root, "HEAD~2") == ["fashion-mnist"]
    monkeypatch.setattr(review, "ROOT", root)
    monkeypatch.setattr(review, "command", lambda *words: finished(0 if words[0] == "list" else 2, listed({})))
    text, status = review.results_section("HEAD~2")
    assert status == 2  # of the data set that the base has
    assert text.endswith("## Tracked results of digits\n\nThe base has none.")


def test_the_base_is_the_commit_that_both_branches_grew_from(tmp_path):
    root = made.repository(tmp_path / "repo")

    def git(*words):
        done = subprocess.run(["git", "-C", str(root), *words], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    for name in ("fork", "ours"):
        (root / name).write_text(name)
        made.commit(root, name)
    fork = git("rev-parse", "HEAD~1")
    git("switch", "--quiet", "--create", "theirs", fork)
    (root / "theirs").write_text("theirs")
    made.commit(root, "theirs")
    assert review.merge_base(root, "@{-1}") == fork
    with pytest.raises(BenchmarkError, match="grew from no commit that is here"):
        review.merge_base(root, "nonsense")


def test_a_quick_comparison_says_what_so_few_images_cannot_show(tmp_path):
    sides = [side_of(tmp_path / str(wrong), np.arange(wrong)) for wrong in (10, 14)]
    sentence = review.smallest_sentence(compare_results(*sides))
    # 5 images that all change one way are the fewest that the test calls a difference: mid-p 0.5 ** 5 < 0.05 < 0.5 ** 4
    assert "2,000 test images cannot show a difference below 0.25 points (5 images" in sentence


def side_of(folder, wrong):
    made.write_table(folder / "made", ["one"])
    made.write_model(folder / "made", "one", made.predictions(wrong))
    return read_side(None, repository=folder, models_dir=folder, dataset="made")


# ------------------------------------------------------------------------------------------------------ the one comment
GH = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
body = sys.stdin.read() if "--input" in sys.argv else ""
with (folder / "calls").open("a") as stream:
    stream.write(json.dumps([sys.argv[2:], body]) + "\\n")
path = sys.argv[2]
if "/pulls?" in path:
    print((folder / "pulls").read_text())
elif path.endswith("per_page=100"):
    print((folder / "comments").read_text())
else:
    print("{{}}")
"""


@pytest.fixture
def github(tmp_path, monkeypatch):
    """Return a function that makes the comment of a pull request which has some comments, and what `gh` was asked for."""
    program = tmp_path / "gh"
    program.write_text(GH.format(python=sys.executable, folder=str(tmp_path)))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    given = {"GITHUB_REPOSITORY": "o/r", "HEAD_OWNER": "some one", "HEAD_BRANCH": "a&b", "HEAD_SHA": "abc"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "results.md").write_text("## Tracked results\n")

    def make(comments, head="abc"):
        (tmp_path / "pulls").write_text(json.dumps([{"number": 7, "head": {"sha": head}}]))
        (tmp_path / "comments").write_text(json.dumps([comments]))
        assert comment.main([str(tmp_path)]) == 0
        return [json.loads(line) for line in (tmp_path / "calls").read_text().splitlines()]

    return make


def said(login, body, number):
    return {"id": number, "user": {"login": login}, "body": body}


def test_a_first_review_makes_a_comment(github):
    calls = github([said("somebody", comment.MARK, 1)])
    assert calls[0][0] == ["repos/o/r/pulls?state=open&head=some%20one%3Aa%26b"]
    (path, *options), body = calls[-1]
    assert path == "repos/o/r/issues/7/comments"
    assert options[:2] == ["--method", "POST"]
    assert json.loads(body)["body"].startswith(
        f"{comment.MARK}\nOf abc, measured by the pull request's own code.\n\n## Tracked results"
    )


def test_a_later_review_renews_it_and_nobody_elses(github):
    calls = github(
        [
            said("somebody", comment.MARK, 1),
            said(comment.AUTHOR, "other", 2),
            said(comment.AUTHOR, f"{comment.MARK} old", 3),
        ]
    )
    assert calls[-1][0][:3] == ["repos/o/r/issues/comments/3", "--method", "PATCH"]


def test_a_review_of_a_commit_that_is_no_longer_the_last_says_nothing(github):
    assert len(github([], head="later")) == 1


def test_a_review_that_is_too_long_loses_its_details_and_says_where_they_are(tmp_path):
    details = f"<details><summary>One</summary>\n{'x' * 70_000}\n</details>\n"
    (tmp_path / "results.md").write_text(f"**1 regressed**\n\n{details}\nbefore HEAD~1\n")
    text = comment.body(tmp_path, "0123456789abcdef")
    assert len(text) < 65_536
    assert "**1 regressed**" in text
    assert "before HEAD~1" in text
    assert "xxx" not in text
    assert "summary of the *pull request* workflow" in text


def test_a_reviews_text_calls_nobody_and_may_be_of_any_bytes(tmp_path):
    (tmp_path / "results.md").write_bytes(b"thanks @somebody \xff")
    assert "thanks @\u200bsomebody \ufffd" in comment.body(tmp_path, "abc")


def test_a_review_that_succeeded_and_did_not_come_is_not_said_to_have_failed(github, monkeypatch, tmp_path):
    monkeypatch.setenv("CONCLUSION", "success")
    (tmp_path / "results.md").unlink()
    with pytest.raises(SystemExit, match="nothing of it was downloaded"):
        github([])


def test_a_review_that_said_nothing_is_said_to_have_failed(tmp_path):
    assert "failed before it had anything to say" in comment.body(tmp_path, "abc")


# ------------------------------------------------------------------------------------------------ reproduced, or news
@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A repository with results, and a function that says what `make reproduced` made of its working tree."""
    root = made.repository(tmp_path / "repo")
    folder = root / "models" / "made"
    made.write_table(folder, ["one"])
    made.write_model(folder, "one", made.predictions(np.arange(100)))
    made.commit(root, "Results")
    output = tmp_path / "output"
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))

    def look():
        reproduced.main(root)
        return output.read_text().splitlines()[-1], (root / "build" / "reproduced" / "summary.md").read_text()

    return folder / "one", look


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes, indent=2) + "\n")


def test_the_same_bytes_are_reproduced(measured):
    changed, text = measured[1]()
    assert changed == "changed=false"
    assert text.startswith("# Reproduced")
    assert "Every tracked byte is that of HEAD, run.json aside." in text


def test_bytes_that_differ_are_listed_and_are_no_news(measured):
    folder, look = measured
    text = (folder / "metrics.json").read_text()
    (folder / "metrics.json").write_text(text.replace("0.9", "0.8", 1))
    changed, said = look()
    assert changed == "changed=false"
    assert "- one: no prediction, but figures; kernel, libraries and processor are the same" in said
    place = text.encode().index(b"0.9") + 2
    assert f"| `models/made/one/metrics.json` | 1 of {len(text.encode()):,}, from byte {place:,} on |" in said


def test_predictions_that_differ_are_counted_with_their_likely_reason(measured):
    folder, look = measured
    before = json.loads((folder / "run.json").read_text())
    made.write_model(folder.parent, "one", made.predictions(np.arange(101)))
    machine = before["machine"]
    for changes, reason in [
        ({}, "kernel, libraries and processor are the same, so look for the reason in the code"),
        ({"machine": machine | {"cpu": "Another"}}, "likely reason: processor (A processor, x86_64 → Another, x86_64)"),
        ({"libraries": before["libraries"] | {"numpy": "3"}}, "likely reason: library versions (numpy 2 → 3)"),
        ({"machine": machine | {"kernel": "Haswell"}}, "likely reason: BLAS kernel (not recorded → Haswell)"),
        ({"key": before["key"] | {"code": "9" * 64}}, "likely reason: code, data or entry"),
    ]:
        edit(folder / "run.json", **changes)
        assert f"- one: 1 image predicted otherwise; {reason}\n" in look()[1]


def test_a_moved_key_is_news(measured):
    folder, look = measured
    key = json.loads((folder / "run.json").read_text())["key"]
    edit(folder / "run.json", key=key | {"libraries": "9" * 64})
    changed, text = look()
    assert changed == "changed=true"
    assert text.startswith("# New results")
    assert "- one: libraries moved" in text


def test_a_verdict_beyond_noise_is_news(measured):
    folder, look = measured
    made.write_model(folder.parent, "one", made.predictions(np.arange(300)))
    changed, text = look()
    assert changed == "changed=true"
    assert "1 regressed" in text


@pytest.fixture
def clone(tmp_path):
    """A clone with the Makefile, results, and a remote to push to; and how to run a target in it."""
    root = made.repository(tmp_path / "first")
    for name, text in {
        "Makefile": (ROOT / "Makefile").read_text(),
        "README.md": "",
        ".gitignore": "*.pkl\nbuild\n",
    }.items():
        (root / name).write_text(text)
    for name in ("one", "two"):
        (root / "models" / "fashion-mnist" / name).mkdir(parents=True)
        (root / "models" / "fashion-mnist" / name / "metrics.json").write_text(name)
    (root / "data").mkdir()
    (root / "data" / "SHA256SUMS").touch()
    made.commit(root, "Results")
    subprocess.run(["git", "clone", "--quiet", root, tmp_path / "clone"], check=True)
    program = tmp_path / "gh"
    program.write_text('#!/bin/sh\necho "gh $*"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    identity = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def make(target, **settings):
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), **identity, **settings}
        command = ["make", "--silent", "-C", tmp_path / "clone", target]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return tmp_path / "clone", make


def test_a_release_carries_each_model_as_a_pickle_and_as_a_file_that_runs_no_code(whole_run, sample, tmp_path):
    pytest.importorskip("skops.io")
    folder = tmp_path / "pickles"
    with pytest.raises(ResultsError, match="holds no results(?s:.*)make bench"):
        pickles.main(tmp_path, folder, tmp_path / "site")
    results = whole_run[0] / "models" / SAMPLE
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("a page")
    pickles.main(results, folder, tmp_path / "site")
    with zipfile.ZipFile(folder / "site.zip") as archive:
        assert archive.read("site/index.html") == b"a page"
    sums = dict(reversed(line.split("  ")) for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == {f"{name}{suffix}" for name in RUN_MODELS.split(",") for suffix in (".pkl", ".skops")} | {
        "site.zip"
    }
    for name, sha256 in sums.items():
        content = (folder / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sha256
        if name == "site.zip":
            continue
        if name.endswith(".pkl"):
            assert content == (results / name.removesuffix(".pkl") / "model.pkl").read_bytes()
        found = load_model(folder / name, sha256).predict(np.asarray(sample.test_images[:200]))
        stored = load_results(results.parent, SAMPLE).model(name.partition(".")[0])
        assert np.array_equal(found, stored.predictions[:200])


def test_new_results_are_proposed_on_a_branch_of_their_own_without_pickles(clone):
    root, make = clone
    (root / "models" / "fashion-mnist" / "one" / "metrics.json").write_text("new")
    (root / "models" / "fashion-mnist" / "one" / "model.pkl").write_text("private")
    done = make("propose", BRANCH="results-1")
    assert done.returncode == 0, done.stderr
    assert "gh pr create" in done.stdout
    assert "--head results-1 --title Measure again --body-file build/reproduced/summary.md" in done.stdout
    changed = ["git", "-C", root.parent / "first", "diff", "--name-only", "HEAD", "results-1"]
    assert (
        subprocess.run(changed, capture_output=True, text=True, check=True).stdout
        == "models/fashion-mnist/one/metrics.json\n"
    )


# ------------------------------------------------------------------------------- what make check and a release look at
def test_the_lock_files_are_what_pyproject_asks_for():
    assert locked.main() == 0


@pytest.mark.parametrize(
    ("lock", "problem"),
    [
        ("other==1\n    # via us (pyproject.toml)\n", "wanted is not pinned"),
        ("wanted==1.5\n    # via somebody\n", "wanted is pinned for another package alone"),
        ("wanted==2.0 ; python_version < '3'\n    # via us (pyproject.toml)\n", "wanted==2.0 is not within <2,>=1"),
        (
            "wanted==1.5\n    # via us (pyproject.toml)\nold==1\n    # via us (pyproject.toml)\n",
            "old is pinned for this project, which does not ask for it",
        ),
        ("wanted[extra]==1.5\n    # via us (pyproject.toml)\n", None),
    ],
)
def test_a_lock_file_that_is_not_current_is_said_to_be_so(lock, problem):
    found = list(locked.compare([locked.Requirement("wanted>=1,<2")], lock, "us"))
    assert found[:1] == ([problem] if problem else [])


def test_dead_links_and_anchors_are_found(tmp_path):
    (tmp_path / "there.md").write_text("# One heading, twice\n\n## One heading, twice\n\n```\n# no heading\n```\n")
    text = "[a](there.md#one-heading-twice-1) [b](gone.md) [c](there.md#no-heading) [d](https://example.org/x) <img src='no.png'>\n"
    (tmp_path / "page.md").write_text(text)
    pages = {path: links.from_markdown(path.read_text()) for path in tmp_path.glob("*.md")}
    assert [line.split(": ")[1] for line in links.dead_links(pages, tmp_path)] == [
        "gone.md",
        "there.md#no-heading",
        "no.png",
    ]


def test_links_of_a_site_below_a_folder_are_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text("<a href='a/#here'>x</a><a href='a/#gone'>x</a>")
    (tmp_path / "a" / "index.html").write_text(
        "<p id='here'><a href='/repo/'>x</a><a href='/repo/b/'>x</a><a href='..'>x</a>"
    )
    pages = {path: links.Page(path.read_text()) for path in sorted(tmp_path.rglob("*.html"))}
    assert [line.split(": ")[1] for line in links.dead_links(pages, tmp_path, "/repo/")] == ["/repo/b/", "a/#gone"]
    assert [line.split(": ")[1] for line in links.dead_links(pages, tmp_path)][:2] == ["/repo/", "/repo/b/"]
    outside = {tmp_path / "index.html": links.Page("<a href='/a/'>x</a><a href='/repository/a/'>x</a>")}
    assert len(links.dead_links(outside, tmp_path, "/repo")) == 2


def test_a_link_may_carry_a_selection_that_the_forms_of_the_page_take(tmp_path):
    form = "<select name=true><option value=''>any<option selected>Shirt</select><select name=model><option value=a>A</select>"
    (tmp_path / "errors.html").write_text(form)
    pages = {tmp_path / "errors.html": links.Page(form)}
    for anchor in ("true=Shirt&amp;model=a", "true=Hat", "hat=Shirt", "model=A"):
        pages |= {tmp_path / f"{anchor[:5]}{len(pages)}.html": links.Page(f"<a href='errors.html#{anchor}'>x</a>")}
    assert [line.split("#")[1].split(":")[0] for line in links.dead_links(pages, tmp_path)] == [
        "true=Hat",
        "hat=Shirt",
        "model=A",
    ]


def test_an_open_proposal_is_renewed_and_not_made_twice(clone):
    root, make = clone
    (root.parent / "gh").write_text('#!/bin/sh\ntest "$2" = view && echo OPEN || echo "gh $*"\n')
    for text in ("new", "newer"):
        (root / "models" / "fashion-mnist" / "one" / "metrics.json").write_text(text)
        done = make("propose", BRANCH="again")
        assert done.returncode == 0, done.stderr
        assert done.stdout == "gh pr edit again --body-file build/reproduced/summary.md\n"
        subprocess.run(["git", "-C", root, "switch", "--quiet", "main"], check=True)
        subprocess.run(["git", "-C", root, "branch", "--quiet", "-D", "again"], check=True)


@pytest.mark.parametrize(
    ("answer", "token", "status", "told"),
    [
        ("echo '{}'", "x", 0, "will link to the latest release's pickles"),
        ("echo 'gh: Not Found (HTTP 404)' >&2; exit 1", "x", 0, "no release"),
        ("echo 'gh: Bad gateway (HTTP 502)' >&2; exit 1", "x", 2, "HTTP 502"),
        ("echo 'gh auth login' >&2; exit 4", "", 0, "no release"),
    ],
)
def test_only_an_answer_that_there_is_no_release_counts_as_one(clone, answer, token, status, told):
    root, make = clone
    (root.parent / "gh").write_text(f"#!/bin/sh\n{answer}\n")
    done = make("released", GH_TOKEN=token)
    assert done.returncode == status
    assert told in done.stdout + done.stderr
    assert (root / "build" / "released.json").exists() == ("will link" in told)


def test_a_tag_is_the_version_of_the_package():
    notes.check_version('"""A package."""\n\n__version__ = "1.2.0"\n', "v1.2.0")
    with pytest.raises(SystemExit, match=r"the tag is v1\.3\.0\n  expected: v1\.2\.0"):
        notes.check_version('__version__ = "1.2.0"\n', "v1.3.0")


def test_a_releases_notes_are_its_section_of_the_changelog():
    text = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-12-01\n\n### Added\n\n- This.\n\n## [1.1.0] - 2026-11-01\n\n- That.\n"
    assert notes.notes(text, "v1.2.0") == "### Added\n\n- This."
    with pytest.raises(SystemExit, match=r"says nothing of v9\.0\.0"):
        notes.notes(text, "v9.0.0")
