"""What must hold after a run that was disturbed, and after the next one that was not; each function returns violations as text.

Comes in: a world, and the folder that a run of it left. Folders are compared byte by byte with the two known states.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from tools.torture.world import MODELS, ROOT, SAMPLE

DOCUMENT = "run.json"  # its seconds differ from run to run; it names the digests of what is beside it
VARYING = (DOCUMENT, "model.pkl", "scores.npy", "sitemap.xml", "sitemap.xml.gz")
STATUSES = (0, 1)  # of a run in which a call failed: it coped, or said so
ALLOWED = ("build/failures.json",)
ELSEWHERE = ("/dev/null", "/dev/tty", "/dev/pts/", "/proc/", str(ROOT / ".git"))  # of no consequence, or git's own
PATIENCE = 5  # seconds within which processes of an ended run must be gone
MOST_SAID = 3000  # characters of a traceback


# ----------------------------------------------------------------------------------------------------- what is old or new
def whole(world, root):
    """Say which units are neither as they were before nor as they are when nothing disturbs."""
    return [text for unit in world.units if (text := _wrong(world, root, unit))]


def _wrong(world, root, unit):
    known = [contents(world.old / unit), contents(world.new / unit)]
    path = root / unit
    found = contents(path)
    if found is None and unit not in world.always and None not in known:  # a reader finds it under another name
        hidden = [contents(other) for other in path.parent.glob(f".{path.name}.*")] if path.parent.exists() else []
        found = next((tree for tree in hidden if tree in known), None)
    if found not in known:
        return f"{unit} is {'missing' if found is None else f'neither old nor new: {_differing(found, known)}'}"
    return contradiction(path) if path.is_dir() else ""


def contents(path):
    """Return the digest of each file of a folder, or of a file, None if it does not exist; "" for those that vary."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return {file.relative_to(path).as_posix(): "" if file.name in VARYING else digest(file) for file in files}
    return {"": digest(path)} if path.exists() else None


def digest(path):
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _differing(found, known):
    parts = []
    for which, tree in zip(("old", "new"), known, strict=True):
        names = sorted(name for name in {**found, **(tree or {})} if found.get(name) != (tree or {}).get(name))
        parts.append(f"{len(names)} files are not those of the {which} one ({', '.join(names[:3])})")
    return ", ".join(parts)


def contradiction(folder):
    """Say which file of a model's folder is not the one that its run.json names; "" if all are, or there is none."""
    try:
        run = json.loads((folder / DOCUMENT).read_bytes())
    except FileNotFoundError:
        return ""
    except ValueError:
        return f"{folder.name}/{DOCUMENT} is no JSON"
    sums = dict(run["files"]) | {
        "model.pkl": run.get("pickle", {}).get("sha256"),
        "scores.npy": run.get("scores", {}).get("sha256"),
    }
    wrong = [name for name, sha256 in sums.items() if (folder / name).exists() and sha256 != digest(folder / name)]
    return f"{folder.name}: {', '.join(wrong)} is not what {DOCUMENT} describes" if wrong else ""


def readable(world, root):
    """Say whether a reader finds every model's results now, in a copy."""
    from benchmark.results import load_results

    if world.name != "bench":
        return []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(root / "models", Path(folder, "models"))
        try:
            results = load_results(Path(folder, "models"), SAMPLE)
            missing = [name for name in results.missing if name in MODELS]  # the table has others
        except Exception as error:
            return [f"a reader fails: {type(error).__name__}: {error}"]
    return [f"a reader misses {', '.join(missing)}"] if missing else []


# ------------------------------------------------------------------------------------------------------- what was said
def told(disturbance, ended):
    """Say whether a run in which a call failed has ended in words."""
    if ended.status is None:
        return ["it hangs"]
    if disturbance.what == "KILL":
        return []
    found = [f"it ends with status {ended.status}"] if ended.status not in STATUSES else []
    _, traceback, lines = ended.said.partition("Traceback")
    found += [f"it ends in a traceback: {traceback}{lines}"[:MOST_SAID]] if traceback else []
    return found + (["it says no error"] if ended.status == 1 and "error:" not in ended.said else [])


# --------------------------------------------------------------------------------------------------- after the next run
def kept(root):
    """Return the digest of each finished computation in the cache."""
    cache = root / "build" / "cache"
    files = [path for path in cache.glob("*/*") if path.is_file() and not path.name.startswith(".")]
    return {path.relative_to(root).as_posix(): digest(path) for path in files}


def repeated(before, root):
    """Say which finished computations were done again: their seconds would not be the same."""
    now = kept(root)
    again = sorted(name for name, sha256 in before.items() if now.get(name) != sha256)
    return [f"{len(again)} finished computations were done again or lost: {', '.join(again[:3])}"] if again else []


def recovered(world, root, ended):
    """Say what the next run has not brought to the state of an undisturbed one, or left behind."""
    found = [] if ended.status == 0 else [f"the next run ends with status {ended.status}: {ended.said.strip()[-300:]}"]
    found += ["the next run ends in a traceback"] if "Traceback" in ended.said else []
    for unit in world.units:
        if contents(root / unit) != contents(world.new / unit):
            found.append(f"after the next run {unit} is not as when nothing disturbs")
    own, known = paths(root), paths(world.new)
    for what, names in (("left behind", own - known - set(ALLOWED)), ("missing", known - own)):
        found += [f"{what}: {len(names)} paths ({', '.join(sorted(names)[:4])})"] if names else []
    return found


def paths(root):
    """Return all paths in a folder; those of temporary files by the folder only, unless some are left."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*")} - {"tmp"}


def outside(control):
    """Say what the runs made outside their folder that is still there."""
    noted = control / "outside"
    names = set(noted.read_text(encoding="utf-8", errors="surrogateescape").splitlines()) if noted.exists() else set()
    left = sorted(name for name in names if not name.startswith(ELSEWHERE) and Path(name).exists())
    return [f"left outside: {', '.join(left[:4])}"] if left else []


def processes(root):
    """Say which processes of the runs in a folder are still there, after some patience."""
    end = time.monotonic() + PATIENCE
    while (found := list(_alive(root))) and time.monotonic() < end:
        time.sleep(0.1)
    for process in found:
        process.kill()
    return [f"{len(found)} processes are left"] if found else []


def _alive(root):
    for process in psutil.process_iter():
        try:
            if process.environ().get("TORTURE_ROOT") == str(root) and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue  # it has ended, or is somebody else's
