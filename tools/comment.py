"""`make comment`: puts a review into one comment of its pull request, and renews that comment at each push.

Comes in: the folder with the sections that `make review` wrote, which are another's text, and the owner, branch and commit
that GitHub says they are of. Whose pull request it is, GitHub is asked; nothing in the folder decides it. Runs with
Python alone and `gh`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

MARK = "<!-- what this pull request does to the results -->"
AUTHOR = "github-actions[bot]"
SECTIONS = ("results.md", "quick.md")
FAILED = "The review failed before it had anything to say; its log says why."
LONGEST = 65_000  # GitHub takes 65,536 characters
MOST_BYTES = 1_000_000


def main(arguments):
    repository, head = os.environ["GITHUB_REPOSITORY"], os.environ["HEAD_SHA"]
    number = pull_request(repository, os.environ["HEAD_OWNER"], os.environ["HEAD_BRANCH"], head)
    if number is None:
        print(f"no open pull request has {head[:10]} as its last commit: nothing to say")
        return 0
    text = body(Path(arguments[0]), head)
    if FAILED in text and os.environ.get("CONCLUSION") == "success":
        sys.exit("error: the review succeeded, and nothing of it was downloaded\n  try:      run this job again")
    comments = api(f"repos/{repository}/issues/{number}/comments?per_page=100", "--paginate", "--slurp")
    own = [comment["id"] for page in comments for comment in page if is_own(comment)]
    if own:
        api(f"repos/{repository}/issues/comments/{own[0]}", "--method", "PATCH", "--input", "-", body=text)
    else:
        api(f"repos/{repository}/issues/{number}/comments", "--method", "POST", "--input", "-", body=text)
    print(f"{'renewed' if own else 'made'} the comment on pull request {number}")
    return 0


def pull_request(repository, owner, branch, head):
    """Return the number of the open pull request whose last commit is `head`; a later push has a review of its own."""
    if not owner:  # the fork is gone
        return None
    found = api(f"repos/{repository}/pulls?state=open&head={quote(f'{owner}:{branch}', safe='')}")
    return next((pull["number"] for pull in found if pull["head"]["sha"] == head), None)


def is_own(comment):
    """Say whether a comment is ours: anybody can write the mark."""
    return comment["user"]["login"] == AUTHOR and comment["body"].startswith(MARK)


def body(folder, head):
    """Return the comment: the sections that are there."""
    sections = [
        quoted(folder / name) for name in SECTIONS if (folder / name).is_file() and not (folder / name).is_symlink()
    ]
    whose = f"Of {head[:10]}, measured by the pull request's own code."  # first: a comment or a block left open hides what follows
    return shortened("\n\n".join([f"{MARK}\n{whose}", *(sections or [FAILED])]), "pull request")


def quoted(path):
    """Return another's text as it can be posted in our name: of bounded length, and calling nobody."""
    with path.open("rb") as stream:
        text = stream.read(MOST_BYTES).decode("utf-8", errors="replace")
    return re.sub("(?:@|&(?:#0*64|#x0*40|commat);?)(?!\u200b)", "@\u200b", text, flags=re.IGNORECASE)


def shortened(text, workflow):
    """Return a text that GitHub takes, without its details if it is too long: the workflow's summary has them."""
    if len(text) <= LONGEST:
        return text
    text = re.sub(r"<details>.*?</details>\n*", "", text, flags=re.DOTALL)[:LONGEST]
    return f"{text}\n\nThe details did not fit: they are in the summary of the *{workflow}* workflow."


def api(path, *options, body=None):
    """Ask GitHub, with `gh`'s token."""
    done = subprocess.run(
        ["gh", "api", path, *options],
        input=None if body is None else json.dumps({"body": body}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"error: gh api {path} failed\n  found:    {done.stderr.strip()}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
