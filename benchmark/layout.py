"""Where things lie: in a checkout beside the package, in an installed package inside it; results go where one works.

Standard library alone, and nothing read or written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["PACKAGE", "PROGRAM", "command_line", "is_checkout", "shipped", "work_folder"]

PACKAGE = Path(__file__).resolve().parent
PROGRAM = "fashion-bench"
OF_ENTRIES = ("data", "bench", "site", "list")
TARGETS = (*OF_ENTRIES, "serve", "compare", "diff", "history")
BARE = {"compare": ("MODELS",), "diff": ("BASE", "HEAD")}  # what a command takes without a flag
VALUE = r"[^\s,)`<\"]+"


def is_checkout() -> bool:
    """Say whether the package runs from a checkout, where its templates lie beside it."""
    return (PACKAGE.parent / "mkdocs.yml").exists()


def shipped(name: str) -> Path:
    """Return where a file or folder lies that comes with the package: `templates`, `site_src`, `mkdocs.yml`, …."""
    return (PACKAGE.parent if is_checkout() else PACKAGE) / name


def work_folder() -> Path:
    """Return the folder of `data`, `models` and `build`: the checkout, or else the current folder."""
    return PACKAGE.parent if is_checkout() else Path.cwd()


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
