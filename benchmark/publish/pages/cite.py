"""The page *Cite*: how to cite the site, a model and the data set; how to score predictions of one's own; what may be taken along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from rich.cells import cell_len

from benchmark.publish.origin import Origin
from benchmark.publish.site import Site, listed_models
from benchmark.results import ModelResult, commit_text, encode_predictions
from benchmark.results.numbers import interval, percent
from benchmark.text import LONGEST_LABEL, as_html, bibtex, csv_sheet, one_line

CFF = "CITATION.cff"
LETTER, PADDING = 6.6, 12  # pixels of a badge: of a letter on average, and beside each of its two texts


@dataclass(frozen=True)
class CitePage:
    """The page's content; `data` is "" where nothing is known to cite the data set by."""

    site: str
    data: str
    licence: str
    source: str
    example: str
    example_title: str
    badge: str
    badge_width: int
    origin: Origin


def cite_page(site: Site) -> CitePage:
    """Return what *Cite* shows, and publish what it names: the test labels, the classes, a badge a model, CITATION.cff."""
    stored, section, entry = site.stored, site.section, site.dataset.entry
    site.files[f"{section}test_labels.txt"] = encode_predictions(stored.test_labels).encode()
    site.files[f"{section}classes.csv"] = _classes(stored.dataset["classes"]).encode()
    site.files[CFF] = _cff(site).encode()
    for model in stored.models:
        site.files[badge_path(site, model)] = badge(*_badge_texts(site, model)).encode()
    first = listed_models(stored)[0]
    return CitePage(
        site=site_citation(site),
        data=site.citation,
        licence=entry.licence,
        source=entry.source,
        example=first.name,
        example_title=first.metrics["title"],
        badge=badge_markdown(site, first),
        badge_width=sum(_badge_widths(*_badge_texts(site, first))),
        origin=site.origin,
    )


def _classes(names: Sequence[str]) -> str:
    """Return the class of each character of predictions, as CSV."""
    codes = encode_predictions(range(len(names))).replace("\n", "")
    rows = [(code, str(label), name) for label, (code, name) in enumerate(zip(codes, names, strict=True))]
    return csv_sheet([("code", "label", "class"), *rows])


# ----------------------------------------------------------------------------------------------------------- citations
def site_citation(site: Site) -> str:
    """Return the site's BibTeX entry: its version, its commit, and the day on which it was measured last."""
    days = sorted(model.run["measured_at"][:10] for model in site.stored.models)
    about = [f"commit {site.origin.commit}"] if site.origin.commit else []
    title = f"{site.dataset.entry.title} benchmark"
    return _entry(
        site,
        f"{site.dataset.entry.name}-benchmark",
        title,
        days[-1],
        [*about, f"measured {' to '.join(sorted({days[0], days[-1]}))}"],
        "",
    )


def model_citation(site: Site, model: ModelResult) -> str:
    """Return a model's BibTeX entry: its accuracy with its interval, and the commit that measured it."""
    n_test = site.stored.dataset["n_test"]
    accuracy = f"accuracy {interval(model.metrics['test']['accuracy'], 2)} on {n_test:,} test image{'' if n_test == 1 else 's'}"
    about = [accuracy, f"measured {model.run['measured_at'][:10]}", f"commit {commit_text(model.run)}"]
    title = f"{model.metrics['title']} on {site.dataset.entry.title}"
    return _entry(
        site,
        f"{site.dataset.entry.name}-{model.name}",
        title,
        model.run["measured_at"],
        about,
        f"{site.section}models/{model.name}/",
    )


def _entry(site: Site, key: str, title: str, day: str, about: list[str], path: str) -> str:
    fields = {
        "title": f"{{{bibtex(title)}}}",
        "author": f"{{{bibtex(f'authors of the {site.dataset.entry.title} benchmark')}}}",
        "year": day[:4],
        "version": bibtex(site.origin.version),
        "note": bibtex("; ".join(about)),
    }
    if address := f"{site.origin.address}{path}" if site.origin.address else site.origin.web:
        fields["url"] = address
    lines = [f"  {name:<7} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def _cff(site: Site) -> str:
    """Return the site's CITATION.cff, version 1.2.0 (S. Druskat and others, 2021, doi:10.5281/zenodo.5171937)."""
    title = one_line(f"{site.dataset.entry.title} benchmark")
    days = [model.run["measured_at"][:10] for model in site.stored.models]
    addresses = {"url": site.origin.address, "repository-code": site.origin.web, "commit": site.origin.commit}
    document = {
        "cff-version": "1.2.0",
        "message": "If you use these results, please cite them, and the data set.",
        "title": title,
        "type": "software",
        "authors": [{"name": f"authors of the {title}"}],
        "version": site.origin.version,
        "date-released": max(days),
    } | {name: text for name, text in addresses.items() if text}
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


# -------------------------------------------------------------------------------------------------------------- badges
def badge_path(site: Site, model: ModelResult) -> str:
    """Return where a model's badge is, below the site."""
    return f"{site.section}badges/{model.name}.svg"


def badge_markdown(site: Site, model: ModelResult) -> str:
    """Return the Markdown that shows a model's badge elsewhere, with a link to its page; "" where the site's address is unknown."""
    if not site.origin.address:
        return ""
    alt = "".join(c for c in one_line(f"{site.dataset.entry.title}: {model.metrics['title']}") if c not in "[]\\`")
    page = f"{site.origin.address}{site.section}models/{model.name}/"
    return f"[![{alt}]({site.origin.address}{badge_path(site, model)})]({page})"


def badge(name: str, value: str) -> str:
    """Return a badge as SVG: a name and a value side by side."""
    left, right = _badge_widths(name, value)
    title = as_html(f"{name}: {value}")
    texts = "".join(
        f'<text x="{x:g}" y="14" textLength="{width:g}" lengthAdjust="spacingAndGlyphs">{as_html(text)}</text>'
        for x, text, width in ((left / 2, name, left - 2 * PADDING), (left + right / 2, value, right - 2 * PADDING))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left}" height="20" fill="#14323c"/><rect x="{left}" width="{right}" height="20" fill="#0b6272"/>'
        f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>\n'
    )


def _badge_texts(site: Site, model: ModelResult) -> tuple[str, str]:
    return f"{one_line(site.dataset.entry.title)[:LONGEST_LABEL]} accuracy", percent(model.accuracy, 2)


def _badge_widths(name: str, value: str) -> tuple[int, int]:
    left, right = (round(LETTER * cell_len(text) + 2 * PADDING) for text in (name, value))
    return left, right
