"""Comparisons on a terminal: within its width, a line for what did not change, two models by their names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from benchmark.compare import diff, terminal, two_models
from benchmark.compare.sides import read_side
from benchmark.compare.tables import aligned, fitted
from tests import made

cells = st.text("abc é漢", max_size=12)


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    """Three models before and after: one regressed, two did not change."""
    found = []
    for worse in (5, 60):
        folder = tmp_path_factory.mktemp("side")
        wrong = {"same": range(40), "other": range(50), "moved": range(worse)}
        made.write_table(folder / "made", wrong)
        for name, where in wrong.items():
            made.write_model(folder / "made", name, made.predictions(where))
        found.append(read_side(str(folder / "made"), repository=folder, models_dir=folder, dataset="made"))
    return found


@pytest.mark.parametrize("width", [50, 80, 100, 140, None])
def test_no_line_is_wider_than_the_terminal(sides, width):
    text = terminal.format_text(diff.compare_results(*sides), width=width)
    assert width is None or max(map(cell_len, text.splitlines())) <= width
    assert "regressed" in text
    assert "lost, won" in text


def test_models_that_did_not_change_are_one_line_and_details_are_asked_for(sides):
    text = terminal.format_text(diff.compare_results(*sides), details=False, more=terminal.MORE)
    assert "\nunchanged: same, other\n" in text
    assert "moved: regressed" not in text
    assert text.splitlines()[-1] == terminal.MORE
    assert "moved: regressed" in terminal.format_text(diff.compare_results(*sides), more=terminal.MORE)


def test_commits_without_a_change_are_told_in_five_lines(sides):
    text = terminal.format_text(diff.compare_results(sides[0], sides[0]), details=False, more=terminal.MORE)
    assert len(text.splitlines()) <= 5
    assert "3 unchanged (no prediction changed)" in text


def test_two_models_are_called_by_their_names(sides):
    side, stored = sides[1]
    text = terminal.format_text(diff.compare_models((side, stored), stored.model("moved"), stored.model("same")))
    assert text.splitlines()[0].startswith("same is 1.00 points ahead of moved: ")
    header = next(line for line in text.splitlines() if line.startswith("metric"))
    assert header.split()[:3] == ["metric", "moved", "same"]
    assert "only same right: 20 " in text
    of_two = diff.compare_models((side, stored), stored.model("moved"), stored.model("same"))
    for told in (text, two_models.format_markdown(of_two)):
        assert not {"before", "after", "regressed", "improved", "lost", "won"} & set(re.findall(r"\w+", told.lower()))
    recalls = next(line for line in text.splitlines() if line.startswith("recall, %"))
    assert recalls.split()[2:] == ["moved", "same", "points", "right", "alone", "p", "(Holm)", "precision"]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_two_models_fit_the_terminal_and_lose_no_figure(sides, width):
    side, stored = sides[1]
    comparison = diff.compare_models((side, stored), stored.model("moved"), stored.model("same"))
    text = terminal.format_text(comparison, width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    whole = terminal.format_text(comparison)
    assert sorted(re.findall(r"\d+\.\d+", text)) == sorted(re.findall(r"\d+\.\d+", whole))


def test_intervals_stand_below_figures_that_have_no_room_for_them():
    table = [("metric", "a", "b", "change"), ("One", "1 % [0, 2]", "3 % [2, 4]", "+2"), ("Two", "5", "–", "–")]
    whole = terminal._figures(table, None)
    assert whole == terminal._figures(table, max(map(len, whole)))
    assert terminal._figures(table, max(map(len, whole)) - 1) == [
        "metric  a    b    change",
        "One     1 %  3 %  +2",
        "    95 %: a [0, 2], b [2, 4]",
        "Two     5    –    –",
    ]


@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=2, max_size=6), st.integers(40, 80))
def test_what_has_no_room_goes_below_its_row_and_nothing_is_lost(rows, width):
    blocks = fitted(rows, width)
    assert len(blocks) == len(rows)
    if [len(block) for block in blocks] == [1] * len(rows):
        return
    for row, block in zip(rows[1:], blocks[1:], strict=True):
        told = "".join("".join(block).split())
        assert all("".join(cell.split()) in told for cell in row)


def test_without_spill_the_last_columns_are_left_out():
    rows = [("one", "two", "three"), ("a" * 20, "b" * 20, "c" * 20)]
    assert [line for (line,) in fitted(rows, 50, spill=False)] == aligned([row[:2] for row in rows])
