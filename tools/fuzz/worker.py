"""One process that fuzzes targets one after the other: `python tools/fuzz/worker.py TASK`, started by `run`.

Comes in: a task as JSON. Goes out: a line of JSON on stdout for progress and for each finding; and in the task's folder the input
in use, which a crash leaves behind.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import json
import mmap
import os
import random
import struct
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmark.commands.process import pin_arithmetic

pin_arithmetic()  # before NumPy is imported

ROOM = 4 << 20  # bytes of the longest input
CORPUS = 500  # inputs that did something new, besides the seeds
HEADER = struct.Struct(">QQ?")
TOLD_SECONDS = 0.5
HELD = "held"


def main():
    task = json.loads(sys.argv[1])
    with Path("/dev/null").open("w") as nothing, os.fdopen(os.dup(1), "w", buffering=1) as lines:
        os.dup2(nothing.fileno(), 1)  # what a reader or a fuzzer prints
        faulthandler.enable()
        warnings.simplefilter("ignore")
        with instrumented(guided=task["guided"]):
            from tools.fuzz import targets
        for name, executions, begun in task["targets"]:
            folder = Path(task["folder"], name)
            folder.mkdir()
            held = Held(Path(task["folder"], HELD))
            with instrumented(guided=task["guided"]):
                target = targets.TARGETS[name][1](folder)
            one = Executions(name, executions, held, lines)
            one.begin(target, begun)
            (guided if task["guided"] else mutated)(target, one, f"{task['seed']} {name}", folder)


def instrumented(*, guided):
    """Return a context in which imports of the benchmark are instrumented, where a fuzzer wants that."""
    if not guided:
        return contextlib.nullcontext()
    import atheris

    return atheris.instrument_imports(include=["benchmark"])


def mutated(target, one, seed, _):
    """Mutate right inputs, and those of their mutations that did something new."""
    rng = random.Random(seed)
    corpus = list(target.seeds)
    while one.left:
        data = target.mutate(rng, rng.choice(corpus), corpus)
        if one(target.read, data) and len(data) < ROOM // 64:
            if len(corpus) - len(target.seeds) < CORPUS:
                corpus.append(data)
            else:
                corpus[len(target.seeds) + rng.randrange(CORPUS)] = data


def guided(target, one, seed, folder):
    """Let atheris choose what to mutate, by the branches that it sees taken; ends the process."""
    import atheris

    corpus = folder / "corpus"
    corpus.mkdir()
    for i, data in enumerate(target.seeds):
        (corpus / str(i)).write_bytes(data)

    def read(data):
        one(target.read, data)
        if not one.left:
            os._exit(0)  # atheris does not return

    def change(data, most, number):
        return target.mutate(random.Random(number), bytes(data), target.seeds)[:most]

    settings = [
        f"-seed={random.Random(seed).getrandbits(31) + 1}",
        f"-max_len={ROOM // 64}",
        "-rss_limit_mb=0",
        "-timeout=600",
    ]
    atheris.Setup(["fuzz", *settings, "-verbosity=0", str(corpus)], read, custom_mutator=change)
    atheris.Fuzz()


class Held:
    """The input in use, where the process that started this one finds it after a crash."""

    def __init__(self, path):
        with path.open("w+b") as stream:
            stream.truncate(HEADER.size + ROOM)
            self._map = mmap.mmap(stream.fileno(), HEADER.size + ROOM)

    def hold(self, data, number):
        """Write down an input, and the number of inputs of this target before it that have not been told."""
        self._map[HEADER.size : HEADER.size + len(data)] = data
        HEADER.pack_into(self._map, 0, len(data), number, True)  # noqa: FBT003

    @staticmethod
    def read(path):
        """Return the input that was in use, None if there was none yet, and that number."""
        if not path.exists():
            return None, -1
        content = path.read_bytes()
        size, number, begun = HEADER.unpack_from(content)
        return (content[HEADER.size : HEADER.size + size], number) if begun else (None, -1)


class Executions:
    """Counts the executions of one target, and tells them and what they find."""

    def __init__(self, name, executions, held, lines):
        from tools.fuzz.guard import Guard

        self._name, self._held, self._lines, self._guard = name, held, lines, Guard()
        self.left, self._told = executions, time.monotonic()
        self._refused = self._done = 0
        self._smallest, self._outcome = {}, ""

    def begin(self, target, begun):
        """Read the right inputs, which must be taken, and the hard ones; `begun` of them have been read before."""
        self._guard.judge(target.read, target.seeds[0])  # imports what is imported on first use
        self._guard.rest()
        first = [*target.seeds, *target.hard]
        self.left = max(self.left, len(first) - begun, 1)
        for number, data in enumerate(first):
            if number < begun:
                continue
            self(target.read, data)
            if number < len(target.seeds) and self._outcome:
                self._tell_finding("a right input is refused", self._outcome, data)

    def __call__(self, read, data):
        """Read one input; return whether it did something new."""
        self._held.hold(data, self._done)
        finding, self._outcome, new = self._guard.judge(read, data)
        self._refused += bool(self._outcome)
        self._done += 1
        self.left = max(0, self.left - 1)
        if finding and len(data) < self._smallest.get(finding.kind, ROOM + 1):
            self._tell_finding(finding.kind, finding.text, data)
        if time.monotonic() - self._told > TOLD_SECONDS:
            self.tell()
        if not self.left:
            self.end()
        return new

    def _tell_finding(self, kind, text, data):
        self._smallest[kind] = len(data)
        self._line({"finding": kind, "text": text, "data": base64.b64encode(data).decode()})

    def tell(self):
        """Tell how many executions there were since the last time."""
        self._line({"done": self._done, "refused": self._refused})
        self._done = self._refused = 0
        self._told = time.monotonic()

    def end(self):
        """Tell that this target is done."""
        self.tell()
        self._line({"ended": True})

    def _line(self, told):
        self._lines.write(json.dumps({"target": self._name, **told}) + "\n")


if __name__ == "__main__":
    main()
