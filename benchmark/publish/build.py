"""The site: gather results and images, render every page, then let MkDocs build."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from benchmark.cache import Cache
from benchmark.command import Command, Say, as_typed
from benchmark.compare.repository import Repository
from benchmark.compare.sides import tracked_folder
from benchmark.dataset import Dataset
from benchmark.errors import BenchmarkError
from benchmark.layout import shipped
from benchmark.publish.gallery import SCALE, preview
from benchmark.publish.past import read_past
from benchmark.publish.render import render
from benchmark.publish.site import Release, Site
from benchmark.publish.stills import draw
from benchmark.results import DatasetStudy, Published, load_results, read_document, study_path
from benchmark.results.numbers import percent


def build_site(
    *,
    root: Path,
    models_dir: Path,
    dataset: Dataset,
    build_dir: Path,
    report: Callable[[str], None],
    say: Say = as_typed,
) -> Path:
    """Build the site of one data set's results and return its folder.

    `say` formats the commands that pages name, for this data set.
    A profile's site is for trying things out: its charts have no still pictures, and are live near the viewport.

    Raises
    ------
    ResultsError
        If there are no results, or one is damaged.
    BenchmarkError
        If MkDocs, which is strict, finds something wrong.

    """
    stored = load_results(models_dir, dataset.entry.name)
    if stored.dataset["digest"] != dataset.digest:
        raise BenchmarkError(
            f"the results in {stored.source.where('')} are of other data",
            expected=f"digest {dataset.digest}",
            found=f"digest {stored.dataset['digest']}",
            remedy=Command("bench"),
        )
    path = study_path(models_dir, dataset.entry.name)
    study: DatasetStudy | None = read_document(path, DatasetStudy) if path.exists() else None
    if study and study["digest"] != dataset.digest:
        report(f"{path} is of other data, and left out: {say(Command('bench'))}")
        study = None
    tracked = tracked_folder(root, models_dir, dataset.entry.name) if models_dir.resolve() == root / "models" else None
    past = read_past(Repository.around(root), tracked, dataset.digest, say)
    home = dataset.entry.home or f"data/{dataset.entry.name}"
    outside = next((f for f in (root / home / "published.json", shipped(home) / "published.json") if f.exists()), None)
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
    if dataset.profile is None:
        site.draw = stills
    render(site, say)
    site.files["images/preview.png"] = _preview(site)
    report(f"rendered {sum(path.endswith('.md') for path in site.files)} pages of {len(stored.models)} models")
    _write(site, shipped("site_src"), build_dir / "docs")
    return _mkdocs(site, build_dir)


def read_released(path: Path) -> dict[str, Release]:
    """Return the pickles of a release by model, from what GitHub says of it (make released).

    Raises
    ------
    BenchmarkError
        If the file is there and is no such answer.

    """
    if not path.exists():
        return {}
    try:
        release = json.loads(path.read_bytes())
        return {
            asset["name"].removesuffix(".pkl"): Release(
                tag=release["tag_name"],
                url=asset["browser_download_url"],
                sha256=asset["digest"].removeprefix("sha256:"),
            )
            for asset in release["assets"]
            if asset["name"].endswith(".pkl")
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BenchmarkError(
            f"{path} does not describe a release",
            expected="GitHub's answer: tag_name, and assets with name, browser_download_url and digest",
            found=f"{type(error).__name__}: {error}",
            remedy=(f"rm {path}, or ", Command("released")),
        ) from None


def _preview(site: Site) -> bytes:
    labels, classes = site.dataset.train_labels, site.stored.dataset["classes"]
    first = [int(np.flatnonzero(labels == classes.index(name))[0]) for name in site.order]
    title = f"{site.dataset.entry.title} benchmark"
    board = site.stored.leaderboard()
    if not board:
        return preview(title, "", site.dataset.train_images[first])
    share = percent(board[0].metrics["test"]["accuracy"]["value"])
    sentence = (
        f"{board[0].metrics['title']} leads: it gets {share} of {site.stored.dataset['n_test']:,} test images right."
    )
    return preview(title, sentence, site.dataset.train_images[first])


def _write(site: Site, source: Path, docs: Path) -> None:
    """Lay out the docs folder anew: what is written by hand, and what was rendered."""
    shutil.rmtree(docs, ignore_errors=True)
    shutil.copytree(source, docs)
    for path in (docs / "assets").glob("*.[cj]s*"):
        text = _without_comments(path.read_text(encoding="utf-8"))
        path.write_text(packed_style(text) if path.suffix == ".css" else text, encoding="utf-8")
    for name, content in site.files.items():
        path = docs / name
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
    new = build_dir / "site.new"
    settings = {
        "INHERIT": os.path.relpath(shipped("mkdocs.yml"), build_dir),
        "site_name": f"{site.dataset.entry.title} benchmark",
        "site_description": f"Classical models on {site.dataset.entry.title}, measured so that anybody can check, with the "
        "uncertainty of every figure.",
        "docs_dir": "docs",
        "site_dir": "site.new",
        "nav": site.nav,
        "theme": {"custom_dir": os.path.relpath(shipped("templates") / "theme", build_dir)},
        "extra": {"tile": SCALE * site.dataset.image_shape[1]},
    }
    config.write_text(yaml.safe_dump(settings, sort_keys=False, allow_unicode=True), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--config-file", str(config)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )
    if done.returncode:
        raise BenchmarkError("mkdocs build --strict failed", found="\n" + (done.stderr + done.stdout).strip()[-2000:])
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)
    return folder
