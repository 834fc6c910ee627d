"""No option is idle: each changes what its command asks of the other wings, prints, or returns.

The other wings are replaced by functions that note what they are asked, and answer with next to nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import benchmark.compare.diff
import benchmark.compare.history
import benchmark.compare.intervals
import benchmark.compare.leaderboard
import benchmark.compare.repository
import benchmark.compare.sides
import benchmark.compare.terminal
import benchmark.compare.verdicts
import benchmark.compare.words
import benchmark.dataset
import benchmark.measure.entry_checks
import benchmark.measure.keys
import benchmark.measure.limits
import benchmark.measure.own_entries
import benchmark.measure.remote
import benchmark.measure.run
import benchmark.measure.warden_client
import benchmark.predict
import benchmark.progress
import benchmark.publish.build
import benchmark.publish.readme
import benchmark.publish.serve
import benchmark.results
from benchmark.commands import measuring, settings
from benchmark.commands.arguments import of_command
from benchmark.commands.parser import COMMANDS, parse
from benchmark.measure.keys import Status
from benchmark.measure.own_entries import OwnEntries
from benchmark.models import MODELS
from tests.commands.test_parser import REQUIRED, SWITCHES, VALUES

ENTRY = SimpleNamespace(name="entry")
STATUS = Status(ENTRY, "moved", 1.0)
DATA = SimpleNamespace(entry=SimpleNamespace(name="made"), image_shape=(2, 2))
RESULTS = SimpleNamespace(model=lambda name: SimpleNamespace(name=name), models=[], missing=[], apart=[], misfits={})
SIDE = {"commit": "c"}, RESULTS
DOCUMENT = {"dataset": {"name": "made", "classes": ["A"]}, "image_shape": (2, 2)}
PREDICTED = SimpleNamespace(path="p", label=0, kind="predict_proba", score=0.5, others=())
REPOSITORY = SimpleNamespace(commit=lambda _: SimpleNamespace(sha="c"))
SAID = "words that name no command"
BOARD = SimpleNamespace(rows=[])
ANSWERS = {
    benchmark.dataset: {"load_dataset": DATA, "subset": DATA, "summary": {"digest": "d"}, "format_summary": "words"},
    benchmark.measure.own_entries: {"load_entries": OwnEntries()},
    benchmark.measure.entry_checks: {"fitting": [ENTRY], "least_rows": 9},
    benchmark.measure.limits: {"within": list(MODELS)},
    benchmark.measure.run: {"run": ["entry"]},
    benchmark.measure.warden_client: {"fork_warden": None},
    benchmark.measure.remote: {"serve": None},
    benchmark.measure.keys: {"statuses": [STATUS]},
    benchmark.publish.build: {"build_site": "folder"},
    benchmark.publish.readme: {"rewrite_readme": True},
    benchmark.publish.serve: {"serve": None},
    benchmark.predict: {"model_folder": Path("m"), "load_model": "model", "predict_images": [PREDICTED]},
    benchmark.results: {"load_results": RESULTS, "read_document": DOCUMENT, "study_path": "path"},
    benchmark.compare.sides: {"read_side": SIDE, "use_of_test_set": None},
    benchmark.compare.intervals: {"checked": RESULTS},
    benchmark.compare.diff: {"compare_results": {}, "compare_models": {}, "only": {}},
    benchmark.compare.verdicts: {"gate": (1, "one regressed")},
    benchmark.compare.leaderboard: {"leaderboard": BOARD, "format_text": SAID, "paired_sentence": "", "places": []},
    benchmark.compare.terminal: {"format_text": SAID},
    benchmark.compare.words: {"format_markdown": "# Words"},
    benchmark.compare.history: {"read_history": {}, "select": {}, "format_text": "words"},
    benchmark.compare.repository: {"Repository": REPOSITORY},
    measuring: {"_against_head": ""},
    settings: {"accelerate": None},
}
VALUE = {
    "dataset": "digits", "before": "v1", "after": "v2", "model": "m", "images": "1.png", "first": "c", "second": "d", "address": "tcp://other:1",
    "--dataset": "digits", "--metric": "accuracy", "--models": "svm-hog",
} | VALUES  # fmt: skip
NEEDS = {
    "after": ["HEAD"],
    "--min-effect": ["--exit-code"],
    "--max-loss": ["--exit-code"],
    ("data", "--models-dir"): ["--accept"],
}
PAIRS = [(command.name, option.flag) for command in COMMANDS for option in of_command(command.name)]


@pytest.fixture
def effects(monkeypatch, capsys):
    """Run a command among wings that only note what they are asked; return all that it did."""
    asked = []

    def noting(name, answer):
        def note(*arguments, report=None, say=None, datasets=None, **named):
            asked.append((name, arguments, named))
            if report:
                report(SAID)
            return answer

        return note

    for module, answers in ANSWERS.items():
        for name, answer in answers.items():
            monkeypatch.setattr(module, name, noting(f"{module.__name__}.{name}", answer))
    monkeypatch.setattr(
        benchmark.progress,
        "Reporter",
        lambda quiet: SimpleNamespace(line=lambda text: None if quiet else asked.append(text)),
    )
    monkeypatch.setattr(benchmark.compare.repository.Repository, "around", noting("around", None), raising=False)

    def run(*typed):
        asked.clear()
        status = parse(list(typed)).run()
        said = capsys.readouterr()
        return re.sub(r" at 0x[0-9a-f]+", "", repr((asked, said.out, said.err, status)))

    return run


def pair_of_words(command, flag):
    """Return the words of a command without an option and with it."""
    required, needs = REQUIRED.get(command, []), NEEDS.get((command, flag), NEEDS.get(flag, []))
    if flag in ("model", "images", "first", "second", "address"):  # these cannot be left out, but be others
        other = list(required)
        other[flag in ("images", "second")] = VALUE[flag]
        return [command, *required], [command, *other]
    given = [VALUE[flag]] if not flag.startswith("-") else [flag, *([] if flag in SWITCHES else [VALUE.get(flag, "x")])]
    return [command, *required, *needs], [command, *required, *needs, *given]


@pytest.mark.parametrize(("command", "flag"), PAIRS, ids=map(" ".join, PAIRS))
def test_an_option_changes_what_its_command_does(effects, command, flag):
    without, given = pair_of_words(command, flag)
    plain = effects(*without)
    assert plain == effects(*without)
    assert effects(*given) != plain
