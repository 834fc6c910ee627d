"""`make speed` and `make scale` on a few images: what they time and weigh still runs, and is told."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import ROOT, SAMPLE


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / script, "--dataset", SAMPLE, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_speed_times_both_ways_and_the_commands():
    told = run("speed.py", "--models", "knn-hog", "--train", 330, "--test", 50, "--rounds", 1, "--commits", 9)
    assert "history of 9 commits x 12 models: " in told
    assert re.search(r"^knn-hog +straightforward .* ours .* times as fast$", told, flags=re.MULTILINE)


def test_scale_weighs_each_process_of_a_bench(tmp_path):
    told = run("scale.py", "--copies", 2, "--models", "guess", "--folder", tmp_path)
    assert "4,000 training images, " in told
    assert re.findall(r"GiB +(.+)", told)[-1] == "all together"
    assert {"the command", "its helpers", "a fit's own process"} <= set(re.findall(r"GiB +(.+)", told))
