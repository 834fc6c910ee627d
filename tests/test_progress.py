"""Progress: what is estimated, what a terminal shows at each width, and that a log gets plain lines."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
import threading
import time

import pytest

from benchmark import progress
from benchmark.progress import Part, Reporter, part_left, whole_left

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
WIDTHS = (60, 80, 120)


def test_time_left_comes_from_the_last_run_until_this_one_has_a_pace_of_its_own():
    one, two = Part(seconds=100, later=10), Part(seconds=300, later=30)
    assert whole_left([one, two], 0) == 400  # nothing is done: as long as last time
    one.done, two.done = 5, 15
    assert whole_left([one, two], 400) == pytest.approx(
        200 * (400 + 60) / (200 + 60)
    )  # half is done, at half the speed


def test_without_a_last_run_time_left_comes_from_the_tasks_done():
    parts = [Part(known=6, later=4), Part(known=10)]
    assert whole_left(parts, 10) is None
    parts[0].done = 5
    assert whole_left(parts, 10) == pytest.approx(30)  # 5 of 20 tasks in 10 s


def test_a_model_that_is_new_is_taken_for_as_slow_a_task_as_the_others():
    assert whole_left([Part(seconds=100, known=10), Part(known=5)], 0) == 150


def test_the_time_left_of_a_model_lies_between_its_own_work_and_the_whole():
    parts = [Part(seconds=100, known=10, done=5, began=0.0), Part(seconds=900, known=90)]
    whole = whole_left(parts, 60)
    assert part_left(parts[0], parts, 60, 60.0) == pytest.approx(60)  # as long again
    assert part_left(parts[1], parts, 60, 60.0) == whole  # it has not begun
    parts[0].began = 59.0
    assert part_left(parts[0], parts, 60, 60.0) == pytest.approx(
        50 * (60 + 60) / (50 + 60)
    )  # its own work at this pace
    parts[0].began = -10_000.0
    assert part_left(parts[0], parts, 60, 60.0) == whole
    parts[0].ended = True
    assert part_left(parts[0], parts, 60, 60.0) == 0


def bench(reporter, pause=0.0):
    """Report as a bench of three models does."""
    seconds = {"svm-hog": 400.0, "rf-pixels": 40.0, "a-model-with-a-long-name": None}
    with reporter.whole("Fashion-MNIST", seconds):
        reporter.running("images #0-c", begins=True)
        for name in seconds:
            with reporter.batch(name, {"search": 2}, later=2) as advance:
                reporter.running(f"{name}: search #1-c", begins=True)
                advance("search", "0.9")
                time.sleep(pause)
                advance("search", "0.9")
                reporter.running(f"{name}: search #1-c", begins=False)
            time.sleep(pause)
        for name in seconds:
            with reporter.batch(name, {"learning curve and importances": 1, "final fit and prediction": 1}) as advance:
                reporter.running(f"{name}: learning curve and importances #2-c", begins=True)
                reporter.running(f"{name}: final fit and prediction #3-c", begins=True)
                time.sleep(pause)
                advance("final fit and prediction", "1.0 s")
                advance("learning curve and importances", "0.9")


@pytest.fixture
def on_terminal(monkeypatch):
    """Run something that gets a reporter on a terminal of some width; return all that the terminal got."""

    def run(width, use):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("LINES", "30")
        monkeypatch.setenv("TERM", "xterm")
        above, below = pty.openpty()
        fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", 30, width, 0, 0))
        got = []

        def read():
            while True:
                try:
                    got.append(os.read(above, 65536))
                except OSError:
                    return

        reader = threading.Thread(target=read)
        reader.start()
        with os.fdopen(below, "w") as stream:
            use(Reporter(stream))
        reader.join(10)
        os.close(above)
        return b"".join(got).decode()

    return run


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_on_a_terminal_is_wider_than_it(on_terminal, width):
    states = (
        r"Fashion-MNIST +0 of 3 done.* \d+/12 +\d:\d\d:\d\d left",
        r"svm-hog +search .* 1/4 +\d:\d\d:\d\d left",
    )
    for pause in (0.15, 0.6, 2.0):  # a busy machine may draw none of a state that is over so soon
        shown = on_terminal(width, lambda reporter, pause=pause: bench(reporter, pause))
        lines = [line for line in CONTROL.sub("", shown.replace("\r\n", "\n").replace("\r", "\n")).splitlines() if line]
        bars = [line for line in lines if " left" in line or "/" in line]
        missed = [state for state in states if not any(re.match(state, line) for line in bars)]
        if not missed:
            break
    assert not missed
    assert bars
    assert max(map(len, bars)) <= width
    for words in ("Fashion-MNIST", "svm-hog", "a-model-with-a-long-name"):
        assert any(line.startswith(words) for line in bars)  # names are never cut
    assert any(("━" in line) for line in bars) == (width >= progress.BAR_FROM)


def test_lines_are_printed_whole_above_the_bars(on_terminal):
    shown = CONTROL.sub("", on_terminal(60, lambda reporter: bench(reporter, 0.1)))
    assert "svm-hog: learning curve and importances: 1 done, 0 s, 0.9\n" in shown


def test_a_model_that_fails_leaves_no_line_and_no_tasks():
    reporter = Reporter(io.StringIO())
    reporter.console._force_terminal = True
    with reporter.whole("all", {"one": 10.0, "two": 10.0}):
        bars = reporter._bars
        with pytest.raises(ValueError, match="no"), reporter.batch("one", {"search": 4}, later=3) as advance:
            reporter.running("one: search #1-c", begins=True)
            advance("search", "")
            raise ValueError("no")
        assert not next(task for task in bars.progress.tasks if task.description == "one").visible
        assert [task.total for task in bars.progress.tasks if task.description == "all"] == [1]
        assert bars._whole_left() == pytest.approx(
            10 * 60 / (60 + 10 / 7), abs=0.2
        )  # what was done counts for the pace


def test_the_seconds_of_a_model_whose_search_is_kept_say_nothing():
    reporter = Reporter(io.StringIO())
    reporter.console._force_terminal = True
    with reporter.whole("all", {"one": 1000.0, "two": 10.0}):
        bars = reporter._bars
        with reporter.batch("one", {}, later=1), reporter.batch("two", {"search": 10}):
            assert bars._whole_left() == pytest.approx(11, abs=0.2)


def test_a_log_gets_plain_lines_and_no_bars():
    said = io.StringIO()
    bench(Reporter(said))
    assert "\x1b" not in said.getvalue()
    assert "\r" not in said.getvalue()
    assert said.getvalue().splitlines()[:2] == ["svm-hog: search: 2 done, 0 s", "rf-pixels: search: 2 done, 0 s"]
    assert len(said.getvalue().splitlines()) == 9


def test_quiet_says_nothing():
    said = io.StringIO()
    bench(Reporter(said, quiet=True))
    assert not said.getvalue()


def test_a_line_is_what_was_said_and_steers_no_terminal():
    stream = io.StringIO()
    Reporter(stream).line("the site is in /tmp/:bug:/[red]\x1b[2J\u202e/site")
    assert stream.getvalue() == "the site is in /tmp/:bug:/[red]\\x1b[2J\\u202e/site\n"
