"""Fills a site with every page, chart, picture and download: gather the pages, draw their charts, write."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Container
from typing import Any, NamedTuple

import jinja2
import yaml
from markupsafe import Markup

from benchmark.command import Command, Say, as_typed, program
from benchmark.publish.chart import Chart
from benchmark.publish.downloads import add_downloads, add_past
from benchmark.publish.explorer import Explorer
from benchmark.publish.pages.changes import ChangesPage, changes_page
from benchmark.publish.pages.cite import CitePage, cite_page
from benchmark.publish.pages.classes import ClassPage, class_page
from benchmark.publish.pages.compare import ComparePage, compare_data, compare_page
from benchmark.publish.pages.data import DataPage, data_page
from benchmark.publish.pages.datasets import DatasetsPage, datasets_page
from benchmark.publish.pages.errors import ErrorsPage, errors_page
from benchmark.publish.pages.hardest import HardestPage, hardest_page
from benchmark.publish.pages.history import HistoryPage, history_page
from benchmark.publish.pages.home import HomePage, home_page
from benchmark.publish.pages.methods import MethodsPage, methods_page
from benchmark.publish.pages.model import ModelPage, model_page
from benchmark.publish.site import Site, listed_models
from benchmark.results.numbers import interval, percent
from benchmark.text import as_html, csv_sheet, inert, is_web, linked, with_units

Page = (
    HomePage
    | ModelPage
    | ClassPage
    | DataPage
    | MethodsPage
    | ErrorsPage
    | HardestPage
    | ComparePage
    | ChangesPage
    | HistoryPage
    | CitePage
    | DatasetsPage
)


class Gathered(NamedTuple):
    """A page to write: its path below the docs folder, its template, and what the template gets as `page`."""

    path: str
    template: str
    page: Page


def render(site: Site, say: Say = as_typed) -> None:
    """Fill `site` with every page, chart, picture and download; `say` formats the commands that pages name."""
    add_downloads(site)
    add_past(site)
    explorer = Explorer(site.stored, site.gallery, site.order, site.board)
    site.files[f"{site.section}explorer.json"] = explorer.data()
    site.files[f"{site.section}compare.json"] = compare_data(explorer)
    gathered = gather(site, explorer)
    pictures = _draw(site, [chart for item in gathered for chart in charts_in(item.page)])
    environment = template_environment(site, pictures, say)
    for item in gathered:
        site.files[item.path] = _text(site, environment, item).encode()
    site.nav = _navigation(site)


def gather(site: Site, explorer: Explorer) -> list[Gathered]:
    """Return all pages; their pictures of garments are packed on the way."""
    section, stored, past = site.section, site.stored, site.past
    return [
        Gathered("index.md", "home.md", home_page(site)),
        *(Gathered(f"{section}models/{m.name}.md", "model.md", model_page(site, m)) for m in stored.models),
        *(
            Gathered(f"{section}classes/{site.addresses[name]}.md", "class.md", class_page(site, name, explorer.missed))
            for name in site.order
        ),
        Gathered(f"{section}data.md", "data.md", data_page(site)),
        Gathered(f"{section}errors.md", "errors.md", errors_page(explorer)),
        Gathered(f"{section}hardest.md", "hardest.md", hardest_page(site)),
        Gathered(f"{section}compare.md", "compare.md", compare_page(explorer)),
        Gathered(
            f"{section}changes.md",
            "changes.md",
            changes_page(site.gallery, past, stored, site.order, feed=site.has_feed),
        ),
        Gathered(f"{section}history.md", "history.md", history_page(past, stored, feed=site.has_feed)),
        Gathered("methods.md", "methods.md", methods_page(site)),
        Gathered("cite.md", "cite.md", cite_page(site)),
        *([Gathered("datasets.md", "datasets.md", datasets_page(site))] if site.parts and not site.nested else []),
    ]


def charts_in(part: Any) -> list[Chart]:
    """Return the charts of a page: those in fields whose type is a chart or a list of charts, also of its parts."""
    found: list[Chart] = []
    for name, kind in typing.get_type_hints(type(part)).items():
        value, kinds = getattr(part, name), {kind, *typing.get_args(kind)}
        if value is None:
            continue
        if Chart in kinds:
            found += value if isinstance(value, list) else [value]
        elif dataclasses.is_dataclass(value):
            found += charts_in(value)
    return found


def _draw(site: Site, charts: list[Chart]) -> Container[str]:
    """Write each chart's data and still pictures, and return the paths of the pictures."""
    by_name = {chart.name: chart for chart in charts}
    for name, chart in by_name.items():
        text = json.dumps(chart.spec, separators=(",", ":"), allow_nan=False)
        site.files[f"figures/{name}.json"] = text.encode()
        site.files[f"figures/{name}.csv"] = csv_sheet((chart.header, *chart.rows)).encode()
    pictures = site.draw(list(by_name.values()))
    site.files |= pictures
    return pictures.keys()


