"""The README cannot drift from the results, the commands or the code."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile

import pytest
from sklearn.naive_bayes import GaussianNB

from benchmark import __main__ as command_line
from benchmark import leaderboard
from benchmark.errors import ResultsError
from benchmark.models import ModelEntry, check_entries
from benchmark.results import load_results
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_leaderboard_is_that_of_the_results_in_head(tmp_path):
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "HEAD", "models", "README.md"], capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip("this is no git checkout with results")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
        tree.extractall(tmp_path, filter="data")
    stored = load_results(tmp_path / "models", "fashion-mnist")
    assert not leaderboard.rewrite_readme(tmp_path / "README.md", stored), "make readme, and commit it with the results"


def test_a_readme_without_its_marks_is_refused(tmp_path, whole_run):
    (tmp_path / "README.md").write_text("# None")
    stored = load_results(whole_run[0] / "models", "fashion-mnist-sample")
    with pytest.raises(ResultsError, match="no place for the leaderboard"):
        leaderboard.rewrite_readme(tmp_path / "README.md", stored)


def test_every_command_has_help_and_stands_in_the_readme(capsys):
    with pytest.raises(SystemExit):
        command_line.main(["--help"])
    text = capsys.readouterr().out
    names = re.findall(r"^    ([a-z]+)  +\S", text, flags=re.MULTILINE)
    assert len(names) >= 7
    assert all(f"`{name}`" in README for name in names)


def test_every_make_target_named_exists_and_has_its_line_of_help():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## \S", makefile, flags=re.MULTILINE))
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE).group(1).split())
    assert phony == targets
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, flags=re.MULTILINE)) <= targets


def test_the_entry_in_the_readme_is_sound():
    code = re.search(r"```python\n(ModelEntry\(.*?\n\))\n```", README, flags=re.DOTALL).group(1)
    entry = eval(code, {"ModelEntry": ModelEntry, "GaussianNB": GaussianNB})  # noqa: S307
    check_entries([entry], (28, 28))
