"""Commands as a person types them: make targets in a checkout, `fashion-bench …` where the package is installed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from benchmark.layout import is_checkout

PROGRAM = "fashion-bench"
OF_ENTRIES = ("data", "bench", "site", "list")
TARGETS = (*OF_ENTRIES, "serve", "compare", "diff", "history")
BARE = {"compare": ("MODELS",), "diff": ("BASE", "HEAD")}  # what a command takes without a flag
VALUE = r"[^\s,)`<\"]+"


def command_line(text: str, options: Mapping[str, str]) -> str:
    """Return `text` with the commands that it names as one types them here, with the `options` of this call.

    Errors name make targets (`make bench MODELS=dummy`); an installed package has no Makefile.

    Examples
    --------
    >>> command_line("make bench MODELS=dummy", {"dataset": "digits"})  # in a checkout
    'make bench MODELS=dummy DATASET=digits'

    """

    def typed(found: re.Match[str]) -> str:
        target, given = found[1], dict(word.split("=", 1) for word in found[2].split())
        given |= {name.upper(): value for name, value in options.items() if name != "entries" or target in OF_ENTRIES}
        if is_checkout():
            return " ".join(["make", target, *(f"{name}={value}" for name, value in given.items())])
        bare = [word for name in BARE.get(target, ()) for word in given.pop(name, "").split(",") if word]
        flags = [f"--{name.lower()}" + (f" {value}" if value != "1" else "") for name, value in given.items()]
        return " ".join([PROGRAM, target, *bare, *flags])

    text = re.sub(rf"\bmake ({'|'.join(TARGETS)})\b((?: [A-Z]+={VALUE}(?:,{VALUE})*)*)", typed, text)
    return text if is_checkout() else text.replace("python -m benchmark", PROGRAM)
