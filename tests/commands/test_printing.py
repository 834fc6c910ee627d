"""What a command prints: an error with its remedy for the options of the call."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import command
from benchmark.command import Command
from benchmark.commands.main import main
from benchmark.commands.printing import broken, complain, print_error, show, show_painted, to_json
from benchmark.errors import BenchmarkError
from tests.conftest import ROOT, SAMPLE


@pytest.mark.parametrize(
    ("in_checkout", "program"),
    [(True, ".venv/bin/python -m benchmark"), (False, "fashion-bench")],
    ids=["checkout", "installed"],
)
def test_an_error_names_the_command_for_the_same_data_set_and_folders(
    monkeypatch, tmp_path, capsys, in_checkout, program
):
    monkeypatch.setattr(command, "is_checkout", lambda: in_checkout)
    typed = ["--dataset", SAMPLE, "--profile", "quick", "--build-dir", str(tmp_path)]
    assert main(["serve", *typed]) == 1
    same = " ".join(typed)
    remedy = f"{program} site {same}, or {program} bench {same}"
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


# ------------------------------------------------------------------------------------------------------- widths of lines
REMEDY = (
    "wait for it, or mend what it names and type ",
    Command("bench", models="svm-hog", entries="my own models.py"),
    " again; git -C '/some folder' log --oneline, which says since when",
)
ERROR = BenchmarkError(
    "a result of this data set cannot be read, because something else lies in the place where it should be found",
    expected=f"one of {', '.join(f'model-{n}' for n in range(30))}",
    found="nothing",
    remedy=REMEDY,
)


@pytest.fixture
def terminal(monkeypatch, capsys):
    """Print in a terminal of some width; return the lines."""

    def told(columns, function, *arguments):
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        function(*arguments)
        return capsys.readouterr().err.splitlines()

    return told


@pytest.mark.parametrize("columns", [40, 60, 80, 140])
def test_an_error_fits_its_terminal_and_breaks_no_command(terminal, columns):
    lines = terminal(columns, print_error, ERROR, {})
    typed = ("make bench MODELS=svm-hog ENTRIES='my own models.py'", "git -C '/some folder' log --oneline")
    assert all(any(one in line for line in lines) for one in typed)
    assert all(len(line) <= columns or line.strip(" ,;").endswith(typed) for line in lines)
    assert [line[:12] for line in lines if line[2:3].strip()][1:] == ["  expected: ", "  found:    ", "  try:      "]
    assert " ".join(" ".join(lines).split()) == " ".join(f"error: {ERROR}".split())


def test_a_pipe_gets_whole_lines(capsys):
    print_error(ERROR, {})
    assert capsys.readouterr().err == f"error: {ERROR}\n"


def test_a_traceback_stays_as_it_is(terminal):
    assert terminal(40, functools.partial(complain, "x" * 30 + " " + "y" * 30, whole=True)) == [
        "x" * 30 + " " + "y" * 30
    ]


@given(st.text("abc ,;'\"-=/\n", max_size=200), st.integers(12, 80))
def test_lines_that_are_broken_lose_no_word(text, limit):
    for line in text.split("\n"):
        assert broken(line, limit).split() == line.split()


# ------------------------------------------------------------------------------------------------------------ stand-ins
def test_what_an_encoding_lacks_has_a_stand_in_where_one_is_known(tmp_path):
    script = "import sys; from benchmark.commands.printing import *; prepare_streams(); show(sys.argv[1]); complain(sys.argv[1])"
    text = "−1–2 ×3 ≤4 ≥5 → … p < 10⁻¹² “a” ’ 日é\u00a0%"
    known = '-1-2 x3 <=4 >=5 -> ... p < 10^-12 "a" \' '
    for encoding, out, err in (
        ("ascii", f"{known}?? %", rf"{known}\u65e5\xe9 %"),
        ("latin-1", '-1-2 ×3 <=4 >=5 -> ... p < 10^-¹² "a" \' ?é\u00a0%', None),
        ("utf-8", text, text),
    ):
        done = subprocess.run(
            [sys.executable, "-c", script, text],
            cwd=ROOT,
            capture_output=True,
            check=True,
            env=os.environ | {"PYTHONIOENCODING": encoding},
        )
        assert done.stdout.decode(encoding) == f"{out}\n"
        assert err is None or done.stderr.decode(encoding) == f"{err}\n"
