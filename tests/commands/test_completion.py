"""Completion in real shells: commands, options, values, and names of what lies on the disk, none of which a shell obeys."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from benchmark.command import PROGRAM
from benchmark.commands import completion
from benchmark.commands.arguments import OPTIONS
from benchmark.commands.completion import OWN, SHELLS, script
from benchmark.commands.parser import COMMANDS, parse
from benchmark.commands.usage import COMPLETION, epilog
from benchmark.results import METRICS
from tests import made

OF_CHECKOUT = ".venv/bin/python -m benchmark"
BASH = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
$(complete -p "$1" | sed 's/.* -F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${COMPREPLY[@]}"
"""


def needs(shell):
    return pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A checkout's folder, called as badly as a folder can be, with results of two data sets and names that a shell would obey."""
    root = made.repository(tmp_path_factory.mktemp("completed") / "it's $(touch obeyed) a folder")
    for dataset, names in (("fashion-mnist", ["svm-hog", "lr-hog", "lr-pixels"]), ("letters", ["nb-pixels"])):
        made.write_table(root / "models" / dataset, names)
    made.commit(root, "One")
    made.git(root, "branch", "better")
    made.git(root, "branch", "$(touch${IFS}obeyed)")
    (root / "models" / "$(touch obeyed)").mkdir()
    (root / "models" / "$(touch obeyed)" / "entries.json").write_text('{\n  "name": "$(touch obeyed)"\n}')
    return root


@pytest.fixture
def offered(home, tmp_path, monkeypatch):
    """Return what bash offers for the last of some words."""
    monkeypatch.setattr(completion, "ROOT", home)
    path = tmp_path / "script"
    path.write_text(script("bash"), encoding="utf-8")

    def offered(*words):
        done = subprocess.run(
            ["bash", "--norc", "-c", BASH, "bash", path, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert not done.stderr
        assert sorted(each.name for each in tmp_path.iterdir()) == ["script"]
        return done.stdout.split()

    return offered


@needs("bash")
@pytest.mark.parametrize("program", [PROGRAM, OF_CHECKOUT])
def test_bash_completes_commands_options_and_values(offered, program):
    typed = program.split()
    assert offered(*typed, "") == [command.name for command in COMMANDS]
    assert offered(*typed, "comp") == ["compare"]
    assert offered(*typed, "bench", "--fit") == ["--fit-limit"]
    assert offered(*typed, "bench", "--profile", "") == ["full", "quick"]
    assert offered(*typed, "diff", "--format", "m") == ["markdown"]
    assert offered(*typed, "--completion", "") == list(SHELLS)


@needs("bash")
@pytest.mark.parametrize("program", [PROGRAM, OF_CHECKOUT])
def test_bash_completes_names_that_lie_on_the_disk(offered, program):
    typed = program.split()
    assert offered(*typed, "compare", "lr") == ["lr-hog", "lr-pixels"]
    assert offered(*typed, "compare", "lr-hog", "s") == ["svm-hog"]
    assert offered(*typed, "bench", "--models", "svm-hog,lr-p") == ["svm-hog,lr-pixels"]
    assert offered(*typed, "bench", "--dataset", "letters", "--models", "") == ["nb-pixels"]
    assert offered(*typed, "list", "--dataset", "") == ["fashion-mnist", "letters"]
    assert offered(*typed, "diff", "b") == ["better"]
    assert offered(*typed, "diff", "HEAD", "") == ["HEAD", "better", "main"]
    assert offered(*typed, "history", "--metric", "accuracy,fit") == ["accuracy,fit_seconds"]
    assert offered(*typed, "history", "--metric", "") == [metric.name for metric in METRICS]


@needs("bash")
def test_other_folders_of_results_have_their_own_names(offered, home, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    made.write_table(elsewhere / "fashion-mnist", ["other"])
    assert offered(PROGRAM, "list", "--models-dir", str(elsewhere), "--models", "") == ["other"]
    assert offered(PROGRAM, "list", "--models-dir", str(elsewhere / "none"), "--models", "") == []


@needs("bash")
def test_what_else_that_python_runs_is_left_to_the_shell(offered):
    for words in (
        (".venv/bin/python", "-m", "pip", "in"),
        (".venv/bin/python", "-m", "bench"),
        (".venv/bin/python", ""),
    ):
        assert offered(*words) == []


@needs("bash")
def test_the_installed_program_completes_names_of_the_folder_that_one_is_in(
    offered, home, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(completion, "is_checkout", lambda: False)
    path = tmp_path_factory.mktemp("installed") / "script"
    path.write_text(script("bash"), encoding="utf-8")
    words = ["bash", "--norc", "-c", BASH, "bash", path, PROGRAM, "compare", "svm"]
    assert subprocess.run(words, cwd=home, capture_output=True, text=True, check=True).stdout == "svm-hog\n"
    assert "venv" not in path.read_text(encoding="utf-8")
    assert not (home / "obeyed").exists()


@needs("fish")
@pytest.mark.parametrize("program", [PROGRAM, OF_CHECKOUT])
def test_fish_completes_the_same(home, tmp_path, monkeypatch, program):
    monkeypatch.setattr(completion, "ROOT", home)
    path = tmp_path / "script.fish"
    path.write_text(script("fish"), encoding="utf-8")

    def offered(words):
        typed = ["fish", "--no-config", "-c", f"source {path}; complete -C '{program} {words}'"]
        done = subprocess.run(typed, cwd=tmp_path, capture_output=True, text=True, check=True)
        return sorted(line.partition("\t")[0] for line in done.stdout.splitlines())

    assert offered("") == sorted(command.name for command in COMMANDS)
    assert offered("compare svm") == ["svm-hog"]
    assert offered("bench --models svm-hog,lr-p") == ["svm-hog,lr-pixels"]
    assert offered("bench --dataset letters --models ") == ["nb-pixels"]
    assert offered("list --dataset ") == ["fashion-mnist", "letters"]
    assert offered("diff HEAD b") == ["better"]
    assert not (tmp_path / "obeyed").exists()


@pytest.mark.parametrize("shell", [pytest.param(shell, marks=needs(shell)) for shell in SHELLS])
def test_a_shell_reads_its_script_without_complaint(shell, tmp_path):
    path = tmp_path / "script"
    path.write_text(script(shell), encoding="utf-8")
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_option_prints_the_script_and_needs_no_command(shell, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(["--completion", shell])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"{script(shell)}\n"
    assert f"--completion {shell}" in epilog(PROGRAM)
    assert set(COMPLETION) == set(SHELLS)


def test_each_option_with_a_value_is_completed_where_something_is_known_of_it():
    kinds = {option.names: option.completes for option in OPTIONS}
    assert set(kinds.values()) == {"", "file", "directory", *OWN}
    for option in OPTIONS:
        if option.flag.endswith(("-dir", "repository", "entries", "dataset")):
            assert option.completes, option.names
