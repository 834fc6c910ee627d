"""Where sockets are: a system allows about 100 bytes for the path of one, and TMPDIR may have more."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmark.measure import processes
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
    assert done.stdout.split() == ["4", str(folder), str(folder)]
    assert not list(folder.iterdir())


def test_where_no_folder_is_short_enough_that_is_said(monkeypatch):
    monkeypatch.setattr(processes.tempfile, "tempdir", "/" + "x" * 200)  # restored afterwards

    def refuse():
        raise PermissionError

    monkeypatch.setattr(processes.util, "get_temp_dir", refuse)
    with pytest.raises(processes.TaskError, match="set TMPDIR to a shorter one"):
        processes.keep_sockets_short()
