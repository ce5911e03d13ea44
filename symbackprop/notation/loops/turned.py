"""Steps that do not stand first, h[:, t] = ..., as who has batches writes them: read as h[t], and turned back as a whole.

h[:, t+1] = tanh(h[:, t] @ U)       is       h[t+1] = tanh(h[t] @ U)
sum(h), h[0], h[:, 1:]              are      of moveaxis(h, 0, 1)
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING

from symbackprop.notation.identifiers import identifiers
from symbackprop.notation.loops.header import is_plain
from symbackprop.notation.loops.indices import is_whole, items_of, mentions, targets
from symbackprop.notation.loops.nodes import like

if TYPE_CHECKING:
    from symbackprop.notation.reader import Reader

MEASURES = ("shape", "len", "size")  # what tells a number


def steps_first(reader: Reader, body: Sequence[ast.stmt], arguments: Sequence[str] = ()) -> list[ast.stmt]:
    """The statements with the steps of every array that loops write in the first places.

    arguments   names that have values before.
    """
    found = dict(_turned(reader, body, arguments))
    reader.steps.turned |= found
    return [_Turning(body, arguments, found).visit(deepcopy(statement)) for statement in body] if found else list(body)


def _turned(reader: Reader, body: Sequence[ast.stmt], arguments: Sequence[str]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The names that loops write along other axes than the first ones, with these axes."""
    every: dict[str, list[tuple[list[ast.expr], tuple[int, ...]]]] = {}
    loops = [n for statement in body for n in ast.walk(statement) if isinstance(n, ast.For)]
    for loop in loops:
        for target, around in _written(loop, []):
            items = items_of(target)
            assert isinstance(target.value, ast.Name)
            steps = _in_order(items, around)
            every.setdefault(target.value.id, []).append((items, steps))
    stored = {*arguments, *(n.id for n in _names(loops, ast.Store))}
    for name, ways in every.items():
        axes = max((steps for _, steps in ways), key=len)
        if axes != tuple(range(len(axes))) and name not in stored and all(_is_step(reader, items, axes) for items, _ in ways):
            yield name, axes


def _in_order(items: list[ast.expr], around: list[str]) -> tuple[int, ...]:
    """The axes that count steps; where each counts those of a loop of its own, that of the outermost loop first."""
    axes = [k for k, item in enumerate(items) if mentions(item, around)]
    depths = [[d for d, letter in enumerate(around) if mentions(items[k], [letter])] for k in axes]
    if all(len(one) == 1 for one in depths) and len({one[0] for one in depths}) == len(axes):
        axes = [k for _, k in sorted(zip((one[0] for one in depths), axes, strict=True))]
    return tuple(axes)


def _is_step(reader: Reader, items: list[ast.expr], axes: tuple[int, ...]) -> bool:
    """Whether an index is one number along these axes, and all of the others, or in a function, which sets parts, any of them."""
    parts = reader.function is not None
    return len(items) > max(axes) and all(
        is_plain(item) if k in axes else is_whole(item) or (parts and (isinstance(item, ast.Slice) or is_plain(item)))
        for k, item in enumerate(items)
    )


def _written(loop: ast.For, around: list[str]) -> Iterator[tuple[ast.Subscript, list[str]]]:
    """What a loop writes entry by entry, with the letters of the loops around."""
    inner = [*around, *(n.id for n in identifiers(loop.target))]
    for statement in loop.body:
        if isinstance(statement, ast.For):
            yield from _written(statement, inner)
        else:
            yield from ((target, inner) for target in targets([statement]))


def _names(body: Sequence[ast.stmt], context: type) -> Iterator[ast.Name]:
    return (n for s in body for n in identifiers(s) if isinstance(n.ctx, context))


