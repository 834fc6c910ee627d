"""Fixtures shared by the tests: the real sample, and one complete run on it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from benchmark import git
from benchmark.commands.process import pin_arithmetic

pin_arithmetic()  # as the command line does, before NumPy is imported
for name in set(os.environ) - set(git.environment(Path.cwd())):
    del os.environ[name]  # a hook that runs the tests would have them work on its own repository
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # or each of the commands compiles the package anew
os.environ["BROWSER_PATH"] = "/nowhere"  # what kaleido asks first: pictures would cost every site of a test ten seconds

from benchmark.dataset import load_dataset
from tests.forked import forked
from tools.screenshots import CHROMES

settings.register_profile("here", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("here")
ROOT = Path(__file__).parent.parent
SAMPLE = "fashion-mnist-sample"
READ_LATE = {"COLUMNS", "MARKS"}  # of the environment: after all imports
RUN_MODELS = "dummy,lr-hog,svm-pixels,rf-pixels,knn-pixels"


def run_command(*arguments, **environment):
    """Run `python -m benchmark` as a process, without a data set or results of its own, and without a browser.

    It is a new Python where the environment is to be another one, unless no more of that changes than what is read late.
    """
    if READ_LATE.issuperset(environment):
        return forked([*map(str, arguments)], ROOT, **environment)
    return subprocess.run(
        [sys.executable, "-m", "benchmark", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    return load_dataset(SAMPLE, root=ROOT, cache_dir=tmp_path_factory.mktemp("data"), report=lambda _: None)


@pytest.fixture(scope="session")
def once(tmp_path_factory, worker_id):
    """Run something in whichever process of the tests asks first, in a folder of that name; what it returns is the others' too."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def once(name, run):
        folder, kept = shared / name, shared / f"{name}.pkl"
        with (shared / f"{name}.lock").open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not kept.exists():
                folder.mkdir()
                kept.write_bytes(pickle.dumps(run(folder)))
        return folder, pickle.loads(kept.read_bytes())

    return once


@pytest.fixture(scope="session")
def command(once, sample):
    """Run `python -m benchmark` as a process; a bench on the sample finds the study of its images, which takes many seconds, in its cache."""

    def describe(folder):
        from benchmark.measure.run import study_key
        from benchmark.measure.setting import Setting
        from benchmark.measure.study_data import dataset_study
        from benchmark.progress import Reporter

        setting = Setting(ROOT, folder, folder, sample, 1, Reporter(quiet=True))
        setting.cache.write("studies", study_key(setting), dataset_study(sample))

    def run(*arguments, **environment):
        words = [*map(str, arguments)]
        if words[0] == "bench" and SAMPLE in words and "--build-dir" in words:
            kept = Path(words[words.index("--build-dir") + 1]) / "cache" / "studies"
            if kept.parents[2].is_dir() and not kept.exists():
                with contextlib.suppress(OSError):  # what can be written there may be what the test is about
                    shutil.copytree(once("described", describe)[0] / "cache" / "studies", kept)
        return run_command(*words, **environment)

    return run


@pytest.fixture(scope="session")
def chromium(once):
    """Where a Chromium or Chrome is, or None; root of a Debian without one installs it, as kaleido and the tests of the site want it."""

    def install(_):
        command = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        for words in (command, ["apt-get", "update"], command):
            subprocess.run(
                words, capture_output=True, check=False, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            )
            if shutil.which("chromium"):
                break

    if not any(map(shutil.which, CHROMES)) and shutil.which("apt-get") and os.geteuid() == 0:
        once("chromium", install)
    return next(filter(None, map(shutil.which, CHROMES)), None)


@pytest.fixture(scope="session")
def whole_run(once, chromium):
    """The folder of one whole `bench` on the sample, site included, and what it printed."""

    def run(folder):
        return run_command(
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

    folder, done = once("run", run)
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="session")
def without_pictures(once, whole_run):
    """The folder of the sample's site as it is built where no browser is found, and what that printed."""

    def run(folder):
        return run_command("site", "--dataset", SAMPLE, "--models-dir", whole_run[0] / "models", "--build-dir", folder)

    folder, done = once("without-pictures", run)
    assert done.returncode == 0, done.stderr
    return folder, done
