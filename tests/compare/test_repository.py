"""Git, read without a checkout: whatever a person's settings, in any kind of clone."""

from __future__ import annotations

import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import git
from benchmark.compare.repository import Repository
from benchmark.errors import BenchmarkError
from tests import made
from tests.conftest import ROOT


@pytest.fixture
def root(tmp_path):
    """A repository with a file, then another instead, and a folder beside them that nobody asks for."""
    root = made.repository(tmp_path / "repo")
    for folder in ("wanted", "other"):
        (root / folder).mkdir()
        (root / folder / "a").write_text("one")
    made.commit(root, "Größer, naïve")
    (root / "wanted" / "a").unlink()
    (root / "wanted" / "b").write_text("two\n\nlines")
    made.commit(root, "Then")
    (root / "other" / "a").write_text("of no interest")
    made.commit(root, "Elsewhere")
    return root


def test_changes_are_told_whatever_a_person_has_set(root, monkeypatch):
    repository = Repository(root)
    head = repository.commit("HEAD").sha
    expected = list(repository.changes(head, "wanted"))
    assert [(c.commit.subject, set(c.blobs)) for c in expected] == [("Größer, naïve", {"a"}), ("Then", {"a", "b"})]
    assert expected[1].blobs["a"] is None
    settings = {
        "color.ui": "always", "log.showSignature": "true", "i18n.logOutputEncoding": "ISO-8859-1", "diff.renames": "copies",
        "core.quotePath": "true", "log.date": "relative",
    }  # fmt: skip
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for i, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{i}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{i}", value)
    assert list(repository.changes(head, "wanted")) == expected
    assert repository.commit("HEAD~2").subject == "Größer, naïve"


@pytest.mark.parametrize(
    "subject", ["pasted \x1e from a \x1d table \x1f", ":100644 000000 a b M", "", "\x1b[2J", "a" * 300]
)
def test_a_message_may_hold_any_character(root, subject):
    (root / "wanted" / ":b").write_text("three")
    made.git(root, "add", "-A")
    made.git(root, "commit", "--quiet", "--allow-empty-message", "--cleanup=verbatim", "-m", subject)
    made.git(root, "rm", "--quiet", "wanted/:b")
    made.commit(root, "Last")
    repository = Repository(root)
    *_, told, last = repository.changes(repository.commit("HEAD").sha, "wanted")
    assert told.commit.subject == repository.commit("HEAD~1").subject == subject
    assert list(told.blobs) == [":b"]
    assert (last.commit.subject, last.blobs) == ("Last", {":b": None})


def test_a_repository_of_longer_hashes_is_read_too(tmp_path):
    root = tmp_path / "long"
    root.mkdir()
    made.git(root, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    (root / "wanted").mkdir()
    (root / "wanted" / "a").write_text("one")
    made.commit(root, "First")
    (root / "wanted" / "a").unlink()
    made.commit(root, "Gone")
    repository = Repository(root)
    first, last = repository.changes(repository.commit("HEAD").sha, "wanted")
    assert dict(repository.blobs(first.blobs.values())) == {first.blobs["a"]: b"one"}
    assert last.blobs == {"a": None}


def test_any_number_of_files_takes_one_process(root, monkeypatch):
    repository = Repository(root)
    changes = list(repository.changes(repository.commit("HEAD").sha, "wanted"))
    ids = [blob for change in changes for blob in change.blobs.values() if blob]
    started, start = [], git.start
    monkeypatch.setattr(git, "start", lambda *args, **more: started.append(args) or start(*args, **more))
    assert sorted(dict(repository.blobs(ids * 2)).values()) == [b"one", b"two\n\nlines"]
    assert len(started) == 1


def test_reading_may_stop_early(root):
    repository = Repository(root)
    (change, *_) = repository.changes(repository.commit("HEAD").sha, "wanted")
    blobs = repository.blobs(change.blobs.values())
    assert next(blobs)[1] == b"one"
    blobs.close()


def test_an_object_that_is_not_here_is_named(root):
    with pytest.raises(BenchmarkError, match=r"object 1234\S+ is not in [\s\S]*a damaged clone[\s\S]* fsck"):
        dict(Repository(root).blobs(["1234" + "0" * 36]))
    made.git(root, "config", "remote.origin.promisor", "true")
    with pytest.raises(BenchmarkError, match=r"object 1234\S+ is not in [\s\S]*fetch --refetch"):
        dict(Repository(root).blobs(["1234" + "0" * 36]))


def test_a_partial_clone_whose_remote_is_gone_says_so(root, tmp_path):
    made.git(root, "config", "uploadpack.allowFilter", "true")
    made.git(tmp_path, "clone", "--quiet", "--filter=blob:none", "--no-checkout", root.as_uri(), "partial")
    root.rename(tmp_path / "gone")
    repository = Repository(tmp_path / "partial")
    blobs = repository.tree(repository.commit("HEAD").sha, "wanted").values()
    with pytest.raises(BenchmarkError, match="a partial clone"):
        dict(repository.blobs(blobs))


def test_a_folder_within_a_repository_is_asked_from_there(root):
    repository = Repository(root / "wanted")
    assert repository.prefix == "wanted/"
    with pytest.raises(BenchmarkError, match="neither a commit"):
        repository.commit("nowhere")


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://example.org/a/b.git", "https://example.org/a/b/commit/"),
        ("https://example.org:8443/a/b/", "https://example.org:8443/a/b/commit/"),
        ("git@example.org:a/b.git", "https://example.org/a/b/commit/"),
        ("ssh://git@example.org/a/b", "https://example.org/a/b/commit/"),
        ("ssh://git@example.org:22/a/b", ""),
        ("https://secret@example.org/a/b", ""),
        ("https://me:secret@example.org/a/b", ""),
        ("/srv/git/b.git", ""),
        (None, ""),
    ],
)
def test_a_commits_address_is_that_of_a_known_remote_and_gives_no_secret_away(root, remote, address):
    if remote:
        made.git(root, "remote", "add", "origin", remote)
    assert Repository(root).web == address


