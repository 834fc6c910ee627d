"""`make audit`: axe on every page, two widths by two schemes; what each kind of page costs; Lighthouse, median of three runs.

It needs a Chromium or Chrome, and npm for Lighthouse. It exits with 1 if anything falls short of what BUDGETS and GOALS say.
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

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import sync_playwright

from tests.browsing import (
    BUDGETS,
    DESKTOP,
    PHONE,
    addresses,
    build_for,
    kinds,
    launch_arguments,
    transferred,
    violations,
)
from tests.served import serving

ROOT = Path(__file__).parent.parent
LIGHTHOUSE = "lighthouse@12.2.3"  # the 12.x line runs on node 20
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
PRESETS = {"mobile": [], "desktop": ["--preset=desktop"]}


def goal(kind, preset, category):
    """Return the least score that will do."""
    if category == "performance" and preset == "mobile":
        return 98 if kind in {"home", "model"} else 95
    return 100


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build-dir", type=Path, default=ROOT / "build")
    parser.add_argument("--dataset", default="fashion-mnist")
    parser.add_argument("--model", default="svm-hog", help="whose page stands for its kind")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--skip-axe", action="store_true")
    parser.add_argument("--skip-lighthouse", action="store_true")
    arguments = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if not chromium:
        sys.exit("error: no Chromium or Chrome is installed\n  try: apt-get install --no-install-recommends chromium")
    folder, failures = arguments.build_dir / "audit" / "site", []
    pages = {kind: path for kind, path in kinds(arguments.dataset, arguments.model).items() if kind != "none"}
    with serving(folder) as address:
        build_for(address, arguments.build_dir / "mkdocs.yml", folder)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=launch_arguments())
            failures += weigh(browser, address, pages)
            if not arguments.skip_axe:
                failures += examine(browser, address, [*addresses(folder), "no/such/page/"])
            browser.close()
        if not arguments.skip_lighthouse:
            failures += measure(chromium, address, pages, arguments.runs, arguments.build_dir / "audit")
    print("\n".join(failures) if failures else "nothing falls short")
    sys.exit(bool(failures))


def weigh(browser, address, pages):
    """Print what a page of each kind transfers before anybody touches it, and return which cost too much."""
    failures = []
    for kind, path in pages.items():
        sizes = []
        for like in (PHONE, DESKTOP):
            context = browser.new_context(**like)
            page = context.new_page()
            page.goto(address + path)
            sizes.append(transferred(page) / 1024)
            context.close()
        print(f"{kind:9} {sizes[0]:6.1f} KiB on a phone, {sizes[1]:6.1f} on a desktop", flush=True)
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


def measure(chromium, address, pages, runs, folder):
    """Print Lighthouse's scores of each kind of page, and return those below their goal."""
    if not shutil.which("npm"):
        return ["Lighthouse needs npm, which is not installed"]
    failures = []
    print(f"{'Lighthouse, median of ' + str(runs):28}" + "".join(f"{category:>15}" for category in CATEGORIES))
    for (kind, path), preset in product(pages.items(), PRESETS):
        scores = [lighthouse(chromium, address + path, preset, folder) for _ in range(runs)]
        middle = {category: median(score[category] for score in scores) for category in CATEGORIES}
        print(f"{kind + ', ' + preset:28}" + "".join(f"{middle[c]:15.0f}" for c in CATEGORIES), flush=True)
        short = [category for category in CATEGORIES if middle[category] < goal(kind, preset, category)]
        failures += [f"{kind}, {preset}: {category} {middle[category]:.0f}" for category in short]
    return failures


def lighthouse(chromium, url, preset, folder):
    report = folder / "lighthouse.json"
    flags = " ".join(["--headless=new", *launch_arguments()])
    command = ["npm", "exec", "--yes", f"--cache={folder / 'npm'}", f"--package={LIGHTHOUSE}", "--", "lighthouse", url]
    command += ["--quiet", "--output=json", f"--output-path={report}", f"--chrome-flags={flags}", *PRESETS[preset]]
    subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": chromium})
    found = json.loads(report.read_text(encoding="utf-8"))
    short = [a["id"] for a in found["audits"].values() if a["score"] is not None and a["score"] < 0.9]
    print(f"  {preset} {url}: short of 90: {', '.join(short)}", file=sys.stderr)
    return {category: round(100 * found["categories"][category]["score"]) for category in CATEGORIES}


if __name__ == "__main__":
    main()
