"""Comparisons in words: what a terminal and a pull request say alike, and the latter's comment.

Input: a `Comparison`. Output: rows, lines and Markdown. The JSON form is the document itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmark.compare.documents import ClassChange, Comparison, Flip, MetricChange, ModelChange, Place, Side
from benchmark.compare.sentences import distance
from benchmark.compare.tables import code_span, markdown_table, posted
from benchmark.results import METRICS
from benchmark.results.numbers import (
    NOT_RECORDED,
    NOTHING,
    change_text,
    class_words,
    format_p,
    listed,
    points,
    reading_text,
)

HEADER = ("model", "verdict", "accuracy, %", "change, points [95 %]", "p (Holm)", "lost, won", "CV, points", "note")
METRIC_HEADER = ("metric", "before", "after", "change", "better is")
CLASS_HEADER = ("class", "recall, %", "change, points", "p (Holm)", "precision, points")
FLIPS = ("right → wrong", "wrong → right", "wrong → wrong otherwise")
N_INDICES = 20
N_FOLDED = 100  # a pull request's comment holds 65,536 characters
TITLES = {metric.name: metric.title for metric in METRICS}


def format_markdown(comparison: Comparison) -> str:
    """Return the comparison as a comment on a pull request: the sentence first, long parts folded."""
    lines = [f"**{posted(comparison['sentence'])}**", ""]
    lines += markdown_table([HEADER, *map(model_row, comparison["models"])])
    for model in comparison["models"]:
        if is_same(model):
            continue
        words = posted(f"{model['title']}: {model['verdict']} ({model['reason']})")
        lines += ["", f"<details><summary>{words}</summary>", ""]
        lines += markdown_table([METRIC_HEADER, *metric_rows(model)])
        if model["classes"]:
            lines += ["", *markdown_table([CLASS_HEADER, *class_rows(model)])]
        lines += [
            "",
            *(
                f"- {posted(line)}"
                for line in [*machine_lines(model), *changed_lines(model), *flip_lines(model, N_FOLDED)]
            ),
            "",
            "</details>",
        ]
    about = [
        f"{end}: {', '.join(code_span(part) for part in head(side) if part)}"
        for end, side in (("Before", comparison["before"]), ("After", comparison["after"]))
    ]
    told = [posted(line) for line in notes(comparison)]
    return "\n".join([*lines, "", *(f"- {line}" for line in [*about, *told])])


def head(side: Side) -> tuple[str, ...]:
    """Return what one side of a comparison is: its label, commit, date and subject."""
    return (side["label"], (side["commit"] or "")[:10], (side["date"] or "")[:10], side["subject"] or "")


def is_same(model: ModelChange) -> bool:
    """Return whether nothing about a model changed, not even a time."""
    moved = model["changed"] or any(change["change"] for change in model["metrics"])
    return model["verdict"] == "unchanged" and not moved


def model_row(model: ModelChange) -> tuple[str, ...]:
    """Return a model's row under HEADER."""
    by_name = {change["metric"]: change for change in model["metrics"]}
    accuracy, cross_validated = by_name.get("accuracy"), by_name.get("cv_accuracy")
    test = model["test"]
    return (
        model["name"],
        model["verdict"],
        _arrow(accuracy),
        f"{points(test['difference'], '+')} [{points(test['low'], '+')}, {points(test['high'], '+')}]" if test else "",
        format_p(test["p_adjusted"]) if test else "",
        f"{test['only_before']}, {test['only_after']}" if test else "",
        "" if cross_validated is None or cross_validated["change"] is None else points(cross_validated["change"], "+"),
        _note(model),
    )


def _note(model: ModelChange) -> str:
    """Return what the row's cells do not say: the detectable difference, the effect of another seed, or the reason."""
    test, seeds = model["test"], model["seeds"]
    if test is None:
        return "" if model["verdict"] == "unchanged" else model["reason"]
    notes = [] if test["detectable"] is None else [f"could detect {points(test['detectable'])} points"]
    notes += ["too few images to find any"] if model["verdict"] == "within noise" and not notes else []
    notes += [f"a change of seed does {'as much' if seeds['explains'] else 'less'}"] if seeds else []
    return "; ".join(notes)


def _arrow(change: MetricChange | None) -> str:
    ends = [end["value"] for end in (change["before"], change["after"]) if end] if change else []
    return " → ".join(dict.fromkeys(points(end) for end in ends if end is not None))


def metric_rows(model: ModelChange) -> list[tuple[str, ...]]:
    """Return a row for each declared metric."""
    return [_metric_row(change) for change in model["metrics"] if change["before"] or change["after"]]


def _metric_row(change: MetricChange) -> tuple[str, ...]:
    sides = (("before", change["before"]), ("after", change["after"]))
    ends = [
        NOT_RECORDED if side in change["not_recorded"] else reading_text(value, change["unit"]) for side, value in sides
    ]
    return (
        TITLES[change["metric"]],
        *ends,
        change_text(change["before"], change["after"], change["change"], change["unit"]),
        change["better"],
    )


def class_rows(model: ModelChange) -> list[tuple[str, ...]]:
    """Return a row for each class in which something changed, the smallest p-value first."""
    return [
        (
            row["name"],
            f"{share(row['recall_before'])} → {share(row['recall_after'])}",
            f"{points(row['recall_change'], '+', 1)} ({row['only_before']} lost, {row['only_after']} won)",
            format_p(row["p_adjusted"]),
            NOTHING if row["precision_change"] is None else points(row["precision_change"], "+", 1),
        )
        for row in moved_classes(model)
    ]


