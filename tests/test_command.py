"""Commands named in text: their two forms, and that a person who types them finds the target and its settings."""

from __future__ import annotations

import ast
import re
import shlex

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import command
from benchmark.command import PACKAGED, Command, as_typed, program, public
from benchmark.commands.parser import parse
from tests.conftest import ROOT

FORMS = [
    (Command("bench"), {}, "make bench", "fashion-bench bench"),
    (
        ("mend it, then ", Command("bench", models="a,b")),
        {"dataset": "digits"},
        "mend it, then make bench MODELS=a,b DATASET=digits",
        "mend it, then fashion-bench bench --models a,b --dataset digits",
    ),
    (
        ("not measured: a (", Command("bench", models="a"), ")"),
        {"entries": "my.py"},
        "not measured: a (make bench MODELS=a ENTRIES=my.py)",
        "not measured: a (fashion-bench bench --models a --entries my.py)",
    ),
    (
        (Command("data", dataset="x", accept=1), ", …"),
        {"dataset": "x"},
        "make data DATASET=x ACCEPT=1, …",
        "fashion-bench data --dataset x --accept, …",
    ),
    (
        Command("serve", port=8001),
        {"dataset": "x", "profile": "quick", "entries": "y"},
        "make serve PORT=8001 DATASET=x PROFILE=quick",
        "fashion-bench serve --port 8001 --dataset x --profile quick",
    ),
    (
        Command("compare", models="a,b"),
        {"dataset": "x"},
        "make compare MODELS=a,b DATASET=x",
        "fashion-bench compare a b --dataset x",
    ),
    (Command("diff", base="a", head="b"), {}, "make diff BASE=a HEAD=b", "fashion-bench diff a b"),
    ((Command("site"), ", or ", Command("bench")), {}, "make site, or make bench", "fashion-bench site, or fashion-bench bench"),
    (Command("lock"), {"dataset": "x"}, "make lock", "make lock"),
    (Command("list", jobs=1), {}, "make list JOBS=1", "fashion-bench list --jobs 1"),
    (
        Command("bench", models="a"),
        {"entries": "it's my.py"},
        """make bench MODELS=a ENTRIES='it'"'"'s my.py'""",
        """fashion-bench bench --models a --entries 'it'"'"'s my.py'""",
    ),
    ("two make different figures", {"dataset": "x"}, "two make different figures", "two make different figures"),
    ("git checkout -- make bench", {"dataset": "x"}, "git checkout -- make bench", "git checkout -- make bench"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "options", "here", "installed"), FORMS)
def test_commands_are_named_as_one_types_them(monkeypatch, text, options, here, installed):
    assert as_typed(text, options) == here
    monkeypatch.setattr(command, "is_checkout", lambda: False)
    assert as_typed(text, options) == installed


def test_folders_are_repeated_where_they_count_and_never_on_a_page(monkeypatch):
    given_data = {"dataset": "x", "data_dir": "my data"}
    assert as_typed(Command("bench"), given_data) == "make bench DATASET=x DATA_DIR='my data'"
    given = given_data | {"models_dir": "/m", "build_dir": "/b", "repository": "/r"}
    assert as_typed(Command("bench", models="a"), given) == (
        ".venv/bin/python -m benchmark bench --models a --dataset x --data-dir 'my data' --models-dir /m --build-dir /b"
    )
    assert as_typed(Command("compare", models="a,b"), given).startswith(
        ".venv/bin/python -m benchmark compare a b --dataset x"
    )
    assert as_typed(Command("lock"), given) == "make lock"
    assert public(given) == {"dataset": "x"}
    monkeypatch.setattr(command, "is_checkout", lambda: False)
    for target in PACKAGED:
        needed = {"models": "a,b"} if target == "compare" else {"dask": "tcp://h:1"} if target == "worker" else {}
        parse(shlex.split(as_typed(Command(target, **needed), given))[1:])


def test_a_command_without_a_make_target_is_called_by_the_program(monkeypatch):
    assert program() == ".venv/bin/python -m benchmark"
    monkeypatch.setattr(command, "is_checkout", lambda: False)
    assert program() == "fashion-bench"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_word_of_a_shell_is_read_back_as_it_was(text):
    assert shlex.split(command.word(text)) == [text]


def test_names_that_need_no_quotes_have_none():
    for text in ("HEAD~1", "HEAD^", "tcp://10.0.0.1:8786", "a,b", "8GiB", "~/my.py"):
        assert command.word(text) == text


