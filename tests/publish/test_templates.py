"""What templates ask of their pages, against the pages' types: no rendering, so that no branch is left out."""

from __future__ import annotations

import dataclasses
import types
import typing

import jinja2
import pytest
from jinja2 import meta, nodes

from benchmark.dataset import DatasetEntry
from benchmark.layout import shipped
from benchmark.publish.pages.home import HomePage
from benchmark.publish.render import Page
from benchmark.results.documents import DatasetInfo

PAGES = {
    f"{page.__name__.removesuffix('Page').lower()}.md": page for page in typing.get_args(Page)
}  # home.md: HomePage
SHARED = {
    "base": str,
    "assets": str,
    "section": str,
    "dataset": DatasetEntry,
    "info": DatasetInfo,
    "pictures": None,
    "command": None,
    "front_matter": None,
    "program": None,
}


def parsed(text):
    environment = jinja2.Environment(autoescape=True)
    environment.filters |= dict.fromkeys(("percent", "interval", "code", "linked", "listing"), str)
    environment.tests["web"] = bool
    return environment.parse(text)


def template(name):
    return parsed((shipped("templates") / name).read_text(encoding="utf-8"))


def some(kind):
    """Return a type without None."""
    kinds = [part for part in typing.get_args(kind) if part is not type(None)]
    return kinds[0] if isinstance(kind, types.UnionType) and len(kinds) == 1 else kind


def item_of(kind):
    """Return the type of what a list or a tuple of one type holds, None for what has no items or unknown ones."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    return arguments[0] if origin is list or (origin is tuple and arguments[1:] == (...,)) else None


def fields_of(kind):
    """Return the fields of a dataclass, a named tuple or a typed dict with their types; None for any other type."""
    if dataclasses.is_dataclass(kind) or typing.is_typeddict(kind) or hasattr(kind, "_fields"):
        return typing.get_type_hints(kind)
    return None


class Reader:
    """Follows a template with the types of its names: `used` are the fields read, `wrong` those that are not there."""

    def __init__(self, tree):
        self.used, self.wrong = set(), []
        self.macros = {m.name: m for part in (template("macros.md"), tree) for m in part.find_all(nodes.Macro)}

    def kind(self, node, names):
        """Return the type of an expression, None where it is not known."""
        if isinstance(node, nodes.Name):
            return some(names.get(node.name))
        if isinstance(node, nodes.Getitem):
            return some(item_of(self.kind(node.node, names)))
        if not isinstance(node, nodes.Getattr):
            return None
        owner = self.kind(node.node, names)
        fields = fields_of(owner)
        if fields is None:
            return None
        if node.attr not in fields and not isinstance(getattr(owner, node.attr, None), property):
            self.wrong.append(f"{owner.__name__}.{node.attr}, line {node.lineno}")
        self.used.add((owner, node.attr))
        return some(fields.get(node.attr))

    def bind(self, target, kind):
        """Return the names that a loop or an assignment gives to a value of this type."""
        if isinstance(target, nodes.Name):
            return {target.name: kind}
        fields = fields_of(kind) if hasattr(kind, "_fields") else None
        self.used |= {(kind, name) for name in fields or ()}
        kinds = list(fields.values()) if fields else list(typing.get_args(kind))
        return {part.name: some(k) for part, k in zip(target.items, kinds, strict=bool(kinds))}

    def read(self, node, names):
        if isinstance(node, nodes.Macro):
            return  # read with the arguments of each call
        if isinstance(node, nodes.For):
            self.read(node.iter, names)
            names = names | self.bind(node.target, some(item_of(self.kind(node.iter, names))))
            for part in (node.test, *node.body, *node.else_):
                if part is not None:
                    self.read(part, names)
            return
        if isinstance(node, nodes.Assign):
            names |= self.bind(node.target, self.kind(node.node, names))
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in self.macros:
            macro = self.macros[node.node.name]
            given = {a.name: self.kind(value, names) for a, value in zip(macro.args, node.args, strict=False)}
            for part in macro.body:
                self.read(part, SHARED | given)
        if isinstance(node, nodes.Getattr):
            self.kind(node, names)
        for part in node.iter_child_nodes():
            self.read(part, names)


def read(tree, page):
    reader = Reader(tree)
    reader.read(tree, SHARED | {"page": page})
    return reader


def parts_of(page):
    """Return a page's class and the dataclasses beside it that its fields are made of."""
    found, todo = set(), [page]
    while todo:
        kind = some(todo.pop())
        if (
            dataclasses.is_dataclass(kind)
            and kind.__module__.startswith("benchmark.publish.pages")
            and kind not in found
        ):
            found.add(kind)
            todo += typing.get_type_hints(kind).values()
        elif item_of(kind):
            todo.append(item_of(kind))
    return found


def test_every_template_has_its_page_and_every_page_its_template():
    found = {path.name for path in shipped("templates").glob("*.md")} - {"macros.md"}
    assert found == PAGES.keys(), "a page <Name>Page in the union Page of benchmark/publish/render.py has <name>.md"


@pytest.mark.parametrize("name", PAGES)
def test_a_template_gets_its_page_and_the_shared_names_alone(name):
    assert meta.find_undeclared_variables(template(name)) <= {"page", *SHARED}


@pytest.mark.parametrize("name", PAGES)
def test_each_field_that_a_template_reads_is_there(name):
    assert read(template(name), PAGES[name]).wrong == []


@pytest.mark.parametrize("name", PAGES)
def test_each_field_of_a_page_is_read(name):
    used = read(template(name), PAGES[name]).used
    unread = {
        f"{kind.__name__}.{field.name}"
        for kind in parts_of(PAGES[name])
        for field in dataclasses.fields(kind)
        if (kind, field.name) not in used
    }
    assert unread == set()


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("{{ page.nobody }}", "HomePage.nobody"),
        ("{% for row in page.rows %}{{ row.rank.txt }}{% endfor %}", "Cell.txt"),
        ("{% if page.hero.ahead %}{{ page.hero.ahead.lead }}{% endif %}", "Ahead.lead"),
        ("{{ page.costs[0].headline }}", "Chart.headline"),
        ("{% macro m(it) %}{{ it.size }}{% endmacro %}{{ m(page.strip) }}", "Picture.size"),
        ("{{ info.n_tst }}", "DatasetInfo.n_tst"),
    ],
)
def test_a_misspelt_field_is_found_also_in_a_loop_a_part_and_a_macro(text, wrong):
    (found,) = read(parsed(text), HomePage).wrong
    assert found == f"{wrong}, line 1"
