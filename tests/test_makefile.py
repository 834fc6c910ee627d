"""Make passes what was typed, as it was typed: no shell, no make and no environment makes something else of it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT


def make(*words, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "--dry-run", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=kept | environment)


def recipe(*words, **environment):
    """Return the words of a target's last line, as a shell splits them."""
    done = make(*words, **environment)
    assert done.returncode == 0, done.stderr
    return shlex.split(done.stdout[done.stdout.index(".venv/bin/python") :])


SWITCHES = {"ACCEPT": "data", "CONVERT": "data", "DRY": "bench", "FAST": "bench", "DASHBOARD": "bench", "CHECK": "list"}


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_on_or_off_and_nothing_else(name):
    off, on = recipe(SWITCHES[name]), recipe(SWITCHES[name], f"{name}=1")
    assert on != off
    for word in ("yes", "true", "on", "True", "YES"):
        assert recipe(SWITCHES[name], f"{name}={word}") == on
    for word in ("", "0", "no", "false", "off", "False", "NO"):
        assert recipe(SWITCHES[name], f"{name}={word}") == off
    for word in ("maybe", "2", "1 1x", "-"):
        done = make(SWITCHES[name], f"{name}={word}")
        assert done.returncode == 2
        assert f"{name} is on (1, yes, true) or off (0, no, false), not {word}" in done.stderr


TYPED = {
    "DATASET": "site", "PROFILE": "site", "DATA_DIR": "site", "ENTRIES": "site", "MODELS": "bench", "JOBS": "bench", "MEMORY": "bench",
    "DASK": "bench", "PORT": "serve", "FORMAT": "diff", "METRIC": "history", "LIGHTHOUSE": "audit",
}  # fmt: skip


@pytest.mark.parametrize("name", TYPED)
def test_a_value_reaches_its_command_as_one_word_as_it_was_typed(name):
    for value in (
        "a, b",
        "it's",
        "a$b",
        "$(HOME)",
        "$$x",
        "`id`",
        "~/a b",
        "a;b&&c",
        "-x",
        '"',
        "a\\b",
        "#1",
        "größer",
    ):
        assert f"--{name.lower().replace('_', '-')}={value}" in recipe(TYPED[name], f"{name}={value}")


@settings(max_examples=40)
@given(
    st.text(st.characters(exclude_characters="\0\n\r", exclude_categories=["Cs"]), min_size=1).filter(
        lambda text: text == text.strip()
    )
)
def test_no_text_ends_its_quotation(value):
    assert recipe("site", f"DATA_DIR={value}")[-1] == f"--data-dir={value}"


def test_sides_models_and_folders_are_words_too():
    assert recipe("diff", "BASE=a'b", "HEAD=c d")[4:] == ["a'b", "c d"]
    assert recipe("compare", "MODELS=a, b")[4:] == ["a", "b"]
    assert recipe("worker", "DASK=a b.json")[4:] == ["a b.json"]
    assert recipe("audit-links", "BUILD=my build")[-1] == "my build/site"
    assert recipe("test", "PYTEST=-k 'a or b' -n0")[3:] == ["-k", "a or b", "-n0"]
    assert make("setup", "PYTHON=my python").stdout.startswith("'my python' -I")
    assert make("setup", "PYTHON=~/bin/python", HOME="/h").stdout.startswith("'/h/bin/python' -I")


def given_names():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return [
        name for line in re.findall(r"^(?:GIVEN|SWITCHES) := (.*)$", text, flags=re.MULTILINE) for name in line.split()
    ]


@pytest.mark.parametrize("name", given_names())
def test_the_environment_sets_nothing_and_that_is_said(name):
    done = make("list", **{name: "1"})
    assert done.stdout == make("list").stdout
    assert f"the environment sets it: {name}." in done.stderr
    assert "not used" not in make("list", f"{name}=1", **{name: "2"}).stderr


def test_every_variable_that_a_person_may_give_is_among_those():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\(call (?:given|typed),([A-Z_]+)\)|\$\(call (?:option|flag),[^,]+,([A-Z_]+)\)", text))
    assert {first or second for first, second in asked} - {"NAME"} == set(given_names())
    assert not re.findall(rf"\$\((?:{'|'.join(given_names())})\)", text)


def test_python_gets_no_settings_for_other_environments(tmp_path):
    (tmp_path / "show.mk").write_text(f"include {ROOT / 'Makefile'}\nshow:\n\t@env\n")
    names = (
        "PYTHONHOME",
        "PYTHONPATH",
        "PYTHONSAFEPATH",
        "PYTHONOPTIMIZE",
        "PYTHONWARNINGS",
        "PYTHONINSPECT",
        "PYTHONSTARTUP",
    )
    environment = os.environ | dict.fromkeys(names, "1") | {"PYTHONUNBUFFERED": "1"}
    command = ["make", "--silent", "-f", tmp_path / "show.mk", "show", "DATA_DIR=$(x"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment).stdout
    passed = {line.partition("=")[0] for line in shown.splitlines()}
    assert "PYTHONUNBUFFERED" in passed
    assert not passed & {*names, "DATA_DIR"}
