"""Git, read without a checkout: whatever a person's settings, in any kind of clone."""

from __future__ import annotations

import pytest

from benchmark.compare.repository import Repository
from benchmark.errors import BenchmarkError
from tests import made


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
    started, start = [], Repository._start
    monkeypatch.setattr(Repository, "_start", lambda *args, **more: started.append(args) or start(*args, **more))
    assert sorted(dict(repository.blobs(ids * 2)).values()) == [b"one", b"two\n\nlines"]
    assert len(started) == 1


def test_reading_may_stop_early(root):
    repository = Repository(root)
    (change, *_) = repository.changes(repository.commit("HEAD").sha, "wanted")
    blobs = repository.blobs(change.blobs.values())
    assert next(blobs)[1] == b"one"
    blobs.close()


def test_an_object_that_is_not_here_is_named(root):
    with pytest.raises(BenchmarkError, match=r"object 1234\S+ is not in [\s\S]*git fetch --refetch"):
        dict(Repository(root).blobs(["1234" + "0" * 36]))


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


def test_without_git_it_is_no_repository(root, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert Repository.around(root) is None