def template_environment(site: Site, pictures: Container[str], say: Say = as_typed) -> jinja2.Environment:
    """Return what renders a template: an undefined name is an error, and `pictures` tells which charts have still pictures.

    Whatever a template writes is made inert, for HTML, attributes and Markdown alike; what is markup is marked so: a macro's text, and
    that of `front_matter`, `command` and the filters `code`, `linked` and `listing`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(site.templates),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_marked,
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "code": _code,
        "linked": _linked,
        "listing": _listing,
    }
    environment.tests["web"] = is_web
    environment.globals |= {
        "pictures": pictures,
        "front_matter": front_matter,
        "command": lambda target, **settings: _code(say(Command(target, **settings))),
        "program": program(),
    }
    return environment


def front_matter(title: str, description: str, hide: str = "") -> Markup:
    """Return the head of a page for MkDocs: YAML, whose title and description the theme takes for HTML."""
    texts = {"title": title, "description": description}
    values = {name: as_html(text) for name, text in texts.items()} | ({"hide": [hide]} if hide else {})
    return Markup(f"---\n{yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=math.inf)}---")  # noqa: S704


def _marked(value: Any) -> Markup:
    return value if isinstance(value, Markup) else Markup(inert(str(value)))  # noqa: S704


def _code(text: str) -> Markup:
    return Markup("<code>{}</code>").format(_marked(text))


def _listing(text: str) -> Markup:
    """Return lines of text as a block of code, which Markdown leaves alone."""
    lines = "\n".join(as_html(line) for line in text.splitlines())
    return Markup(f"<pre><code>{lines}\n</code></pre>")  # noqa: S704


def _linked(text: str) -> Markup:
    return Markup(linked(text))  # noqa: S704


def _text(site: Site, environment: jinja2.Environment, item: Gathered) -> str:
    """Return a page's Markdown: its template filled with its value, beside the few names that all pages share."""
    base = "../" * (item.path.count("/") + (0 if item.path == "index.md" else 1)) or "./"
    text = environment.get_template(item.template).render(
        page=item.page,
        base=base,
        assets=f"{base}{'../' if site.nested else ''}assets/",
        section=site.section,
        dataset=site.dataset.entry,
        info=site.stored.dataset,
    )
    return with_units(text)


def _navigation(site: Site) -> list[dict[str, Any]]:
    section, own = site.section, f"{site.section}data.md"
    several = [{as_html(site.dataset.entry.title): own}, {"All data sets": "datasets.md"}]
    return [
        {"Leaderboard": "index.md"},
        {"Models": [{as_html(m.metrics["title"]): f"{section}models/{m.name}.md"} for m in listed_models(site.stored)]},
        {"Classes": [{as_html(name): f"{section}classes/{site.addresses[name]}.md"} for name in site.order]},
        {"Errors": [{"Errors": f"{section}errors.md"}, {"Hardest class": f"{section}hardest.md"}]},
        {"Compare": f"{section}compare.md"},
        {"Data set": several if site.parts and not site.nested else own},
        {"Changes": [{"Changes": f"{section}changes.md"}, {"History": f"{section}history.md"}]},
        {"Methods": "methods.md"},
        {"Cite": "cite.md"},
    ]
