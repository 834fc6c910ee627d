"""The theme's style sheets without the rules for what no page of the site has: a phone fetches a quarter less of them.

Comes in: the folder of a built site, and the text of its pages. Goes out: the same style sheets, smaller. A rule stays if any of its selectors could match: if
every class in it stands in some page or script, as a word or by its beginning, and every colour of the theme's palette in some page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

WORD = re.compile(r"[\w-]+")
RULE = re.compile(r"(?P<selectors>[^{}]+)\{(?P<body>[^{}]*)\}")
GROUP = re.compile(r"@[^{};]+\{\s*\}")  # of rules of which none is left
MAP = re.compile(r"/\*# sourceMappingURL=.*?\*/")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
COLOUR = re.compile(r"\[(data-md-color-(?:primary|accent)=[\w-]+)\]")
IN_PAGE = re.compile(r'(data-md-color-(?:primary|accent))="([\w-]+)"')
OF_SELECTORS = re.compile(r",(?![^()]*\))")
WITHIN = re.compile(r":(?:not|is|where)\([^()]*\)")  # what need not be there, or may be one of several


def prune_styles(site: Path, pages: Sequence[str]) -> None:
    """Leave out of the theme's style sheets, in place, what matches nothing in any page or script of a built site."""
    assets = site / "assets"
    scripts = [
        path.read_text(encoding="utf-8") for part in ("", "javascripts") for path in (assets / part).glob("*.js")
    ]
    words = {word for text in (*pages, *scripts) for word in WORD.findall(text)}
    words |= {f"{name}={value}" for text in pages for name, value in IN_PAGE.findall(text)}
    for path in sorted(site.rglob("assets/stylesheets/*.css")):  # another data set's pages have their own copy
        path.write_text(pruned(path.read_text(encoding="utf-8"), words), encoding="utf-8")


def pruned(style: str, words: set[str]) -> str:
    """Return a style sheet without rules for classes that are not among `words`; see `prune_styles`."""
    begun = tuple(word for word in words if word.endswith(("-", "_")) and word.strip("-_"))

    def there(selector: str) -> bool:
        own = WITHIN.sub("", selector)
        return all(name in words or name.startswith(begun) for name in CLASS.findall(own)) and all(
            colour in words for colour in COLOUR.findall(own)
        )

    def kept(rule: re.Match[str]) -> str:
        selectors = rule["selectors"]
        left = [own for own in OF_SELECTORS.split(selectors) if own.lstrip().startswith("@") or there(own)]
        return f"{','.join(left)}{{{rule['body']}}}" if left else ""

    found = RULE.sub(kept, MAP.sub("", style))
    while GROUP.search(found):
        found = GROUP.sub("", found)
    return found
