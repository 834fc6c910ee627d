"""Fills a site with every page, chart, picture and download."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jinja2

from benchmark.command import Command, Say, as_typed, program
from benchmark.layout import slug
from benchmark.publish.chart import Chart
from benchmark.publish.downloads import add_downloads
from benchmark.publish.explorer import Explorer
from benchmark.publish.gallery import with_sizes
from benchmark.publish.pages.changes import changes_page
from benchmark.publish.pages.classes import class_page
from benchmark.publish.pages.compare import compare_page
from benchmark.publish.pages.data import data_page
from benchmark.publish.pages.errors import errors_page
from benchmark.publish.pages.history import history_page
from benchmark.publish.pages.home import home_page
from benchmark.publish.pages.methods import methods_page
from benchmark.publish.pages.model import model_page
from benchmark.publish.site import Site, charts_in, listed_models
from benchmark.results.numbers import interval, percent


def render(site: Site, say: Say = as_typed) -> None:
    """Fill `site` with every page, chart, picture and download; `say` formats the commands that pages name."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(site.templates),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"percent": percent, "interval": interval, "slug": slug}
    environment.globals["command"] = lambda target, **settings: say(Command(target, **settings))
    environment.globals["program"] = program()
    page, write = _writer(site, environment)
    add_downloads(site)
    page("index.md", "home.md", **home_page(site))
    for model in site.stored.models:
        page(f"{site.section}/models/{model.name}.md", "model.md", **model_page(site, model))
    for name in site.order:
        page(f"{site.section}/classes/{slug(name)}.md", "class.md", **class_page(site, name))
    page(f"{site.section}/data.md", "data.md", **data_page(site))
    explorer = Explorer(site.stored, site.gallery, site.order, site.ranks if site.stored.contestants else None)
    site.files[f"{site.section}/explorer.json"] = explorer.data()
    page(f"{site.section}/errors.md", "errors.md", **errors_page(explorer))
    page(f"{site.section}/compare.md", "compare.md", **compare_page(explorer))
    page(f"{site.section}/changes.md", "changes.md", **changes_page(site.gallery, site.past, site.stored, site.order))
    page(f"{site.section}/history.md", "history.md", **history_page(site.past, site.stored))
    page("methods.md", "methods.md", **methods_page(site))
    write()
    site.nav = [
        {"Leaderboard": "index.md"},
        {"Models": [{m.metrics["title"]: f"{site.section}/models/{m.name}.md"} for m in listed_models(site.stored)]},
        {"Classes": [{name: f"{site.section}/classes/{slug(name)}.md"} for name in site.order]},
        {"Errors": f"{site.section}/errors.md"},
        {"Compare": f"{site.section}/compare.md"},
        {"Data set": f"{site.section}/data.md"},
        {"Changes": [{"Changes": f"{site.section}/changes.md"}, {"History": f"{site.section}/history.md"}]},
        {"Methods": "methods.md"},
    ]


def _writer(site: Site, environment: jinja2.Environment) -> tuple[Any, Callable[[], None]]:
    """Return what gathers a page, and what writes them all: charts are drawn together, before the pages that show them."""
    gathered: list[tuple[str, str, dict[str, Any]]] = []
    charts: dict[str, Chart] = {}

    def page(path: str, template: str, **context: Any) -> None:
        base = "../" * (path.count("/") + (0 if path == "index.md" else 1)) or "./"
        shared = {"base": base, "section": site.section, "dataset": site.dataset.entry, "info": site.stored.dataset}
        charts.update({chart.name: chart for chart in charts_in(context)})
        gathered.append((path, template, shared | context))

    def write() -> None:
        for chart in charts.values():
            text = json.dumps(chart.spec, separators=(",", ":"), allow_nan=False)
            site.files[f"figures/{chart.name}.json"] = text.encode()
        pictures = site.draw(list(charts.values()))
        site.files |= pictures
        environment.globals["pictures"] = pictures.keys()
        for path, template, context in gathered:
            text = environment.get_template(template).render(**context)
            text = text.replace(" %", "\u00a0%")  # a number keeps its unit on the line
            site.files[path] = with_sizes(text, site.files).encode()

    return page, write
