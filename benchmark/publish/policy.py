"""The Content-Security-Policy of every page: what a browser may load and run, whatever text a page holds.

Comes in: the pages of a built site, and the templates of its theme. Goes out: the same pages, compact, with the policy in their heads. A
script that stands in a page itself is known by its hash, which is computed from the pages as they were built, so that a newer theme
needs no other list. It must be a script of a template: whatever else has found its way into a page is refused.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from benchmark.errors import BenchmarkError
from benchmark.layout import shipped

SCRIPT = re.compile(r"<script\b(?P<about>[^>]*)>(?P<code>.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
DATA = re.compile(r"""\btype\s*=\s*["']?(?:application|text)/(?:ld\+)?json""", re.IGNORECASE)  # is read, and never runs
FILE = re.compile(r"\bsrc\s*=", re.IGNORECASE)  # has an address, of this site by the policy
FILLED_IN = re.compile(r"\{\{.*?\}\}", re.DOTALL)  # by Jinja: an address relative to the page
ADDRESS = r"[\w./:-]*"
VERBATIM = r"<(?P<tag>pre|script|style|textarea)\b.*?</(?P=tag)\s*>"
BETWEEN = re.compile(rf"{VERBATIM}|(?P<between>(?<=>)[^\S\n]*\n\s*(?=<))", re.DOTALL | re.IGNORECASE)
HEAD = re.compile(r"<head>\s*(?:<meta charset=[^>]*>)?")
# Styles alone may stand in pages: pages give sizes and shares that way, and Plotly writes styles into the charts that it draws.
# Addresses of data are thumbnails beside a chart, icons of the theme, and the pictures of a page that is printed.
POLICY = (
    "default-src 'self'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'"
)


def protected(pages: Mapping[Path, str]) -> dict[Path, str]:
    """Return the pages of a built site, each compact and with its policy.

    A page takes the next one's place without a load: it keeps its own head and runs what is in the next one's body. So its policy
    names the scripts of its head, and those of all bodies.

    Raises
    ------
    BenchmarkError
        If a page holds a script that none of the templates holds.

    """
    known = _known(_templates())
    heads, bodies = {}, set()
    for path, text in pages.items():
        head, _, body = text.partition("</head>")
        heads[path] = {_hash(code) for code in _own_scripts(path, head, known)}
        bodies |= {_hash(code) for code in _own_scripts(path, body, known)}
    found = {}
    for path, text in pages.items():
        place = HEAD.search(text)
        if not place:
            raise BenchmarkError(f"{path} has no head that the theme has made", expected="<head>")
        policy = POLICY.format(scripts=" ".join(["'self'", *sorted(heads[path] | bodies)]))
        meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        found[path] = compact(f"{text[: place.end()]}\n{meta}{text[place.end() :]}")
    return found


def compact(text: str) -> str:
    """Return a page without the blank lines and indentation that its templates leave between two tags.

    They are a twentieth of what a phone fetches of a page; where they count, and in scripts, they stay.
    """
    return BETWEEN.sub(lambda found: found[0] if found["between"] is None else "\n", text)


def inline_scripts(text: str) -> list[str]:
    """Return the scripts that a page or a template holds itself, data and files aside."""
    found = SCRIPT.finditer(text)
    return [part["code"] for part in found if not DATA.search(part["about"]) and not FILE.search(part["about"])]


def _own_scripts(path: Path, text: str, known: Sequence[re.Pattern[str]]) -> list[str]:
    scripts = inline_scripts(text)
    for code in scripts:
        if not any(pattern.fullmatch(code) for pattern in known):
            raise BenchmarkError(
                f"{path} holds a script that is in no template of the theme",
                expected="pages whose text is text",
                found=code.strip()[:200],
                remedy="another title, name or note; and tell it, because it is a fault of this program",
            )
    return scripts


def _templates() -> list[Path]:
    return [Path(str(files("material"))) / "templates", shipped("templates") / "theme"]


def _known(folders: Iterable[Path]) -> list[re.Pattern[str]]:
    """Return what the scripts of all templates look like in a page."""
    texts = [path.read_text(encoding="utf-8") for folder in folders for path in sorted(folder.rglob("*.html"))]
    found = {code for text in texts for code in inline_scripts(text)}
    return [re.compile(ADDRESS.join(map(re.escape, FILLED_IN.split(code)))) for code in found if code.strip()]


def _hash(code: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"
