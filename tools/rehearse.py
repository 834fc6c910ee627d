"""`make rehearse`: runs what the workflows run, read from their files, in a fresh clone with an empty HOME.

Rehearsed are publish and pull-request whole, and check without the tests. Actions (`uses:`) are not run: the clone stands for
the checkout, and what a job would be told by GitHub is in GIVEN. A step runs as GitHub runs it: after a failure only
those that ask for it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmark import git

WORKFLOWS = ROOT / ".github" / "workflows"
REHEARSED = ("check", "publish", "pull-request")
LEFT_OUT = ("make test",)
GIVEN = {
    "steps.pages.outputs.base_url": "https://example.org/a-fork",
    "github.event.pull_request.base.sha": "HEAD~1",
    "github.token": "",
}
RUNS_ANYWAY = "!cancelled()"


def main():
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        clone, home, summary = (Path(folder) / name for name in ("clone", "home", "summary.md"))
        home.mkdir()
        run(["git", "clone", "--quiet", f"file://{ROOT}", str(clone)], cwd=ROOT, env=git.environment(ROOT))
        for variable, value in GIVEN.items():
            print(f"given:   {variable} = {value!r}")
        environment = empty_home(os.environ, home) | {"GITHUB_STEP_SUMMARY": str(summary)}
        failed = [name for name in REHEARSED if not rehearse(WORKFLOWS / f"{name}.yml", clone, environment)]
        print(f"\n--- the job's summary\n{summary.read_text(encoding='utf-8') if summary.exists() else ''}")
    print(f"rehearsed {', '.join(REHEARSED)}: {'failed: ' + ', '.join(failed) if failed else 'every step passed'}")
    return int(bool(failed))


def empty_home(environment, home):
    """Return an environment whose home holds nothing: no configuration, no cache; a file that names none stays."""
    kept = {
        name: value for name, value in environment.items() if not name.startswith(("XDG_", "MAKE", "MFLAGS", "GITHUB_"))
    }
    return kept | {"HOME": str(home)}


def rehearse(path, clone, environment):
    """Run the steps of a workflow's jobs, the same line with the same environment once; say whether all passed."""
    done, passed = set(), True
    for job, steps in jobs(path):
        sound = True
        for line, settings, anyway in steps:
            if line in LEFT_OUT or (line, tuple(settings.items())) in done or not (sound or anyway):
                print(f"\n=== {path.stem} / {job}: {line}: left out", flush=True)
                continue
            done.add((line, tuple(settings.items())))
            print(f"\n=== {path.stem} / {job}: {line} {settings or ''}", flush=True)
            start = time.monotonic()
            status = run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", line], clone, environment | settings
            )
            print(f"=== exit status {status} after {time.monotonic() - start:.0f} s", flush=True)
            sound = sound and not status
        passed = passed and sound
    return passed


def jobs(path):
    """Return each job's name and its `run:` steps: the line, its environment, and whether it runs after a failure."""
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        (
            name,
            [
                (step["run"], fill({**job.get("env", {}), **step.get("env", {})}), RUNS_ANYWAY in step.get("if", ""))
                for step in job["steps"]
                if "run" in step
            ],
        )
        for name, job in workflow["jobs"].items()
    ]


def fill(settings):
    """Replace the expressions in an environment by what GIVEN says; one that it does not know is an error."""
    return {
        name: re.sub(r"\$\{\{ *(.*?) *\}\}", lambda found: GIVEN[found.group(1)], text)
        for name, text in settings.items()
    }


def run(command, cwd, env):
    return subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
