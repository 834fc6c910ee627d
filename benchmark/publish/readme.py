"""The costs, the leaderboard and the limits in the README, between their marks."""

from __future__ import annotations

import re
from pathlib import Path

from benchmark.command import word
from benchmark.compare.leaderboard import HEADER, cells, leaderboard
from benchmark.compare.tables import markdown_row
from benchmark.disk import write_atomically
from benchmark.errors import ResultsError
from benchmark.git import state
from benchmark.layout import shipped
from benchmark.results import Results, commit_text
from benchmark.results.numbers import listed, long_duration, memory_size

MARKS = "<!-- {}: begin (make readme) -->", "<!-- {}: end -->"


def readme_table(stored: Results) -> str:
    """Return the leaderboard as a Markdown table with the conditions that it was measured under."""
    rows = [HEADER, *map(cells, leaderboard(stored).rows)]
    lines = [*map(markdown_row, rows)]
    lines.insert(1, "|" + " --- |" * len(HEADER))
    runs = [model.run for model in stored.models]
    commits = sorted(set(map(commit_text, runs)))
    machines = sorted({f"{run['machine']['cpu']}, {run['machine']['cores']} cores" for run in runs})
    libraries = sorted({f"scikit-learn {run['libraries'].get('scikit-learn', 'unknown')}" for run in runs})
    data = stored.dataset
    if stored.apart:
        names = ", ".join(model.metrics["title"] for model in stored.apart)
        lines += ["", f"Not ranked, because measured on other data: {names}."]
    lines += [
        "",
        f"{data['n_train']:,} training and {data['n_test']:,} test images; commit {', '.join(commits)}; "
        f"{'; '.join(machines)}; Python {', '.join(sorted({run['python'] for run in runs}))}, {', '.join(libraries)}. "
        "Ranks come from all pairwise tests (McNemar mid-p, Holm at 5 %); the interval behind the leader is paired. "
        "AUCs from probabilities and from decision values are not comparable.",
    ]
    return "\n".join(lines)


def rewrite_readme(path: Path, stored: Results) -> bool:
    """Put costs, leaderboard and what the figures do not mean between their marks in the README; return whether that changed it.

    Raises
    ------
    ResultsError
        If the marks, or the file, are not there.

    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    new = text
    for name, content in (("costs", costs(stored)), ("leaderboard", readme_table(stored)), ("limits", limits())):
        begin, end = (mark.format(name) for mark in MARKS)
        before, begun, rest = new.partition(begin)
        _, ended, after = rest.partition(end)
        if name != "leaderboard" and not begun and not ended:
            continue  # a README of one's own need not say it
        if not begun or not ended:
            raise ResultsError(
                f"{path} has no place for the {name}",
                expected=f"{begin} … {end}",
                found="no such marks",
                remedy=f"git -C {word(path.parent)} checkout HEAD -- {word(path.name)}"
                if state(path) == "changed"
                else f"write these two lines into {word(path)}",
            )
        new = f"{before}{begin}\n{content}\n{end}{after}"
    write_atomically(path, new.encode())
    return new != text


def costs(stored: Results) -> str:
    """Return what a whole bench took where it was measured: time, memory, and the disk that its pickles take."""
    runs = [model.run for model in stored.models]
    # candidates are scored side by side on all cores
    seconds = sum(run["seconds"]["search"] / run["machine"]["cores"] + run["seconds"]["fit"] for run in runs)
    cores = listed(sorted({str(run["machine"]["cores"]) for run in runs}, key=int))
    return (
        f"- **Time:** {long_duration(seconds)} on {cores} cores for the searches and final fits of {len(runs)} models; other seeds, learning "
        "curves and the site come on top. The environment and the data set take a minute or two before.\n"
        f"- **Memory:** {memory_size(max(run['peak_memory_bytes'] for run in runs))} for the largest fit.\n"
        f"- **Disk:** {memory_size(sum(run['pickle']['bytes'] for run in runs))} for the pickles."
    )


def limits() -> str:
    """Return what the figures do not mean, in the words of the methods page."""
    methods = (shipped("templates") / "methods.md").read_text(encoding="utf-8")
    section = methods.split("## What the figures do not mean\n")[1].split("\n## ")[0].strip()
    return re.sub(r"^\{%.*%\}\n", "", section, flags=re.MULTILINE)
