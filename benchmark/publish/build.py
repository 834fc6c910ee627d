"""The site: gather results and images, render every page, then let MkDocs build."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import yaml
from mkdocs.utils.yaml import yaml_load

from benchmark.cache import Cache
from benchmark.command import Command, Say, as_typed
from benchmark.compare.intervals import checked
from benchmark.compare.repository import Repository
from benchmark.compare.sides import tracked_folder
from benchmark.dataset import Dataset
from benchmark.disk import below, remove, remove_partials, write_atomically
from benchmark.errors import BenchmarkError
from benchmark.faults import disk_error, fault_in, told
from benchmark.layout import shipped
from benchmark.locks import alone
from benchmark.publish.finish import finish
from benchmark.publish.gallery import preview
from benchmark.publish.origin import read_origin
from benchmark.publish.outside import of_other_data, read_released
from benchmark.publish.pages.home import headline
from benchmark.publish.parts import LeftOutError, Other, join
from benchmark.publish.past import read_past
from benchmark.publish.render import render
from benchmark.publish.site import Site
from benchmark.publish.stills import draw
from benchmark.results import DatasetStudy, Published, load_results, read_document, study_path
from benchmark.results.failures import Failure
from benchmark.swap import new_folder, recover, replace_folder
from benchmark.text import as_html

# MkDocs is called for a fixed purpose: what a person has set for Python is not meant for it
FOR_PYTHON = ("PYTHONSAFEPATH", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONINSPECT", "PYTHONIOENCODING")
THEME = {"custom_dir": str(shipped("templates") / "theme")}
OF_ROOT = ("404.html", "robots.txt")  # what a server looks for at a site's address alone
MKDOCS_ENVIRONMENT = {"NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"}


def build_site(
    *,
    root: Path,
    models_dir: Path,
    dataset: Dataset,
    build_dir: Path,
    report: Callable[[str], None],
    say: Say = as_typed,
    say_here: Say = as_typed,
    failures: Mapping[str, Failure] = MappingProxyType({}),
    version: str = "",
    others: Sequence[Other] = (),
) -> Path:
    """Build the site of a data set's results, with the pages of `others` below its own, and return its folder.

    `failures` are those of models that could not be measured when last tried here, by name. `say` formats the commands that
    pages name, for this data set, `say_here` those of messages, which may name folders of this machine. `version` is that of the program.
    A profile's site is for trying things out: its charts have no still pictures, and are live near the viewport.

    Raises
    ------
    ResultsError
        If there are no results, or one is damaged.
    LeftOutError
        If one of the `others` has results or images that cannot be used. The site of the rest has been built.
    BenchmarkError
        If MkDocs, which is strict, finds something wrong.

    """
    gathered = functools.partial(_gathered, root=root, models_dir=models_dir, build_dir=build_dir, report=report)
    folder = build_dir / "site"
    with alone(build_dir / "site.lock", "build of a site", report):
        recover(build_dir)
        remove_partials(build_dir)
        first = gathered(dataset, failures=failures, say=say, say_here=say_here)
        first.released = read_released(build_dir / "released.json")
        sites, left_out = {"": (first, say)}, []
        for other in others:
            try:
                site = gathered(other.load(), failures=other.failures, say=other.say, say_here=other.say_here)
            except BenchmarkError as error:
                left_out.append((other, error))
            else:
                sites[other.name] = site, other.say
        join([site for site, _ in sites.values()])
        remove(new_folder(folder))
        remove(build_dir / "parts")
        for name, (site, words) in sites.items():
            site.origin = dataclasses.replace(site.origin, version=version)
            _build(site, words, build_dir / "parts" / name if name else build_dir, new_folder(folder) / name, report)
        finish(new_folder(folder))
        replace_folder(folder)
    if left_out:
        raise LeftOutError(left_out)
    return folder


def _build(site: Site, say: Say, work: Path, folder: Path, report: Callable[[str], None]) -> None:
    """Build the pages of one data set into `folder`, with what MkDocs needs in `work`."""
    render(site, say)
    site.files["images/preview.png"] = _preview(site)
    of = f" of {site.dataset.entry.title}" if site.parts else ""
    n_pages = sum(path.endswith(".md") for path in site.files)
    report(f"rendered {n_pages} pages of {len(site.stored.models)} models{of}")
    _write(site, None if site.nested else shipped("site_src"), work / "docs")
    _mkdocs(site, work, folder)
    for name in OF_ROOT if site.nested else ():
        remove(folder / name)


def _gathered(
    dataset: Dataset,
    *,
    root: Path,
    models_dir: Path,
    build_dir: Path,
    report: Callable[[str], None],
    failures: Mapping[str, Failure],
    say: Say,
    say_here: Say,
) -> Site:
    """Return the site before anything is rendered."""
    stored = checked(load_results(models_dir, dataset.entry.name), resampled=True)
    if stored.dataset["digest"] != dataset.digest:
        raise BenchmarkError(
            f"the results in {stored.source.where('')} are of other data",
            expected=f"digest {dataset.digest}",
            found=f"digest {stored.dataset['digest']}",
            remedy=Command("bench"),
        )
    path = study_path(models_dir, dataset.entry.name)
    study: DatasetStudy | None = read_document(path, DatasetStudy) if path.exists() else None
    if study and (other := of_other_data(study, dataset)):
        report(f"{path} is of other data ({other}), and left out: {say_here(Command('bench'))}")
        study = None
    tracked = tracked_folder(root, models_dir, dataset.entry.name) if models_dir.resolve() == root / "models" else None
    past = read_past(Repository(root), tracked, dataset.digest, say)
    home = dataset.entry.home or f"data/{dataset.entry.name}"
    outside = _beside(root, home, "published.json")
    published: Published | None = read_document(outside, Published) if outside else None
    cache = Cache(build_dir / "cache")
    stills = functools.partial(
        draw,
        assets=shipped("site_src") / "assets",
        cache=cache,
        build_dir=build_dir,
        report=report,
    )
    site = Site(stored, dataset, study, shipped("templates"), past, published, cache=cache)
    site.failures = failures
    site.origin = read_origin(root, tracked, os.environ.get("SITE_URL", ""))
    if bib := _beside(root, home, "citation.bib"):
        with told(bib, "read"):
            site.citation = bib.read_text(encoding="utf-8", errors="replace").strip()
    if dataset.profile is None:
        site.draw = stills
    return site


def _beside(root: Path, home: str, name: str) -> Path | None:
    """Return the file of a data set that is called `name`: its owner's, or that of the package."""
    return next((path for path in (root / home / name, shipped(home) / name) if path.exists()), None)


