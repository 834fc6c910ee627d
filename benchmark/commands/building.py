"""Building a site: that of the data set that was asked for, with all others that have results below the usual one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import __version__
from benchmark.command import Command, as_typed, public
from benchmark.commands.settings import DEFAULT_DATASET, ROOT, known_datasets, open_dataset
from benchmark.layout import is_name

if TYPE_CHECKING:
    from benchmark.commands.options import BenchOptions, Images, SiteOptions
    from benchmark.dataset import Dataset
    from benchmark.progress import Reporter
    from benchmark.publish.parts import Other


def build(
    options: SiteOptions | BenchOptions, images: Images, models_dir: Path, dataset: Dataset, reporter: Reporter
) -> Path:
    """Build the site and return its folder.

    Raises
    ------
    BenchmarkError
        As `build_site` does.

    """
    from benchmark.publish.build import build_site
    from benchmark.results.failures import read_failures

    return build_site(
        root=ROOT,
        models_dir=models_dir,
        dataset=dataset,
        build_dir=options.site_dir,
        say=partial(as_typed, options=public(options.repeat)),
        say_here=partial(as_typed, options=options.repeat),
        report=reporter.line,
        failures=read_failures(images.cache_dir.parent, models_dir / images.dataset),
        version=__version__,
        others=_others(options.repeat, images, models_dir, reporter) if images.dataset == DEFAULT_DATASET else [],
    )


def _others(repeat: Mapping[str, str], images: Images, models_dir: Path, reporter: Reporter) -> list[Other]:
    """Return the other data sets that have results in `models_dir`; one that nothing defines is told of."""
    from benchmark.publish.parts import Other
    from benchmark.results.failures import read_failures

    known, found = known_datasets(images), []
    folders = sorted(
        {path.parent for path in models_dir.glob("*/entries.json")}
        | {path.parents[1] for path in models_dir.glob("*/*/metrics.json")}
    )
    for folder in folders:
        name = folder.name
        if name == images.dataset or not is_name(name):
            continue
        if name not in known:
            words = "is not on the site, because no data set of that name is defined; name the file that defines it: "
            reporter.line(f"{folder} {words}{as_typed(Command('site'), {**repeat, 'entries': 'my_data.py'})}")
            continue
        say_here: Callable[..., str] = partial(as_typed, options={**repeat, "dataset": name})
        say: Callable[..., str] = partial(as_typed, options={**public(repeat), "dataset": name})
        load = partial(open_dataset, replace(images, dataset=name, data_dir=None), reporter)
        found.append(Other(name, load, say, say_here, read_failures(images.cache_dir.parent, folder)))
    return found
