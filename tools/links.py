"""`python tools/links.py [SITE]`: follows every link in the repository's Markdown, or in a built site, and names the dead ones.

Only what can be looked up here: other hosts are not asked, so that nothing fails for the weather. Pages under site_src
and templates are MkDocs' to check, which is strict.
"""

from __future__ import annotations

import html.parser
import os
import re
import sys
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urldefrag, urlparse

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmark import git

ASKED = {"a": "href", "link": "href", "img": "src", "script": "src", "source": "srcset", "iframe": "src"}


def main(arguments):
    if arguments:
        site = Path(arguments[0])
        if not (site / "index.html").exists():
            sys.exit(f"error: {site} holds no site\n  try:      make site")
        documents = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
        found = dead_links(documents, site, urlparse(os.environ.get("SITE_URL", "")).path)
    else:
        documents = {path: from_markdown(path.read_text(encoding="utf-8")) for path in tracked_markdown(ROOT)}
        found = dead_links(documents, ROOT)
    print("\n".join(found) or f"{sum(len(page.links) for page in documents.values()):,} links, none dead")
    return int(bool(found))


def tracked_markdown(root):
    """Return the Markdown files that people read on the repository's own pages."""
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md")
    listed = os.fsdecode(git.output(root, *words)).split("\0")
    paths = [
        root / name for name in listed if name and not name.startswith(("site_src/", "templates/", "tests/golden/"))
    ]
    return [path for path in paths if path.exists()]


class Page(html.parser.HTMLParser):
    """What a page links to and asks for, and the anchors that it has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.in_option = False
        self.choices = {}  # of the forms whose selection the address keeps: the values of each field
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found.get("id"), found.get("name")} - {None}
        if tag == "select":
            self.choices[found.get("name")] = set()
        elif tag == "option" and "value" in found:
            self._add_choice(found["value"])
        self.in_option = tag == "option" and "value" not in found  # its text is its value
        asked = ASKED.get(tag, "")
        if found.get(asked):
            parts = found[asked].split(",") if asked == "srcset" else [found[asked]]
            self.links += [part.split()[0] for part in parts if part.strip()]

    def handle_data(self, data):
        if self.in_option:
            self._add_choice(data.strip())
        self.in_option = False

    def _add_choice(self, value):
        if self.choices:
            self.choices[list(self.choices)[-1]].add(value)

    def has(self, anchor):
        """Return whether the page has this anchor, or a form that takes this selection: `true=Shirt&predicted=Coat`."""
        chosen = parse_qsl(anchor)
        return anchor in self.anchors or (bool(chosen) and all(v in self.choices.get(name, ()) for name, v in chosen))


def from_markdown(text):
    """Return a Markdown file as the page that GitHub makes of it, with anchors for its headings."""
    page = Page(MarkdownIt("commonmark", {"html": True}).enable("table").render(text))
    seen = {}
    for heading in re.findall(
        r"^#{1,6} +(.+?)\s*$", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE), re.MULTILINE
    ):
        anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        page.anchors.add(anchor if anchor not in seen else f"{anchor}-{seen[anchor]}")
        seen[anchor] = seen.get(anchor, 0) + 1
    return page


def dead_links(documents, root, prefix=""):
    """Yield each link to a file or an anchor that is not there; `prefix` is the path that the site is published under."""
    found = []
    for path, page in documents.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            parts = urlparse(address)
            if parts.scheme or parts.netloc:
                continue
            if parts.path.startswith("/") and not f"{parts.path}/".startswith(f"{prefix.rstrip('/')}/"):
                found.append(
                    f"{path.relative_to(root)}: {link}: lies outside {prefix}, under which the site is published"
                )
                continue
            target = locate(path, unquote(parts.path), root, prefix)
            if not target.exists():
                found.append(f"{path.relative_to(root)}: {link}: there is no {target}")
            elif (
                anchor
                and target in documents
                and not (documents[target].has(anchor) or documents[target].has(unquote(anchor)))
            ):
                found.append(f"{path.relative_to(root)}: {link}: {target.relative_to(root)} has no such anchor")
    return found


def locate(path, address, root, prefix):
    """Return the file that an address without host, asked for on the page `path`, is."""
    if not address:
        return path
    if address.startswith("/"):
        target = root / address.removeprefix(prefix.rstrip("/")).lstrip("/")
    else:
        target = Path(os.path.normpath(path.parent / address))
    return target / "index.html" if target.suffix == "" and (target / "index.html").exists() else target


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
