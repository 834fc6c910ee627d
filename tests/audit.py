"""`make audit`: asks axe what each page of the built site keeps from some readers, on a desktop in light, on a phone in dark.

The tests of the site do so with a sample's; this is for the pages that are about to be published, and trains nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from axe_playwright_python.sync_playwright import Axe

from tests.screenshots import chrome, served

READERS = {
    "desktop, light": {"viewport": {"width": 1360, "height": 900}, "color_scheme": "light"},
    "phone, dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "is_mobile": True},
}
UNFOLD = "document.querySelectorAll('details').forEach(details => { details.open = true; })"


def main(arguments):
    site = Path(arguments[0])
    pages = sorted(str(path.parent.relative_to(site)) for path in site.rglob("index.html"))
    places = {}
    with served(site) as address, chrome() as browser:
        for reader, like in READERS.items():
            page = browser.new_context(**like, reduced_motion="reduce").new_page()
            for name in pages:
                page.goto(f"{address}{name}/", wait_until="networkidle")
                page.evaluate(UNFOLD)
                for rule in Axe().run(page).response["violations"]:
                    place = f"{name}, {reader}: {rule['nodes'][0]['html'][:160]}"
                    places.setdefault(f"{rule['id']}: {rule['help']}", []).append(place)
    for rule, found in places.items():
        print(f"{rule}\n  at {len(found)} of {len(pages) * len(READERS)} visits, first {found[0]}")
    if not places:
        print(f"{len(pages)} pages, each on a {' and on a '.join(READERS)}: axe finds nothing")
    return int(bool(places))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
