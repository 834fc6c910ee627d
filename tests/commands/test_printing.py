"""What a command prints: an error with its remedy for the options of the call."""

from __future__ import annotations

import pytest

from benchmark import command
from benchmark.commands.main import main


@pytest.mark.parametrize(
    ("in_checkout", "remedy"),
    [
        (True, "make site DATASET=digits PROFILE=quick, or make bench DATASET=digits PROFILE=quick"),
        (
            False,
            "fashion-bench site --dataset digits --profile quick, or fashion-bench bench --dataset digits --profile quick",
        ),
    ],
    ids=["checkout", "installed"],
)
def test_an_error_names_the_command_for_the_same_data_set(monkeypatch, tmp_path, capsys, in_checkout, remedy):
    monkeypatch.setattr(command, "is_checkout", lambda: in_checkout)
    assert main(["serve", "--dataset", "digits", "--profile", "quick", "--build-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path / 'site'} holds no site\n  try:      {remedy}\n"