def _preview(site: Site) -> bytes:
    labels, classes = site.dataset.train_labels, site.stored.dataset["classes"]
    first = [int(np.flatnonzero(labels == classes.index(name))[0]) for name in site.order]
    title = f"{site.dataset.entry.title} benchmark"
    lead = headline(site.board)
    n = site.stored.dataset["n_test"]
    sentence = f"{lead} of {n:,} test image{'' if n == 1 else 's'} right." if lead else ""
    return preview(title, sentence, site.dataset.train_images[first])


def _write(site: Site, source: Path | None, docs: Path) -> None:
    """Lay out the docs folder anew: what is written by hand, and what was rendered; nothing is written outside of it."""
    remove(docs)
    files = _by_hand(source) if source else {}
    for name, content in (files | site.files).items():
        path = below(docs, name)
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.lstrip(b"\n") if name.endswith(".md") else content)


def _by_hand(source: Path) -> dict[str, bytes]:
    """Return the files that are written by hand, scripts and styles without what only their authors need."""
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    for path in (source / "assets").glob("*.[cj]s*"):
        text = _without_comments(path.read_text(encoding="utf-8"))
        files[f"assets/{path.name}"] = (packed_style(text) if path.suffix == ".css" else text).encode()
    return files


def _without_comments(text: str) -> str:
    """Return a script or a style of ours without what only its authors need: a fifth of what a phone would wait for."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"^\s*//.*\n|^\s+| // .*$", "", text, flags=re.MULTILINE)


def packed_style(text: str) -> str:
    """Return a style sheet without the spaces that mean nothing; those within quotation marks stay."""
    packed = re.sub(r'("[^"]*")|\s*([{};,])\s*|(?<=\w):\s+', lambda found: found[1] or found[2] or ":", text)
    return packed.replace(";}", "}")


def _mkdocs(site: Site, work: Path, folder: Path) -> None:
    """Run MkDocs with the navigation of these results; where it fails, nothing is left in `folder`."""
    config = work / "mkdocs.yml"
    settings = {
        "INHERIT": str(shipped("mkdocs.yml")),
        "site_name": as_html(f"{site.dataset.entry.title} benchmark"),
        "site_description": as_html(
            f"Classical models on {site.dataset.entry.title}, measured so that anybody can check, with the uncertainty of every "
            "figure."
        ),
        "docs_dir": "docs",
        "site_dir": os.path.relpath(folder, work),
        "nav": site.nav,
        "theme": THEME,
        "extra": {
            "tile": site.gallery.tile_size[0],
            "feed": site.has_feed,
            "origin": dataclasses.asdict(site.origin) | {"short": site.origin.short, "page": site.origin.commit_page},
            **_parts(site),
        },
    }
    if site.nested:
        settings |= _of_first(site)
    write_atomically(config, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True).encode())
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", str(config)],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env={name: value for name, value in os.environ.items() if name not in FOR_PYTHON} | MKDOCS_ENVIRONMENT,
    )
    if done.returncode:
        remove(folder)
        if fault := fault_in(done.stderr):
            raise disk_error(fault, folder)
        raise BenchmarkError("mkdocs build --strict failed", found="\n" + (done.stderr + done.stdout).strip()[-2000:])


def _parts(site: Site) -> dict[str, Any]:
    """Return what the header says of the site's data sets, for the theme's place of other versions; nothing where there is one.

    Those of a folder of their `own` have a map of their own for search engines.
    """
    parts = [
        {"title": part.title, "address": part.address, "here": part.site is site, "own": part.site.nested}
        for part in site.parts
    ]
    every = {"title": "All data sets", "address": f"{'../' if site.nested else ''}datasets/", "here": False}
    return {"alternate": True, "parts": [*parts, every]} if parts else {}


def _of_first(site: Site) -> dict[str, Any]:
    """Return the settings of a data set in a folder below the first: it takes its styles and scripts from there."""
    with shipped("mkdocs.yml").open(encoding="utf-8") as stream:
        first = yaml_load(stream)
    return {
        "site_url": site.origin.address,
        "theme": THEME | {"favicon": f"../{first['theme']['favicon']}"},
        "extra_css": [f"../{path}" for path in first["extra_css"]],
        "extra_javascript": [script | {"path": f"../{script['path']}"} for script in first["extra_javascript"]],
    }
