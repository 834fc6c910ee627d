"""The commands that show results or use a model: `site`, `serve`, `readme`, `predict`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from benchmark.command import as_typed
from benchmark.commands.printing import to_json
from benchmark.commands.settings import ROOT, make_reporter, open_dataset, read_own_entries

if TYPE_CHECKING:
    from benchmark.commands.options import PredictOptions, ReadmeOptions, ServeOptions, SiteOptions


def site(options: SiteOptions) -> int:
    """Build the site from the stored results."""
    from benchmark.publish.build import build_site
    from benchmark.results.failures import read_failures

    reporter = make_reporter(quiet=options.quiet)
    folder = build_site(
        root=ROOT,
        models_dir=options.models_dir,
        dataset=open_dataset(options.images, reporter),
        build_dir=options.site_dir,
        say=lambda text: as_typed(text, options.repeat),
        report=reporter.line,
        failures=read_failures(options.images.cache_dir.parent, options.models_dir / options.images.dataset),
    )
    print(folder)
    return 0


def serve(options: ServeOptions) -> int:
    """Show the built site on the loopback address."""
    from benchmark.publish.serve import serve as show

    try:
        show(options.site_dir, options.port)
    except KeyboardInterrupt:
        print()
    return 0


def predict(options: PredictOptions) -> int:
    """Print the class and score of photographs."""
    from benchmark.predict import load_model, predict_images
    from benchmark.results import DatasetStudy, Metrics, read_document, study_path

    read_own_entries(options.entries)  # a pickle's classes may be defined there
    folder = options.model.parent if options.model.suffix == ".pkl" else options.model
    with redirect_stdout(sys.stderr):  # what a user's code prints is no result
        model = load_model(folder / "model.pkl")
    about = read_document(folder / "metrics.json", Metrics)["dataset"]
    study = study_path(folder.resolve().parents[1], about["name"])
    height, width = read_document(study, DatasetStudy)["image_shape"]
    with redirect_stdout(sys.stderr):
        predicted = predict_images(model, list(options.images), (height, width))
    rows = [
        {"path": str(found.path), "class": about["classes"][found.label], "kind": found.kind, "score": found.score}
        for found in predicted
    ]
    if options.json:
        print(to_json(rows))
        return 0
    for row in rows:
        unit = "probability" if row["kind"] == "predict_proba" else "decision value"
        print(f"{row['path']}\t{row['class']}\t{unit} {row['score']:.4g}")
    return 0


def readme(options: ReadmeOptions) -> int:
    """Write the leaderboard into README.md."""
    from benchmark.publish.readme import rewrite_readme
    from benchmark.results import load_results

    changed = rewrite_readme(ROOT / "README.md", load_results(options.models_dir, options.dataset))
    print("README.md rewritten" if changed else "README.md is up to date")
    return 0
