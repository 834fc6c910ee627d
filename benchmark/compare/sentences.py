"""How a model does against another, in words: one place for commands and pages, so that they say the same of a pair."""

from __future__ import annotations

from benchmark.results.numbers import p_value, points
from benchmark.statistics import LEVEL


def standing(first: str, second: str, difference: float) -> str:
    """Return how one model does against another, by its accuracy less the other's, as the sentence without its full stop."""
    if not difference:
        return f"{first} and {second} are right equally often"
    return f"{first} is {distance(difference)} {second}"


def distance(difference: float) -> str:
    """Return how far a model is ahead of another or behind it; of a model that is level with it, that."""
    if not difference:
        return "level with"
    return f"{gap(difference)} {'ahead of' if difference > 0 else 'behind'}"


def gap(difference: float) -> str:
    """Return the size of a difference that is not 0."""
    far = points(abs(difference))
    return f"{far} points" if far.strip("0.") else "less than 0.01 points"


def leading(n_leaders: int, n_ranked: int) -> str:
    """Return what a sentence on how many images the leaders get right says after their names."""
    if n_ranked == 1:
        return "is the only ranked model: it gets"
    return "lead: each gets" if n_leaders > 1 else "leads: it gets"


def noise_verdict(p: float, *, ranked: bool) -> str:
    """Return whether a difference is real, as far as the test tells, with its p-value: of two ranked models one adjusted over all pairs."""
    return f"{real_or_noise(real=p < LEVEL)} ({'adjusted ' if ranked else ''}{p_value(p)})"


def real_or_noise(*, real: bool) -> str:
    """Return what a verdict on two models is called."""
    return "a real difference" if real else "within noise"
