"""The page *Compare*: any two models on the same test images."""

from __future__ import annotations

from typing import Any

from benchmark.publish.explorer import Explorer
from benchmark.results import ModelResult

N_BESIDE = 8  # of each of two models


def compare_page(explorer: Explorer) -> dict[str, Any]:
    """Return what *Compare* shows before anybody chooses: the leader against the second, and against each other model."""
    titles = [model.metrics["title"] for model in explorer.models]
    rows = [explorer.pair(0, j) for j in range(1, len(explorer.models))]
    return {
        "models": [(model.name, model.metrics["title"]) for model in explorer.models],
        "pair": _first_pair(explorer, rows[0]) if rows else None,
        "rows": [
            (
                titles[row["second"]],
                _interval(row, ""),
                row["p_adjusted"],
                str(row["only_first"]),
                str(row["only_second"]),
                str(row["both_wrong"]),
                f"{100 * row['agree']:.1f} %",
            )
            for row in rows
        ],
    }


def _first_pair(explorer: Explorer, pair: dict[str, Any]) -> dict[str, Any]:
    """Return the leader against the second in the words that the script uses for any pair."""
    first, second = explorer.models[:2]
    one, other = first.metrics["title"], second.metrics["title"]
    place = "ahead of" if pair["difference"] >= 0 else "behind"
    noise = "more than noise" if pair["real"] else "within noise"
    agree = f"{100 * pair['agree']:.1f} % of {len(explorer.stored.test_labels):,}"
    return {
        "label": f"{one} against {other}",
        "verdict": f"{one} is {abs(100 * pair['difference']):.2f} points {place} {other}: {noise}.",
        "facts": [
            ("Difference, 95 % interval", _interval(pair, "+")),
            ("McNemar mid-p; adjusted over all pairs", f"{pair['p']}; {pair['p_adjusted']}"),
            (f"Only {one} right", pair["only_first"]),
            (f"Only {other} right", pair["only_second"]),
            ("Both wrong", pair["both_wrong"]),
            ("Same prediction", agree),
        ],
        "sides": [_side(explorer, first, second), _side(explorer, second, first)],
    }


def _side(explorer: Explorer, right: ModelResult, wrong: ModelResult) -> dict[str, Any]:
    """Return the first of the images that one model gets right and the other wrong."""
    alone = explorer.stored.correct(right) & ~explorer.stored.correct(wrong)
    return {
        "title": f"{right.metrics['title']} is right, {wrong.metrics['title']} wrong: {_images(int(alone.sum()))}",
        "n": int(alone.sum()),
        "items": explorer.garments([i for i in explorer.tiles if alone[i]][:N_BESIDE], wrong),
    }


def _interval(pair: dict[str, Any], sign: str) -> str:
    """Return a paired difference with its interval, in points."""
    value, low, high = (f"{100 * pair[key]:{sign}z.2f}".replace("-", "−") for key in ("difference", "low", "high"))
    return f"{value} points [{low}, {high}]" if sign else f"{value} [{low}, {high}]"


def _images(n: int) -> str:
    return f"{n} image{'' if n == 1 else 's'}"
