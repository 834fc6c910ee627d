"""Sources of a data set's files: a URL, through pooch, and a Debian package, without root."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from benchmark.dataset.checks import FILES
from benchmark.dataset.entry import DatasetEntry
from benchmark.errors import DataError
from benchmark.faults import is_of_machine

TIMEOUT_SECONDS = 4
Report = Callable[[str], None]


def download(url: str, folder: Path, report: Report) -> None:
    """Download the four files from an official URL."""
    import pooch  # takes half a second, and only a first run needs it

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT_SECONDS, progressbar=False)
    for name in FILES:
        report(f"  {name}.gz")
        try:
            pooch.retrieve(f"{url}{name}.gz", known_hash=None, fname=f"{name}.gz", path=folder, downloader=downloader)
        except Exception as error:  # whatever the network layer raises, this source did not answer
            if is_of_machine(error):
                raise
            raise DataError(f"no answer ({type(error).__name__})") from None


def from_debian(entry: DatasetEntry, folder: Path, report: Report) -> None:
    """Download and unpack a Debian package without root, with separate package lists and cache."""
    missing = [tool for tool in ("apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        raise DataError(f"not available here: there is no {missing[0]}")
    state = folder / "apt"
    for part in ("lists/partial", "archives/partial"):
        (state / part).mkdir(parents=True)
    options = [
        f"Dir::State::lists={state}/lists",
        f"Dir::Cache={state}",
        f"Dir::Cache::archives={state}/archives",
        "Acquire::Retries=0",
        f"Acquire::http::Timeout={TIMEOUT_SECONDS}",
        f"Acquire::https::Timeout={TIMEOUT_SECONDS}",
        "APT::Sandbox::User=root",
        "Acquire::Languages=none",
        "Debug::NoLocking=1",
        "APT::Update::Error-Mode=any",
    ]
    flags = [word for option in options for word in ("-o", option)]
    report("  package lists, into a folder of our own")
    updated = _run(["apt-get", *flags, "-qq", "update"], folder)
    report(f"  {entry.debian_package}")
    fetched = _run(["apt-get", *flags, "-qq", "download", entry.debian_package], folder)
    packages = sorted(folder.glob("*.deb"))
    if not packages:
        raise DataError(f"apt-get did not download it: {(fetched or updated).strip()[-160:]}")
    _run(["dpkg-deb", "-x", str(packages[0]), str(folder / "package")], folder)
    for name in FILES:
        shutil.move(folder / "package" / entry.debian_folder / f"{name}.gz", folder / f"{name}.gz")


def _run(command: list[str], folder: Path) -> str:
    """Run a command in `folder`; return its output if it failed, otherwise nothing."""
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        timeout=600,
        stdin=subprocess.DEVNULL,
    )
    return "" if done.returncode == 0 else done.stderr + done.stdout
