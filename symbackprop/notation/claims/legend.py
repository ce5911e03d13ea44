r"""Names of blocks: p = [p_i, p_f], side by side or below each other, says what p_i and p_f are: equal parts of p, in order."""

from __future__ import annotations

from typing import Any

import sympy as sp

from symbackprop.core.program import Program
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import statements
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.lower import lowered
from symbackprop.notation.claims.nodes import DOWN, RIGHT
from symbackprop.notation.claims.probe import Probe
from symbackprop.notation.claims.state import Context, State
from symbackprop.notation.claims.syntax import Word
from symbackprop.notation.claims.words import Names, described

_PART = "part"


def named_blocks(text: str, context: Context) -> dict[str, Program]:
    """What each name on the right-hand side of p = [p_i, p_f] stands for; {} for any other text."""
    shapes = context.shapes()
    names = Names({name: len(shape) for name, shape in shapes.items()}, (), {}, context.aliases)
    try:
        several = statements.split(text)
    except Fault:
        return {}
    left, right = several[0].left, several[0].right
    if len(several) > 1 or several[0].between or not isinstance(left, Word):
        return {}
    whole, (axis, words) = names.lookup(left), _side_by_side(right)
    if whole is None or whole.index or whole.power or len(words) < 2:
        return {}
    if not all(isinstance(word, Word) and not word.sup and _is_new(names, word) for word in words):
        return {}
    probe = Probe(shapes)
    state = State(context, names, probe, 1, {})
    node = state.tensor(whole.name)
    if axis not in node.axes:
        return {}
    size = sp.expand(probe.expression[node.extent(axis)] / len(words))
    extent = probe.extent(size)
    if extent is None:
        return {}
    found = {}
    for k, word in enumerate(words):
        assert isinstance(word, Word)
        part = nd.picked(node, axis, ((1, _PART, extent),), k * size, k * extent)
        node_of = nd.renamed(part, [(_PART, axis)])
        axes = nd.ordered(node_of.axes)
        found[described(word)] = lowered(node_of, axes, {}, probe, context.forward, state.roles)
    return found


def _side_by_side(right: Any) -> tuple[str, list[Any]]:
    """What stands side by side, [a, b], or below each other; nothing where it is no list."""
    match right:
        case sx.Group(items=items, bracket="["):
            return RIGHT, list(items)
        case sx.Grid(rows=rows) if min(len(rows), len(rows[0])) == 1:
            try:
                return RIGHT if len(rows) == 1 else DOWN, [syntax(cell) for row in rows for cell in row]
            except Fault:
                pass
    return RIGHT, []


def _is_new(names: Names, word: Word) -> bool:
    """Whether no tensor has this name."""
    found = names.lookup(word)
    return found is None or bool(found.index)
