"""`make torture`: benches, site builds and more on the sample, killed or with a call that fails, at every place.

A run is killed at random moments, and killed at, or refused with ENOSPC and EIO, each rename, link, unlink, fsync, mkdir, rmdir and
opening for writing: by a hook in Python that counts the calls of all its processes, and where strace is installed by that as
well. After each: results and site are old or new wholly; readers find them. After the next run: the bytes are those of an
undisturbed one, no finished fit was done again, and neither files nor processes are left. What violates that is saved.
"""

from __future__ import annotations

import argparse
import compileall
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmark.commands.process import pin_arithmetic

pin_arithmetic()  # before NumPy is imported

from benchmark.compare.tables import aligned
from benchmark.machine import usable_cores
from tools.bars import bar
from tools.torture import trial
from tools.torture.trial import Disturbance
from tools.torture.world import ROOT, WORLDS

ERRORS = ("KILL", "ENOSPC", "EIO")
CHAIN = 6  # random kills before a run that is left alone
SHARES = {"bench": 6, "site": 2, "data": 1, "swap": 1}  # of the random kills
GROUP = 0.75  # share of the random kills that hit the whole group, as a terminal or a system does; the others the main process
HEADER = ("world", "how", "call", "what", "disturbed", "of", "violations")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="at random moments (default: %(default)s)")
    parser.add_argument("--points", type=int, help="at most so many of the calls of a kind (default: every one)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: a new one")
    parser.add_argument("--worlds", default=",".join(WORLDS), help="what is disturbed (default: %(default)s)")
    parser.add_argument("--by", default="time,hook,strace", help="how calls are met (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=usable_cores(), help="trials side by side (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "torture", help="where violations go")
    parser.add_argument("--only", help="one trial again, by the name that was printed")
    options = parser.parse_args(argv)
    options.worlds = options.worlds.split(",") if not options.only else [options.only.partition(":")[0]]
    if strangers := set(options.worlds) - set(WORLDS):
        parser.error(f"no world is called {', '.join(strangers)}; there are {', '.join(WORLDS)}")
    shutil.rmtree(options.folder, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="torture-") as base:
        return torture(Path(base).resolve(), options)


def torture(base, options):
    """Make the worlds, disturb them, print what came of it, and return the exit status."""
    start, by = time.monotonic(), options.by.split(",")
    if "strace" in by and not shutil.which("strace"):
        print("strace is not installed (Debian: strace): only the hook meets calls")
        by.remove("strace")
    print(f"seed {options.seed}", flush=True)
    compileall.compile_dir(ROOT / "benchmark", quiet=2)  # what is tortured writes no bytecode
    worlds = [WORLDS[name](base / "states") for name in options.worlds]
    for world in worlds:
        print(f"{world.name}: {world.seconds:.1f} s when nothing disturbs", flush=True)
    rng = random.Random(options.seed)
    plan = [named(world, options.only) for world in worlds] if options.only else planned(worlds, by, base, options, rng)
    trials = Trials(base, options.folder)
    with bar("trials", len(plan)) as advance, ThreadPoolExecutor(options.jobs) as pool:
        try:
            for done in as_completed([pool.submit(trials.attempt, *one) for one in plan]):
                done.result()
                advance(1)
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a second one, so that what was found is told
            pool.shutdown(cancel_futures=True)  # and wait for the trials that are running
    return trials.conclude(time.monotonic() - start, options)


def planned(worlds, by, base, options, rng):
    """Return all trials: each a world and the disturbances of its runs."""
    plan = []
    for world in worlds:
        if "time" in by:
            plan += chains(
                world, options.kills * SHARES[world.name] // sum(SHARES[name] for name in options.worlds), rng
            )
        for how, look in (("hook", trial.survey), ("strace", trial.traced_survey)):
            if how in by:
                counts = look(world, base / f"survey-{world.name}-{how}")
                plan += calls(world, how, counts, options.points, rng)
    rng.shuffle(plan)  # so that the time that is left can be told
    return plan


def chains(world, kills, rng):
    """Return trials with random kills."""
    moments = [
        Disturbance(
            "time", "group" if rng.random() < GROUP else "main", round(rng.uniform(0.05, world.seconds), 2), "KILL"
        )
        for _ in range(kills)
    ]
    return [(world, moments[start : start + CHAIN]) for start in range(0, kills, CHAIN)]


def calls(world, how, counts, points, rng):
    """Return a trial for each call and each way in which it is disturbed."""
    found = []
    for kind, count in counts.items():
        for what in ERRORS:
            places = range(1, count + 1)
            chosen = sorted(rng.sample(places, points)) if points and points < count else places
            found += [(world, [Disturbance(how, kind, n, what)]) for n in chosen]
    return found


def named(world, name):
    """Return the trial that has a name."""
    return world, [Disturbance.of(part) for part in name.partition(":")[2].split("+")]


class Trials:
    """Runs trials in folders of their own, counts them, and keeps those that violate something."""

    def __init__(self, base, folder):
        self._base, self._folder, self._lock = base, folder, threading.Lock()
        self._disturbed, self._planned, self._violations, self._texts = Counter(), Counter(), Counter(), {}
        self._number = 0

    def attempt(self, world, disturbances):
        """Run one trial."""
        with self._lock:
            self._number += 1
            folder = self._base / "trials" / str(self._number)
        name = f"{world.name}:{'+'.join(disturbance.name for disturbance in disturbances)}"
        outcome = trial.attempt(world, disturbances, folder)
        with self._lock:
            for place, disturbance in enumerate(disturbances):
                row = (world.name, disturbance.how, disturbance.kind, disturbance.what)
                self._planned[row] += 1
                self._disturbed[row] += sum(outcome.disturbed[place : place + 1])
            self._violations[row] += bool(outcome.violations)
            if outcome.violations:
                self._keep(name, outcome.violations, folder)
        shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, name, violations, folder):
        """Save what a trial left."""
        self._texts[name] = violations
        place = self._folder / name.replace(":", "-").replace("+", "_")[:100]
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place, symlinks=True, ignore=special)
        (place / "violations.txt").write_text("\n".join([name, *violations, ""]), encoding="utf-8")

    def conclude(self, seconds, options):
        """Print a row for each kind of disturbance and each violation; return the exit status."""
        rows = [HEADER]
        for row, count in sorted(self._planned.items()):
            rows.append((*row, str(self._disturbed[row]), str(count), str(self._violations[row] or "–")))
        print("\n".join(aligned(rows)))
        for name, violations in self._texts.items():
            print(f"\n{name}\n  " + "\n  ".join(violations))
            print(f"  make torture ONLY={name}")
        kills = sum(count for row, count in self._disturbed.items() if row[3] == "KILL")
        failed = sum(self._disturbed.values()) - kills
        print(f"\n{kills:,} kills and {failed:,} failed calls in {seconds:.0f} s with seed {options.seed}: ", end="")
        print(f"{len(self._texts) or 'no'} trials with violations" + (f", in {options.folder}" if self._texts else ""))
        return int(bool(self._texts))


def special(folder, names):
    """Return which names are neither files nor folders: sockets of processes that were killed, which cannot be copied."""
    return [
        name
        for name in names
        if not (path := Path(folder, name)).is_symlink() and not path.is_file() and not path.is_dir()
    ]


if __name__ == "__main__":
    sys.exit(main())
