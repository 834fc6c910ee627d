"""Documents made wrong: a value replaced, a key or an item left out or doubled, bytes changed."""

from __future__ import annotations

import copy
import json

from hypothesis import strategies as st

DIGITS = "9" * 5000
WRONG = [
    None, True, -1, 0, 1, 2, 1.7, -0.5, 1e-300, 1e300, float("nan"), float("inf"), 2**53 + 1, 10**30, "", "a", "../up", "a\0b",
    "é\u202e<b>", [], [1], [None], ["a", "a"], [[]], {}, {"a": 1}, {"value": 2.0}, {"value": 0.5, "low": 0.6, "high": 0.4},
]  # fmt: skip
TEXTS = ["\\ud800", DIGITS, "1e999", "[" * 3000 + "]" * 3000, "NaN", "-0", "00", '{"a": 1, "a": 2}', "truu", '"\x01"']


@st.composite
def mutated(draw, document):
    """Return the bytes of a JSON document with one to three things wrong."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        _mutate(draw, changed)
    text = json.dumps(changed)
    kind = draw(st.integers(0, 9))
    if kind == 0:  # a value that no parser of ours would have written
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(st.sampled_from(TEXTS)) + text[place:]
    elif kind == 1:
        text = text.replace("0.5", draw(st.sampled_from(TEXTS)), 1)
    content = text.encode("utf-8", "surrogatepass")
    if kind == 2:
        content = content[: draw(st.integers(0, len(content)))]
    elif kind == 3:
        place = draw(st.integers(0, max(0, len(content) - 1)))
        content = content[:place] + draw(st.binary(max_size=3)) + content[place + 1 :]
    return content


def _mutate(draw, document):
    """Change one place of a document, at any depth."""
    owner = document
    while True:
        keys = list(owner) if isinstance(owner, dict) else list(range(len(owner)))
        if not keys:
            return
        key = draw(st.sampled_from(keys))
        inner = owner[key]
        if not isinstance(inner, (dict, list)) or not inner or draw(st.integers(0, 3)) == 0:
            break
        owner = inner
    how = draw(st.sampled_from(("replace", "replace", "drop", "double", "empty")))
    if how == "drop":
        del owner[key]
    elif how == "double" and isinstance(owner, list):
        owner.insert(key, copy.deepcopy(owner[key]))
    elif how == "empty" and isinstance(owner[key], (dict, list)):
        owner[key].clear()
    else:
        owner[key] = copy.deepcopy(draw(st.sampled_from(WRONG)))  # it may be changed further
