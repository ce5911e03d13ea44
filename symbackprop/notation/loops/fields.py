"""Dicts that hold what a loop makes: book["h"].append(h) is a list of its own, xs[t] = x[t] of xs = {} an array of steps."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from symbackprop.notation.identifiers import identifiers, names_in
from symbackprop.notation.loops.indices import items_of, mentions, targets

METHODS = ("append", "insert")


def fields_apart(body: list[ast.stmt], arguments: Collection[str]) -> list[ast.stmt]:
    """The statements without the dicts whose values are read and set one by one.

    arguments   names that have values before.
    """
    names = list(identifiers(*body))
    taken = {*arguments, *(n.id for n in names), *(n.arg for s in body for n in ast.walk(s) if isinstance(n, ast.arg))}
    made = dict(_made(body))
    lists, steps = dict[str, dict[str | int, str]](), set[str]()
    for name, several in made.items():
        uses = list(_uses(body, name))
        if (
            name in arguments
            or any(use is None for use in uses)
            or sum(n.id == name and isinstance(n.ctx, ast.Store) for n in names) > 1
        ):
            continue
        keys = {k.value if isinstance(k, ast.Constant) else None for k in (use.slice for use in uses if use is not None)}
        keys |= set(several)
        if all(isinstance(key, str) for key in keys) and _holds_lists(body, name):
            lists[name] = {}
            for key in keys:
                assert isinstance(key, str)
                own = key if key.isidentifier() and key not in taken else f"{name}_{key}"
                if not own.isidentifier() or own in taken:
                    del lists[name]
                    break
                lists[name][key] = own
                taken.add(own)
        elif not several and _is_filled(body, name):
            steps.add(name)
    return _apart(body, lists, steps) if lists or steps else body


def _made(body: list[ast.stmt]) -> Iterator[tuple[str, list[str | int]]]:
    """The names that are given a dict, with the keys that it begins with."""
    for name, value in ((n, v) for s in body for node in ast.walk(s) if isinstance(node, ast.Assign) for n, v in _pairs(node)):
        match value:
            case ast.Dict(keys=keys) if all(isinstance(k, ast.Constant) and isinstance(k.value, str) for k in keys):
                yield name, [k.value for k in keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=given) if all(k.arg for k in given):
                yield name, [k.arg for k in given if k.arg]
            case _:
                pass


def _pairs(node: ast.Assign) -> list[tuple[str, ast.expr]]:
    """Names and what they are given, one by one: a, b = {}, {} as well."""
    match node.targets, node.value:
        case [ast.Name(id=name)], value:
            return [(name, value)]
        case [ast.Tuple(elts=names)], ast.Tuple(elts=values) if len(names) == len(values):
            return [(n.id, v) for n, v in zip(names, values, strict=True) if isinstance(n, ast.Name)]
        case _:
            return []


def _uses(body: Sequence[ast.stmt], name: str) -> Iterator[ast.Subscript | None]:
    """Where a name is read or set by one index; None for any other use."""
    inside = set[int]()
    for node in (n for s in body for n in ast.walk(s)):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == name:
            inside.add(id(node.value))
            yield node
    for node in (n for s in body for n in ast.walk(s)):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load) and id(node) not in inside:
            yield None


def _holds_lists(body: Sequence[ast.stmt], name: str) -> bool:
    """Whether values are put into the lists of a dict in a loop."""
    loops = [n for s in body for n in ast.walk(s) if isinstance(n, ast.For)]
    calls = (n.func for loop in loops for n in ast.walk(loop) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute))
    by_method = (f.value for f in calls if f.attr in METHODS)
    added = (n.target for loop in loops for n in ast.walk(loop) if isinstance(n, ast.AugAssign) and isinstance(n.value, ast.List))
    return any(isinstance(v, ast.Subscript) and isinstance(v.value, ast.Name) and v.value.id == name for v in (*by_method, *added))


def _is_filled(body: Sequence[ast.stmt], name: str) -> bool:
    """Whether loops set the values of a dict by the numbers of their steps."""
    for loop in (n for s in body for n in ast.walk(s) if isinstance(n, ast.For)):
        letters = names_in(loop.target)
        for target in targets(loop.body):
            if isinstance(target.value, ast.Name) and target.value.id == name and mentions(items_of(target)[0], letters):
                return True
    return False


def _apart(body: list[ast.stmt], lists: dict[str, dict[str | int, str]], steps: set[str]) -> list[ast.stmt]:
    apart = _Apart(lists, steps)
    found: list[ast.stmt] = []
    for statement in body:
        new = apart.visit(statement)
        found += new if isinstance(new, list) else [new]
    return found


class _Apart(ast.NodeTransformer):
    """Puts a name in the place of each value of a dict, and leaves out the dicts whose values are steps."""

    def __init__(self, lists: dict[str, dict[str | int, str]], steps: set[str]) -> None:
        self.lists, self.steps = lists, steps

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.stmt]:
        pairs = dict(_pairs(node))
        if not any(name in self.lists or name in self.steps for name in pairs):
            return self.generic_visit(node)
        found: list[ast.stmt] = []
        stay = [(name, value) for name, value in pairs.items() if name not in self.lists and name not in self.steps]
        for name, value in pairs.items():  # these names are new, so that nothing else in the line reads them
            for key, one in _entries(value) if name in self.lists else ():
                target = ast.copy_location(ast.Name(self.lists[name][key], ast.Store()), node)
                found.append(ast.copy_location(ast.Assign([target], self.visit(one)), node))
        if stay:
            names: list[ast.expr] = [ast.copy_location(ast.Name(name, ast.Store()), node) for name, _ in stay]
            values: list[ast.expr] = [self.visit(value) for _, value in stay]
            several = [ast.copy_location(ast.Tuple(parts, c), node) for parts, c in ((names, ast.Store()), (values, ast.Load()))]
            target, value = (names[0], values[0]) if len(stay) == 1 else several
            found.append(ast.copy_location(ast.Assign([target], value), node))
        return found or ast.copy_location(ast.Pass(), node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        held = node.value
        if isinstance(held, ast.Name) and held.id in self.lists and isinstance(node.slice, ast.Constant):
            return ast.copy_location(ast.Name(self.lists[held.id][node.slice.value], node.ctx), node)  # type: ignore[index]
        return node


def _entries(value: ast.expr) -> list[tuple[str, ast.expr]]:
    if isinstance(value, ast.Dict):
        return [(k.value, v) for k, v in zip(value.keys, value.values, strict=True)
                if isinstance(k, ast.Constant) and isinstance(k.value, str)]  # fmt: skip
    assert isinstance(value, ast.Call)
    return [(k.arg, k.value) for k in value.keywords if k.arg]
