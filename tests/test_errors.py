"""Errors keep their parts, and their text is made from these."""

from __future__ import annotations

import ast
import pickle

import pytest

from benchmark.command import Command, as_typed
from benchmark.errors import BenchmarkError, DataError, DiskError, EntryError, FitError, ResultsError
from tests.conftest import ROOT

KINDS = [BenchmarkError, DataError, DiskError, EntryError, FitError, ResultsError]
PARTS = {
    "problem": "a.json is damaged",
    "expected": "JSON",
    "found": "nothing",
    "remedy": ("rm a.json && ", Command("bench")),
}
TEXT = "a.json is damaged\n  expected: JSON\n  found:    nothing\n  try:      rm a.json && make bench"


def made(kind, **parts):
    return kind(parts.pop("problem"), **parts)


def for_digits(text):
    return as_typed(text, {"dataset": "digits"})


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_keeps_its_parts(kind):
    error = made(kind, **PARTS)
    assert {name: getattr(error, name) for name in PARTS} == PARTS
    assert isinstance(error, BenchmarkError)
    assert str(error) == error.text() == TEXT


@pytest.mark.parametrize("kind", KINDS)
def test_a_part_that_is_not_there_has_no_line(kind):
    error = kind("it failed")
    assert (error.expected, error.found, error.remedy) == ("", "", "")
    assert str(error) == "it failed"
    assert str(kind("it failed", remedy="git status")) == "it failed\n  try:      git status"
    assert str(kind("it failed", found="two\n lines")) == "it failed\n  found:    two\n lines"


def test_a_remedy_is_formatted_where_it_is_shown():
    error = made(BenchmarkError, **PARTS)
    assert error.text(for_digits).endswith("  try:      rm a.json && make bench DATASET=digits")
    assert str(error) == TEXT


def test_an_error_that_sums_up_others_holds_them():
    errors = [made(FitError, **PARTS), FitError("two failed", remedy=Command("bench", models="two"))]
    error = FitError("2 of 3 models could not be measured", errors=errors)
    assert error.errors == errors
    assert error.problem == "2 of 3 models could not be measured"
    assert str(error) == f"{error.problem}\n{TEXT}\ntwo failed\n  try:      make bench MODELS=two"
    assert error.text(for_digits).count(" DATASET=digits") == 2
    assert FitError("one failed").errors == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_crosses_to_another_process_whole(kind):
    error = pickle.loads(pickle.dumps(made(kind, **PARTS)))
    assert type(error) is kind
    assert str(error) == TEXT
    assert error.remedy == PARTS["remedy"]


def is_text_of_an_error(node):
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "str"
        and getattr(node.args[0], "id", "") == "error"
    )


# fetch and remote put a text, whole, on one line; reading takes apart what msgspec says, which has no parts
TAKEN_APART = ("fetch.py", "reading.py", "remote.py")


def test_nobody_reads_the_text_of_an_error_back():
    """`str(error)` of our own errors is shown as it is, never split."""
    for path in (ROOT / "benchmark").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            taken_apart = isinstance(node, ast.Attribute) and node.attr in (
                "splitlines",
                "partition",
                "split",
                "startswith",
            )
            if taken_apart and path.name not in TAKEN_APART:
                assert not is_text_of_an_error(node.value), path
