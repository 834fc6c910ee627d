"""The Content-Security-Policy of built pages: their own scripts by hash, and none that the theme has not."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from benchmark.errors import BenchmarkError
from benchmark.publish import policy
from benchmark.publish.finish import finish

PAGE = (
    '<!doctype html>\n<html>\n<head>\n  <meta charset="utf-8">\n  <title>x</title>\n{}</head>\n<body>{}</body></html>\n'
)
SCOPE = '<script>scope=new URL("{}",location)</script>'
PLAIN = "<script>let a = 1 < 2;</script>"
DATA = '<script id="config" type="application/json">{"a": 1}</script>'
FILE = '<script src="assets/bundle.js"></script>'


@pytest.fixture
def site(tmp_path, monkeypatch):
    """An empty folder for a site whose theme has two scripts, one with an address that Jinja fills in."""
    theme = tmp_path / "theme"
    theme.mkdir()
    scope = SCOPE.format("{{ config.scope | d(base) }}")
    (theme / "base.html").write_text(f"{scope}{PLAIN}{DATA}{FILE}<script>{{{{ own }}}}</script>")
    monkeypatch.setattr(policy, "_templates", lambda: [theme])
    (tmp_path / "site" / "deeper").mkdir(parents=True)
    return tmp_path / "site"


def of(path):
    return re.search(
        '<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="([^"]*)">', path.read_text()
    )[1]


def hashed(script):
    code = re.search(">(.*)<", script)[1]
    return f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'"


def test_a_page_has_the_scripts_of_its_head_and_of_all_bodies_and_no_others(site):
    first, second = site / "index.html", site / "deeper" / "index.html"
    near, far, other = SCOPE.format("."), SCOPE.format("../.."), PLAIN.replace("1 < 2", "2 < 3")
    (site.parent / "theme" / "more.html").write_text(other)
    first.write_text(PAGE.format(near + DATA, PLAIN + FILE))
    second.write_text(PAGE.format(far, other))
    finish(site)
    for path, own in ((first, near), (second, far)):
        directives = dict(part.strip().split(" ", 1) for part in of(path).split(";"))
        assert set(directives["script-src"].split()) == {"'self'", *map(hashed, (own, PLAIN, other))}
        assert directives["default-src"] == "'self'"
        assert directives["object-src"] == "'none'"
    assert first.read_text().count("<title>x</title>") == 1


@pytest.mark.parametrize(
    "script",
    [
        "<script>alert(1)</script>",
        "<SCRIPT type=module>alert(1)</SCRIPT >",
        SCOPE.format('"+alert(1)+"'),
        SCOPE.format("javascript:alert(1)"),
        PLAIN.replace("1 < 2", "1 < 3"),
        '<script title="application/json">alert(1)</script>',
    ],
)
def test_a_script_that_no_template_has_is_refused(site, script):
    for place in (("", PLAIN + script), (PLAIN + script, "")):
        (site / "index.html").write_text(PAGE.format(*place))
        with pytest.raises(BenchmarkError, match="a script that is in no template of the theme"):
            finish(site)
    assert "Content-Security-Policy" not in (site / "index.html").read_text()


def test_each_page_is_read_once(site, monkeypatch):
    for path in (site / "index.html", site / "deeper" / "index.html"):
        path.write_text(PAGE.format("", PLAIN))
    read = []
    read_text = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda path, *args, **named: read.append(path) or read_text(path, *args, **named)
    )
    finish(site)
    assert sorted(path for path in read if path.is_relative_to(site)) == sorted(site.rglob("*.html"))


def test_a_page_without_a_head_is_refused(site):
    (site / "index.html").write_text("<p>text</p>")
    with pytest.raises(BenchmarkError, match="has no head"):
        finish(site)


def test_the_themes_own_pages_keep_their_scripts(whole_run):
    site = whole_run[0] / "build" / "site"
    policies = {of(path) for path in site.rglob("*.html")}
    depths = {len(path.relative_to(site).parts) for path in site.rglob("index.html")}
    assert len(policies) == len(depths) + 1  # that of 404.html, whose addresses begin at the root
    assert not any("'unsafe-inline'" in re.search("script-src[^;]*", found)[0] for found in policies)


def test_a_page_keeps_every_space_that_counts():
    page = "<p>a\n\n b</p>\n\n   <p>c</p> <b>d</b>\n\n<pre><b>1</b>\n\n  <b>2</b></pre>\n\n\t<script>\nx = '>\n\n <'\n</script>\n \n<i>e</i>"
    assert policy.compact(page) == (
        "<p>a\n\n b</p>\n<p>c</p> <b>d</b>\n<pre><b>1</b>\n\n  <b>2</b></pre>\n<script>\nx = '>\n\n <'\n</script>\n<i>e</i>"
    )
