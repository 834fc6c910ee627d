"""The measurement of one model, from its search to its folder of results, by tasks that the engine runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmark.command import Command
from benchmark.errors import FitError, ResultsError
from benchmark.measure.engine import Engine
from benchmark.measure.entry import ModelEntry
from benchmark.measure.fit import PICKLE
from benchmark.measure.model import FOLDS, SHARES, Model, check_memory
from benchmark.measure.record import place_folder, read_scored, run_document, unfit
from benchmark.measure.search import choose, search_document
from benchmark.measure.steps import (
    after_search,
    figures_task,
    fitted,
    refitted,
    score_tasks,
    search_tasks,
    searched,
    studied,
)
from benchmark.measure.study_model import study_document
from benchmark.measure.task import TaskFailedError
from benchmark.results import Curves, Metrics, Run, Study, dump_document, encode_predictions
from benchmark.results.numbers import convergence_words


def measure(engine: Engine, model: Model) -> None:
    """Search, fit and evaluate one model, and replace its folder.

    Raises
    ------
    FitError
        If one of its tasks fails, or its figures cannot be stored; its old results stay.

    """
    try:
        _measure(engine, model)
    except TaskFailedError as error:
        raise unfit(model.entry, error) from None


def _measure(engine: Engine, model: Model) -> None:
    setting, entry = model.setting, model.entry
    with _leaving(engine, model.group(SHARES)):
        with _leaving(engine, model.group(FOLDS)):
            check_memory(model, engine.memory, engine.kept)
            engine.hold(model.group(FOLDS), model.kept_bytes(FOLDS))
            later = len(after_search(model, entry.candidates()[0], engine.memory))
            engine.run(entry.name, search_tasks(model), later=later + 2)
        found = searched(model)
        best = choose(found.candidates, found.scores)
        params = found.candidates[best]
        search = search_document(entry.grid, found.candidates, found.scores, best)
        engine.hold(model.group(SHARES), model.kept_bytes(SHARES))
        engine.run(entry.name, after_search(model, params, engine.memory), later=2)
    engine.run(entry.name, score_tasks(model, params), later=1)
    final, staged = fitted(model, params)
    test = read_scored(setting, entry, final, staged)
    seeds = refitted(model, params, test.predictions) if entry.stochastic else None
    curve, importances, growth = (None, [], []) if entry.baseline else studied(model, params)
    row = entry.document(setting.dataset.image_shape)
    about = {"entry": row, "search": search, "final": final, "seeds": seeds, "search_warnings": found.warnings}
    answer: list[Any] = []
    engine.run(entry.name, [figures_task(model, about, test, (staged, final["digests"][PICKLE]), answer.extend)])
    metrics, drawn, mistakes, weights = answer
    importances += [weights] if weights else []
    study = study_document(entry.name, mistakes, curve, importances)
    try:
        documents = {
            "metrics.json": dump_document(metrics, Metrics),
            "predictions.txt": encode_predictions(test.predictions),
            "curves.json": dump_document(drawn, Curves),
            "study.json": dump_document(study, Study),
        }
    except ResultsError as error:
        raise _unstorable(entry, error) from None
    run_json = run_document(setting, entry, final, staged, documents, found.seconds, growth)
    place_folder(setting, entry, documents | {"run.json": dump_document(run_json, Run)}, staged)
    setting.report.line(_measured_words(metrics, final["fit"]))


def _measured_words(metrics: Metrics, fit_seconds: float) -> str:
    accuracy, warned = metrics["test"]["accuracy"], metrics["convergence_warnings"]
    warnings = f", {told}" if (told := convergence_words(warned)) else ""
    return (
        f"{metrics['name']}: cross-validated {metrics['search']['best_score']:.4f}, test {accuracy['value']:.4f} "
        f"[{accuracy['low']:.4f}, {accuracy['high']:.4f}], fit {fit_seconds:.1f} s{warnings}"
    )


def _unstorable(entry: ModelEntry, error: ResultsError) -> FitError:
    return FitError(
        f"model {entry.name!r} has figures that cannot be stored",
        expected=f"{error.problem}: {error.expected}",
        found=error.found,
        remedy=("fix its entry, then ", Command("bench", models=entry.name)),
    )


@contextmanager
def _leaving(engine: Engine, group: str) -> Iterator[None]:
    try:
        yield
    finally:
        engine.leave(group)
