"""Setting up: an old Python is refused by name, a missing ensurepip has a way out, a person's settings do no harm."""

from __future__ import annotations

import ast
import os
import sys

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
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert environment.main([str(folder), str(lock)]) == 0
    lock.write_text("numpy==2")
    assert environment.main([str(folder), str(lock)]) == 0
    assert len(made) == 2
    (folder / environment.STAMP).write_text(made[1])
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to(tmp_path / "removed")
    assert environment.main([str(folder), str(lock)]) == 0
    assert len(made) == 3


def test_a_failing_installation_leaves_no_stamp(tmp_path, monkeypatch, capsys):
    def fail(command, failure, *_):
        raise environment.SetUpError(failure)

    monkeypatch.setattr(environment, "run", fail)
    lock = tmp_path / "requirements.lock"
    lock.write_text("")
    assert environment.main([str(tmp_path / "venv"), str(lock)]) == 1
    assert "error:" in capsys.readouterr().err
    assert not (tmp_path / "venv" / environment.STAMP).exists()


# ------------------------------------------------------------------------------------------- a person's own settings
FOR_OTHERS = {
    "PIP_USER": "1", "PIP_TARGET": "/elsewhere", "PIP_PREFIX": "/elsewhere", "PIP_ROOT": "/elsewhere", "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_CONSTRAINT": "/nowhere", "PIP_NO_DEPS": "1", "PIP_DRY_RUN": "1", "PIP_PYTHON": "/usr/bin/python3", "PYTHONPATH": "/elsewhere",
    "PYTHONHOME": "/nowhere", "PYTHONSAFEPATH": "1", "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "UV_SYSTEM_PYTHON": "1",
    "UV_PYTHON": "3.9", "UV_TARGET": "/elsewhere", "VIRTUALENV_SYSTEM_SITE_PACKAGES": "1",
}  # fmt: skip
FOR_AN_INDEX = {
    "PIP_INDEX_URL": "https://mirror", "PIP_CERT": "ca.pem", "UV_INDEX_URL": "https://mirror", "UV_HTTP_TIMEOUT": "9", "HTTPS_PROXY": "p",
    "PATH": "/bin", "HOME": "/h",
}  # fmt: skip


def test_how_an_index_is_reached_is_a_persons_to_say_and_nothing_else():
    found = environment.for_pip(sys.executable, FOR_OTHERS | FOR_AN_INDEX | {"PIP_CONFIG_FILE": os.devnull})
    assert found["PIP_INDEX_URL"] == "https://mirror"
    assert found == FOR_AN_INDEX | {"PIP_CONFIG_FILE": os.devnull}


@pytest.mark.skipif(not environment.has_module("pip"), reason="uv made this environment, without pip")
def test_files_of_settings_count_for_an_index_alone_and_variables_before_them(tmp_path):
    config = tmp_path / "pip.conf"
    config.write_text(
        "[global]\nindex-url = https://one\ntimeout = 7\nuser = true\ntarget = /elsewhere\nfind-links =\n    /a\n    /b\n"
        "[install]\nindex-url = https://two\nprefix = /elsewhere\n[list]\nproxy = p\n"
    )
    found = environment.for_pip(sys.executable, {"PIP_CONFIG_FILE": str(config), "PATH": "/bin", "HOME": str(tmp_path)})
    own = {name: text for name, text in found.items() if name.startswith("PIP_")}
    shared = {"PIP_TIMEOUT": "7", "PIP_INDEX_URL": "https://two", "PIP_CONFIG_FILE": os.devnull}
    assert shared.items() <= own.items()
    assert own["PIP_FIND_LINKS"].split() == ["/a", "/b"]
    assert not {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_PROXY"} & own.keys()
    given = {"PIP_CONFIG_FILE": str(config), "PIP_INDEX_URL": "https://three"}
    assert environment.for_pip(sys.executable, given)["PIP_INDEX_URL"] == "https://three"


def test_settings_that_pip_cannot_read_stop_nothing(tmp_path):
    (tmp_path / "pip.conf").write_text("no section\n")
    found = environment.for_pip(sys.executable, {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "HOME": str(tmp_path)})
    assert found["PIP_CONFIG_FILE"] == os.devnull


def test_an_environment_that_lacks_a_package_is_not_complete(tmp_path):
    lock = tmp_path / "requirements.lock"
    lines = "pytest=={} \\\n    --hash=sha256:0\nNo.Such==1 ; sys_platform == 'nowhere' \\\n    --hash=sha256:0\n"
    lock.write_text(lines.format(pytest.__version__))
    environment.check(sys.executable, str(lock))
    lock.write_text(lines.format(pytest.__version__) + "no-such-package==1 \\\n    --hash=sha256:0\n")
    with pytest.raises(
        environment.SetUpError, match=r"could not be installed(?s:.*)1 missing, no-such-package==1 among"
    ):
        environment.check(sys.executable, str(lock))


def test_a_link_to_the_environment_of_another_checkout_is_replaced_and_that_one_stays(tmp_path):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "pyvenv.cfg").touch()
    (tmp_path / "ours").symlink_to(tmp_path / "theirs")
    environment.clear(str(tmp_path / "ours"))
    assert not (tmp_path / "ours").is_symlink()
    assert (tmp_path / "theirs" / "pyvenv.cfg").exists()
    environment.clear(str(tmp_path / "theirs"))
    assert not (tmp_path / "theirs").exists()
    environment.clear(str(tmp_path / "theirs"))


@pytest.mark.parametrize(
    ("printed", "helps"),
    [
        ("OSError: [Errno 28] No space left on device", "free space"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "an index with the very files"),
        ("PermissionError: [Errno 13] Permission denied", "the user who owns venv"),
        ("ERROR: Invalid requirement: '<<<<<<< HEAD'", "git checkout --theirs"),
        ("Could not find a version", "with a network"),
        ("\xe9", "with a network"),
    ],
)
def test_what_failed_says_what_helps(tmp_path, printed, helps):
    script = f"import sys; sys.stdout.buffer.write({printed.encode('latin-1')!r}); sys.exit(1)"
    with pytest.raises(environment.SetUpError, match=f"it failed(?s:.*)try:      .*{helps}"):
        environment.run([sys.executable, "-c", script], "it failed", dict(os.environ), "venv")


def test_every_dependency_is_pinned_with_hashes_for_every_platform():
    text = (ROOT / "requirements.lock").read_text()
    pinned = [line for line in text.splitlines() if "==" in line and not line.startswith((" ", "#"))]
    assert len(pinned) > 50
    assert text.count("--hash=sha256:") > 2 * len(pinned)
    assert "://" not in text
