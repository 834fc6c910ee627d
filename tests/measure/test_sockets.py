"""Sockets of the processes of tasks have no path: a system allows about 100 bytes for one, and TMPDIR may have more."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

SCRIPT = """
import tempfile
from benchmark.measure.processes import in_fresh_process
if __name__ == "__main__":
    print(in_fresh_process(len, "four"), tempfile.gettempdir(), in_fresh_process(tempfile.gettempdir))
"""


@pytest.mark.parametrize("length", [1, 90])
def test_a_process_starts_whatever_the_length_of_tmpdir_and_uses_it_for_files(tmp_path, length):
    folder = tmp_path / ("x" * length)
    folder.mkdir()
    environment = os.environ | {"TMPDIR": str(folder)}
    (tmp_path / "script.py").write_text(SCRIPT)
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, tmp_path / "script.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    number, own, of_task = done.stdout.split()
    assert (number, own) == ("4", str(folder))
    assert of_task.startswith(str(folder))
    assert not list(folder.iterdir())
