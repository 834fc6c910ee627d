"""What tests share: the real sample, and one whole run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # as the command line does, before NumPy is imported
os.environ["BROWSER_PATH"] = "/nowhere"  # what kaleido asks first: pictures would cost every site of a test ten seconds

from benchmark.dataset import load_dataset
from tests.screenshots import CHROMES

ROOT = Path(__file__).parent.parent
SAMPLE = "fashion-mnist-sample"
RUN_MODELS = "dummy,lr-hog,svm-pixels,rf-pixels,knn-pixels"


def run_command(*arguments, **environment):
    """Run `python -m benchmark` as a process, without a data set or results of its own, and without a browser."""
    return subprocess.run(
        [sys.executable, "-m", "benchmark", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture(scope="session")
def command():
    return run_command


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    return load_dataset(SAMPLE, root=ROOT, cache_dir=tmp_path_factory.mktemp("data"), report=lambda _: None)


@pytest.fixture(scope="session")
def chromium():
    """Where a Chromium or Chrome is, or None; root of a Debian without one installs it, as kaleido and the tests of the site want it."""
    if not any(map(shutil.which, CHROMES)) and shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        for command in (install, ["apt-get", "update"], install):
            subprocess.run(
                command, capture_output=True, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
            if shutil.which("chromium"):
                break
    return next(filter(None, map(shutil.which, CHROMES)), None)


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory, chromium):
    """The folder of one whole `bench` on the sample, site included, and what it printed."""
    folder = tmp_path_factory.mktemp("run")
    done = run_command(
        "bench",
        "--dataset",
        SAMPLE,
        "--models",
        RUN_MODELS,
        "--build-dir",
        folder / "build",
        "--models-dir",
        folder / "models",
        "--jobs",
        2,
        **({"BROWSER_PATH": chromium} if chromium else {}),
    )
    assert done.returncode == 0, done.stderr
    return folder, done
