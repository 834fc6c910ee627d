"""One trial: a copy of a world's old state, runs that are disturbed one after the other, and one that is not.

Comes in: a world and disturbances. Goes out: what was violated.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.torture import check
from tools.torture.world import ROOT, environment

PACE = 10  # a run takes at most so many times its usual seconds, and MORE
MORE_SECONDS = 60
SYSCALLS = {
    "rename": "?rename,?renameat,renameat2",
    "link": "?link,linkat,?symlink,symlinkat",
    "unlink": "?unlink,unlinkat",
    "fsync": "fsync,fdatasync",
    "mkdir": "?mkdir,mkdirat",
}


@dataclass(frozen=True)
class Disturbance:
    """What happens to a run.

    Parameters
    ----------
    how : str
        "time": after `n` seconds; "hook": at the n-th call that Python makes, in all processes together; "strace": at the
        n-th of a thread.
    kind : str
        The call; of "time", whether the "group" of processes or the "main" one alone is killed.
    n : int or float
    what : str
        "KILL", or the name of the error with which the call fails.

    """

    how: str
    kind: str
    n: float
    what: str

    @property
    def name(self):
        """Its parts in a word."""
        return f"{self.how}:{self.kind}:{self.n}:{self.what}"

    @classmethod
    def of(cls, name):
        """Return the disturbance of that name."""
        how, kind, n, what = name.split(":")
        return cls(how, kind, float(n) if how == "time" else int(n), what)


@dataclass
class Ended:
    """How a run ended: its status, None if it hung; what it said; whether it was disturbed before it ended."""

    status: int | None
    said: str
    disturbed: bool = False


@dataclass
class Outcome:
    """What a trial found: for each disturbance whether it came to pass, and the violations."""

    disturbed: list[bool] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def attempt(world, disturbances, folder):
    """Run a trial in `folder`, which must not exist, and leave there what it made."""
    root, control, outcome, before = folder / "root", folder / "control", Outcome(), {}
    shutil.copytree(world.old, root, symlinks=True)
    control.mkdir()
    for disturbance in disturbances:
        ended = run(world, root, control, disturbance)
        outcome.disturbed.append(ended.disturbed)
        found = check.told(disturbance, ended) if ended.disturbed or ended.status is None else []
        found += check.whole(world, root) + check.readable(world, root) + check.repeated(before, root)
        outcome.violations += [f"{disturbance.name}: {text}" for text in found]
        before |= check.kept(root)
        if not ended.disturbed:
            break
    ended = run(world, root, control)
    found = check.recovered(world, root, ended) + check.repeated(before, root)
    found += check.outside(control) + check.processes(root)
    outcome.violations += found
    return outcome


def run(world, root, control, disturbance=None):
    """Run the command of a world in a folder, disturbed or not."""
    words, more = world.command(root), {"TORTURE_HOOK": json.dumps(hook(root, control, disturbance))}
    if disturbance and disturbance.how == "strace":
        words = [*traced(control, disturbance), *words]
    start = len(calls(control))
    with (control / "said").open("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=environment(root, **more),
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        killed = wait(process, world, control, disturbance)
        status = process.poll()
        if status is None:
            end(process)
        said.seek(0)
        text = said.read()
    struck = killed or (
        disturbance is not None and disturbance.how != "time" and struck_by(control, disturbance, start)
    )
    return Ended(status if not killed else -signal.SIGKILL, text, disturbed=struck)


def hook(root, control, disturbance):
    """Return what the hook of a run is told: to count one kind of call, or, of no run, to look elsewhere only."""
    task = {"root": str(root), "control": str(control), "kind": "", "n": 0, "error": 0}
    if disturbance and disturbance.how == "hook":
        (control / "count").unlink(missing_ok=True)
        task |= {"kind": disturbance.kind, "n": disturbance.n, "error": getattr(errno, disturbance.what, 0)}
    return task


def traced(control, disturbance):
    """Return the words that let strace disturb a command."""
    what = "signal=SIGKILL" if disturbance.what == "KILL" else f"error={disturbance.what}"
    own = SYSCALLS[disturbance.kind]
    return [
        "strace",
        "-f",
        "-qq",
        "-o",
        str(control / "traced"),
        "-e",
        f"trace={own}",
        "-e",
        f"inject={own}:{what}:when={disturbance.n}",
    ]


def wait(process, world, control, disturbance):
    """Wait until a run ends, is killed or takes too long; say whether it was killed from here."""
    limit = time.monotonic() + PACE * world.seconds + MORE_SECONDS
    if disturbance and disturbance.how == "time":
        try:
            process.wait(disturbance.n)
        except subprocess.TimeoutExpired:
            end(process) if disturbance.kind == "group" else process.kill()
            process.wait()
            return True
    while process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
        if (
            disturbance
            and (disturbance.how, disturbance.what) == ("strace", "KILL")
            and "+++ killed by SIGKILL" in trace(control)
        ):
            end(process)  # strace has killed one process of several
            return True
    if disturbance and (disturbance.how, disturbance.what) == ("hook", "KILL") and process.poll() == -signal.SIGKILL:
        end(process)  # a process outside its group
        return True
    return False


def end(process):
    """Kill a run with all processes of its group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait()


def struck_by(control, disturbance, start):
    """Say whether the call that was to fail has been made."""
    return "(INJECTED)" in trace(control) if disturbance.how == "strace" else len(calls(control)) > start


def trace(control):
    """Return what strace wrote."""
    path = control / "traced"
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def calls(control):
    """Return what the hook wrote of calls: a kind and a path each."""
    path = control / "calls"
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []


# -------------------------------------------------------------------------------------------------------- the surveys
def survey(world, folder):
    """Return how many calls of each kind an undisturbed run makes, in all processes together."""
    root, control = folder / "root", folder / "control"
    shutil.copytree(world.old, root, symlinks=True)
    control.mkdir()
    task = {"root": str(root), "control": str(control)}
    subprocess.run(
        world.command(root),
        cwd=ROOT,
        env=environment(root, TORTURE_HOOK=json.dumps(task)),
        capture_output=True,
        check=True,
    )
    kinds = [line.partition("\t")[0] for line in calls(control)]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def traced_survey(world, folder):
    """Return how many calls of each kind the thread makes that makes most of them, as strace counts."""
    root, path = folder / "root", Path(folder, "traced")
    shutil.copytree(world.old, root, symlinks=True)
    words = ["strace", "-f", "-qq", "-o", str(path), "-e", "trace=" + ",".join(SYSCALLS.values()), *world.command(root)]
    subprocess.run(words, cwd=ROOT, env=environment(root), capture_output=True, check=True)
    found = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        thread, _, rest = line.partition(" ")
        call = rest.strip().partition("(")[0]
        found[thread, call] = found.get((thread, call), 0) + 1
    counts = {
        kind: [n for (_, call), n in found.items() if call in names.replace("?", "").split(",")]
        for kind, names in SYSCALLS.items()
    }
    return {kind: max(each) for kind, each in counts.items() if each}
