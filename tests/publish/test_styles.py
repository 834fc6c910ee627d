"""Style sheets without what matches nothing: what stays, what goes, and that a built site loses no rule that matches."""

from __future__ import annotations

import pytest

from benchmark.publish.styles import prune_styles, pruned

WORDS = {"md-typeset", "tip", "md-nav__", "data-md-color-primary=custom"}


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        ("a{b:c}", "a{b:c}"),
        (".md-typeset{b:c}", ".md-typeset{b:c}"),
        (".md-typeset .warning{b:c}", ""),
        (".md-typeset .tip,.warning{b:c}", ".md-typeset .tip{b:c}"),
        (".warning,h1{b:c}", "h1{b:c}"),
        (".md-nav__item{b:c}", ".md-nav__item{b:c}"),  # a script may put it together
        (".md-typeset:not(.warning){b:c}", ".md-typeset:not(.warning){b:c}"),
        (".md-typeset :is(.warning,.tip) p{b:c}", ".md-typeset :is(.warning,.tip) p{b:c}"),
        (".warning :is(.tip,.md-typeset){b:c}", ""),
        ("@media print{.warning{b:c}}h1{b:c}", "h1{b:c}"),
        ("@media print{.warning{b:c}.tip{b:c}}", "@media print{.tip{b:c}}"),
        ("@supports (a:b){@media print{.warning{b:c}}}", ""),
        ('@charset "UTF-8";html{b:c}', '@charset "UTF-8";html{b:c}'),
        ("@font-face{b:c}", "@font-face{b:c}"),
        ("@keyframes a{0%{b:c}to{b:d}}", "@keyframes a{0%{b:c}to{b:d}}"),
        ('.tip{b:url("data:image/svg+xml;charset=utf-8,<svg d=\\"M1.5,2.warning\\"/>")}', None),
        ("[data-md-color-primary=custom]{b:c}", "[data-md-color-primary=custom]{b:c}"),
        ("[data-md-color-primary=red],[data-md-color-accent=red]{b:c}", ""),
        ("h1{b:c}/*# sourceMappingURL=main.css.map */", "h1{b:c}"),
        ("", ""),
    ],
)
def test_rules_for_what_no_page_has_are_left_out(rule, left):
    assert pruned(rule, WORDS) == (rule if left is None else left)


def test_words_are_those_of_pages_and_of_scripts(tmp_path):
    styles, scripts = tmp_path / "assets" / "stylesheets", tmp_path / "assets" / "javascripts"
    styles.mkdir(parents=True)
    scripts.mkdir()
    (tmp_path / "deeper").mkdir()
    (tmp_path / "index.html").write_text('<p class="one" data-md-color-primary="custom">')
    (tmp_path / "deeper" / "index.html").write_text('<p class="a two">')
    (scripts / "bundle.js").write_text('e.classList.add("three")')
    (tmp_path / "assets" / "page.js").write_text("e.className = `four-${n}`")
    kept = ".one{a:b}.two{a:b}.three{a:b}.four-5{a:b}[data-md-color-primary=custom]{a:b}"
    (styles / "main.css").write_text(f"{kept}.five{{a:b}}[data-md-color-primary=red]{{a:b}}")
    prune_styles(tmp_path, [path.read_text() for path in tmp_path.rglob("*.html")])
    assert (styles / "main.css").read_text() == kept
