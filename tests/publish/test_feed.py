"""The Atom feed: well-formed whatever a commit says, the same ids wherever the site is, and only where there is a history."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.publish.feed import LONGEST_TITLE, N_ENTRIES, UNKNOWN, Place, feed, has_feed, moment
from benchmark.publish.pairs import Choice, Pairs
from tests.publish.test_changes import STEPS, history_of

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HERE = Place("https://example.org/bench/", "made/", "Made up")
HOSTILE = [
    "]]>",
    "<![CDATA[ x ]]> <script>alert(1)</script>",
    "&lt;b&gt; &amp; &#0; &#x1f;",
    "".join(map(chr, range(0x20))) + "\x7f\x80\x9f\ufffe\uffff\ud800",
    "\u202eright to left\u2069 \u200f",
    "x" * 10_000,
    "",
]


def read(content):
    return ET.fromstring(content)  # noqa: S314  # what this very program wrote


def texts(root, path):
    return [found.text for found in root.findall(path, ATOM)]


def links(root, path="a:entry/a:link[@rel='alternate']"):
    return [found.get("href") for found in root.findall(path, ATOM)]


def of(history, pairs=None, place=HERE, titles=None):
    return feed(history, pairs or Pairs(), titles or {"one": "Model one"}, place)


def test_an_entry_a_commit_that_changed_a_prediction_newest_first():
    root = read(of(history_of(*STEPS)))
    assert texts(root, "a:entry/a:title") == [
        "one measured on other data (not comparable) at 70.00 %", "one within noise at 86.00 %",
        "one measured on another machine (not judged) at 85.00 %", "one regressed at 85.00 %", "one improved at 90.00 %",
        "one added at 80.00 %",
    ]  # fmt: skip
    assert texts(root, "a:entry/a:updated")[0] == "2026-01-06T00:00:00Z"
    assert texts(root, "a:updated") == ["2026-01-06T00:00:00Z"]


def test_every_part_that_the_standard_requires_is_there_once():
    root = read(of(history_of(*STEPS)))
    for part in ("title", "id", "updated", "author/a:name"):
        assert len(root.findall(f"a:{part}", ATOM)) == 1
    for entry in root.findall("a:entry", ATOM):
        for part in ("title", "id", "updated", "content"):
            assert len(entry.findall(f"a:{part}", ATOM)) == 1
        assert entry.find("a:content", ATOM).get("type") == "html"
        assert len(entry.findall("a:link[@rel='alternate']", ATOM)) == 1
    ids = texts(root, ".//a:id")
    assert len(set(ids)) == len(ids) == 7
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", name) for name in ids)


def test_ids_are_of_commits_and_not_of_the_address_or_of_later_commits():
    here, elsewhere = (read(of(history_of(*STEPS), place=HERE._replace(address=a))) for a in (HERE.address, ""))
    assert texts(here, ".//a:id") == texts(elsewhere, ".//a:id")
    before = read(of(history_of(*STEPS[:3])))
    assert set(texts(before, ".//a:id")) < set(texts(here, ".//a:id"))
    other = read(of(history_of(*STEPS) | {"dataset": "other"}))
    assert not set(texts(other, ".//a:id")) & set(texts(here, ".//a:id"))


def test_links_are_absolute_where_the_address_is_known_and_relative_to_the_feed_otherwise():
    here, elsewhere = (read(of(history_of(*STEPS), place=HERE._replace(address=a))) for a in (HERE.address, ""))
    assert links(here, "a:link[@rel='self']") == ["https://example.org/bench/feed.xml"]
    assert links(elsewhere, "a:link[@rel='self']") == []
    assert links(here) == [HERE.address + link for link in links(elsewhere)]


def test_a_link_leads_to_the_comparison_or_to_the_row_of_a_commit_that_cannot_be_chosen():
    history = history_of(*STEPS)
    for number, commit in enumerate(history["commits"]):
        commit["sha"] = f"{number:x}" * 40
    names = [commit["sha"][:10] for commit in history["commits"]]
    pairs = Pairs(choices=[Choice(name, "") for name in names[2:]])
    found = links(read(of(history, pairs)))
    assert found[0] == f"{HERE.address}made/changes/#base={names[4]}&head={names[5]}"
    assert found[-1] == f"{HERE.address}made/history/#commit-{names[0]}"
    assert found[-3] == f"{HERE.address}made/history/#commit-{names[2]}"  # its predecessor is too old


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_message_title_or_remote_gives_a_well_formed_feed_that_says_it_as_text(text):
    history = history_of(*STEPS) | {"web": f"https://example.org/{text[:50]}/commit/"}
    for commit in history["commits"]:
        commit["subject"] = text
    content = of(history, titles={"one": text}, place=HERE._replace(title=text))
    root = read(content)
    assert len(content) < 200_000
    for entry in texts(root, "a:entry/a:content"):
        assert set(re.findall(r"<(\w+)", entry)) <= {"ul", "li", "p", "a"}
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", html.unescape(entry))
    assert all(len(title) <= LONGEST_TITLE for title in texts(root, "a:entry/a:title"))
    assert all(link.startswith("https://example.org/") for link in links(root, "a:entry/a:link[@rel='via']"))


@given(st.text(), st.text(), st.text())
def test_any_text_gives_a_well_formed_feed(subject, date, title):
    history = history_of(*STEPS[:2])
    for commit in history["commits"]:
        commit["subject"], commit["date"] = subject, date
    root = read(of(history, titles={"one": title}, place=HERE._replace(title=title)))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when) for when in texts(root, ".//a:updated"))


@pytest.mark.parametrize(
    ("date", "when"),
    [
        ("2026-11-28T01:30:00+02:00", datetime(2026, 11, 27, 23, 30, tzinfo=UTC)),
        ("2026-11-28T01:30:00Z", datetime(2026, 11, 28, 1, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", UNKNOWN),
        ("+10000-01-01T00:00:00+00:00", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_a_date_is_in_utc_and_one_that_is_none_is_the_beginning(date, when):
    assert moment(date) == when


def test_a_long_history_has_its_newest_entries():
    history = history_of(*[("improved", 0, 0.8)] * 3)
    history["commits"] = [{**history["commits"][0], "sha": f"{i:040}"} for i in range(N_ENTRIES + 20)]
    history["points"] = [{**history["points"][0], "commit": i} for i in range(N_ENTRIES + 20)]
    assert len(read(of(history)).findall("a:entry", ATOM)) == N_ENTRIES


def test_there_is_no_feed_without_a_history_or_of_one_that_is_cut_off():
    assert has_feed(history_of(*STEPS))
    assert not has_feed(None)
    assert not has_feed(history_of(*STEPS) | {"truncated": True})
    assert not has_feed(history_of(("unchanged", 0, 0.8)))
