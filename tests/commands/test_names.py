"""A name that nothing is called is wrong use in every command: exit status 2, the names that there are, and the one that was meant."""

from __future__ import annotations

import pytest

from benchmark.commands.main import main
from benchmark.commands.parser import COMMANDS
from benchmark.commands.usage import STATUSES
from tests import made
from tests.conftest import ROOT

NEEDED = {"compare": ["svm-hog", "lr-hog"], "predict": ["svm-hog", "photo.png"]}
ABOUT = ("data", "bench", "site", "serve", "list", "leaderboard", "diff", "compare", "history", "readme", "predict")
UNKNOWN = [
    *(([name, *NEEDED.get(name, []), "--dataset", "fashion-mnits"], "data set", "fashion-mnist") for name in ABOUT),
    *(([name, "--models", "svm-hgo"], "model", "svm-hog") for name in ("bench", "list", "diff", "history")),
    (["compare", "lr-hog", "svm-hgo"], "model", "svm-hog"),
    (["compare", "svm-hgo", "lr-hog"], "model", "svm-hog"),
    (["history", "--metric", "accurcy"], "metric", "accuracy"),
]


@pytest.mark.parametrize(("typed", "kind", "meant"), UNKNOWN, ids=str)
def test_an_unknown_name_is_wrong_use(typed, kind, meant, capsys):
    assert main(typed) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: there is no {kind} ")
    assert "\n  expected: one of " in told
    assert meant in told.split("  try:      ")[1]


@pytest.mark.parametrize(
    "words", [("diff", "HAED"), ("compare", "svm-hog", "lr-hog", "--at", "HAED")], ids=lambda words: words[0]
)
def test_an_unknown_commit_is_wrong_use(words, capsys):
    assert main(list(words)) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"error: 'HAED' is neither a commit of {ROOT} nor a folder of results")
    assert "try:      HEAD, if that was meant" in told


def test_an_unknown_command_or_option_has_the_same_status(capsys):
    for words, meant in ((["leaderbord"], "leaderboard"), (["list", "--profil", "quick"], "list")):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert f"try:      .venv/bin/python -m benchmark {meant} --help" in capsys.readouterr().err


def test_a_model_that_is_known_and_not_measured_is_no_wrong_use(tmp_path, capsys):
    made.write_table(tmp_path / "made", ["one", "two"])
    made.write_model(tmp_path / "made", "one", made.predictions(range(10)))
    assert main(["compare", "one", "two", "--dataset", "made", "--models-dir", str(tmp_path)]) == 1
    assert f"bench --models two --dataset made --models-dir {tmp_path}" in capsys.readouterr().err


def test_a_data_set_of_ones_own_is_known_where_it_has_results(tmp_path, capsys):
    made.write_table(tmp_path / "made", ["one"])
    assert main(["leaderboard", "--dataset", "made", "--models-dir", str(tmp_path)]) == 1
    assert "there is no data set" not in capsys.readouterr().err
    assert main(["leaderboard", "--dataset", "mad", "--models-dir", str(tmp_path)]) == 2
    assert "expected: one of fashion-mnist, digits, fashion-mnist-sample, made\n" in capsys.readouterr().err


def test_a_data_set_without_results_is_no_wrong_use(tmp_path, capsys):
    assert main(["leaderboard", "--models-dir", str(tmp_path)]) == 1
    assert f"try:      .venv/bin/python -m benchmark bench --models-dir {tmp_path}\n" in capsys.readouterr().err


def test_every_command_that_takes_a_name_is_asked():
    assert {command.name for command in COMMANDS} - {typed[0] for typed, _, _ in UNKNOWN} == {"worker"}


def test_the_help_says_what_an_exit_status_means(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert STATUSES in capsys.readouterr().out
