"""`make audit`: axe on every page of the built site, charts live, two widths by two schemes; bytes of each kind of page.

With LIGHTHOUSE=3 its scores as well, the median of 3 runs, by npm. Exits with 1 if a page falls short. It trains nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from tools.browsing import (
    BUDGETS,
    DESKTOP,
    MOST_SHIFT,
    PHONE,
    addresses,
    build_for,
    kinds,
    launch_arguments,
    shifted,
    transferred,
    violations,
    watch_shifts,
)
from tools.screenshots import CHROMES, chrome
from tools.served import serving

LIGHTHOUSE = "lighthouse@12.2.3"  # the 12.x line runs on node 20
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CALIBRATION = ([150, 800, 1300, 2000], [1, 2, 3, 6])  # a machine's benchmarkIndex, and how many times slower a phone is
LATEST = 5  # runs that tell the machine's speed, which others' work on it changes
PRESETS = {"mobile": [], "desktop": ["--preset=desktop"]}


def goal(kind, preset, category):
    """Return the least score that will do."""
    if category == "performance" and preset == "mobile":
        return 98 if kind in {"home", "model"} else 95
    return 100


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path, help="the built site's folder")
    parser.add_argument(
        "--lighthouse", type=int, default=0, metavar="RUNS", help="run Lighthouse so often on each kind of page"
    )
    arguments = parser.parse_args()
    folder, failures = arguments.site, []
    if not (folder / "index.html").exists():
        sys.exit(f"error: {folder} holds no site\n  try:      make site")
    pages = {kind: path for kind, path in kinds(folder).items() if kind != "none"}
    with TemporaryDirectory() as served, serving(Path(served)) as address:
        build_for(address, folder.parent / "mkdocs.yml", served)  # a page that is not there names its assets in full
        with chrome() as browser:
            failures += weigh(browser, address, pages)
            failures += examine(browser, address, [*addresses(folder), "no/such/page/"])
        if arguments.lighthouse:
            failures += measure(address, pages, arguments.lighthouse, folder.parent / "lighthouse")
    print("\n".join(failures) if failures else "nothing falls short")
    return int(bool(failures))


def weigh(browser, address, pages):
    """Print what a page of each kind transfers, and how it jumps, before anybody touches it; return what is too much."""
    failures = []
    for kind, path in pages.items():
        sizes, shifts = [], []
        for like in (PHONE, DESKTOP):
            context = browser.new_context(**like)
            page = context.new_page()
            watch_shifts(page)
            page.goto(address + path)
            sizes.append(transferred(page) / 1024)
            shifts.append(shifted(page))
            context.close()
        print(
            f"{kind:9} {sizes[0]:6.1f} KiB on a phone, {sizes[1]:6.1f} on a desktop; "
            f"layout shift {shifts[0]:.3f}, {shifts[1]:.3f}",
            flush=True,
        )
        if max(shifts) > MOST_SHIFT:
            failures.append(f"{kind}: a layout shift of {max(shifts):.3f}, more than {MOST_SHIFT}")
        if max(sizes) > BUDGETS.get(kind, 200):
            failures.append(f"{kind}: {max(sizes):.1f} KiB, more than {BUDGETS.get(kind, 200)}")
    return failures


def examine(browser, address, paths):
    """Return what axe finds on every page at two widths and in both schemes."""
    failures = []
    for like, scheme in product((PHONE, DESKTOP), ("light", "dark")):
        context = browser.new_context(**like | {"color_scheme": scheme})
        page = context.new_page()
        errors = []
        page.on("pageerror", lambda error, errors=errors: errors.append(str(error)))
        for path in paths:
            page.goto(address + path)
            where = f"/{path} at {like['viewport']['width']}, {scheme}"
            failures += [f"{where}: {rule}: {about[0]}" for rule, about in violations(page)]
        failures += [f"script: {error}" for error in errors]
        context.close()
        print(f"axe: {len(paths)} pages at {like['viewport']['width']}, {scheme}; {len(failures)} failures", flush=True)
    return failures


def measure(address, pages, runs, folder):
    """Print Lighthouse's scores of each kind of page, and return those below their goal."""
    if not shutil.which("npm"):
        return ["Lighthouse needs npm, which is not installed"]
    failures = []
    header = (*CATEGORIES, "machine", "slowdown")  # its benchmarkIndex, and how much slower a phone is
    known = [lighthouse(address, "desktop", folder)["machine"] for _ in range(3)]
    print(f"{'Lighthouse, median of ' + str(runs):28}" + "".join(f"{column:>15}" for column in header))
    for (kind, path), preset in product(pages.items(), PRESETS):
        scores = []
        for _ in range(runs):
            scores.append(lighthouse(address + path, preset, folder, slowdown(median(known[-LATEST:]))))
            known.append(scores[-1]["machine"])
        middle = {column: median(score[column] for score in scores) for column in header}
        print(f"{kind + ', ' + preset:28}" + "".join(f"{middle[column]:15.4g}" for column in header), flush=True)
        short = [category for category in CATEGORIES if middle[category] < goal(kind, preset, category)]
        failures += [f"{kind}, {preset}: {category} {middle[category]:.0f}" for category in short]
    return failures


def slowdown(index):
    """Return how many times slower than a machine of this benchmarkIndex Lighthouse's phone is: 4 at 1533, its default.

    https://github.com/GoogleChrome/lighthouse/blob/main/docs/throttling.md, "Calibrating the CPU slowdown", whose
    calculator this is: https://github.com/patrickhulce/lighthouse-cpu-throttling-calculator.
    """
    return float(np.interp(index, *CALIBRATION))


def lighthouse(url, preset, folder, factor=1.0):
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(filter(None, map(shutil.which, CHROMES)))
    report = folder / "lighthouse.json"
    flags = " ".join(["--headless=new", *launch_arguments()])
    command = ["npm", "exec", "--yes", f"--cache={folder / 'npm'}", f"--package={LIGHTHOUSE}", "--", "lighthouse", url]
    command += ["--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={flags}", *PRESETS[preset]]
    if preset == "mobile":
        command += [f"--throttling.cpuSlowdownMultiplier={factor:.2f}"]
    subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": chromium})
    found = json.loads(report.read_text(encoding="utf-8"))
    short = [a["id"] for a in found["audits"].values() if a["score"] is not None and a["score"] < 0.9]
    print(f"  {preset} {url}: short of 90: {', '.join(short)}", file=sys.stderr)
    scores = {category: round(100 * found["categories"][category]["score"]) for category in CATEGORIES}
    slower = found["configSettings"]["throttling"]["cpuSlowdownMultiplier"]
    return scores | {"machine": found["environment"]["benchmarkIndex"], "slowdown": slower}


if __name__ == "__main__":
    sys.exit(main())
