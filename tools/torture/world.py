"""What is tortured: a command, the folders before it and after it as they are when nothing disturbs, and what must be whole.

Comes in: a folder to work in. Goes out: worlds, whose `old` and `new` are copied and compared, never changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOOK = Path(__file__).parent / "hook"
SAMPLE = "fashion-mnist-sample"
MODELS = ("near", "plain")
ENTRIES = """\
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from benchmark.models import ModelEntry

MODELS = [
    ModelEntry("near", "Neighbours", "knn", "pixels", KNeighborsClassifier(algorithm="brute"),
        {{"features__n_components": [8], "classifier__n_neighbors": [{n}, {n} + 2]}}),
    ModelEntry("plain", "Naive Bayes", "nb", "pixels", GaussianNB(), {{"features__n_components": [{n} + 8]}}),
]
"""


@dataclass(frozen=True)
class World:
    """A command and its two states.

    Parameters
    ----------
    name : str
    old, new : Path
        Folders.
    words : tuple of str
        The command; `{root}` is the folder that it works in.
    units : tuple of str
        The paths in that folder that are old or new, wholly.
    always : tuple of str
        Those of them that must be there all the time; another may be found under a hidden name until the next run.
    seconds : float
        How long the command takes.

    """

    name: str
    old: Path
    new: Path
    words: tuple[str, ...]
    units: tuple[str, ...]
    always: tuple[str, ...] = ()
    seconds: float = 0.0

    def command(self, root):
        """Return the words of the command in a folder."""
        return [sys.executable, *(word.format(root=root) for word in self.words)]


def environment(root, **more):
    """Return the environment of a command: temporary files in its folder, which it is known by, and what is given."""
    (root / "tmp").mkdir(exist_ok=True)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TORTURE", "PYTHON", "MAKE", "MFLAGS"))
    }
    own = {"TMPDIR": str(root / "tmp"), "TORTURE_ROOT": str(root), "BROWSER_PATH": "/nowhere"}
    return kept | own | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(HOOK)} | more


def undisturbed(words, root):
    """Run a command to its end and return the seconds that it took; what fails here is no violation but an error."""
    command = [sys.executable, *(word.format(root=root) for word in words)]
    start = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, env=environment(root), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"error: {' '.join(command)} ended with status {done.returncode}\n{done.stderr[-3000:]}")
    return time.monotonic() - start


def after(words, old, new):
    """Make the folder `new` of `old` by a command; return the seconds that it took."""
    shutil.copytree(old, new, symlinks=True)
    return undisturbed(words, new)


# ------------------------------------------------------------------------------------------------------------ the worlds
def data(base):
    """Unpack the sample: four files that are not there, or whole."""
    from benchmark.dataset import FILES

    words = ("-m", "benchmark", "data", "--dataset", SAMPLE, "--build-dir", "{root}/build")
    old, new = base / "nothing", base / "unpacked"
    old.mkdir(parents=True, exist_ok=True)
    return World(
        "data", old, new, words, tuple(f"build/data/{SAMPLE}/{name}" for name in FILES), seconds=after(words, old, new)
    )


def swap(base):
    """Write two models' documents and replace their folders, without a bench: the quickest."""
    words = (str(Path(__file__).parent / "swap.py"), "{root}/models/made")
    old, new = base / "placed", base / "replaced"
    undisturbed((*words, "1"), made_folder(old))
    units, again = ("models/made/one", "models/made/two"), (*words, "2")
    return World("swap", old, new, again, units, seconds=after(again, old, new))


def made_folder(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def bench(base):
    """Measure two models again whose grids have changed; the site is not built."""
    home = benched(base)
    words = bench_words(base, 3, "--no-site")
    seconds = after(words, home, base / "measured")
    units = (
        *(f"models/{SAMPLE}/{name}" for name in MODELS),
        f"models/{SAMPLE}/entries.json",
        f"models/{SAMPLE}/test_labels.txt",
        f"data/{SAMPLE}/study.json",
    )
    return World("bench", home, base / "measured", words, units, seconds=seconds)


def site(base):
    """Build the site again, of other results than the one that is there."""
    home = benched(base)
    if not (base / "measured").exists():
        after(bench_words(base, 3, "--no-site"), home, base / "measured")
    words = ("-m", "benchmark", "site", *where(base, 3))
    seconds = after(words, base / "measured", base / "built")
    return World("site", base / "measured", base / "built", words, ("build/site",), ("build/site",), seconds)


def benched(base):
    """Return the folder of a first bench, with its site."""
    if not (base / "first").exists():
        undisturbed(bench_words(base, 1), made_folder(base / "first"))
    return base / "first"


def bench_words(base, n, *more):
    """Return the words of a bench whose models have the parameter `n`."""
    return "-m", "benchmark", "bench", *where(base, n), "--models", ",".join(MODELS), "--jobs", "2", *more


def where(base, n):
    """Return the options that say which data and entries, and which folders."""
    path = base / f"entries_{n}" / "own_models.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(ENTRIES.format(n=n), encoding="utf-8")
    # a build folder of its own would have the site in itself: the default data set's place is the same
    return "--dataset", SAMPLE, "--entries", str(path), "--models-dir", "{root}/models", "--build-dir", "{root}/build"


WORLDS = {"swap": swap, "data": data, "bench": bench, "site": site}
