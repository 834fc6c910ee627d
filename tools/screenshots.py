"""`make screenshots`: photographs the built site's first page, light and dark, into two small WebP files for the README."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a script

from tools.served import serving

CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
SCHEMES = ("light", "dark")
LIKE = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1.5, "reduced_motion": "reduce"}
MOST_BYTES = 200_000


def main(arguments):
    site, folder = map(Path, arguments)
    if not (site / "index.html").exists():
        sys.exit(f"error: {site} holds no site\n  try:      make site")
    with serving(site) as address, chrome() as browser:
        for scheme in SCHEMES:
            page = browser.new_page(color_scheme=scheme, **LIKE)
            page.goto(address, wait_until="networkidle")
            path = folder / f"site-{scheme}.webp"
            path.write_bytes(small(page.screenshot()))
            print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


@contextlib.contextmanager
def chrome():
    """Start the Chromium or Chrome that is installed here."""
    program = next(filter(None, map(shutil.which, CHROMES)), None)
    if program is None:
        sys.exit(
            f"error: no browser is found\n  expected: one of {', '.join(CHROMES)}\n  try:      apt-get install chromium"
        )
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *root])
        yield browser
        browser.close()


def small(picture):
    """Return a PNG as WebP of at most MOST_BYTES, in the best quality that stays below."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for quality in range(90, 30, -10):
        stream = io.BytesIO()
        image.save(stream, "WEBP", quality=quality, method=6)
        if stream.tell() <= MOST_BYTES:
            return stream.getvalue()
    sys.exit(f"error: the picture does not fit in {MOST_BYTES:,} bytes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
