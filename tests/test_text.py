"""Text of others stays text: read back by the parsers of the contexts that it enters."""

from __future__ import annotations

import csv
import functools
import html
import html.parser
import io
import re
import string
import unicodedata

import markdown
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from mkdocs.utils import meta

from benchmark.compare.tables import aligned, code_span, markdown_row, posted
from benchmark.layout import RESERVED, shipped
from benchmark.publish.render import front_matter
from benchmark.text import (
    FORMULA,
    addresses,
    as_html,
    chart_text,
    csv_cell,
    inert,
    is_web,
    linked,
    one_line,
    visible,
)

BIDI_CONTROLS = (
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # Unicode's property of that name
)
HOSTILE = (
    '<img src=x onerror="alert(1)">', "</script><script>alert(1)</script>", "</title>", "<unk>", "<!-- ", "&lt;b&gt;", "&#42;",
    "\\sum", "\\alpha", "F#", "__x__", "5*6*7", "*a*", "`code`", "[a](javascript:alert(1))", "![a](http://x.org/y.png)", "[TOC]",
    "[a]: http://x.org", "- a", "+ a", "1. a", "2) a", "# a", "> a", "---", "===", "***", "~~~", "```", "    code", "\tcode",
    "!!! note", "{: onclick=alert(1) }", "a {: .b }", "| a | b |", "{{ 7 * 7 }}", "{% raw %}", "a\n---\nb", "a\n\n# b", "key: [value",
    "'", '"', "@somebody", "<http://x.org>", "a  b", " a ", "\x02klzzwxh:0\x03", "\x1b[31mred", "R\u202eTL", "%{x}", "$x$", "=1+1",
    "~~a~~", "a|b", "-", "+", "x" * 10_000,
)  # fmt: skip
HARD = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\\`*_{}[]()#+-.!|~<>&\"':=$%@ \n\t1ax/", max_size=30),
    st.sampled_from(HOSTILE),
)


class Read(html.parser.HTMLParser):
    """The text, the tags and the attributes of a piece of HTML."""

    def __init__(self, text):
        super().__init__()
        self.text, self.tags, self.attributes = "", [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        self.text += data


@functools.cache
def settings():
    class Loader(yaml.SafeLoader):
        """Reads the settings, and leaves what the environment gives alone."""

    Loader.add_multi_constructor("!", lambda *_: "")
    return yaml.load((shipped("mkdocs.yml")).read_text(encoding="utf-8"), Loader)  # noqa: S506


def rendered(text):
    """Return what MkDocs makes of Markdown with the settings of the site."""
    named = [item if isinstance(item, str) else next(iter(item)) for item in settings()["markdown_extensions"]]
    configs = {name: values for item in settings()["markdown_extensions"] if isinstance(item, dict) for name, values in item.items()}  # fmt: skip
    extensions = list(dict.fromkeys(["tables", "fenced_code", *named]))
    return markdown.Markdown(extensions=extensions, extension_configs=configs | {"toc": {"permalink": False}}).convert(
        text
    )


def same(found, text):
    """Say whether HTML shows this text; a browser takes spaces together, and drops those at the ends."""
    return " ".join(found.split()) == " ".join(one_line(text).split())


# ------------------------------------------------------------------------------------------------------------ terminals
@given(st.text())
@example("\x1b]0;title\x07\x9b31m\u202e\u2028\udc80\r")
def test_nothing_that_a_terminal_obeys_is_left(text):
    shown = visible(text)
    left = {c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in BIDI_CONTROLS}
    assert left <= {"\n", "\t"}
    assert visible(shown) == shown
    assert "\n" not in one_line(text)


@pytest.mark.parametrize("text", ["Shirt", "お き す", "שלום", "日本", "e\u0301", "👩\u200d🚀", "a\tb\nc"])
def test_what_a_person_writes_is_left_as_it_is(text):
    assert visible(text) == text


def test_control_characters_are_shown_by_their_numbers():
    assert visible("\x1b[31m \x9b \u202e \udc80") == r"\x1b[31m \x9b \u202e \udc80"


def test_a_table_keeps_its_lines_and_its_columns_whatever_a_cell_holds():
    lines = aligned([("a\nb", "x"), ("\x1b[31m", "y"), ("日本", "z")])
    assert lines == ["a b       x", r"\x1b[31m  y", "日本      z"]


# --------------------------------------------------------------------------------------------------------------- pages
@given(HARD)
@example("[TOC]")
@example("1. a")
@example("    code")
@example("\x02klzzwxh:0\x03")
@example("two breaks\r\r")
@pytest.mark.parametrize(
    ("around", "tags", "words"),
    [
        ("{}\n", ["p"], "{}"),
        ("before\n\n{}\nafter\n", ["p", "p"], "before {} after"),
        ("# {}\n", ["h1"], "{}"),
        ("## Kind: {} {{: #own }}\n", ["h2"], "Kind: {}"),
        ("- **name:** {}\n", ["ul", "li", "strong"], "name: {}"),
        ("words ({}), words\n", ["p"], "words ({}), words"),
        ('<div class="x">\n<p>{}</p>\n</div>\n', ["div", "p"], "{}"),
        ("a <code>{}</code> b\n", ["p", "code"], "a {} b"),
    ],
)
def test_markdown_takes_it_for_text(around, tags, words, text):
    found = Read(rendered(around.format(inert(text))))
    if one_line(text).strip():  # of nothing Markdown makes nothing
        assert found.tags == tags
        assert same(found.text, words.format(one_line(text)))


@given(HARD)
def test_githubs_markdown_takes_it_for_text(text):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    line = Read(parser.render(f"- {posted(text)}"))
    assert line.tags == ["ul", "li"]
    assert same(line.text.replace("\u200b", ""), visible(one_line(text)).replace("\u200b", ""))
    rows = [markdown_row(["head", "more"]), "| --- | --- |", markdown_row([text, "b"])]
    table = Read(parser.render("\n".join(rows)))
    assert table.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]


@pytest.mark.parametrize("text", ["``a` b", "`", "a\nb", "<b>", "\x1b[31m"])
def test_a_code_span_holds_any_text(text):
    found = Read(MarkdownIt("commonmark").render(code_span(text)))
    assert found.tags == ["p", "code"]
    assert same(found.text, visible(one_line(text)))


@given(HARD)
def test_an_attribute_holds_it_whole(text):
    for escaped in (inert(text), as_html(text)):
        assert Read(f'<b title="{escaped}">').attributes == [("title", one_line(text))]


@given(HARD, HARD)
def test_the_head_of_a_page_is_yaml_with_these_two_texts(title, description):
    page = f"{front_matter(title, description, hide='toc')}\n\n# Heading\n"
    rest, found = meta.get_data(page)
    assert rest == "# Heading\n"
    assert found == {"title": as_html(title), "description": as_html(description), "hide": ["toc"]}
    assert html.unescape(found["title"]) == one_line(title)


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        ("https://example.org/a?b=c#d", True),
        ("http://example.org", True),
        ("mailto:a@example.org", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("\x01javascript:alert(1)", False),
        ("data:text/html,<script>", False),
        ("vbscript:x", False),
        ("//example.org", False),
        ("https://[", False),
        ("https://example.org/\u202e", False),
        ("", False),
    ],
)
def test_a_link_leads_to_the_web_alone(address, taken):
    assert is_web(address) is taken


def test_addresses_in_text_become_links_and_all_else_stays_text():
    found = Read(linked("From https://example.org/a_b*c?x=1&y=2. Not javascript:alert(1), <b>, or https://"))
    assert found.tags == ["a"]
    assert dict(found.attributes)["href"] == "https://example.org/a_b*c?x=1&y=2"
    assert found.text == "From https://example.org/a_b*c?x=1&y=2. Not javascript:alert(1), <b>, or https://"


@given(st.lists(HARD, unique=True, max_size=62))
@example(list(string.digits + string.ascii_letters))
@example(["index", "Index", "index-2", "CON", "con-2", "nul", "お", "き", "class-7", "x" * 300, "x" * 301])
def test_addresses_differ_on_any_file_system(names):
    found = addresses(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    for address in found.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", address)
        assert address not in RESERVED
        assert len(address) < 80


def test_addresses_say_what_they_are_of_where_they_can():
    assert addresses(["T-shirt/top", "A", "a", "お"]) == {"T-shirt/top": "t-shirt-top", "A": "a", "a": "a-2", "お": "class-4"}  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- charts
@given(HARD)
def test_a_chart_reads_the_text_back_without_tags_and_values(text):
    label = chart_text(text, None)
    assert "<" not in label
    assert "%{" not in label
    assert html.unescape(label) == one_line(text)


def test_a_chart_cuts_what_is_long():
    assert chart_text("<" * 100) == "&lt;" * 47 + "…"


# --------------------------------------------------------------------------------------------------------- spreadsheets
@given(HARD)
def test_no_cell_of_a_spreadsheet_begins_a_formula(text):
    stream = io.StringIO()
    csv.writer(stream).writerow([csv_cell(text), "b"])
    (row,) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert not row[0].startswith(FORMULA)
    assert row[0].removeprefix("'") == text.removeprefix("'")
