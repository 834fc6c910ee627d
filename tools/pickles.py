"""`make pickles`: gathers the fitted models for a release, each as a pickle and as a file that runs no code, and the site, with digests.

Comes in: the results of a data set and the site after `make bench`. Goes out: build/pickles/<model>.pkl, <model>.skops, site.zip and
SHA256SUMS.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmark import load_model
from benchmark.command import Command
from benchmark.disk import write_atomically
from benchmark.errors import BenchmarkError, ResultsError
from benchmark.faults import any_told
from benchmark.portable import SUFFIX, to_portable


def main(results, folder, site):
    shutil.rmtree(folder, ignore_errors=True)
    found = sorted(path.parent for path in results.glob("*/metrics.json"))
    if not found:
        raise ResultsError(f"{results} holds no results", remedy=Command("bench"))
    for model in found:
        content = (model / "model.pkl").read_bytes() if (model / "model.pkl").exists() else b""
        pipeline = load_model(model / "model.pkl")  # says what is wrong with a pickle, if anything is
        write_atomically(folder / f"{model.name}.pkl", content)
        try:
            write_atomically(folder / f"{model.name}{SUFFIX}", to_portable(pipeline))
        except TypeError as error:
            print(f"{model.name} goes as a pickle alone: {error}", file=sys.stderr)
    if (site / "index.html").exists():
        write_atomically(folder / "site.zip", zipped(site))
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(folder.iterdir())]
    write_atomically(folder / "SHA256SUMS", "".join(sums).encode())
    print("".join(sums), end="")


def zipped(site):
    """Return a built site as a zip with one folder, the same bytes of the same files."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            place = zipfile.ZipInfo(f"site/{path.relative_to(site).as_posix()}")  # of 1980, whenever it was built
            place.compress_type, place.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(place, path.read_bytes())
    return kept.getvalue()


if __name__ == "__main__":
    try:
        with any_told():
            main(ROOT / "models" / sys.argv[1], ROOT / "build" / "pickles", ROOT / "build" / "site")
    except BenchmarkError as error:
        sys.exit(f"error: {error}")
