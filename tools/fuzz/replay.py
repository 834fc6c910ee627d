"""Git's answers, recorded once from a real repository and given again without a process, one of them replaced.

Comes in: a folder for the repository. Goes out: a context in which every `git` that Python starts is answered from the record.
Any other program is refused there.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
from unittest import mock

COMMANDS = ("rev-parse", "show", "config", "ls-tree", "cat-file", "log", "rev-list", "status", "diff")
REAL = subprocess.Popen


class Record:
    """What git answered, by the words of the call; the contents of blobs apart, by their id."""

    def __init__(self):
        self.answers = {}  # (command, words after it): (status, stdout)
        self.blobs = {}
        self.instead = {}  # what is given instead of an answer, or of a blob's content

    @contextlib.contextmanager
    def taken(self):
        """Let git answer, and write it down."""
        with mock.patch.object(subprocess, "Popen", lambda words, **settings: _Told(self, words, settings)):
            yield

    @contextlib.contextmanager
    def given(self, instead):
        """Answer from the record; `instead` has another text for an answer of a command, or for a blob's content."""
        self.instead = instead
        with mock.patch.object(subprocess, "Popen", lambda words, **settings: _Known(self, words, settings)):
            yield

    def outputs(self, command):
        """Return the distinct answers of a command, the longest first."""
        found = dict.fromkeys(out for (name, _), (_, out) in self.answers.items() if name == command and out)
        return sorted(found, key=len, reverse=True)

    def answer(self, command, rest, asked):
        """Return the status and the output of a call; what was never asked is answered as the command was first."""
        first = next((answer for (name, _), answer in self.answers.items() if name == command), (128, b""))
        status, out = self.answers.get((command, rest), first)
        if (command, out) in self.instead:
            return 0, self.instead[command, out]
        if command == "cat-file":
            return 0, b"".join(self._blob(name) for name in asked.split())
        return status, out

    def _blob(self, name):
        content = self.blobs.get(name)
        if content is None:
            return name + b" missing\n"
        content = self.instead.get(content, content)
        return b"%s blob %d\n%s\n" % (name, len(content), content)


class _Call:
    """What `subprocess.Popen` returns, of a call that has already ended."""

    def __init__(self, record, words, settings):
        names = [str(word) for word in words]
        command = next((name for name in names if name in COMMANDS), None)
        if names[0].rpartition("/")[2] != "git" or command is None:
            raise FileNotFoundError(f"not git: {names}")
        asked = settings.get("stdin")
        asked = asked.read() if hasattr(asked, "read") else b""
        rest = tuple(names[names.index(command) + 1 :])
        self.args, self.pid = words, 0
        self.returncode, out = self.ask(record, words, settings, (command, rest, asked))
        text = settings.get("text") or settings.get("encoding") or settings.get("universal_newlines")
        streams = io.BytesIO(out), io.BytesIO(b"fatal: no" if self.returncode else b"")
        how = {"encoding": settings.get("encoding") or "utf-8", "errors": settings.get("errors")}
        self.stdout, self.stderr = (io.TextIOWrapper(stream, **how) if text else stream for stream in streams)

    def ask(self, record, words, settings, call):
        """Return the status and the output of a call, which is its command, the words after it and its input."""
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def communicate(self, *_, **__):
        """Return all that is left of both streams."""
        return self.stdout.read(), self.stderr.read()

    def poll(self):
        """Return the status."""
        return self.returncode

    wait = lambda self, **_: self.returncode  # noqa: E731
    kill = terminate = lambda self: None


class _Told(_Call):
    def ask(self, record, words, settings, call):
        command, rest, asked = call
        rest += (asked,)
        given = {name: value for name, value in settings.items() if name in ("cwd", "env")}
        with REAL(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given) as process:
            out, _ = process.communicate(asked)
        record.answers[command, rest] = process.returncode, out
        if command == "cat-file":
            stream = io.BytesIO(out)
            while header := stream.readline().split():
                record.blobs[header[0]] = stream.read(int(header[2]))
                stream.read(1)
        return process.returncode, out


class _Known(_Call):
    def ask(self, record, words, settings, call):
        command, rest, asked = call
        return record.answer(command, (*rest, asked), asked)
