"""The README cannot drift from the results, the commands or the code."""

from __future__ import annotations

import dataclasses
import errno
import gzip
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tomllib
from types import SimpleNamespace

import pytest
import yaml
from PIL import Image

from benchmark import __version__, dataset, disk, load_model
from benchmark.command import Command
from benchmark.commands import main
from benchmark.commands.usage import COMPLETION
from benchmark.compare.repository import Repository
from benchmark.dataset import fetch
from benchmark.errors import BenchmarkError, ResultsError
from benchmark.measure import keys, model, processes, record, remote, setting
from benchmark.measure.engine import Engine
from benchmark.measure.task import TaskFailedError
from benchmark.measure.watch import Watch
from benchmark.models import MODELS
from benchmark.progress import Reporter
from benchmark.publish import readme, serve
from benchmark.results import load_results
from tests import made
from tests.conftest import ROOT, SAMPLE
from tools import environment

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_leaderboard_is_that_of_the_results_in_head(tmp_path):
    archive = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "HEAD", "models", "README.md"], capture_output=True, check=False
    )
    if archive.returncode:
        pytest.skip("this is no git checkout with results")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tree:
        tree.extractall(tmp_path, filter="data")
    stored = load_results(tmp_path / "models", "fashion-mnist")
    assert not readme.rewrite_readme(tmp_path / "README.md", stored), "make readme, and commit it with the results"


def test_a_readme_without_its_marks_is_refused(tmp_path, whole_run):
    (tmp_path / "README.md").write_text("# None")
    stored = load_results(whole_run[0] / "models", "fashion-mnist-sample")
    with pytest.raises(ResultsError, match="no place for the leaderboard"):
        readme.rewrite_readme(tmp_path / "README.md", stored)


def test_a_readme_of_ones_own_needs_the_leaderboards_marks_alone(tmp_path, whole_run):
    begin, end = (mark.format("leaderboard") for mark in readme.MARKS)
    path = tmp_path / "README.md"
    path.write_text(f"# Mine\n\n{begin}\n{end}\n")
    assert readme.rewrite_readme(path, load_results(whole_run[0] / "models", SAMPLE))
    assert "| rank | model |" in path.read_text()
    assert all(mark.format("limits") in README for mark in readme.MARKS)


def test_every_command_has_help_and_stands_in_the_readme(capsys):
    with pytest.raises(SystemExit):
        main.main(["--help"])
    text = capsys.readouterr().out
    names = re.findall(r"^    ([a-z]+)  +\S", text, flags=re.MULTILINE)
    assert len(names) >= 7
    assert all(f"`{name}`" in README for name in names)


