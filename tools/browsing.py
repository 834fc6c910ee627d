"""What the tests of the built site and `make audit` share: a browser's settings, charts made live, axe, bytes on the wire."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from benchmark.layout import shipped
from benchmark.publish.build import OF_ROOT
from benchmark.publish.finish import finish
from tools.screenshots import QUIET

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "color_scheme": "dark",
}
MOST_SHIFT = 0.01  # of the window, of the cumulative layout shift
DESKTOP: dict[str, Any] = {"viewport": {"width": 1360, "height": 900}, "color_scheme": "light"}
# A kind of page is a template.
KINDS = tuple(sorted(path.stem for path in shipped("templates").glob("*.md") if path.stem != "macros"))
SECONDS = 30  # until something on a page should have happened
MOST_KIB = 160  # that a page may cost before anybody touches it, where its kind has no limit of its own
BUDGETS = dict.fromkeys(KINDS, MOST_KIB) | {
    "home": 100, "model": 120, "class": 120, "errors": 200, "compare": 240, "methods": 100
}  # fmt: skip


def launch_arguments():
    return [*QUIET, "--disable-component-update", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def kinds(folder):
    """Return the address of one page of each kind that a built site has, and of one that it has not."""
    beside = [path.parent.parent for path in folder.glob("*/errors/index.html")]
    section = next(
        path.name for path in beside if not (path / "index.html").exists()
    )  # others are data sets of their own
    models = sorted(folder.glob(f"{section}/models/*/index.html"), key=lambda path: path.stat().st_size)
    own = {"home": "", "model": f"{section}/models/{models[-1].parent.name}/", "none": "no/such/page/"}
    own["class"] = f"{section}/classes/{min(path.name for path in (folder / section / 'classes').iterdir())}/"
    of_site = {kind: f"{kind}/" for kind in KINDS if (folder / kind / "index.html").exists()}
    found = {kind: f"{section}/{kind}/" for kind in KINDS} | of_site | own
    return {kind: path for kind, path in found.items() if kind == "none" or (folder / path / "index.html").exists()}


def build_for(address, config, folder):
    """Let MkDocs build the pages rendered beside `config` into `folder` for `address`: instant navigation wants its own."""
    parts = {path.parent.name: path for path in sorted((config.parent / "parts").glob("*/mkdocs.yml"))}
    for name, each in {"": config, **parts}.items():
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", str(each)]
        settings = {"SITE_URL": address, "NO_MKDOCS_2_WARNING": "1"}
        subprocess.run([*command, "--site-dir", str(Path(folder) / name)], check=True, env=os.environ | settings)
        for template in OF_ROOT if name else ():
            (Path(folder) / name / template).unlink()
    finish(folder)


def addresses(folder):
    """Return the address of every page in `folder`."""
    pages = [path.parent.relative_to(folder).as_posix() for path in folder.rglob("index.html")]
    return sorted("" if path == "." else f"{path}/" for path in pages)


def until(page, expression, arg=None):
    """Wait until an expression is true on the page; Playwright's own way asks for `eval`, which the pages' policy forbids."""
    end = time.monotonic() + SECONDS
    while not page.evaluate(expression, arg):
        if time.monotonic() > end:
            raise TimeoutError(f"not within {SECONDS} s: {expression}")
        page.wait_for_timeout(50)


def enliven(page, selector=".chart"):
    """Make every chart that `selector` finds live, by its button."""
    until(page, "[...document.querySelectorAll('.plot')].every(place => place.dataset.ready)")
    click = (
        "s => document.querySelectorAll(`${s} .plot:not(.live) + .plot-line button`).forEach(button => button.click())"
    )
    page.evaluate(click, selector)
    live = "s => [...document.querySelectorAll(s)].every(place => place.classList.contains('live'))"
    until(page, live, arg=f"{selector} .plot")


@functools.cache
def axe():
    return Axe()


def violations(page):
    """Return what axe finds with charts live, all details open and all in sight: rules, and what each is about."""
    enliven(page)
    page.add_style_tag(content="* { content-visibility: visible !important }")  # axe misplaces what is not laid out
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    page.wait_for_timeout(200)
    found = axe().run(page).response["violations"]
    return [(rule["id"], [node["html"][:160] for node in rule["nodes"]][:3]) for rule in found]


def transferred(page):
    """Return the bytes that the page has cost so far, compressed, headers included."""
    page.wait_for_load_state("networkidle")
    sizes = "performance.getEntries().map(entry => entry.transferSize || 0).reduce((a, b) => a + b, 0)"
    return page.evaluate(sizes)


def watch_shifts(page):
    """Let the pages that `page` opens from here on sum their layout shifts, all but those that the reader brings about."""
    page.add_init_script("""window.shifts = 0; new PerformanceObserver(list => list.getEntries().forEach(one => {
      if (!one.hadRecentInput) window.shifts += one.value; })).observe({ type: 'layout-shift', buffered: true })""")


def shifted(page):
    """Return how much of the page has jumped while it loaded: its cumulative layout shift."""
    return page.evaluate("window.shifts")