def test_a_repository_that_git_refuses_is_not_taken_for_none(root, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for ask in (lambda: Repository.around(root), lambda: Repository(root).commit("HEAD")):
        with pytest.raises(BenchmarkError, match="another user owns it"):
            ask()


def test_a_repository_without_a_commit_says_so(tmp_path):
    empty = made.repository(tmp_path / "empty")
    assert Repository.around(empty) is None
    with pytest.raises(BenchmarkError, match=r"no commit yet\n  try:      git -C \S+ add models data"):
        Repository(empty).commit("HEAD")


@pytest.mark.parametrize(
    "subject", ["", "a\x1fb\x1ec\x1dd", ":100644 100644 a b M", " two  spaces", "\x1b[31mred", "a" * 3000, "100 %H"]
)
def test_any_subject_is_told_as_it_is(root, subject):
    (root / "wanted" / "b").write_text("three")
    made.git(root, "add", "-A")
    made.git(root, "commit", "--quiet", "--allow-empty-message", "--cleanup=verbatim", "-m", subject)
    repository = Repository(root)
    head = repository.commit("HEAD")
    assert head.subject == subject
    last = list(repository.changes(head.sha, "wanted"))[-1]
    assert (last.commit, set(last.blobs)) == (head, {"b"})


def test_what_is_no_file_is_passed_over(root, tmp_path):
    other = made.repository(tmp_path / "other")
    made.commit(other, "Other")
    made.git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other), "wanted/module")
    (root / "wanted" / "link").symlink_to("b")
    made.commit(root, "Module and link")
    repository = Repository(root)
    head = repository.commit("HEAD").sha
    assert set(repository.tree(head, "wanted")) == {"b"}
    assert list(repository.changes(head, "wanted"))[-1].blobs == {"module": None, "link": None}


@pytest.mark.parametrize("name", ["a[b]", "a b", "a*", "größe", "a\nb", "trailing ", '"quoted"'])
def test_a_folder_of_any_name_within_a_repository_is_read(tmp_path, name):
    top = made.repository(tmp_path / "top")
    for folder in (name, "ab"):
        (top / folder / "models").mkdir(parents=True)
        (top / folder / "models" / "predictions.txt").write_text(folder)
    made.commit(top, "Both")
    repository = Repository(top / name)
    head = repository.commit("HEAD").sha
    [blob] = repository.tree(head, "models").values()
    assert dict(repository.blobs([blob]))[blob].decode() == name
    [change] = repository.changes(head, "models")
    assert change.blobs == {"predictions.txt": blob}
    assert repository.last_change(head, "models/predictions.txt") == head
    (top / "ab" / "models" / "predictions.txt").write_text("changed")
    later = made.commit(top, "The other")
    assert repository.count(later, None, "models/*.txt") == 1
    assert repository.last_change(later, "models/predictions.txt") == head


def test_a_hook_in_a_linked_worktree_reads_the_folder_that_it_is_about(tmp_path):
    top = made.repository(tmp_path / "top")
    folder = top / "bench" / "models" / "made"
    made.write_table(folder, ["one"])
    made.write_model(folder, "one", made.predictions(range(10)))
    made.commit(top, "One")
    made.git(top, "worktree", "add", "--quiet", "-b", "linked", str(tmp_path / "linked"))
    told = tmp_path / "told"
    hook = top / ".git" / "hooks" / "post-commit"
    words = f"diff HEAD~1 HEAD --dataset made --repository {tmp_path}/linked/bench"
    hook.write_text(f'#!/bin/sh\ncd {ROOT}\n"{sys.executable}" -m benchmark {words} > {told} 2>&1\n')
    hook.chmod(0o755)
    (tmp_path / "linked" / "bench" / "note").write_text("x")
    made.commit(tmp_path / "linked", "Two")
    assert "\n1 unchanged (no prediction changed)" in told.read_text()


@given(st.binary(max_size=200))
def test_an_answer_of_git_in_another_form_is_refused_in_words(answer):
    repository = Repository(ROOT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(git, "output", lambda *_, **__: answer)
        for ask in (
            lambda: list(repository.changes("HEAD", "models")),
            lambda: repository.tree("HEAD", "models"),
            lambda: repository.count("HEAD", None, "x"),
            lambda: repository.commit("HEAD"),
            lambda: (repository.prefix, repository.web, repository.is_shallow, repository.last_change("HEAD", "x")),
        ):
            with suppress(BenchmarkError):
                ask()


def test_without_git_it_is_no_repository(root, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert Repository.around(root) is None
