"""Text of others (names, titles, notes, commit messages) made inert, by the context that it enters.

Comes in: any text. Goes out: text that is read and never obeyed, by a terminal (`visible`), in a page (`inert`), in a chart (`chart_text`),
in a spreadsheet (`csv_cell`), in BibTeX (`bibtex`), and as a part of an address or a file's name (`addresses`). Inside the program text is plain: it is
escaped once, at the border. YAML is dumped by a YAML writer, JSON by a JSON writer.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from benchmark.layout import RESERVED, slug

# what steers a terminal, or has no place in HTML and XML; a line feed and a tab are text
CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff"
OVERRIDES = "\u202a-\u202e\u2066-\u2069"  # they turn what comes after them around
MARKS = "\u061c\u200e\u200f"  # of direction; Arabic and Hebrew names may need them
UNSEEN = re.compile(f"[{CONTROLS}{OVERRIDES}{MARKS}]")
UNSEEN_ON_PAGES = re.compile(f"[{CONTROLS}{OVERRIDES}]")
BREAKS = re.compile("\r\n|[\t\n\v\f\r\x85\u2028\u2029]")
# in HTML, in a quoted attribute, and in Markdown: of GitHub and of Python-Markdown with attribute lists
SPECIAL = {ord(character): f"&#{ord(character)};" for character in "\"'\\`*_{#~|"}
SPECIAL |= {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
# what begins a list, a rule, an underlined heading, a box, a link's text or an indented block where it begins a line
BEGINNING = re.compile(r"[+-](?=[\s+-]|$)|=(?==*\s*$)|!(?=!)|[ \[]|\d*[.)](?=\s|$)")
TARGET = re.compile(r"(?<=\])[(\[:]")  # what makes a link of the brackets before it
WEB = ("http", "https", "mailto")
LINKED = re.compile(r"https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]}]")
FORMULA = tuple("=+-@\t\r")
LONGEST_LABEL = 48  # characters of a name in a chart
LONGEST_SLUG = 60


# ------------------------------------------------------------------------------------------------------------ terminals
def visible(text: str) -> str:
    r"""Return text for a terminal: control characters, direction marks and what is no text are shown as `\x1b` or `\u202e`."""
    return UNSEEN.sub(_code, text)


def one_line(text: str) -> str:
    r"""Return text in one line: a break is a space, a control character is shown as `\x1b`."""
    return UNSEEN_ON_PAGES.sub(_code, BREAKS.sub(" ", text))


def _code(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004


def is_text(value: object) -> bool:
    """Return whether a value is text that says something and can be stored."""
    return isinstance(value, str) and is_storable(value) and bool(one_line(value).strip())


def is_storable(text: str) -> bool:
    """Return whether text can be written to a file: half of a character, as from a file name of another encoding, cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


# --------------------------------------------------------------------------------------------------------------- pages
def inert(text: str) -> str:
    """Return text that is the same in HTML, in a quoted attribute and in Markdown, at the beginning of a line or in it.

    All that is special there becomes an entity, which a browser reads as the character and Markdown leaves alone.
    """
    line = one_line(text).translate(SPECIAL)
    if begun := BEGINNING.match(line):
        line = f"{begun[0][:-1]}&#{ord(begun[0][-1])};{line[begun.end() :]}"
    if line.endswith("  "):  # which breaks the line
        line = f"{line[:-1]}&#32;"
    return TARGET.sub(lambda found: f"&#{ord(found[0])};", line)


def as_html(text: str) -> str:
    """Return text for HTML, XML and quoted attributes: also for the settings and the front matter of MkDocs, whose theme writes it as it is."""
    return html.escape(one_line(text))


def with_units(text: str) -> str:
    """Return text in which a percentage keeps its sign on the line."""
    return text.replace(" %", "\u00a0%")


def is_web(address: str) -> bool:
    """Return whether an address may be a link: of http, https or mailto, and nothing in it that is not seen."""
    try:
        return urlsplit(address).scheme in WEB and not UNSEEN.search(BREAKS.sub("\0", address))
    except ValueError:  # as of a host in a bracket that is not closed
        return False


def linked(text: str) -> str:
    """Return text as HTML in which addresses of http and https are links, and all else is inert."""
    parts, end = [], 0
    for found in LINKED.finditer(text):
        address = inert(found[0])
        parts += [inert(text[end : found.start()]), f'<a href="{address}" rel="noopener">{address}</a>']
        end = found.end()
    return "".join([*parts, inert(text[end:])])


def addresses(names: Sequence[str]) -> dict[str, str]:
    """Return a name's part of addresses and of file names, unlike any other's whatever the file system.

    It is the slug, with a number where another name has it or it means something to MkDocs or to Windows; the place among the names
    where nothing of the name is left.

    Examples
    --------
    >>> addresses(["A", "a", "index", "お"])
    {'A': 'a', 'a': 'a-2', 'index': 'index-2', 'お': 'class-4'}

    """
    found: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        stem = slug(name)[:LONGEST_SLUG].strip("-") or f"class-{place}"
        number, address = 1, stem
        while address in RESERVED or address in found.values():
            number += 1
            address = f"{stem}-{number}"
        found[name] = address
    return found


# ---------------------------------------------------------------------------------------------------------- other files
TEX = {ord("\\"): r"\textbackslash{}", ord("~"): r"\textasciitilde{}", ord("^"): r"\textasciicircum{}"}
TEX |= {ord(character): f"\\{character}" for character in "{}$&#_%"}


def bibtex(text: str) -> str:
    r"""Return text for a field of BibTeX, in one line, with what TeX would obey escaped.

    Examples
    --------
    >>> bibtex("50 % of {A_b}")
    '50 \\% of \\{A\\_b\\}'

    """
    return one_line(text).translate(TEX)


# --------------------------------------------------------------------------------------------------------------- charts
def chart_text(text: str, longest: int | None = LONGEST_LABEL) -> str:
    """Return text for a chart: Plotly takes tags and entities for what they are in HTML, and `%{x}` for a value; long text is cut."""
    line = one_line(text)
    if longest and len(line) > longest:
        line = f"{line[: longest - 1]}…"
    return html.escape(line, quote=False).replace("%{", "&#37;{")


def csv_sheet(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of text as CSV for a spreadsheet."""
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\n").writerows([csv_cell(one_line(cell)) for cell in row] for row in rows)
    return sheet.getvalue()


def csv_cell(text: str) -> str:
    """Return text for a spreadsheet, which would compute what begins like a formula: an apostrophe comes before it."""
    return f"'{text}" if text.startswith(FORMULA) else text
