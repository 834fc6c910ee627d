"""`make fuzz`: mutated files for every reader of bytes from outside. Nothing but a BenchmarkError may come out of one.

Nor may an input take more than 250 MiB or a second of processor time; a right input must be taken, and an altered entry of the
cache, or pickle, must not be. Where atheris is installed, it guides the mutations by the branches that they reach; elsewhere
new error messages do, and on Python 3.12 and newer new lines of code. Findings are saved below build/fuzz.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import math
import random
import shutil
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from benchmark.compare.tables import aligned
from benchmark.machine import usable_cores
from tools.bars import bar
from tools.fuzz import targets
from tools.fuzz.run import Fuzzing

HEADER = ("target", "executions", "refused", "a second", "findings")


def main(argv=None):
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument(
        "--executions", type=int, default=1_000_000, help="of all targets together (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="default: a new one")
    parser.add_argument("--targets", default="", help="comma-separated names, or the beginnings of some (default: all)")
    parser.add_argument(
        "--jobs", type=int, default=usable_cores(), help="processes side by side (default: %(default)s)"
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="where findings go")
    parser.add_argument("--plain", action="store_true", help="without atheris, although it is installed")
    parser.add_argument("--input", type=Path, help="only read this finding again")
    options = parser.parse_args(argv)
    if options.input:
        return again(options.input)
    wanted = [name.strip() for name in options.targets.split(",") if name.strip()]
    chosen = [name for name in targets.TARGETS if not wanted or name.startswith(tuple(wanted))]
    if not chosen:
        parser.error(f"no target begins so; there are {', '.join(targets.TARGETS)}")
    return fuzz(chosen, options)


def fuzz(names, options):
    """Fuzz these targets, print what they did, and return the exit status."""
    shutil.rmtree(options.folder, ignore_errors=True)
    guided = not options.plain and importlib.util.find_spec("atheris") is not None
    weights = {name: targets.TARGETS[name][0] for name in names}
    shares = {name: math.ceil(options.executions * weight / sum(weights.values())) for name, weight in weights.items()}
    print(f"seed {options.seed}, {'guided by atheris' if guided else 'without atheris'}", flush=True)
    start = time.monotonic()
    with bar("executions", sum(shares.values())) as advance:
        fuzzing = Fuzzing(shares, seed=options.seed, folder=options.folder, guided=guided, advance=advance)
        with contextlib.suppress(KeyboardInterrupt):
            fuzzing.run(options.jobs)
    return conclude(fuzzing.done, options, time.monotonic() - start)


def conclude(done, options, seconds):
    """Print a row a target, and each finding with the command that reads its input again."""
    rows = [HEADER]
    for name, found in done.items():
        share = f"{100 * found.refused / max(1, found.executions):.0f} %"
        pace = f"{found.executions / max(found.seconds, 1e-9):,.0f}"
        rows.append((name, f"{found.executions:,}", share, pace, str(len(found.findings) or "–")))
    print("\n".join(aligned(rows)))
    findings = [(name, kind, path) for name, found in done.items() for kind, path in found.findings.items()]
    for name, kind, path in findings:
        print(f"\n{name}: {kind}\n  make fuzz INPUT={path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    total = sum(found.executions for found in done.values())
    print(
        f"\n{total:,} executions in {seconds:.0f} s with seed {options.seed}: {len(findings) or 'no'} kinds of findings"
    )
    if findings:
        print(
            f"  the inputs are in {options.folder}; all again: make fuzz SEED={options.seed} EXECUTIONS={options.executions}"
        )
    return int(bool(findings))


def again(path):
    """Read the input of a finding once more, in the target whose folder it is in."""
    import tempfile

    from tools.fuzz.guard import Guard

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        target = targets.TARGETS[path.resolve().parent.name][1](Path(folder))
        guard = Guard()
        guard.judge(target.read, target.seeds[0])
        guard.rest()
        finding, outcome, _ = guard.judge(target.read, path.read_bytes())
    print(finding.text if finding else outcome or "the input is taken")
    return int(finding is not None)


if __name__ == "__main__":
    sys.exit(main())
