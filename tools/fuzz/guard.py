"""What may come out of a reader, and at what cost; a finding is whatever else happened.

Comes in: a reader and an input. Goes out: a finding or None, and whether the input did something that none before it did.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import BenchmarkError

MIB = 1 << 20
MOST_BYTES = 250 * MIB  # that an input may make this process hold, and that it may make it write
HARD_BYTES = 1024 * MIB  # beyond that an allocation or a write fails, so that the machine does not suffer
MOST_SECONDS = 1.0  # of processor time, so that a busy machine makes no findings
ROOT = Path(__file__).resolve().parents[2]
VARYING = re.compile(r"\W+|\w*\d\w*")


class WrongAnswerError(Exception):
    """A reader took what it must refuse: what that was, and details."""


@dataclass(frozen=True)
class Finding:
    """What an input did; `kind` is the same for all inputs that show one fault."""

    kind: str
    text: str


class Guard:
    """Watches the calls of readers in this process, whose memory and files it limits for good."""

    def __init__(self):
        self._costs = Costs()
        self._lines = Lines(str(ROOT / "benchmark")) if hasattr(sys, "monitoring") else None
        self._seen = set()
        limit(resource.RLIMIT_FSIZE, HARD_BYTES)
        self.rest()
        if sys.platform == "linux":  # elsewhere the limit does not count, or counts otherwise
            limit(resource.RLIMIT_DATA, self._costs.data() + HARD_BYTES)

    def rest(self):
        """Take what the process holds and has written by now as nothing."""
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forgets the peak
        self._base = self._peak = self._costs.peak()
        self._written = self._costs.written()

    def judge(self, read, data):
        """Call `read` with `data`.

        Returns
        -------
        tuple
            The finding or None, where and how the input was refused ("" if it was not), and whether that is new.

        """
        finding, outcome, start = None, "", time.process_time()
        try:
            read(data)
        except BenchmarkError as error:
            outcome = refusal(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            finding = unexpected(error)
        finding = finding or self._cost(time.process_time() - start)
        new = outcome not in self._seen or bool(self._lines and self._lines.novel())
        self._seen.add(outcome)
        return finding, outcome, new

    def _cost(self, seconds):
        peak, written = self._costs.peak(), self._costs.written()
        wrote, self._written = written - self._written, written
        if peak > self._peak:
            self._peak = peak
            if peak - self._base > MOST_BYTES:
                text = f"the process grew by {(peak - self._base) // MIB} MiB, of at most {MOST_BYTES // MIB}"
                self.rest()
                return Finding("memory", text)
        if wrote > MOST_BYTES:
            return Finding("disk", f"{wrote // MIB} MiB were written, of at most {MOST_BYTES // MIB}")
        if seconds > MOST_SECONDS:
            return Finding("time", f"{seconds:.1f} s of processor time, of at most {MOST_SECONDS:.0f}")
        return None


class Lines:
    """The lines of a folder's code that have run so far, each told once (Python 3.12 and newer)."""

    def __init__(self, folder):
        self._folder, self._news = folder, False
        monitoring = sys.monitoring  # type: ignore[attr-defined]
        monitoring.use_tool_id(monitoring.COVERAGE_ID, "fuzz")
        monitoring.register_callback(monitoring.COVERAGE_ID, monitoring.events.LINE, self._met)
        monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.LINE)

    def _met(self, code, line):
        self._news = self._news or code.co_filename.startswith(self._folder)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined]  # costs nothing from now on

    def novel(self):
        """Return whether a line has run since the last call that had not run before."""
        news, self._news = self._news, False
        return news


def refusal(error):
    """Return where an error was raised, and its words without what varies."""
    str(error)  # it can be formatted
    frame = error.__traceback__
    while frame.tb_next:
        frame = frame.tb_next
    words = VARYING.sub(" ", f"{error.problem} {error.found}"[:300])
    return f"{frame.tb_frame.f_code.co_name} {frame.tb_lineno} {words[:80]}"


def unexpected(error):
    """Return the finding of an exception: its kind is its type and the last function of the benchmark that it left."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT / "benchmark")]
    frame = (own or frames)[-1]
    path = Path(frame.filename)
    place = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    text = "".join(traceback.format_exception(error))
    if isinstance(error, WrongAnswerError):
        return Finding(error.args[0], text)
    return Finding(f"{type(error).__name__} in {place}, {frame.name}", text)


def limit(what, most):
    """Set a limit of this process, as far as the system lets it."""
    _, hard = resource.getrlimit(what)
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


class Costs:
    """What this process has held at most and written so far, in bytes; 0 where the system does not tell."""

    def __init__(self):
        self._io, self._status = (self._opened(f"/proc/self/{name}") for name in ("io", "status"))

    @staticmethod
    def _opened(path):
        return os.open(path, os.O_RDONLY) if Path(path).exists() else None

    def written(self):
        """Return how many bytes this process has written."""
        return self._figure(self._io, b"wchar:")

    def peak(self):
        """Return the most memory that this process has held; the peak of `resource` would be its parent's at first."""
        return self._figure(self._status, b"VmHWM:") * 1024

    def data(self):
        """Return how much of its data limit this process uses."""
        return self._figure(self._status, b"VmData:") * 1024

    @staticmethod
    def _figure(descriptor, name):
        return 0 if descriptor is None else int(os.pread(descriptor, 4096, 0).partition(name)[2].split(None, 1)[0])