class _Turning(ast.NodeTransformer):
    """Puts the steps first."""

    def __init__(self, body: Sequence[ast.stmt], arguments: Sequence[str], axes: dict[str, tuple[int, ...]]) -> None:
        self.axes = axes
        counted = {n.id for s in body for n in ast.walk(s) if isinstance(n, ast.For | ast.comprehension)
                   for n in identifiers(n.target)}  # fmt: skip
        measured = {n.id for s in body for a in ast.walk(s) if isinstance(a, ast.Assign) and _is_measure(a.value)
                    for t in a.targets for n in identifiers(t)}  # fmt: skip
        self.arrays = {*arguments, *(n.id for n in _names(body, ast.Store))} - counted - measured

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        value = self.visit(node.value)
        match node.targets:
            case [ast.Name(id=name)] if name in self.axes:
                return like(node, ast.Assign(node.targets, _forward(value, self.axes[name])))
            case [ast.Subscript(value=ast.Name(id=name) as held) as target] if name in self.axes:
                items, order = self._items(target)
                return like(node, ast.Assign([_entry(target, held, items)], _ordered(value, sorted(order), order)))
        return like(node, ast.Assign([self.visit(target) for target in node.targets], value))

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return _back(node, self.axes[node.id]) if node.id in self.axes and isinstance(node.ctx, ast.Load) else node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        held = node.value
        if not isinstance(held, ast.Name) or held.id not in self.axes:
            return self.generic_visit(node)
        items, order = self._items(node)
        if isinstance(node.ctx, ast.Store) and order != sorted(order):
            return node
        if not all(isinstance(item, ast.Slice) or self._is_number(item) for item in items):
            return self.generic_visit(node)  # of the whole
        return _ordered(_entry(node, held, [self.visit(item) for item in items]), order, sorted(order))

    def _items(self, node: ast.Subscript) -> tuple[list[ast.expr], list[int]]:
        """What stands between the brackets, steps first; and of the axes that stay, which they were, in their order now."""
        assert isinstance(node.value, ast.Name)
        steps, items = self.axes[node.value.id], items_of(node)
        items += [ast.copy_location(ast.Slice(), node) for _ in range(max(steps) + 1 - len(items))]
        order = [*steps, *(k for k in range(len(items)) if k not in steps)]
        return [items[k] for k in order], [k for k in order if isinstance(items[k], ast.Slice)]

    def _is_number(self, item: ast.expr) -> bool:
        """Whether an index is one number, and no array of them."""
        return is_plain(item) and not any(isinstance(n, ast.Name) and n.id in self.arrays for n in ast.walk(item))


def _is_measure(value: ast.expr) -> bool:
    return any((isinstance(n, ast.Attribute) and n.attr in MEASURES) or (isinstance(n, ast.Name) and n.id == "len")
               for n in ast.walk(value)) or isinstance(value, ast.Constant)  # fmt: skip


def _entry(node: ast.Subscript, held: ast.Name, items: list[ast.expr]) -> ast.expr:
    while len(items) > 1 and is_whole(items[-1]):
        items = items[:-1]
    inside = items[0] if len(items) == 1 else ast.copy_location(ast.Tuple(items, ast.Load()), node.slice)
    return ast.copy_location(ast.Subscript(held, inside, node.ctx), node)


def _forward(value: ast.expr, axes: Sequence[int]) -> ast.expr:
    return _ordered(value, range(max(axes) + 1), _steps_first(axes))


def _back(value: ast.expr, axes: Sequence[int]) -> ast.expr:
    return _ordered(value, _steps_first(axes), range(max(axes) + 1))


def _steps_first(axes: Sequence[int]) -> list[int]:
    """The first axes of an array in the order in which the steps are the first of them."""
    return [*axes, *(k for k in range(max(axes) + 1) if k not in axes)]


def _ordered(value: ast.expr, now: Sequence[int], then: Sequence[int]) -> ast.expr:
    """A value whose first axes are these by name, in another order."""
    held = list(now)
    for place, axis in enumerate(then):
        at = held.index(axis)
        value = _moved(value, at, place)
        held.insert(place, held.pop(at))
    return value


def _moved(value: ast.expr, start: int, end: int) -> ast.expr:
    if start == end:
        return value
    places: list[ast.expr] = [ast.Constant(start), ast.Constant(end)]
    return like(value, ast.Call(ast.Name("moveaxis", ast.Load()), [value, *places], []))
