"""`python tools/torture/swap.py FOLDER N`: write the results of two made models, `N` errors more each, and replace their folders."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmark.commands.process import pin_arithmetic

pin_arithmetic()  # before NumPy is imported

import hashlib
import json

from benchmark.disk import remove, write_atomically
from benchmark.errors import BenchmarkError
from benchmark.faults import any_told
from benchmark.swap import new_folder, recover, replace_folder

FILES = ("metrics.json", "predictions.txt", "curves.json", "study.json")


def main(folder, version):
    folder.mkdir(parents=True, exist_ok=True)
    recover(folder)
    for name in ("one", "two"):
        new = new_folder(folder / name)
        remove(new)
        digests = {}
        for file in FILES:
            content = f"{name} {file} of version {version}\n".encode() * 50
            write_atomically(new / file, content)
            digests[file] = hashlib.sha256(content).hexdigest()
        write_atomically(new / "run.json", json.dumps({"files": digests}).encode())
        replace_folder(folder / name)


if __name__ == "__main__":
    try:
        with any_told():
            main(Path(sys.argv[1]), sys.argv[2])
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
