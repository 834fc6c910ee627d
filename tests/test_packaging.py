"""The package: a wheel, installed in a separate environment and used without a checkout."""

from __future__ import annotations

import email
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

import pytest

import benchmark
from tests import own_data
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of a wheel that was built from the source distribution, and of the latter."""
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """Run the console command of the installed wheel in a folder without a checkout."""
    folder = tmp_path_factory.mktemp("installed")
    (wheel,) = built.glob("*.whl")
    uv = [sys.executable, "-m", "uv"]
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, folder / "venv"], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel], check=True)
    (site_packages,) = (folder / "venv" / "lib").glob("*/site-packages")
    (site_packages / "shared.pth").write_text(sysconfig.get_path("purelib") + "\n")  # what it depends on
    work = folder / "work"
    work.mkdir()
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}

    def run(*arguments, **environment):
        return subprocess.run(
            [folder / "venv" / "bin" / "fashion-bench", *map(str, arguments)],
            cwd=work,
            capture_output=True,
            text=True,
            check=False,
            env=clean | {"HOME": str(folder)} | environment,
        )

    run.work = work
    return run


def test_the_wheel_carries_what_stands_beside_the_package_in_a_checkout(built):
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        about = email.message_from_bytes(archive.read(next(n for n in names if n.endswith("METADATA"))))
    for kind in ("templates", "site_src"):
        expected = {f"benchmark/{path.relative_to(ROOT)}" for path in (ROOT / kind).rglob("*") if path.is_file()}
        assert expected <= names
    assert {"benchmark/mkdocs.yml", "benchmark/py.typed", "benchmark/data/fashion-mnist/SHA256SUMS"} <= names
    assert not [name for name in names if name.endswith(("-ubyte", ".pyc", ".pkl", ".npy"))]
    assert about["Version"] == benchmark.__version__


def test_the_source_distribution_holds_no_data_and_no_pickle(built):
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = archive.getnames()
    assert any(name.endswith("/mkdocs.yml") for name in names)
    assert any(name.endswith("/tests/test_packaging.py") for name in names)
    assert not [name for name in names if name.endswith(("-ubyte", ".pkl", ".npy")) or "/.venv/" in name]


def test_the_command_says_its_version_and_name(installed):
    assert installed("--version").stdout.strip() == benchmark.__version__
    assert installed("--help").stdout.startswith("usage: fashion-bench ")


def test_real_images_come_with_it(installed):
    done = installed("data", "fashion-mnist-sample", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_train"] == 2000


def test_an_error_names_the_installed_command(installed):
    done = installed("readme")
    assert done.returncode == 1
    assert "try:      fashion-bench bench" in done.stderr


def test_ones_own_data_set_and_model_go_all_the_way_where_one_works(installed):
    entries = own_data.write_entries(installed.work)
    own_data.write_drawn(installed.work / "tall", 3, (12, 8), n_train=90, n_test=30)
    chosen = ("--dataset", "tall", "--entries", entries)
    assert installed("data", "--accept", *chosen).returncode == 0
    done = installed("bench", "--models", "near,linear", *chosen)
    assert done.returncode == 0, done.stderr
    assert "fashion-bench serve --dataset tall shows it" in done.stderr
    assert {path.name for path in installed.work.iterdir()} >= {"models", "data", "build"}
    assert "Tall images benchmark" in (installed.work / "build" / "tall" / "site" / "index.html").read_text()
    shutil.copytree(installed.work / "models" / "tall", installed.work / "before")
    shutil.rmtree(installed.work / "models" / "tall" / "linear")
    compared = installed("diff", "before", "models/tall", "--dataset", "tall", "--json")
    assert compared.returncode == 0, compared.stderr
    verdicts = {row["name"]: row["verdict"] for row in json.loads(compared.stdout)["models"]}
    assert (verdicts["near"], verdicts["linear"]) == ("unchanged", "not measured")
    rebuilt = installed("site", *chosen)
    assert rebuilt.returncode == 0, rebuilt.stderr
    picture = installed.work / "white.png"
    drawn = own_data.Image.new("L", (8, 12), 40)
    drawn.paste(220, (2, 3, 6, 9))
    drawn.save(picture)
    assert installed("predict", "models/tall/near", picture, "--entries", entries).returncode == 0


def test_colour_is_left_out_where_it_is_not_wanted(installed):
    plain = installed("diff", "nowhere", FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in plain.stdout + plain.stderr
