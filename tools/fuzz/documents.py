"""The targets that read documents, results and git's answers.

Each takes a folder of its own. What it needs is imported when it is made: no worker loads more than its targets need.
"""

from __future__ import annotations

from functools import partial

from tools.fuzz import mutate, seeds
from tools.fuzz.replay import Record
from tools.fuzz.target import Target, in_file, of_file

GIT_WORDS = (
    b"\x1e",
    b"\x1f",
    b"\x1d",
    b"\x00",
    b"\n",
    b"\t",
    b":100644 ",
    b"0" * 40,
    b"f" * 40,
    b" missing\n",
    b" blob ",
    b"-1",
    b"A\x00",
)


# ------------------------------------------------------------------------------------------------------------ documents
def parsed(name, folder):
    """Parse a document against its type."""
    from benchmark.results import DOCUMENTS, parse_document

    found = seeds.tracked(name)
    read = partial(parse_document, where=str(folder / name), kind=DOCUMENTS[name])
    return Target(read, found, mutate.mutated_json, seeds.hard_json(found[0]))


def released(folder):
    """Read GitHub's answer about a release."""
    from benchmark.publish.outside import read_released

    found = seeds.released()
    return Target(
        in_file(folder / "released.json", read_released), found, mutate.mutated_json, seeds.hard_json(found[0])
    )


def results(name, folder):
    """Read results, compare them with others, and rank them; one of their files is changed."""
    from benchmark.compare import leaderboard, terminal, words
    from benchmark.compare.diff import compare_results
    from benchmark.compare.sides import read_side

    seeds.write_results(folder / "before", wrong=2)
    seeds.write_results(folder / "after")
    where = {"repository": seeds.ROOT, "models_dir": folder, "dataset": "made"}
    before = read_side(str(folder / "before"), **where)

    def use(_):
        after = read_side(str(folder / "after"), **where)
        for model in after[1].models:
            assert model.curves
            assert model.study
        board = leaderboard.leaderboard(after[1])
        comparison = compare_results(before, after)
        return [
            leaderboard.format_text(board, after[1].missing),
            terminal.format_text(comparison),
            words.format_markdown(comparison),
        ]

    return of_file(folder / "after" / name, use)


# ------------------------------------------------------------------------------------------------------------------ git
def git(name, folder):
    """Read a history from git: an answer, the second longest of its command for `log 2`, or a file in its commits is changed."""
    record, use, documents = recorded(folder)
    if name in documents:
        right = documents[name]
        change = mutate.mutated_json if name.endswith(".json") else mutate.of_words(b"\n", b"0", b"\xff")
        return Target(lambda data: use({right: data}), [right], change, seeds.hard_json(right))
    command, _, place = name.partition(" ")
    right = record.outputs(command)[int(place or 1) - 1]
    hard = [b"", b"\x00", b"\xff" * 99, b"\n" * 99, b"\x1e" * 9, b"x" * 1_000_000, b"a blob 99999999999999\n"]
    return Target(lambda data: use({(command, right): data}), [right], mutate.of_words(*GIT_WORDS), hard)


def recorded(folder):
    """Return the record of git's answers, how they are used, and the contents of the newest commit's files by name."""
    from benchmark.compare.history import format_text, read_history
    from benchmark.compare.repository import Repository
    from benchmark.compare.sides import read_side, use_of_test_set
    from benchmark.results import METRICS
    from tests import made

    root = made.repository(folder / "repository")
    made.git(root, "remote", "add", "origin", "https://example.org/a/b.git")
    for wrong in (0, 3, 5):
        seeds.write_results(root / "models" / "made", wrong)
        made.commit(root, f"Results {wrong}")

    def look():
        repository = Repository(root)
        sha = repository.commit("HEAD").sha
        assert repository.web is not None
        read_side("HEAD~1", repository=root, models_dir=root / "models", dataset="made")
        use_of_test_set(repository, sha, "models/made")
        return format_text(read_history(repository, sha, "models/made"), METRICS[:2])

    record = Record()
    with record.taken():
        look()

    def use(instead):
        with record.given(instead):
            return look()

    home = root / "models" / "made"
    names = ("one/metrics.json", "one/run.json", "one/predictions.txt", "entries.json")
    return record, use, {name: (home / name).read_bytes() for name in names}
