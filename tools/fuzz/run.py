"""Workers side by side, each with a share of the targets; one that crashes or hangs is a finding, and another goes on.

Comes in: how many executions of which targets, and a seed. Goes out: what each target did, and the inputs of the findings as
files.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tools.fuzz.worker import Held

WORKER = Path(__file__).parent / "worker.py"
SILENT_SECONDS = 60  # after which a worker is taken to hang; it tells twice a second how far it is
MOST_CRASHES = 20  # of a target, then it is left


@dataclass
class Done:
    """What a target did: executions, those refused, seconds, and how often each kind of finding was told."""

    wanted: int
    executions: int = 0
    refused: int = 0
    seconds: float = 0.0
    findings: dict[str, Path] = field(default_factory=dict)


class Fuzzing:
    """One call: the share of each target, and a worker for each of `jobs` groups of them."""

    def __init__(self, shares, *, seed, folder, guided, advance):
        self.done = {name: Done(wanted) for name, wanted in shares.items()}
        self._seed, self._folder, self._guided, self._advance = seed, folder, guided, advance
        self._attempts = Counter()
        self._lock = threading.Lock()

    def run(self, jobs):
        """Fuzz all targets, `jobs` processes side by side."""
        groups = self._groups(jobs)
        threads = [threading.Thread(target=self._work, args=(groups,), daemon=True) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _groups(self, jobs):
        """Return lists of targets; each is one process's, for starting one takes as long as thousands of executions."""
        names = sorted(self.done, key=lambda name: -self.done[name].wanted)
        return [[name] for name in names] if self._guided else [found for i in range(jobs) if (found := names[i::jobs])]

    def _work(self, groups):
        while True:
            with self._lock:
                if not groups:
                    return
                names = groups.pop(0)
            while names:
                names = self._attempt(names)

    def _attempt(self, names):
        """Run a worker for these targets; return those that are left if it ended before the last."""
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder, Path(folder, "said").open("w+") as said:
            current = Path(folder, "current")
            left = [
                (name, self.done[name].wanted - self.done[name].executions, self.done[name].executions)
                for name in names
            ]
            seed = f"{self._seed}.{self._attempts[names[0]]}" if self._attempts[names[0]] else self._seed
            task = {"targets": left, "seed": seed, "current": str(current), "guided": self._guided}
            process = subprocess.Popen(
                [sys.executable, str(WORKER), json.dumps(task)], stdout=subprocess.PIPE, stderr=said
            )
            try:
                rest, why = self._listen(process, names)
            finally:
                process.kill()
                process.wait()
            if not rest:
                return []
            said.seek(0)
            why = f"{why or f'the process ended with status {process.returncode}'}\n{said.read()[-4000:]}"
            return self._after_crash(rest, why, Held.read(current) if current.exists() else None)

    def _after_crash(self, rest, why, data):
        """Take down what made a worker end, and return what is left to do."""
        name = rest[0]
        self._attempts[name] += 1
        kind = "crash or hang" if data is not None else "no start"
        self._found(name, kind, why, data or b"")
        if data is None or self._attempts[name] > 20 or self.done[name].executions >= self.done[name].wanted:
            return rest[1:]
        return rest

    def _listen(self, process, names):
        """Take what a worker tells; return the targets that it did not end, and that it hung if it did."""
        rest, start = list(names), time.monotonic()
        while rest:
            if not select.select([process.stdout], [], [], SILENT_SECONDS)[0]:
                return rest, f"the process did nothing for {SILENT_SECONDS} s"
            line = process.stdout.readline()
            if not line:
                return rest, ""
            told = json.loads(line)
            done = self.done[told["target"]]
            if "finding" in told:
                self._found(told["target"], told["finding"], told["text"], base64.b64decode(told["data"]))
            elif "ended" in told:
                done.seconds += time.monotonic() - start
                start = time.monotonic()
                rest.remove(told["target"])
            else:
                done.executions += told["done"]
                done.refused += told["refused"]
                with self._lock:
                    self._advance(told["done"])
        return [], ""

    def _found(self, name, kind, text, data):
        """Save an input that is the first, or the smallest so far, of its kind."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        slug = re.sub(r"[^A-Za-z0-9]+", "-", kind)[:80].strip("-")
        path = folder / f"{slug}-{hashlib.sha256(kind.encode()).hexdigest()[:6]}.input"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(
            f"{name}: {kind}\nseed {self._seed}\n\n{text}\n", encoding="utf-8", errors="backslashreplace"
        )
        self.done[name].findings[kind] = path


@contextlib.contextmanager
def bar(total):
    """Yield a function to call with a number of executions; it shows a bar if stderr is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("executions", total=total)
        yield lambda n: progress.update(task, advance=n)
