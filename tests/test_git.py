"""Git is asked about the folder, whatever the environment says; it gives its own reason, and what helps, helps."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import git
from benchmark.errors import BenchmarkError
from tests import made
from tests.conftest import ROOT


@pytest.fixture
def root(tmp_path):
    """A repository with one file, and the repository of somebody else beside it."""
    root = made.repository(tmp_path / "re po")
    (root / "file").write_text("one")
    made.commit(root, "One")
    other = made.repository(tmp_path / "other")
    made.commit(other, "Other")
    return root


def head(folder):
    return git.output(folder, "rev-parse", "HEAD").decode().strip()


HOOK = {
    "GIT_DIR": "../other/.git", "GIT_WORK_TREE": "../other", "GIT_INDEX_FILE": "../other/index", "GIT_PREFIX": "a/",
    "GIT_COMMON_DIR": "../other/.git", "GIT_OBJECT_DIRECTORY": "../other/.git/objects", "GIT_NAMESPACE": "theirs",
    "GIT_LITERAL_PATHSPECS": "1", "GIT_GLOB_PATHSPECS": "1", "GIT_NOGLOB_PATHSPECS": "1", "GIT_ICASE_PATHSPECS": "1",
    "GIT_TRACE": "1", "GIT_TRACE2": "1", "GIT_PAGER": "false", "GIT_CONFIG": "/nowhere", "GIT_EXTERNAL_DIFF": "false",
    "GIT_SHALLOW_FILE": "/nowhere", "GIT_REPLACE_REF_BASE": "refs/x/", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "de",
}  # fmt: skip


@pytest.mark.parametrize("name", HOOK)
def test_a_variable_of_a_hook_or_a_person_changes_no_answer(root, monkeypatch, name):
    expected = head(root)
    monkeypatch.chdir(root)
    monkeypatch.setenv(name, HOOK[name])
    assert head(root) == expected
    assert git.output(root, "ls-files", "--", ":(top)file") == b"file\n"
    with pytest.raises(BenchmarkError, match="bad revision"):  # in English, and not a line of a trace
        git.output(root, "log", "nowhere", "--")


def test_a_persons_way_to_a_remote_and_settings_of_trust_stay(tmp_path):
    kept = {
        "GIT_SSH_COMMAND": "ssh -i key", "GIT_SSL_CAINFO": "ca.pem", "GIT_CONFIG_GLOBAL": "mine", "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*", "GIT_CEILING_DIRECTORIES": "/", "PATH": "/bin", "HOME": "/h",
    }  # fmt: skip
    found = git.environment(tmp_path, kept | HOOK)
    assert found == kept | git.PLAIN


def test_what_is_being_pushed_is_seen_while_the_push_is_checked(root, tmp_path):
    inside = {name: str(root / ".git" / "objects" / "incoming-1") for name in git.INCOMING}
    assert inside.items() <= git.environment(root, inside).items()
    assert not inside.keys() & git.environment(tmp_path / "other", inside).keys()


NAMES = st.builds(
    str.__add__, st.sampled_from(["", "GIT_", "GIT_CONFIG_"]), st.text("ADIRKEYSH_01", min_size=1, max_size=8)
)


@given(st.dictionaries(NAMES, st.sampled_from(["", "x"]), max_size=5))
def test_no_variable_of_git_passes_unless_it_is_meant_to(given):
    found = git.environment(ROOT, given)
    assert git.PLAIN.items() <= found.items()
    for name in found.keys() - git.PLAIN.keys():
        assert not name.startswith("GIT_") or git.KEPT.fullmatch(name)


# ------------------------------------------------------------------------------------------------------------- failures
def test_a_folder_in_no_repository_is_no_clone(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(git.NoCloneError, match=r"is no git clone[\s\S]*make diff BASE=FOLDER HEAD=FOLDER"):
        head(tmp_path)


def test_anothers_repository_is_told_with_gits_own_remedy_which_helps(root, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    with pytest.raises(BenchmarkError, match="another user owns it") as caught:
        head(root)
    subprocess.run(shlex.split(caught.value.remedy), check=True)
    assert len(head(root)) == 40


def test_a_damaged_configuration_and_a_folder_that_is_none_are_told(root, tmp_path):
    with pytest.raises(BenchmarkError, match=r"failed in \S+nowhere[\s\S]*another folder"):
        head(tmp_path / "nowhere")
    (root / ".git" / "config").write_text("[core\n")
    with pytest.raises(BenchmarkError, match=r"bad config line 1[\s\S]*mend git's configuration"):
        head(root)


def test_a_damaged_repository_is_told_with_a_command_that_names_what_is_damaged(root):
    for path in (root / ".git" / "objects").glob("[0-9a-f]" * 2 + "/*"):
        path.chmod(0o600)
        path.write_bytes(b"")
    with pytest.raises(BenchmarkError, match=r"git show failed") as caught:
        git.output(root, "show", "HEAD")
    done = subprocess.run(shlex.split(caught.value.remedy), capture_output=True, text=True, check=False)
    assert "is empty" in done.stderr


def test_without_git_that_is_said(root, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BenchmarkError, match=r"git cannot be run[\s\S]*install git"):
        head(root)


# ---------------------------------------------------------------------------------------------------- the state of a file
def test_the_state_of_a_file_is_what_git_knows_of_it(root, tmp_path, monkeypatch):
    (root / ".gitignore").write_text("ignored\n")
    for name in ("changed", "staged", "gone", "a[b]*"):
        (root / name).write_text("one")
    made.commit(root, "Two")
    for name in ("changed", "staged", "added", "new", "ignored"):
        (root / name).write_text("two")
    made.git(root, "add", "staged", "added")
    (root / "gone").unlink()
    expected = {
        "file": "unchanged", "a[b]*": "unchanged", "changed": "changed", "staged": "changed", "gone": "changed",
        "added": "unknown", "new": "unknown", "ignored": "unknown", "never": "unchanged",
    }  # fmt: skip
    del expected["never"]
    assert {name: git.state(root / name) for name in expected} == expected
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git.state(tmp_path / "file") == "unknown"


def test_a_file_that_two_branches_changed_is_unmerged(root):
    made.git(root, "switch", "--quiet", "--create", "theirs")
    (root / "file").write_text("theirs")
    made.commit(root, "Theirs")
    made.git(root, "switch", "--quiet", "main")
    (root / "file").write_text("ours")
    made.commit(root, "Ours")
    with pytest.raises(subprocess.CalledProcessError):
        made.git(root, "merge", "theirs")
    assert git.state(root / "file") == "unmerged"


def test_every_call_of_git_goes_through_one_module():
    for path in [*(ROOT / "benchmark").rglob("*.py"), *(ROOT / "tools").glob("*.py")]:
        text = path.read_text(encoding="utf-8")
        if '["git"' in text:
            assert path.name == "git.py" or text.count('["git"') == text.count("git.environment("), path


def test_the_tests_themselves_are_shielded_from_the_hook_that_runs_them():
    assert not {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"} & set(os.environ)
