"""The steps of a history in words: by commit, the worst news first, and the largest of all."""

from __future__ import annotations

import pytest

from benchmark.compare import steps

TITLES = {"a": "Model A", "b": "Model, B"}


def point(model, step, difference=None, *, commit=0, accuracy=0.9, p=0.01):
    return {
        "commit": commit, "model": model, "series": 0, "step": step, "difference": difference,
        "p_adjusted": None if difference is None else p, "machine": "", "values": {"accuracy": {"value": accuracy}},
        "not_recorded": [],
    }  # fmt: skip


def history(*points):
    return {"commits": [{"sha": "0" * 40, "date": "", "subject": "", "tests": 1}], "points": list(points)}


def test_commits_that_changed_no_prediction_are_left_out():
    told = history(point("a", "first"), point("a", "unchanged", commit=1), point("a", "rerun", commit=2))
    assert {number: len(points) for number, points in steps.changed_points(told).items()} == {0: 1, 2: 1}


def test_regressions_come_first_and_the_largest_step_of_each_kind():
    found = steps.groups(
        [
            point("a", "improved", 0.01),
            point("b", "improved", 0.02),
            point("c", "regressed", -0.001),
            point("d", "first", accuracy=0.5),
            point("e", "first", accuracy=0.8),
            point("f", "within noise", 0.0),
        ]
    )
    assert [(group.words, [p["model"] for p in group.points]) for group in found] == [
        ("regressed", ["c"]), ("improved", ["b", "a"]), ("added", ["e", "d"]), ("within noise", ["f"]),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (
            [point("svm-rich", "first", accuracy=0.9429), point("knn-hog", "improved", 0.003)],
            "knn-hog improved by 0.30 points; svm-rich added at 94.29 %",
        ),
        ([point("a", "regressed", -0.0047)], "a regressed by 0.47 points"),
        ([point("a", "within noise", -0.0001)], "a within noise (−0.01 points)"),
        ([point("a", "within noise", 0.0)], "a within noise (+0.00 points)"),
        ([point("a", "improved", 0.00004)], "a improved by less than 0.01 points"),
        ([point("a", "rerun")], "a measured on another machine (not judged) at 90.00 %"),
        ([point("a", "not comparable")], "a measured on other data (not comparable) at 90.00 %"),
        ([point("a", "returned")], "a returned at 90.00 %"),
        ([point(name, "first") for name in "abcd"], "4 models added"),
    ],
)
def test_a_headline_says_what_a_commit_did(changed, line):
    assert steps.headline(changed) == line


def test_the_largest_steps_are_those_tested_each_way():
    told = history(
        *[point(f"up{k}", "improved", k / 100) for k in (1, 3, 2)],
        point("down", "within noise", -0.001),
        point("level", "within noise", 0.0),
        point("new", "first"),
    )
    gains, losses = steps.largest(told)
    assert [p["model"] for p in gains] == ["up3", "up2"]
    assert [p["model"] for p in losses] == ["down"]
    assert steps.largest(history(point("new", "first"))) == ([], [])


def test_a_sentence_names_the_model_the_figure_and_the_test():
    told = steps.sentence(point("b", "improved", 0.01, accuracy=0.92, p=0.004), TITLES, 3)
    assert told == "Model, B (b): improved by 1.00 points, now 92.00 % (p 0.004, Holm over 3 tests)"
    assert steps.sentence(point("gone", "first"), TITLES, 0) == "gone: added at 90.00 %"
