"""Workers side by side, each with a share of the targets; one that crashes or hangs is a finding, and another goes on.

Comes in: how many executions of which targets, and a seed. Goes out: what each target did, and the inputs of the findings as
files.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tools.fuzz.worker import HELD, Held

SHARED = Path("/dev/shm")  # noqa: S108  # files in memory; what is made in it has a name of its own
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
        shared = SHARED if os.access(SHARED, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="fuzz-", dir=shared) as folder, Path(folder, "said").open("w+") as said:
            left = [
                (name, self.done[name].wanted - self.done[name].executions, self.done[name].executions)
                for name in names
            ]
            seed = f"{self._seed}.{self._attempts[names[0]]}" if self._attempts[names[0]] else self._seed
            task = {"targets": left, "seed": seed, "folder": folder, "guided": self._guided}
            process = subprocess.Popen(
                [sys.executable, str(WORKER), json.dumps(task)], stdout=subprocess.PIPE, stderr=said
            )
            try:
                rest, hung = self._listen(process, names)
            finally:
                process.kill()
                process.communicate()
            if not rest:
                return []
            said.seek(0)
            why = f"it did nothing for {SILENT_SECONDS} s" if hung else f"it ended with status {process.returncode}"
            data, number = Held.read(Path(folder, HELD))
            return self._after_crash(rest, f"{why}\n{said.read()[-4000:]}", data, number + 1)

    def _after_crash(self, rest, why, data, number):
        """Take down the input that made a worker end, and return the targets that are left."""
        name, done = rest[0], self.done[rest[0]]
        self._attempts[name] += 1
        self._found(name, "no start" if data is None else "crash or hang", why, data or b"")
        done.executions += number
        over = data is None or self._attempts[name] > MOST_CRASHES or done.executions >= done.wanted
        return rest[1:] if over else rest

    def _listen(self, process, names):
        """Take what a worker tells; return the targets that it did not end, and whether it hung."""
        rest, hung = list(names), threading.Event()
        start = time.monotonic()
        while rest:
            silence = threading.Timer(SILENT_SECONDS, lambda: (hung.set(), process.kill()))
            silence.start()
            line = process.stdout.readline()
            silence.cancel()
            if not line:
                return rest, hung.is_set()
            told = json.loads(line)
            self.done[told["target"]].seconds += (
                time.monotonic() - start
            )  # now, because it may be interrupted before it ends
            start = time.monotonic()
            if "ended" in told:
                rest.remove(told["target"])
            else:
                self._told(**told)
        return [], False

    def _told(self, target, *, done=0, refused=0, finding="", text="", data=""):
        if finding:
            self._found(target, finding, text, base64.b64decode(data))
        self.done[target].executions += done
        self.done[target].refused += refused
        with self._lock:
            self._advance(done)

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
