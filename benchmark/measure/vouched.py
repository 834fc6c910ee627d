"""Which pickles of the cache may be opened: those whose digests the results folder names.

A pickle runs what it says when it is loaded, and the digest beside it in the cache is no proof: whoever puts another pickle
there can put its digest there too. So a digest counts if it stands outside: in the `run.json` of a model, or in the list that
a run keeps beside the models of the pickles that it makes, so that a killed run repeats no fit. Any other pickle is as good as
absent: its model is fitted again.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress

from benchmark.disk import read_bounded
from benchmark.errors import BenchmarkError
from benchmark.faults import told
from benchmark.measure.setting import Setting
from benchmark.results import Run, read_document

LIST = ".pickles"  # in the folder of the data set's results; not in git


def vouch(setting: Setting, sha256: str) -> None:
    """Note the digest of a pickle that this run has made."""
    path = setting.folder / LIST
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as stream:
            stream.write(f"\n{sha256}\n")  # the last line may be that of a killed process, and not be whole
            stream.flush()
            os.fsync(stream.fileno())


def is_vouched(setting: Setting, sha256: str) -> bool:
    """Return whether the results folder names the digest of a pickle."""
    listed = (read_bounded(setting.folder / LIST) or b"").decode("ascii", "replace")
    if sha256 in re.findall(r"^[0-9a-f]{64}$", listed, re.MULTILINE):
        return True
    for document in setting.folder.glob("*/run.json"):
        with suppress(BenchmarkError):
            run: Run = read_document(document, Run)
            if run["pickle"]["sha256"] == sha256:
                return True
    return False
