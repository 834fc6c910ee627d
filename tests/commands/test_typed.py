"""Both layouts: what a checkout and an installed package find, and how errors name commands in each."""

from __future__ import annotations

import pytest

from benchmark import layout
from benchmark.commands import typed
from benchmark.commands.arguments import of_command
from tests.conftest import ROOT

TYPED = [
    ("make bench", {}, "make bench", "fashion-bench bench"),
    (
        "mend it, then make bench MODELS=a,b",
        {"dataset": "digits"},
        "mend it, then make bench MODELS=a,b DATASET=digits",
        "mend it, then fashion-bench bench --models a,b --dataset digits",
    ),
    (
        "not measured: a (make bench MODELS=a)",
        {"entries": "my.py"},
        "not measured: a (make bench MODELS=a ENTRIES=my.py)",
        "not measured: a (fashion-bench bench --models a --entries my.py)",
    ),
    ("make data DATASET=x ACCEPT=1, …", {"dataset": "x"}, "make data DATASET=x ACCEPT=1, …", "fashion-bench data --dataset x --accept, …"),
    ("make serve PORT=8001", {"dataset": "x", "entries": "y"}, "make serve PORT=8001 DATASET=x", "fashion-bench serve --port 8001 --dataset x"),
    ("`make compare MODELS=a,b` prints", {"dataset": "x"}, "`make compare MODELS=a,b DATASET=x` prints", "`fashion-bench compare a b --dataset x` prints"),
    ("<code>make diff BASE=a HEAD=b</code>", {}, "<code>make diff BASE=a HEAD=b</code>", "<code>fashion-bench diff a b</code>"),
    ("two make different figures", {"dataset": "x"}, "two make different figures", "two make different figures"),
    ("python -m benchmark data --help", {}, "python -m benchmark data --help", "fashion-bench data --help"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "options", "here", "installed"), TYPED)
def test_commands_are_named_as_one_types_them(monkeypatch, text, options, here, installed):
    assert typed.command_line(text, options) == here
    monkeypatch.setattr(typed, "is_checkout", lambda: False)
    assert typed.command_line(text, options) == installed


def test_a_checkout_works_in_itself_and_an_installed_package_where_one_is(monkeypatch, tmp_path):
    assert layout.work_folder() == ROOT
    assert layout.shipped("templates") == ROOT / "templates"
    monkeypatch.setattr(layout, "PACKAGE", tmp_path / "site-packages" / "benchmark")
    monkeypatch.chdir(tmp_path)
    assert layout.work_folder() == tmp_path
    assert layout.shipped("templates") == tmp_path / "site-packages" / "benchmark" / "templates"


def test_each_target_that_a_message_names_takes_what_the_message_adds():
    repeated = {target: {option.flag for option in of_command(target) if option.repeated} for target in typed.TARGETS}
    assert all({"--dataset", "--profile"} <= flags for flags in repeated.values())
    assert {target for target, flags in repeated.items() if "--entries" in flags} == set(typed.OF_ENTRIES)
