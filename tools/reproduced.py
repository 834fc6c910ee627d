"""`make reproduced`: says whether the working tree's results are those of HEAD, which bytes differ, and the likely reason.

Comes in: the repository after `make bench`. Goes out: build/reproduced/summary.md, for the job's summary or a pull request, and
`changed=true|false` for the next job: true only if a key moved, or a verdict is other than *unchanged*, *rerun* or *within noise*.
Bits that another processor rounds otherwise are no news, so they are listed and not proposed.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmark import git
from benchmark.compare.diff import compare_results
from benchmark.compare.sides import read_side
from benchmark.compare.words import format_markdown
from tools.comment import shortened
from tools.review import tracked_datasets

NO_NEWS = ("unchanged", "rerun", "within noise")
MAY_DIFFER = "run.json"  # seconds, memory, machine


def main(root=ROOT):
    datasets = tracked_datasets(root, "HEAD")
    told = [of_dataset(root, name, titled=len(datasets) > 1) for name in datasets]
    changed = any(news for _, news in told)
    title = "# New results" if changed else "# Reproduced"
    text = "\n".join([title, "", *(line for lines, _ in told for line in lines), *byte_lines(root)])
    folder = root / "build" / "reproduced"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.md").write_text(shortened(text, "bench") + "\n", encoding="utf-8")
    add("GITHUB_STEP_SUMMARY", text)
    add("GITHUB_OUTPUT", f"changed={str(changed).lower()}")
    print(text)
    return 0


def of_dataset(root, dataset, *, titled):
    """Return what is to be said of a data set's results, as lines, and whether that is news."""
    where = {"repository": root, "models_dir": root / "models", "dataset": dataset}
    before, after = read_side("HEAD", **where), read_side(None, **where)
    comparison = compare_results(before, after)
    moved = moved_keys(before[1], after[1])
    news = bool(moved) or any(model["verdict"] not in NO_NEWS for model in comparison["models"])
    told = [f"- {name}: {', '.join(parts)} moved" for name, parts in moved.items()]
    title = [f"## {dataset}", ""] if titled else []
    return [*title, format_markdown(comparison), "", *told, *prediction_lines(before[1], after[1]), ""], news


def add(name, text):
    """Append to the file that an environment variable of the job names, if there is one."""
    if os.environ.get(name):
        with Path(os.environ[name]).open("a", encoding="utf-8") as stream:
            stream.write(text + "\n")


def moved_keys(old, new):
    """Return the parts of the key that are not the same on both sides, by model."""
    before = {model.name: model.run["key"] for model in old.models}
    after = {model.name: model.run["key"] for model in new.models}
    moved = {
        name: [part for part, digest in key.items() if before[name][part] != digest]
        for name, key in after.items()
        if name in before
    }
    return {name: parts for name, parts in moved.items() if parts}


def prediction_lines(old, new):
    """Return for each model that differs by how many images, or that its figures alone do, and the likely reason."""
    before = {model.name: model for model in old.models}
    lines = []
    for model in new.models:
        was = before.get(model.name)
        if was is None or len(was.predictions) != len(model.predictions):
            continue
        n = int((was.predictions != model.predictions).sum())
        if n or was.metrics != model.metrics:
            what = f"{n:,} {'image' if n == 1 else 'images'} predicted otherwise" if n else "no prediction, but figures"
            lines.append(f"- {model.name}: {what}; {likely_reason(was.run, model.run)}")
    return lines


def likely_reason(old, new):
    """Return the first of what decides last bits that is not the same in two documents of runs."""
    looks = {
        "code, data or entry": lambda run: [run["key"][part] for part in ("data", "entry", "code")],
        "BLAS kernel": lambda run: run["machine"].get("kernel", "not recorded"),
        "library versions": lambda run: run["libraries"],
        "processor": lambda run: f"{run['machine']['cpu']}, {run['machine']['architecture']}",
    }
    for what, look in looks.items():
        before, after = look(old), look(new)
        if before != after and isinstance(after, dict):
            names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
            steps = [f"{name} {before.get(name, 'none')} → {after.get(name, 'none')}" for name in names]
            return f"likely reason: {what} ({', '.join(steps)})"
        if before != after:
            sides = f" ({before} → {after})" if isinstance(after, str) else ""
            return f"likely reason: {what}{sides}"
    return "kernel, libraries and processor are the same, so look for the reason in the code"


def byte_lines(root):
    """Return what of the tracked results differs from HEAD byte by byte, a line a file."""
    names = (
        git.output(root, "diff", "--name-only", "-z", "--relative", "HEAD", "--", "models", "data").decode().split("\0")
    )
    names = [name for name in names if name and Path(name).name != MAY_DIFFER]
    if not names:
        return [f"Every tracked byte is that of HEAD, {MAY_DIFFER} aside."]
    rows = [f"| `{name}` | {different_bytes(root, name)} |" for name in names]
    return ["| file | bytes that differ |", "| --- | --- |", *rows]


def different_bytes(root, name):
    """Return how many bytes of a file differ from HEAD, of how many, and from where on."""
    old = git.output(root, "show", f"HEAD:./{name}")
    path = root / name
    if not path.exists():
        return f"all {len(old):,}: the file is gone"
    new = path.read_bytes()
    places = [i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    length = "" if len(old) == len(new) else f"; {len(old):,} → {len(new):,} bytes long"
    first = places[0] if places else min(len(old), len(new))
    return f"{len(places):,} of {len(old):,}, from byte {first:,} on{length}"


if __name__ == "__main__":
    sys.exit(main())