def moved_classes(model: ModelChange) -> list[ClassChange]:
    """Return the classes in which something changed, the smallest p-value first."""
    moved = [row for row in model["classes"] if row["only_before"] or row["only_after"] or row["precision_change"]]
    return sorted(moved, key=lambda row: row["p"])


def share(value: float | None) -> str:
    """Return a share in percent, without the sign."""
    return NOTHING if value is None else points(value, digits=1)


def machine_lines(model: ModelChange) -> list[str]:
    """Return where the times were measured."""
    return [f"times on: {' → '.join(dict.fromkeys(model['machines']))}"] if model["machines"] else []


def changed_lines(model: ModelChange) -> list[str]:
    """Return a line for each circumstance that changed."""
    return [
        f"{item['what']}: {_told(item['before'], item['after'])}"
        for item in model["changed"]
        if item["what"] != "machine"
    ]


def _told(before: Any, after: Any) -> str:
    if isinstance(before, list) and isinstance(after, list):
        pairs = zip(before, after, strict=False)
        told = [f"{old} → {new}" for old, new in pairs if old != new] if len(before) == len(after) else []
        return ", ".join(told) or f"{', '.join(map(str, before))} → {', '.join(map(str, after))}"
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return f"{before} → {after}"
    return ", ".join(
        f"{name.rpartition('__')[2]} {before.get(name, '–')} → {after.get(name, '–')}"
        for name in dict.fromkeys([*before, *after])
        if name not in before or name not in after or before[name] != after[name]
    )


def flip_lines(model: ModelChange, most: int, kinds: tuple[str, str, str] = FLIPS) -> list[str]:
    """Return a line for each kind of flip, called as `kinds` say, with the first `most` images of the first two."""
    lines = []
    for what, flips in zip(kinds[:2], (model["right_to_wrong"], model["wrong_to_right"]), strict=True):
        if flips:
            counts = Counter(flip["true"] for flip in flips).most_common()
            classes = ", ".join(f"{class_words(name)} {n}" for name, n in counts)
            lines += [f"{what}: {len(flips)} ({classes}): images {_indices(flips, most)}"]
    if model["wrong_to_wrong"]:
        lines += [f"{kinds[2]}: {model['wrong_to_wrong']}"]
    return lines


def _indices(flips: Sequence[Flip], most: int) -> str:
    shown = ", ".join(str(flip["index"]) for flip in flips[:most])
    return shown + (", … (all in --format json)" if len(flips) > most else "")


def place_line(place: Place) -> str:
    """Return a model's rank and its distance from the leader."""
    return f"{place['name']}: {_rank(place)}{_behind(place)}"


def _rank(place: Place) -> str:
    best, worst = place["best"], place["worst"]
    if best is None:
        return "a reference, not ranked"
    if place["n_ranked"] == 1:
        return "the only ranked model"
    return f"rank {best if best == worst else f'{best}–{worst}'} of {place['n_ranked']}"


def _behind(place: Place) -> str:
    """Return how far a model is from the leader; nothing of a model that is alone."""
    behind, low, high = place["behind"], place["low"], place["high"]
    if behind is None or low is None or high is None:
        return ", the leader" if place["n_ranked"] > 1 and place["best"] is not None else ""
    if behind < 0:  # a reference that is better
        low, high = -high, -low
    return f", {distance(-behind)} the leader [{points(low)}, {points(high)}]"


def newly_recorded(comparison: Comparison) -> list[str]:
    """Return the titles of the metrics that the results before are older than."""
    changes = [change for model in comparison["models"] for change in model["metrics"]]
    names = [change["metric"] for change in changes if change["not_recorded"] == ["before"]]
    return [TITLES[name] for name in dict.fromkeys(names)]


def notes(comparison: Comparison) -> list[str]:
    """Return the notes on all rows: the families, what a test could detect, how often the test set was used."""
    told = []
    secondary = comparison["secondary"]
    if any(model["test"] for model in comparison["models"]):
        told += [
            f"Primary family: accuracy, {_family(comparison)}; it alone decides, by the adjusted p. Secondary: recall of "
            f"classes, {_tests(secondary['size'])}, {secondary['rejected']} below 5 %. McNemar mid-p, Holm. Intervals are a "
            "single comparison's; times are shown, not judged.",
        ]
    if comparison["counts"]["within noise"]:
        told += ["“Could detect”: the smallest difference that the test finds in 4 of 5 cases."]
    if new := newly_recorded(comparison):
        told += [f"Recorded since, and not before: {listed(new)}."]
    use = comparison["use"]
    if use and comparison["counts"]["improved"]:
        told += [
            f"Predictions on these test images changed in {'at least ' if use['at_least'] else ''}{use['commits']} "
            f"commit{'s' if use['commits'] != 1 else ''} since the labels last did: what is chosen by them wears out.",
        ]
    return told


def _family(comparison: Comparison) -> str:
    """Return which tests are adjusted with those that are shown."""
    told, places = _tests(comparison["primary"]["size"]), comparison["places"]
    if not places:
        return told
    ranked = all(place["best"] is not None for place in places)
    return f"{told}, of all pairs of ranked models" if ranked else f"{told}: a reference is in no pair of ranked models"


def _tests(number: int) -> str:
    return f"{number} test{'' if number == 1 else 's'}"
