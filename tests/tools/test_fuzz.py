"""Fuzzing: what is mutated stays near its format, what a reader does wrong is found, and readers do nothing wrong."""

from __future__ import annotations

import gzip
import io
import json
import random
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT
from tools.fuzz import __main__ as fuzz
from tools.fuzz import mutate, run, seeds, targets

DOCUMENT = json.dumps({"a": [1, 2.5, None], "b": {"c": "x, y: {z}", "d": True}}, indent=1).encode()
FAMILIES = sorted({name.partition("-")[0] for name in targets.TARGETS})


def mutations(change, data, n=300):
    rng = random.Random(0)
    return [change(rng, data, [data]) for _ in range(n)]


# ------------------------------------------------------------------------------------------------------------ mutations
@pytest.mark.parametrize(
    ("change", "data"),
    [
        (mutate.mutated_bytes, bytes(100)),
        (mutate.mutated_json, DOCUMENT),
        (mutate.mutated_png, seeds.picture()),
        (mutate.mutated_gzip, gzip.compress(bytes(100), mtime=0)),
    ],
    ids=["bytes", "json", "png", "gzip"],
)
def test_a_seed_gives_the_same_mutations_most_of_them_new(change, data):
    found = mutations(change, data)
    assert found == mutations(change, data)
    assert len(set(found) - {data}) > 150


@pytest.mark.parametrize("change", [mutate.mutated_bytes, mutate.mutated_json, mutate.mutated_png, mutate.mutated_gzip])
@pytest.mark.parametrize("data", [b"", b"{", b'"', b"]]", b"\x89PNG\r\n\x1a\n", b"\x1f\x8b"])
def test_what_is_not_of_the_format_is_mutated_too(change, data):
    assert any(found != data for found in mutations(change, data))


def test_most_mutated_json_parses_and_has_another_meaning():
    others = 0
    for text in mutations(mutate.mutated_json, DOCUMENT):
        try:
            others += json.loads(text) != json.loads(DOCUMENT)
        except (ValueError, RecursionError):
            continue
    assert others > 150


def test_the_values_and_members_of_json_are_where_a_parser_finds_them():
    values, members = mutate.spans(DOCUMENT)
    texts = [DOCUMENT[start:end] for start, end in values]
    assert [json.loads(text) for text in texts if text[:1] not in b"{["] == [1, 2.5, None, "x, y: {z}", True]
    assert json.loads(texts[-1]) == json.loads(DOCUMENT)
    assert [json.loads(DOCUMENT[start:end]) for start, end, _ in members if end and DOCUMENT[start:end] == b"2.5"] == [
        2.5
    ]
    keys = [DOCUMENT[start:key_end] for start, _, key_end in members if key_end]
    assert sorted(map(json.loads, keys)) == ["a", "b", "c", "d"]


def test_a_png_file_is_taken_apart_and_put_together_with_right_checksums():
    data = seeds.picture("RGB", size=(6, 3))
    assert mutate.png_file(mutate.png_chunks(data)) == data
    chunks = [(name, body) for name, body in mutate.png_chunks(data) if name != b"IHDR"]
    header = dict(mutate.png_chunks(seeds.picture("RGB", size=(6, 3))))[b"IHDR"]
    with Image.open(io.BytesIO(mutate.png_file([(b"IHDR", header), *chunks]))) as picture:
        assert np.asarray(picture).shape == (3, 6, 3)


# ------------------------------------------------------------------------------------------------------------- findings
PLANTED = """
import sys, time
sys.path.insert(0, {root!r})
from benchmark.errors import BenchmarkError
from tools.fuzz.guard import Guard, MIB, WrongAnswerError
def refuse(data): raise BenchmarkError("it is bad", found=data.decode())
def fail(data): raise KeyError(data)
def leave(data): sys.exit(0)
def take(data): raise WrongAnswerError("it is taken", data)
def grow(data): return len(bytearray(b"x") * (300 * MIB))
def grow_far(data): return len(bytearray(b"x") * (2000 * MIB))
def wait(data):
    start = time.process_time()
    while time.process_time() - start < 1.2: pass
def write(data):
    with open({path!r}, "wb") as stream:
        for _ in range(260): stream.write(bytes(MIB))
guard = Guard()
for read in (refuse, refuse, len, fail, leave, take, grow, grow_far, wait, write, len):
    finding, outcome, new = guard.judge(read, b"a")
    print(finding.kind if finding else outcome or "taken", new, sep="|")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells and limits it all")
def test_each_kind_of_finding_is_told_from_what_a_reader_may_do(tmp_path):
    script = PLANTED.format(root=str(ROOT), path=str(tmp_path / "large"))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    rows = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rows) == 11, done.stderr
    assert [row[0].partition(" ")[0] for row in rows] == [
        "refuse", "refuse", "taken", "KeyError", "SystemExit", "it", "memory", "MemoryError", "time", "disk", "taken",
    ]  # fmt: skip
    assert [row[1] for row in rows[:3]] == ["True", "False", "True"]


CRASHING = """
import json, os, sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from tools.fuzz.worker import HELD, Held
task = json.loads(sys.argv[1])
for name, executions, begun in task["targets"]:
    if not begun:
        Held(Path(task["folder"], HELD)).hold(b"bad", 6)
        {end}
    print(json.dumps(dict(target=name, done=executions, refused=1)))
    print(json.dumps(dict(target=name, ended=True)), flush=True)
"""


@pytest.mark.parametrize("end", ["os.abort()", "time.sleep(60)"])
def test_an_input_that_ends_or_stops_a_worker_is_found_and_another_worker_goes_on(tmp_path, monkeypatch, end):
    (tmp_path / "worker.py").write_text(CRASHING.format(root=str(ROOT), end=end))
    monkeypatch.setattr(run, "WORKER", tmp_path / "worker.py")
    monkeypatch.setattr(run, "SILENT_SECONDS", 5)
    advanced = []
    fuzzing = run.Fuzzing({"one": 10}, seed=1, folder=tmp_path / "out", guided=False, advance=advanced.append)
    fuzzing.run(1)
    done = fuzzing.done["one"]
    (path,) = done.findings.values()
    assert path.read_bytes() == b"bad"
    assert (done.executions, done.refused) == (10, 1)
    assert "one: crash or hang" in path.with_suffix(".txt").read_text()


def test_a_target_that_did_not_end_has_taken_time_too(tmp_path):
    fuzzing = run.Fuzzing({"one": 10}, seed=1, folder=tmp_path, guided=False, advance=lambda _: None)
    worker = SimpleNamespace(stdout=io.StringIO('{"target": "one", "done": 5}\n'), kill=lambda: None)
    assert fuzzing._listen(worker, ["one"]) == (["one"], False)
    assert fuzzing.done["one"].executions == 5
    assert fuzzing.done["one"].seconds > 0


# -------------------------------------------------------------------------------------------------------------- readers
def test_every_type_of_document_is_a_target():
    from benchmark.results import DOCUMENTS

    assert {f"parse-{name}" for name in DOCUMENTS} < set(targets.TARGETS)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_reader_lets_anything_but_its_own_error_out(family, tmp_path, capsys):
    executions = {"parse": "3000", "cache": "1000"}.get(family, "400")
    words = ["--targets", family, "--executions", executions, "--seed", "1", "--jobs", "1", "--plain"]
    status = fuzz.main([*words, "--folder", str(tmp_path / "fuzz")])
    said = capsys.readouterr().out
    assert "with seed 1: " in said
    assert status == 0, said
