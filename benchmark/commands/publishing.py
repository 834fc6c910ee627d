"""The commands that show results or use a model: `site`, `serve`, `readme`, `predict`."""

from __future__ import annotations

import argparse

from benchmark.commands.printing import to_json, typed
from benchmark.commands.settings import ROOT, make_reporter, models_folder, open_dataset, read_own_entries, site_folder


def site(arguments: argparse.Namespace) -> int:
    """Build the site from the stored results."""
    from benchmark.publish.build import build_site

    reporter = make_reporter(arguments)
    folder = build_site(
        root=ROOT,
        models_dir=models_folder(arguments),
        dataset=open_dataset(arguments, reporter),
        build_dir=site_folder(arguments),
        say=lambda text: typed(text, arguments),
        report=reporter.line,
    )
    print(folder)
    return 0


def serve(arguments: argparse.Namespace) -> int:
    """Show the built site on the loopback address."""
    from benchmark.publish.serve import serve as show

    try:
        show(site_folder(arguments), arguments.port)
    except KeyboardInterrupt:
        print()
    return 0


def predict(arguments: argparse.Namespace) -> int:
    """Print the class and score of photographs."""
    from benchmark.predict import load_model, predict_images
    from benchmark.results import DatasetStudy, Metrics, read_document, study_path

    read_own_entries(arguments)  # a pickle's classes may be defined there
    folder = arguments.model.parent if arguments.model.suffix == ".pkl" else arguments.model
    model = load_model(folder / "model.pkl")
    about = read_document(folder / "metrics.json", Metrics)["dataset"]
    study = study_path(folder.resolve().parents[1], about["name"])
    height, width = read_document(study, DatasetStudy)["image_shape"]
    rows = [
        {"path": str(found.path), "class": about["classes"][found.label], "kind": found.kind, "score": found.score}
        for found in predict_images(model, arguments.images, (height, width))
    ]
    if arguments.format == "json":
        print(to_json(rows))
        return 0
    for row in rows:
        unit = "probability" if row["kind"] == "predict_proba" else "decision value"
        print(f"{row['path']}\t{row['class']}\t{unit} {row['score']:.4g}")
    return 0


def readme(arguments: argparse.Namespace) -> int:
    """Write the leaderboard into README.md."""
    from benchmark.publish.readme import rewrite_readme
    from benchmark.results import load_results

    changed = rewrite_readme(ROOT / "README.md", load_results(models_folder(arguments), arguments.dataset))
    print("README.md rewritten" if changed else "README.md is up to date")
    return 0
