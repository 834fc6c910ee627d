"""Where a site says that it comes from: what is known, and nothing else."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.publish.origin import Origin, read_origin
from benchmark.text import bibtex


@pytest.fixture
def clone(tmp_path):
    """A repository with results in one commit, and an address that a browser can open."""

    def git(*words):
        return subprocess.run(
            ["git", "-C", tmp_path, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "models" / "made").mkdir(parents=True)
    (tmp_path / "models" / "made" / "entries.json").write_text("{}")
    git("add", ".")
    git(
        "-c",
        "user.name=A",
        "-c",
        "user.email=a@example.org",
        "commit",
        "--quiet",
        "--message",
        "results",
        "--date",
        "2026-01-02T03:04:05Z",
    )
    git("remote", "add", "origin", "git@example.org:some/where.git")
    return tmp_path, git("rev-parse", "HEAD")


def test_a_clone_knows_its_commit_its_repository_and_its_address(clone):
    root, sha = clone
    found = read_origin(root, "models/made", "https://some.example.org/where")
    assert (found.commit, found.web) == (sha, "https://example.org/some/where")
    assert found.commit_page == f"https://example.org/some/where/commit/{sha}"
    assert found.address == "https://some.example.org/where/"


@pytest.mark.parametrize("folder", [None, "models/other"])
def test_a_commit_without_these_results_is_not_theirs(clone, folder):
    assert read_origin(clone[0], folder) == Origin()


def test_without_a_repository_nothing_is_said(tmp_path):
    assert read_origin(tmp_path, "models/made") == Origin()


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "no address", "mailto:a@example.org"])
def test_what_is_no_address_is_none(clone, address):
    assert read_origin(clone[0], "models/made", address).address == ""


@given(st.text())
def test_a_field_of_bibtex_ends_where_it_should(text):
    """Every brace is escaped or closed, and no character that TeX obeys stands alone."""
    told = bibtex(text)
    assert "\n" not in told
    depth = 0
    plain = told.replace("\\textbackslash{}", "").replace("\\textasciitilde{}", "").replace("\\textasciicircum{}", "")
    for before, now in zip(" " + plain, plain, strict=False):
        if before != "\\" and now in "{}$&#_%":
            depth += 1
    assert depth == 0
