"""The commit of a result is that of the code that ran, or unknown, and what is unknown is said to be."""

from __future__ import annotations

import os

import pytest

from benchmark import results
from benchmark.command import as_typed
from benchmark.measure import provenance
from benchmark.publish.pages import methods
from benchmark.publish.readme import readme_table
from tests import made


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with one commit, whose package is the one that runs."""
    root = made.repository(tmp_path / "checkout")
    (root / "benchmark").mkdir()
    for name in ("benchmark/__init__.py", "requirements.lock", "mine.py"):
        (root / name).write_text("")
    made.commit(root, "One")
    monkeypatch.setattr(provenance, "PACKAGE", root / "benchmark")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return root


def state(entries=None):
    found = provenance.code_state(entries)
    return found.commit, found.dirty, as_typed(found.note)


def test_the_commit_is_that_of_the_checkout_and_its_changes_are_seen(checkout, tmp_path):
    head = made.git(checkout, "rev-parse", "HEAD")
    assert state() == state(checkout / "mine.py") == (head, False, "")
    (tmp_path / "elsewhere.py").write_text("")
    assert state(tmp_path / "elsewhere.py") == (head, True, "")  # no checkout of the commit has it
    (checkout / "mine.py").write_text("1")
    assert state(checkout / "mine.py") == (head, True, "")
    assert state() == (head, False, "")
    (checkout / "benchmark" / "new.py").write_text("")
    assert state() == (head, True, "")


def test_a_persons_settings_hide_no_change(checkout, monkeypatch):
    settings = {"status.showUntrackedFiles": "no", "color.status": "always", "core.pager": "false"}
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(settings)))
    for i, (key, value) in enumerate(settings.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{i}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{i}", value)
    assert state()[1:] == (False, "")
    (checkout / "benchmark" / "new.py").write_text("")
    assert state()[1:] == (True, "")


def test_anothers_commit_is_never_recorded(checkout, tmp_path, monkeypatch):
    head = made.git(checkout, "rev-parse", "HEAD")
    other = made.repository(tmp_path / "other")
    made.commit(other, "Other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert state()[0] == head
    monkeypatch.delenv("GIT_DIR")
    (other / ".gitignore").write_text("unpacked\n")
    (other / "unpacked" / "benchmark").mkdir(parents=True)
    (other / "unpacked" / "benchmark" / "__init__.py").write_text("")
    monkeypatch.setattr(provenance, "PACKAGE", other / "unpacked" / "benchmark")
    commit, dirty, note = state()
    assert (commit, dirty) == (None, None)
    assert note == (
        "note: the commit of this code is unknown, and run.json says so: no commit of the repository around it holds it"
    )


@pytest.mark.skipif(os.name != "posix", reason="owners")
def test_what_git_refuses_to_say_is_unknown_and_told_with_its_remedy(checkout, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    commit, dirty, note = state()
    assert (commit, dirty) == (None, None)
    assert "another user owns it\n  try:      git config --global --add safe.directory" in note
    monkeypatch.setenv("PATH", "")
    assert "git cannot be run\n  try:      install git" in state()[2]


def test_an_archive_without_git_and_an_empty_repository_have_no_commit(checkout, tmp_path):
    (checkout / ".git").rename(tmp_path / "git")
    assert state()[:2] == (None, None)
    assert "is no git clone\n  try:" in state()[2]
    made.repository(checkout)
    assert state()[:2] == (None, None)
    assert "has no commit yet" in state()[2]


@pytest.mark.parametrize(
    ("commit", "dirty", "words"),
    [
        ("0123456789abcdef", False, "0123456789"),
        ("0123456789abcdef", True, "0123456789 with changes"),
        ("0123456789abcdef", None, "0123456789, perhaps with changes"),
        (None, None, "unknown"),
        (None, False, "unknown"),  # as older results have it
    ],
)
def test_the_page_and_the_readme_say_what_is_known_of_the_commit(tmp_path, commit, dirty, words):
    folder = tmp_path / "made"
    made.write_table(folder, ["one"])
    made.write_model(folder, "one", made.predictions(range(100)))
    path = folder / "one" / "run.json"
    run = results.read_document(path, results.Run) | {
        "commit": commit,
        "dirty": dirty,
        "libraries": {"scikit-learn": "1"},
    }
    results.write_document(path, run, results.Run)
    stored = results.load_results(tmp_path, "made")
    assert stored.models[0].run["dirty"] == dirty
    assert {row.name: row.text for row in methods.circumstances(stored)}["Commit"] == words
    assert f"; commit {words}; " in readme_table(stored)
