"""The exit status has one meaning, and what is printed can be printed anywhere."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from benchmark import dataset
from benchmark.commands import main as main_module
from benchmark.commands.main import CRASHED, main
from benchmark.commands.parser import Call, parse
from benchmark.errors import BenchmarkError
from tests import made
from tests.conftest import ROOT

BASE, BETTER = range(400), range(300)


@pytest.fixture
def improved(tmp_path):
    """Two folders of results, the second with a better model whose name has a letter that few encodings have."""
    for name, wrong in (("before", BASE), ("after", BETTER)):
        folder = tmp_path / name / "made"
        made.write_table(folder, ["one"])
        made.write_model(folder, "one", made.predictions(wrong))
    return tmp_path / "before", tmp_path / "after"


def run(*words, **settings):
    environment = os.environ | settings.pop("env", {})
    command = [sys.executable, "-m", "benchmark", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, check=False, env=environment, **settings)


def called(monkeypatch, name, function):
    monkeypatch.setattr(main_module, "parse", lambda _: Call(name, functools.partial(function), {}))
    monkeypatch.setattr(main_module, "end_on_signals", lambda _: None)
    return main([])


def raising(error):
    def function():
        raise error

    return function


@pytest.mark.parametrize(
    ("name", "error", "status"),
    [
        ("diff", BenchmarkError("unreadable"), 2),
        ("bench", BenchmarkError("unreadable"), 1),
        ("diff", KeyError("x"), CRASHED),
        ("diff", RecursionError("deep"), CRASHED),
        ("list", SystemExit(0), CRASHED),
        ("diff", SystemExit(1), CRASHED),
        ("diff", UnicodeEncodeError("ascii", "→", 0, 1, "no"), CRASHED),
    ],
)
def test_an_error_has_another_status_than_a_regression(monkeypatch, capsys, name, error, status):
    assert called(monkeypatch, name, raising(error)) == status
    told = capsys.readouterr().err
    assert ("Traceback" in told) == (status == CRASHED)
    last = told.splitlines()[-1]
    assert last.startswith("error: a fault of this program (" if status == CRASHED else "error: unreadable")


@pytest.mark.parametrize(
    "content", ["[" * 100_000, '{"schema_version": 1, "x": ' + "9" * 5000 + "}", '{"a": ' * 50_000, "\udce4"]
)
def test_what_no_reader_takes_is_unreadable_and_no_regression(improved, content):
    for document in ("metrics.json", "run.json"):
        path = improved[1] / "made" / "one" / document
        before = path.read_bytes()
        path.write_bytes(content.encode(errors="surrogateescape"))
        done = run("diff", *improved, "--dataset", "made", "--exit-code", capture_output=True, text=True)
        path.write_bytes(before)
        assert done.returncode == 2, done.stderr
        assert str(path) in done.stderr
        assert "Traceback" not in done.stderr


def test_a_package_that_is_not_installed_is_told_with_the_environment_that_has_it(monkeypatch, capsys):
    assert called(monkeypatch, "diff", raising(ModuleNotFoundError("no", name="numpy"))) == 2
    assert f"numpy is not installed for {sys.executable}" in capsys.readouterr().err
    assert called(monkeypatch, "list", raising(ModuleNotFoundError("no", name="benchmark.x"))) == CRASHED


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_what_an_encoding_lacks_is_replaced(improved, encoding):
    words = ("diff", *improved, "--dataset", "made", "--exit-code")
    done = run(*words, capture_output=True, env={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    arrow = "→" if encoding == "utf-8" else "->"
    assert f"80.00 {arrow} 85.00" in done.stdout.decode(encoding)


@pytest.mark.parametrize("locale", ["C", "POSIX", "tr_TR.ISO-8859-9", "nonsense"])
def test_any_locale_will_do(improved, locale):
    settings = {
        "LC_ALL": locale,
        "LANG": "tr_TR.UTF-8",
        "LANGUAGE": "tr",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
    }
    done = run("diff", *improved, "--dataset", "made", "--exit-code", capture_output=True, env=settings)
    assert (done.returncode, done.stderr) == (0, b"")


def test_json_for_an_output_without_unicode_loses_nothing(improved):
    path = improved[1] / "made" / "entries.json"
    path.write_text(path.read_text().replace("Model one", "Größe"), encoding="utf-8")
    for document in (improved[1] / "made" / "one" / "metrics.json",):
        document.write_text(document.read_text().replace("Model one", "Größe"), encoding="utf-8")
    words = ("diff", *improved, "--dataset", "made", "--json")
    read = [
        json.loads(run(*words, capture_output=True, env={"PYTHONIOENCODING": e}).stdout) for e in ("ascii", "utf-8")
    ]
    assert read[0] == read[1]


def test_a_closed_stream_changes_no_status_and_gets_no_file(improved, tmp_path):
    words = [sys.executable, "-m", "benchmark", "diff", *map(str, improved), "--dataset", "made", "--exit-code"]
    for closed in (">&-", ">&- 2>&- <&-"):
        command = ["sh", "-c", f'exec "$@" {closed}', "sh", *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), closed


@pytest.mark.parametrize("words", [("compare", "svm-hog", "lr-hog"), ("history",), ("--help",), ("diff", "nowhere")])
def test_whoever_stops_reading_changes_no_status(words):
    expected = run(*words, capture_output=True).returncode
    reading, writing = os.pipe()
    os.close(reading)
    done = run(*words, stdout=writing, stderr=writing)
    os.close(writing)
    assert done.returncode == expected


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no device that is always full")  # noqa: PTH110
def test_a_full_disk_behind_the_output_is_an_error_in_words(improved):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = run("diff", *improved, "--dataset", "made", stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard output cannot be written\n  found:    No space left")
    assert "Exception ignored" not in done.stderr


def test_a_name_that_is_too_long_is_no_revision_and_no_path(capsys):
    done = run("diff", "x" * 300, capture_output=True, text=True)
    assert done.returncode == 2
    assert "is neither a commit" in done.stderr
    done = run("diff", "HEAD" + "^0" * 400, "HEAD", "--exit-code", capture_output=True, text=True)
    assert done.returncode in (0, 3), done.stderr
    for option in ("--data-dir", "--models-dir", "--build-dir", "--entries"):
        with pytest.raises(SystemExit):
            parse(["list", option, "x" * 300])
        assert f"argument {option}: is too long for a path" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        *(["list", option, ""] for option in ("--data-dir", "--models-dir", "--build-dir", "--entries")),
        ["diff", "HEAD~1", "--repository", ""],
        ["predict", "", "photo.png"],
        ["predict", "model", ""],
    ],
    ids=" ".join,
)
def test_an_empty_text_is_no_path(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 2
    assert "is empty, where a path is wanted" in capsys.readouterr().err


def test_results_of_other_files_are_told_of_when_files_are_accepted(improved, monkeypatch, capsys):
    monkeypatch.setattr(dataset, "load_dataset", lambda *_, **__: SimpleNamespace(entry=SimpleNamespace(name="made")))
    monkeypatch.setattr(dataset, "format_summary", lambda _: "")
    again = f".venv/bin/python -m benchmark bench --dataset made --models-dir {improved[0]}"
    for digest, told in (("d" * 64, ""), ("0" * 64, f"1 stored result is of other files; measure: {again}\n")):
        monkeypatch.setattr(dataset, "summary", lambda _, digest=digest: {"digest": digest})
        words = ["data", "--dataset", "made", "--models-dir", str(improved[0]), "--quiet"]
        assert main([*words, "--accept"]) == 0
        assert capsys.readouterr().err == told
        assert main(words) == 0
        assert capsys.readouterr().err == ""
