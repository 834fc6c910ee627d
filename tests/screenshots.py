"""`make screenshots`: photographs the built site's home page, light and dark, into two small WebP files for the README."""

from __future__ import annotations

import functools
import http.server
import io
import shutil
import sys
import threading
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

CHROMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH, HEIGHT, SCALE = 1280, 800, 1.5
MOST_BYTES = 200_000
SCHEMES = ("light", "dark")


def main(arguments):
    site, folder = map(Path, arguments)
    if not (site / "index.html").exists():
        sys.exit(f"error: {site} holds no site\n  try:      make site")
    browser = next(filter(None, map(shutil.which, CHROMES)), None)
    if browser is None:
        sys.exit(
            f"error: no browser is found\n  expected: one of {', '.join(CHROMES)}\n  try:      apt-get install chromium"
        )
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for scheme, picture in photographs(browser, f"http://127.0.0.1:{server.server_port}/"):
            path = folder / f"site-{scheme}.webp"
            path.write_bytes(small(picture))
            print(f"{path}: {path.stat().st_size:,} bytes")
    finally:
        server.shutdown()
    return 0


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


def photographs(browser, address):
    """Yield each colour scheme and the first screen of the page in it, a PNG."""
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        for scheme in SCHEMES:
            page = chrome.new_page(
                viewport={"width": WIDTH, "height": HEIGHT},
                device_scale_factor=SCALE,
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page.goto(address, wait_until="networkidle")
            yield scheme, page.screenshot()
        chrome.close()


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
