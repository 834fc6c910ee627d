"""Failures are kept by model and folder of results until the model is measured."""

from __future__ import annotations

import pytest

from benchmark.results.failures import FILE, note_failures, read_failures


def messages(build, folder):
    return {name: failure["message"] for name, failure in read_failures(build, folder).items()}


def test_a_failure_is_kept_until_its_model_is_tried_again(tmp_path):
    here, there = tmp_path / "models" / "a", tmp_path / "models" / "b"
    assert messages(tmp_path, here) == {}
    note_failures(tmp_path, here, ["one", "two"], {"one": "no such luck", "two": "nor here"})
    note_failures(tmp_path, there, ["one"], {"one": "elsewhere"})
    assert messages(tmp_path, here) == {"one": "no such luck", "two": "nor here"}
    note_failures(tmp_path, here, ["two"], {"two": "again"})
    note_failures(tmp_path, here, ["one"], {})
    assert messages(tmp_path, here) == {"two": "again"}
    assert messages(tmp_path, there) == {"one": "elsewhere"}
    assert read_failures(tmp_path, here)["two"]["at"].endswith("+00:00")


def test_nothing_is_written_where_nothing_failed(tmp_path):
    note_failures(tmp_path, tmp_path / "models", ["one"], {})
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"schema_version": 1, "failures": [{"model": 3}]}', "\x00"])
def test_a_damaged_file_counts_as_empty_and_is_written_anew(tmp_path, content):
    (tmp_path / FILE).write_text(content)
    assert messages(tmp_path, tmp_path) == {}
    note_failures(tmp_path, tmp_path, ["one"], {"one": "no such luck"})
    assert messages(tmp_path, tmp_path) == {"one": "no such luck"}
