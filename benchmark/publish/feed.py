"""The Atom feed of verdicts (RFC 4287): an entry for each commit that changed a prediction or brought a model.

Comes in: a history, the titles of its models, and the site's address. Goes out: `feed.xml`. What identifies the feed and an entry
is made of the data set and of commits alone, so that a site that moves announces nothing twice. Where the site's address is not
known, links are relative to the feed's own, and the feed names none for itself. A history that is cut off has no feed: what was new in its first
commit is not known.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

from benchmark.compare.history import History, JudgedCommit, Point
from benchmark.compare.steps import changed_points, groups, headline, sentence
from benchmark.compare.tables import shortened
from benchmark.publish.origin import SHORT
from benchmark.publish.pairs import Pairs
from benchmark.text import as_html, is_web, one_line

ATOM = "http://www.w3.org/2005/Atom"
PATH = "feed.xml"
N_ENTRIES = 50  # the newest
LONGEST_TITLE, LONGEST_SUBJECT = 200, 400  # characters of an entry's or a model's title, of a commit's message
UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)  # of a date that is none


class Place(NamedTuple):
    """Where the feed's pages are: the site's address, "" where it is not known, the data set's folder (with a slash) and its title."""

    address: str
    section: str
    title: str


def has_feed(history: History | None) -> bool:
    """Return whether a site with this history has a feed."""
    return history is not None and not history["truncated"] and bool(changed_points(history))


def feed(history: History, pairs: Pairs, titles: Mapping[str, str], place: Place) -> bytes:
    """Return the feed of a history's newest steps, newest first."""
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    changed = changed_points(history)
    numbers = sorted(changed, reverse=True)[:N_ENTRIES]
    moments = [moment(history["commits"][number]["date"]) for number in numbers]
    _add(root, "title", f"{place.title} benchmark: verdicts")
    _add(root, "id", _name(history, history["commits"][0]["sha"], "feed"))
    _add(root, "updated", _written(max(moments)))
    _add(_add(root, "author"), "name", f"{place.title} benchmark")
    if place.address:
        _add(root, "link", rel="self", type="application/atom+xml", href=f"{place.address}{PATH}")
    _add(root, "link", rel="alternate", type="text/html", href=f"{_pages(place)}history/")
    for number, when in zip(numbers, moments, strict=True):
        entry = _add(root, "entry")
        commit = history["commits"][number]
        _add(entry, "title", shortened(headline(changed[number]), LONGEST_TITLE))
        _add(entry, "id", _name(history, commit["sha"], "entry"))
        _add(entry, "updated", _written(when))
        _add(entry, "link", rel="alternate", type="text/html", href=_page(history, pairs, number, place))
        if is_web(_web(history, commit)):
            _add(entry, "link", rel="via", href=_address(_web(history, commit)))
        _add(entry, "content", _content(history, changed[number], commit, titles), type="html")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    """Add an element, whose text and attributes hold no character that XML forbids."""
    made = ET.SubElement(parent, f"{{{ATOM}}}{tag}", {name: one_line(value) for name, value in attributes.items()})
    made.text = one_line(text) or None
    return made


def _name(history: History, sha: str, kind: str) -> str:
    """Return what identifies the feed or an entry for ever."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {history['dataset']} {sha}").urn


def moment(date: str) -> datetime:
    """Return a commit's date in UTC; the beginning of time where it is none, for git stores any."""
    try:
        return datetime.fromisoformat(date).astimezone(UTC)
    except (ValueError, OverflowError):
        return UNKNOWN


def _written(when: datetime) -> str:
    return f"{when.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def _pages(place: Place) -> str:
    return f"{place.address}{quote(place.section)}"


def _page(history: History, pairs: Pairs, number: int, place: Place) -> str:
    """Return the address of a commit's comparison with its predecessor, or of its row where there is none."""
    chosen = pairs.step(history, number)
    row = f"history/#commit-{history['commits'][number]['sha'][:SHORT]}"
    return f"{_pages(place)}{f'changes/#{chosen}' if chosen else row}"


def _web(history: History, commit: JudgedCommit) -> str:
    return f"{history['web']}{commit['sha']}" if history["web"] else ""


def _address(text: str) -> str:
    """Return an address in which only characters of an address are left as they are."""
    return quote(text, safe=":/?#[]@!$&'()*+,;=%~")


def _content(history: History, changed: Sequence[Point], commit: JudgedCommit, titles: Mapping[str, str]) -> str:
    short = {name: shortened(one_line(title), LONGEST_TITLE) for name, title in titles.items()}
    told = [sentence(point, short, commit["tests"]) for group in groups(changed) for point in group.points]
    items = "".join(f"<li>{as_html(text)}</li>" for text in told)
    web, sha = _web(history, commit), commit["sha"][:SHORT]
    link = f'<a href="{as_html(_address(web))}">{sha}</a>' if is_web(web) else sha
    subject = shortened(one_line(commit["subject"]), LONGEST_SUBJECT)
    return f"<ul>{items}</ul><p>Commit {link}: {as_html(subject)}</p>"