def test_every_make_target_named_exists_and_has_its_line_of_help():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## \S", makefile, flags=re.MULTILINE))
    phony = set(
        re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", makefile, flags=re.MULTILINE).group(1).replace("\\", "").split()
    )
    assert phony == targets
    told = README + (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", told, flags=re.MULTILINE)) <= targets


def block(name):
    """Return the file `name` as the README shows it, and write it as a user would."""
    return re.search(rf"```python\n(# {name}\n.*?)```", README, flags=re.DOTALL).group(1)


def test_the_model_in_the_readme_runs_as_it_stands_there(tmp_path, command):
    (tmp_path / "my_models.py").write_text(block("my_models.py"), encoding="utf-8")
    where = ("--dataset", SAMPLE, "--models-dir", tmp_path / "models", "--build-dir", tmp_path / "build")
    done = command("bench", "--entries", tmp_path / "my_models.py", "--models", "nb-pixels", *where)
    assert done.returncode == 0, done.stderr
    assert "Naive Bayes, pixels" in done.stdout
    assert (tmp_path / "build" / "site" / SAMPLE / "models" / "nb-pixels" / "index.html").exists()


def test_the_data_set_in_the_readme_is_accepted_as_it_stands_there(tmp_path, command):
    home = tmp_path / "letters"
    elsewhere = f"import dataclasses\n\nDATASETS = [dataclasses.replace(DATASETS[0], home={str(home)!r})]\n"
    (tmp_path / "my_data.py").write_text(block("my_data.py") + elsewhere, encoding="utf-8")
    for folder in (home / part / name for part in ("train", "test") for name in "ABC"):
        folder.mkdir(parents=True)
        for i in range(4):
            Image.new("L", (9, 7), 20 * i).save(folder / f"{i}.png")
    options = ("--entries", tmp_path / "my_data.py", "--build-dir", tmp_path / "build")
    done = command("data", "letters", "--accept", *options)
    assert done.returncode == 0, done.stderr
    assert "12 training and 12 test images of 7 x 9 pixels" in done.stdout
    assert len((home / "SHA256SUMS").read_text().splitlines()) == 4


def test_the_pickle_in_the_readme_is_used_as_it_stands_there(tmp_path, whole_run):
    shown = re.search(r"```python\n(from pathlib import Path\n.*?)```", README, flags=re.DOTALL).group(1)
    images = tmp_path / "t10k-images-idx3-ubyte"
    images.write_bytes(gzip.decompress((ROOT / "tests" / "data" / f"{images.name}.gz").read_bytes()))
    for theirs, ours in (
        ("models/fashion-mnist/svm-hog", whole_run[0] / "models" / SAMPLE / "svm-pixels"),
        ("data/fashion-mnist/t10k-images-idx3-ubyte", images),
    ):
        assert theirs in shown
        shown = shown.replace(theirs, str(ours))
    names = {}
    exec(shown, names)  # noqa: S102
    assert names["labels"].shape == (100,)


def test_the_costs_are_those_that_the_results_record(tmp_path):
    names = ["one", "two"]
    made.write_table(tmp_path / "made", names)
    for name, (search, fit, memory, size) in zip(names, [(600, 60, 2e9, 3e6), (1200, 120, 1e9, 4e6)], strict=True):
        made.write_model(tmp_path / "made", name, made.predictions(range(10)))
        path = tmp_path / "made" / name / "run.json"
        run = json.loads(path.read_text())
        assert run["machine"]["cores"] == 2
        run["seconds"] |= {"search": search, "fit": fit}
        path.write_text(
            json.dumps(run | {"peak_memory_bytes": int(memory), "pickle": run["pickle"] | {"bytes": int(size)}})
        )
    told = readme.costs(load_results(tmp_path, "made"))
    assert "**Time:** 18.0 min on 2 cores for the searches and final fits of 2 models" in told  # 5 + 1 + 10 + 2
    assert "**Memory:** 2.00 GB for" in told
    assert "**Disk:** 7.0 MB for" in told or "**Disk:** 7.00 MB for" in told


def test_the_first_lines_say_what_the_project_says():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    first = README.partition("\n\n")[2].partition("\n\n")[0]
    assert f"[{project['license']} licence](LICENSE)" in first
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in first
    assert "github.io" not in README  # whose address would be another's in a fork


def test_completion_is_switched_on_as_the_readme_says():
    for line in COMPLETION.values():
        assert f"\n{line.format('.venv/bin/python -m benchmark')}\n" in README


def test_the_methods_pages_limits_are_whole_and_without_a_template():
    limits = readme.limits()
    assert limits.startswith("- Intervals")
    assert limits.endswith("not judged.")
    assert "{" not in limits


def test_the_pictures_are_there_and_small():
    for path in [ROOT / name for name in re.findall(r"(?:src|srcset)=\"([^\"]+)\"", README)]:
        assert path.stat().st_size <= 200_000


def test_the_version_is_the_same_everywhere():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project.get("version", __version__) == __version__
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == __version__


# ------------------------------------------------------------------------------------------- when something goes wrong
START = Command("worker", dask="tcp://127.0.0.1:1")


def told_rows():
    return re.findall(r"^\| `(.*?)` \|", README.split("## When something goes wrong")[1], flags=re.MULTILINE)


def is_told(message):
    """Say whether the first line of an error stands in the README, where … is what differs from case to case."""
    patterns = [".*".join(map(re.escape, row.split("…"))) for row in told_rows()]
    return (
        sum(bool(re.fullmatch(pattern, message.removeprefix("error: ").splitlines()[0])) for pattern in patterns) == 1
    )


def raised(function, *arguments, **settings):
    with pytest.raises((BenchmarkError, environment.SetUpError)) as caught:
        function(*arguments, **settings)
    return str(caught.value)


def old_python(folder, monkeypatch):
    return raised(environment.refuse_old_python, (3, 9, 2), "/usr/bin/python3")


def no_ensurepip(folder, monkeypatch):
    monkeypatch.setattr(environment, "has_module", lambda _: False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    return raised(environment.choose_maker)


def no_packages(folder, monkeypatch):
    monkeypatch.setattr(environment, "choose_maker", lambda: [sys.executable, "-m", "venv", "--without-pip"])
    return raised(environment.set_up, str(folder / "venv"), "requirements.lock", "")


def no_source(folder, monkeypatch):
    (folder / "data" / "fashion-mnist").mkdir(parents=True)
    shutil.copy(ROOT / "data" / "fashion-mnist" / "SHA256SUMS", folder / "data" / "fashion-mnist")
    offline = dataclasses.replace(dataset.DATASETS["fashion-mnist"], urls=(), debian_package="")
    return raised(fetch.fetch, offline, root=folder, cache_dir=folder / "cache", report=lambda _: None)


def altered_file(folder, monkeypatch):
    shutil.copytree(ROOT / "tests" / "data", folder / "data")
    packed = folder / "data" / f"{dataset.FILES[3]}.gz"
    labels = bytearray(gzip.decompress(packed.read_bytes()))
    labels[8], labels[9] = labels[9], labels[8]
    assert labels[8] != labels[9]
    packed.write_bytes(gzip.compress(labels))
    settings = {"root": ROOT, "data_dir": folder / "data", "cache_dir": folder / "cache", "report": lambda _: None}
    return raised(dataset.load_dataset, SAMPLE, **settings)


def killed_fit(folder, monkeypatch):
    return processes.KILLED


def failed_fit(folder, monkeypatch):
    error = TaskFailedError("ValueError: no such luck")
    error.where = "search, fold 1, classifier__C=1"
    return str(record.unfit(MODELS[1], error))


def too_little_memory(folder, monkeypatch):
    sample = dataset.load_dataset(SAMPLE, root=ROOT, cache_dir=folder, report=lambda _: None)
    given = setting.Setting(ROOT, folder, folder, sample, 2, Reporter(quiet=True))
    return raised(model.check_memory, model.Model(given, MODELS[1], None, 0), 1, 1)


def no_scheduler(folder, monkeypatch):
    return str(remote._unanswered("tcp://127.0.0.1:1", OSError("refused")))


def foreign_worker(folder, monkeypatch):
    return raised(remote._check_worker, None, START, "tcp://127.0.0.1:1", {"resources": {}})


def other_worker(folder, monkeypatch):
    return raised(remote.check_versions, "tcp://127.0.0.1:1", {"numpy": "1.0"}, START)


def no_worker(folder, monkeypatch):
    return str(Watch(None, None, None, START, set(), 0)._abandoned())


def no_scheduler_any_more(folder, monkeypatch):
    client = SimpleNamespace(subscribe_topic=lambda *_: None, scheduler=None)
    return str(Engine(client, memory=0, kept=0, local=False, accelerated=False, report=None)._gone())


def stale_result(folder, monkeypatch):
    return f"changed since it was measured: {keys.PARTS['code']}"


def no_pickle(folder, monkeypatch):
    return raised(load_model, folder / "model.pkl")


def other_pickle(folder, monkeypatch):
    shutil.copy(ROOT / "models" / "fashion-mnist" / "dummy" / "run.json", folder)
    (folder / "model.pkl").write_bytes(b"another")
    return raised(load_model, folder / "model.pkl")


def full_disk(folder, monkeypatch):
    def refuse(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuse)
    return raised(disk.write_atomically, folder / "metrics.json", b"{}")


def taken_port(folder, monkeypatch):
    (folder / "site").mkdir()
    (folder / "site" / "index.html").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return raised(serve.serve, folder, taken.getsockname()[1])


def shallow_clone(folder, monkeypatch):
    subprocess.run(["git", "clone", "--quiet", "--depth=1", ROOT.as_uri(), str(folder / "clone")], check=True)
    message = raised(Repository(folder / "clone").commit, "HEAD~1")
    assert " fetch --unshallow" in message
    return message


def no_clone(folder, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    return raised(Repository(folder).commit, "HEAD")


def foreign_owner(folder, monkeypatch):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    return raised(Repository(made.repository(folder / "theirs")).commit, "HEAD")


TROUBLES = [
    old_python, no_ensurepip, no_packages, no_source, altered_file, killed_fit, failed_fit, too_little_memory, no_scheduler, foreign_worker,
    other_worker, no_worker, no_scheduler_any_more, stale_result, no_pickle, other_pickle,
    full_disk, taken_port, shallow_clone, no_clone, foreign_owner,
]  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda function: function.__name__)
def test_an_error_stands_in_the_readme_as_it_is_printed(trouble, tmp_path, monkeypatch):
    message = trouble(tmp_path, monkeypatch)
    assert is_told(message), message


def test_the_readme_tells_no_error_that_is_not_printed():
    assert len(told_rows()) == len(TROUBLES)
