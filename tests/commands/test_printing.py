"""What a command prints: an error with its remedy for the options of the call."""

from __future__ import annotations

import json

import pytest

from benchmark import command
from benchmark.commands.main import main
from benchmark.commands.printing import print_error, show, show_painted, to_json
from benchmark.errors import BenchmarkError


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


FOREIGN = "\x1b]0;title\x07 \x9b2J \u202e \udc80"
SHOWN = r"\x1b]0;title\x07 \x9b2J \u202e \udc80"


def test_what_would_steer_the_terminal_is_shown(capsys):
    show(f"a\n{FOREIGN}")
    print_error(BenchmarkError("it failed", found=FOREIGN), {})
    show_painted("\x1b[31mred\x1b[0m")
    out, err = capsys.readouterr()
    assert out == f"a\n{SHOWN}\n\x1b[31mred\x1b[0m\n"
    assert err == f"error: it failed\n  found:    {SHOWN}\n"


def test_json_means_the_same_and_steers_nothing():
    document = {"name": FOREIGN, FOREIGN: ["é", "日本"]}
    text = to_json(document)
    assert json.loads(text) == document
    assert text.isprintable() or set(filter(lambda c: not c.isprintable(), text)) == {"\n"}
    assert "日本" in text
