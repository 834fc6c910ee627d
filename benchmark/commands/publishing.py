"""The commands that show results or use a model: `site`, `serve`, `readme`, `predict`."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.command import Command
from benchmark.commands.building import build
from benchmark.commands.printing import show, to_json
from benchmark.commands.settings import ROOT, make_reporter, open_dataset, read_own_entries
from benchmark.errors import ResultsError

if TYPE_CHECKING:
    from benchmark.commands.options import PredictOptions, ReadmeOptions, ServeOptions, SiteOptions


def site(options: SiteOptions) -> int:
    """Build the site from the stored results."""
    reporter = make_reporter(quiet=options.quiet)
    dataset = open_dataset(options.images, reporter)
    show(build(options, options.images, options.models_dir, dataset, reporter))
    return 0


def serve(options: ServeOptions) -> int:
    """Show the built site on the loopback address."""
    from benchmark.publish.serve import serve as keep_serving

    try:
        keep_serving(options.site_dir, options.port)
    except KeyboardInterrupt:
        show()
    return 0


def predict(options: PredictOptions) -> int:
    """Print the class and score of photographs."""
    from benchmark.predict import load_model, model_folder, predict_images
    from benchmark.results import DatasetStudy, Metrics, read_document, study_path
    from benchmark.text import one_line

    read_own_entries(options.entries)  # a pickle's classes may be defined there
    folder = model_folder(options.model, options.results)
    with redirect_stdout(sys.stderr):  # what a user's code prints is no result
        model = load_model(folder / "model.pkl")
    about = read_document(folder / "metrics.json", Metrics)["dataset"]
    above = Path(os.path.abspath(folder)).parents  # noqa: PTH100  # `models` may be a link
    if len(above) < 2:  # noqa: PLR2004
        raise ResultsError(
            f"{folder} is no model's folder of a data set",
            expected="models/<data set>/<model>, with models/<data set> beside data/<data set>",
            found=os.path.abspath(folder),  # noqa: PTH100
            remedy="the path of a model in the folder of all results",
        )
    study = study_path(above[1], about["name"])
    height, width = read_document(study, DatasetStudy)["image_shape"]
    with redirect_stdout(sys.stderr):
        predicted = predict_images(model, list(options.images), (height, width), str(folder / "model.pkl"))
    last = max(label for found in predicted for label in (found.label, *(other for other, _ in found.others)))
    if last >= len(about["classes"]):
        raise ResultsError(
            f"{folder / 'metrics.json'} names fewer classes than the model predicts",
            expected=f"{last + 1} classes or more",
            found=str(len(about["classes"])),
            remedy=Command("bench", models=folder.name),
        )
    rows = [
        {
            "path": str(found.path),
            "class": about["classes"][found.label],
            "kind": found.kind,
            "score": found.score,
            "others": [{"class": about["classes"][label], "score": score} for label, score in found.others],
        }
        for found in predicted
    ]
    if options.json:
        show(to_json(rows))
        return 0
    for row in rows:
        unit = "probability" if row["kind"] == "predict_proba" else "decision value"
        others = ", ".join(f"{one_line(other['class'])} ({other['score']:.4g})" for other in row["others"])
        words = f"{unit} {row['score']:.4g}{others and f'; then {others}'}"
        show(f"{one_line(row['path'])}\t{one_line(row['class'])}\t{words}")
    return 0


def readme(options: ReadmeOptions) -> int:
    """Write the leaderboard into README.md."""
    from benchmark.compare.intervals import checked
    from benchmark.publish.readme import rewrite_readme
    from benchmark.results import load_results

    stored = checked(load_results(options.models_dir, options.dataset), resampled=True)
    changed = rewrite_readme(ROOT / "README.md", stored)
    show("README.md rewritten" if changed else "README.md is up to date")
    return 0