def test_equal_commands_are_equal_values():
    assert Command("bench", models="a") == Command("bench", models="a") != Command("bench", models="b")
    assert len({Command("serve", port=1), Command("serve", port="1")}) == 1
    assert f"{Command('bench', models='a')}" == "make bench MODELS=a"


# ----------------------------------------------------------------------------------------- what the sources name
LITERAL = (ast.Constant, jinja2.nodes.Const)
TYPICAL = {"port": "8001", "models": "a,b", "memory": "8GiB"}


def in_modules():
    for path in sorted((ROOT / "benchmark").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Command":
                yield path, node.args, [(word.arg, word.value) for word in node.keywords]


def in_templates():
    for path in sorted((ROOT / "templates").glob("*.md")):
        for node in (
            jinja2.Environment(autoescape=True).parse(path.read_text(encoding="utf-8")).find_all(jinja2.nodes.Call)
        ):
            if getattr(node.node, "name", "") == "command":
                yield path, node.args, [(word.key, word.value) for word in node.kwargs]


def named():
    """Return every command that the sources name, with a typical value where one is computed, and where it stands."""
    found = {}
    for path, arguments, words in [*in_modules(), *in_templates()]:
        if path.name in ("render.py", "usage.py"):
            continue  # the templates' own, and those of wrong use, which test_parser runs one by one
        (target,) = arguments
        settings = {
            name: value.value if isinstance(value, LITERAL) else TYPICAL.get(name, "x") for name, value in words
        }
        found[Command(target.value, **settings)] = path.relative_to(ROOT).as_posix()
    return found


def recipes():
    """Return the recipe of each make target, with the variables that targets share in full."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    shared = dict(re.findall(r"^([A-Z]+) := (.*)$", text, flags=re.MULTILINE))
    for _ in range(3):  # one may hold another
        for name, words in shared.items():
            text = text.replace(f"$({name})", words)
    return dict(re.findall(r"^([a-z-]+):.*\n((?:\t.*\n|#.*\n)*)", text, flags=re.MULTILINE))


def takes(recipe, variable):
    """Say whether a recipe asks for a variable that a person may give."""
    return re.search(rf"\$\(call \w+,(?:[\w.-]+,)?{variable}\)", recipe)


def test_modules_and_templates_name_commands():
    assert {path.split("/")[0] for path in named().values()} == {"benchmark", "templates"}
    assert {command.target for command in named()} >= {"bench", "data", "list", "serve", "compare", "diff", "lock"}


@pytest.mark.parametrize("named_command", named(), ids=str)
def test_each_command_is_a_make_target_that_knows_its_settings(named_command):
    recipe = recipes()[named_command.target]
    for name, _ in named_command.settings:
        assert takes(recipe, name.upper()), named()[named_command]


@pytest.mark.parametrize("named_command", [each for each in named() if each.target in PACKAGED], ids=str)
@pytest.mark.parametrize("options", [{}, {"dataset": "x", "profile": "quick", "entries": "my.py"}], ids=["", "options"])
def test_the_package_takes_each_command_as_it_is_named(monkeypatch, named_command, options):
    monkeypatch.setattr(command, "is_checkout", lambda: False)
    program_name, *words = shlex.split(as_typed(named_command, options))
    assert program_name == "fashion-bench"
    parse(words)


@pytest.mark.parametrize("target", PACKAGED)
def test_each_target_takes_the_options_of_a_call(target):
    recipe = recipes()[target]
    typed = as_typed(Command(target), {"dataset": "x", "profile": "quick", "entries": "my.py"})
    for name in re.findall(r"([A-Z]+)=", typed):
        assert takes(recipe, name), typed


def test_no_text_names_a_command_but_as_a_value():
    """A command in plain text would be shown as a make target where there is no Makefile."""
    plain = re.compile(rf"\bmake ({'|'.join(recipes())})\b|python -m benchmark")
    for path in sorted((ROOT / "templates").rglob("*.md")):
        assert not plain.search(path.read_text(encoding="utf-8")), path
    for path in sorted((ROOT / "benchmark").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docs = [
            node.body[0].value for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)
        ]
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        named_in_text = [node.value for node in texts if plain.search(node.value) and node not in docs]
        allowed = {"command.py": [".venv/bin/python -m benchmark"], "readme.py": ["<!-- {}: begin (make readme) -->"]}
        assert named_in_text == allowed.get(path.name, []), path
