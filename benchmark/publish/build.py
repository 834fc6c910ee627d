"""The site: gather results and images, render every page, then let MkDocs build."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import yaml

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
) -> Path:
    """Build the site of one data set's results and return its folder.

    `failures` are those of models that could not be measured when last tried here, by name. `say` formats the commands that
    pages name, for this data set, `say_here` those of messages, which may name folders of this machine. `version` is that of the program.
    A profile's site is for trying things out: its charts have no still pictures, and are live near the viewport.

    Raises
    ------
    ResultsError
        If there are no results, or one is damaged.
    BenchmarkError
        If MkDocs, which is strict, finds something wrong.

    """
    with alone(build_dir / "site.lock", "build of a site", report):
        recover(build_dir)
        remove_partials(build_dir)
        site = _gathered(root, models_dir, dataset, build_dir, report, say, say_here)
        site.failures, site.origin = failures, dataclasses.replace(site.origin, version=version)
        render(site, say)
        site.files["images/preview.png"] = _preview(site)
        report(f"rendered {sum(path.endswith('.md') for path in site.files)} pages of {len(site.stored.models)} models")
        _write(site, shipped("site_src"), build_dir / "docs")
        return _mkdocs(site, build_dir)


def _gathered(
    root: Path,
    models_dir: Path,
    dataset: Dataset,
    build_dir: Path,
    report: Callable[[str], None],
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
    site.released = read_released(build_dir / "released.json")
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


def _write(site: Site, source: Path, docs: Path) -> None:
    """Lay out the docs folder anew: what is written by hand, and what was rendered; nothing is written outside of it."""
    remove(docs)
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in source.rglob("*") if path.is_file()}
    for path in (source / "assets").glob("*.[cj]s*"):
        text = _without_comments(path.read_text(encoding="utf-8"))
        files[f"assets/{path.name}"] = (packed_style(text) if path.suffix == ".css" else text).encode()
    for name, content in (files | site.files).items():
        path = below(docs, name)
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.lstrip(b"\n") if name.endswith(".md") else content)


def _without_comments(text: str) -> str:
    """Return a script or a style of ours without what only its authors need: a fifth of what a phone would wait for."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"^\s*//.*\n|^\s+| // .*$", "", text, flags=re.MULTILINE)


def packed_style(text: str) -> str:
    """Return a style sheet without the spaces that mean nothing; those within quotation marks stay."""
    packed = re.sub(r'("[^"]*")|\s*([{};,])\s*|(?<=\w):\s+', lambda found: found[1] or found[2] or ":", text)
    return packed.replace(";}", "}")


def _mkdocs(site: Site, build_dir: Path) -> Path:
    """Run MkDocs with the navigation of these results; a failed build leaves the old site."""
    folder, config = build_dir / "site", build_dir / "mkdocs.yml"
    new = new_folder(folder)
    remove(new)
    settings = {
        "INHERIT": str(shipped("mkdocs.yml")),
        "site_name": as_html(f"{site.dataset.entry.title} benchmark"),
        "site_description": as_html(
            f"Classical models on {site.dataset.entry.title}, measured so that anybody can check, with the uncertainty of every "
            "figure."
        ),
        "docs_dir": "docs",
        "site_dir": new.name,
        "nav": site.nav,
        "theme": {"custom_dir": str(shipped("templates") / "theme")},
        "extra": {
            "tile": site.gallery.tile_size[0],
            "origin": dataclasses.asdict(site.origin) | {"short": site.origin.short, "page": site.origin.commit_page},
        },
    }
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
        remove(new)
        if fault := fault_in(done.stderr):
            raise disk_error(fault, new)
        raise BenchmarkError("mkdocs build --strict failed", found="\n" + (done.stderr + done.stdout).strip()[-2000:])
    finish(new)
    replace_folder(folder)
    return folder
