"""Setting up: an old Python is refused by name, a missing ensurepip has a way out."""

from __future__ import annotations

import ast

import pytest

from tests.conftest import ROOT
from tools import environment


def test_it_is_written_for_a_python_old_enough_to_be_refused():
    ast.parse((ROOT / "tools" / "environment.py").read_text(), feature_version=(3, 6))


def test_an_old_python_is_refused_by_name():
    with pytest.raises(environment.SetUpError, match=r"3\.11 or newer(?s:.*)3\.9\.18 at /usr/bin/python3"):
        environment.refuse_old_python((3, 9, 18), "/usr/bin/python3")
    environment.refuse_old_python((3, 14, 0), "")


@pytest.mark.parametrize(
    ("modules", "programs", "maker"),
    [
        ({"venv", "ensurepip"}, set(), "venv"),
        ({"venv", "virtualenv"}, set(), "virtualenv"),
        ({"venv"}, {"virtualenv", "uv"}, "virtualenv"),
        ({"venv"}, {"uv"}, "uv"),
    ],
)
def test_what_is_there_makes_the_environment(monkeypatch, modules, programs, maker):
    monkeypatch.setattr(environment, "has_module", modules.__contains__)
    monkeypatch.setattr(environment.shutil, "which", lambda name: name if name in programs else None)
    assert maker in environment.choose_maker()


def test_where_nothing_is_there_one_error_names_the_package(monkeypatch):
    monkeypatch.setattr(environment, "has_module", lambda _: False)
    monkeypatch.setattr(environment.shutil, "which", lambda _: None)
    with pytest.raises(environment.SetUpError, match=r"apt-get install python3\.\d+-venv"):
        environment.choose_maker()


def test_a_complete_environment_is_left_alone_and_a_stale_one_made_again(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(environment, "set_up", lambda folder, lock, stamp: made.append(stamp))
    lock = tmp_path / "requirements.lock"
    lock.write_text("numpy==1")
    folder = tmp_path / "venv"
    folder.mkdir()
    assert environment.main([str(folder), str(lock)]) == 0
    (folder / environment.STAMP).write_text(made[0])
    assert environment.main([str(folder), str(lock)]) == 0
    lock.write_text("numpy==2")
    assert environment.main([str(folder), str(lock)]) == 0
    assert len(made) == 2


def test_a_failing_installation_leaves_no_stamp(tmp_path, monkeypatch, capsys):
    def fail(command, failure):
        raise environment.SetUpError(failure)

    monkeypatch.setattr(environment, "run", fail)
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    assert environment.main([str(tmp_path / "venv"), str(lock)]) == 1
    assert "error:" in capsys.readouterr().err
    assert not (tmp_path / "venv" / environment.STAMP).exists()


def test_every_dependency_is_pinned_with_hashes_for_every_platform():
    text = (ROOT / "requirements.lock").read_text()
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len(pinned) > 50
    assert text.count("--hash=sha256:") > 2 * len(pinned)
    assert "://" not in text
