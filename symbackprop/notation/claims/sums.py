r"""Sums with their limits, and conditions: \sum_{i=1}^n, \sum_{j \neq i}, \mathbf 1[z > 0], cases."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import assert_never

import numpy as np

from symbackprop.formulas.told import told
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims import ordered
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, Unranged
from symbackprop.notation.claims.expected import expected, is_over_a_distribution
from symbackprop.notation.claims.limits import compared, from_one, given, limited, limits, narrowed, require_end, taken_for_all
from symbackprop.notation.claims.nodes import MATRIX, Node
from symbackprop.notation.claims.shapes import Senses, best, made, sure, times
from symbackprop.notation.claims.state import State, number
from symbackprop.notation.claims.syntax import Syntax, Word
from symbackprop.notation.claims.words import Found

_WRONG_BASE = 0.2
MIXED = 2.0


def condition(state: State, node: Syntax) -> Senses:
    """1 where a chain of comparisons holds, otherwise 0."""
    if isinstance(node, sx.Group) and node.bracket == r"\lor":
        each = [made(_opposed, condition(state, item)) for item in node.items]
        return best(made(_opposed, reduce(times, each)))
    if isinstance(node, sx.Group):
        total = condition(state, node.items[0])
        for item in node.items[1:]:
            total = best(times(total, condition(state, item)))
        return total
    if not isinstance(node, sx.Relation):
        raise Fault("a comparison is expected here.", "Write one, such as z > 0.", node.at)
    labels = any(_names_integers(state, side) for side in node.sides)
    _range_of_labels(state, node)
    sides = [_side(state, side, labels) for side in node.sides]
    total: Senses = []
    for left, sign, right in zip(sides[:-1], node.signs, sides[1:], strict=True):
        found = made(lambda a, b, sign=sign: nd.compared(sign, a, b), left, right)
        for x in left:
            if any(len(x.node.matrix) == 1 and x.node.matrix ^ y.node.matrix == MATRIX for y in right):
                note = told("a row and a column are compared as columns")
                found += made(lambda a, b, sign=sign: nd.compared(sign, a, nd.transposed(b)), [x], right, cost=MIXED, note=note)
        total = times(total, found) if total else found
    if not total:
        raise Fault("the sides of this comparison do not fit.", "Check their shapes.", node.at)
    return best(total)


def _opposed(x: Node) -> Node:
    return nd.arithmetic("-", nd.const(1, 1.0), x)


def _range_of_labels(state: State, node: sx.Relation) -> None:
    """An index that is compared with labels, and with nothing else so far, runs over the classes: the j of 1[y_i = j]."""
    bounds = [state.bound_of(found.name) for side in node.sides if (found := _integers(state, side))]
    bound = next((n for n in bounds if n is not None), 0)
    for side in node.sides if bound else ():
        match side:
            case Word(base=base) if len(base) == 1 and base.islower() and side == Word(base, side.at):
                if not (state.names.lookup(side) or state.names.symbol(side)):
                    state.ranged(base, bound)


def _names_integers(state: State, node: Syntax) -> bool:
    return _integers(state, node) is not None


def _integers(state: State, node: Syntax) -> Found | None:
    """The tensor of whole numbers that a word names, with its indices."""
    found = state.names.lookup(node) if isinstance(node, Word) else None
    return found if found is not None and state.is_integer(found.name) else None


def _letter(state: State, node: Syntax) -> str | None:
    """The index that a side of a comparison is, or None."""
    if isinstance(node, Word) and not (node.sub or node.sup or node.accent or node.primes) and len(node.base) == 1:
        known = state.names.lookup(node) or state.names.symbol(node) or state.context.loops.counts(node.base)
        if node.base in state.ranges and not known:
            return node.base
    return None


def _has_letter(state: State, node: Syntax) -> bool:
    """Whether an index, or a multiple of one, is a term of a side."""
    inner = node.factors[1] if isinstance(node, sx.Product) and len(node.factors) == 2 else node
    return _letter(state, inner) is not None


def _side(state: State, node: Syntax, labels: bool) -> Senses:
    letter = _letter(state, node)
    if letter:
        return sure(state.positions(letter, node.at, labels))
    if isinstance(node, sx.Product) and len(node.factors) == 2 and not node.ops[0] and _letter(state, node.factors[1]):
        return best(times(state.read(node.factors[0]), _side(state, node.factors[1], labels)))  # 2 i, a stride
    if isinstance(node, sx.Terms) and any(_has_letter(state, part) for _, part in node.parts):
        state.counted = state.counted or not labels
        total: Senses = []
        for sign, part in node.parts:
            one = _side(state, part, labels)
            one = one if sign > 0 else made(lambda x: nd.arithmetic("neg", x), one)
            total = made(lambda a, b: nd.arithmetic("+", a, b), total, one) if total else one
        return total
    return state.read(node)


def big(state: State, node: sx.Big) -> Senses:
    """A sum over its letters, or over the letters of its body that are not on the left-hand side."""
    if node.kind == "mean" and state.context.is_network and is_over_a_distribution(node):
        node = replace(node, under=())
    node = from_one(node)
    letters, conditions, hint = limits(state, node)
    if hint == 0:
        state.counted = True
    if node.kind == "prod" and len(letters) == 1 and (found := _of_matrices(state, node, letters[0])):
        return found
    with state.bound(letters):
        state.spanned(node.spans)
        state.foresee(node.body, letters)
        for one in conditions if [c for c in letters if c not in state.ranges] else ():  # \sum_{i: t_i = v}
            state.foresee(one, letters)
        for letter, extent in given(state, node, letters).items():
            state.ranged(letter, extent)
        late = len(letters) == 1 and letters[0] not in state.ranges  # how far it runs is known when the body is read
        conditions += [] if node.spans else limited(state, node, letters, hint)
        if letters and letters[0] in state.starts and node.under and "=" in [t.text for t in node.under]:
            narrowed(state, node, letters)
            conditions, hint, late = [], None, False
        loose, state.loose = state.loose, state.loose or not node.under
        body = state.read(node.body)
        state.loose = loose
        conditions += limited(state, node, letters, hint, read=True) if late else []
        if not node.spans:
            require_end(state, node, letters)
        for letter in [c for c in compared(tuple(conditions)) if letters and c in state.outer]:  # i of \sum_{j<i} runs as far as j
            state.ranged(letter, state.range(letters[0], node.at))
        masks = [condition(state, one) for one in conditions]
        if (node.kind == "prod" and not node.under) or (masks and node.kind == "mean"):
            raise Fault(f"this {_WORDS[node.kind]} does not say over what.", r"Put its index below it: \prod_i x_i.", node.at)
        for mask in masks:  # what a product leaves out is a factor 1
            body = best(made(lambda m, x: nd.chosen(m, x, nd.const(1)), mask, body) if node.kind == "prod" else times(mask, body))
        if not node.under:
            letters = [a for a in body[0].node.letters if a not in state.outer]
            if not letters:
                return best(made(_everything, body)) if node.kind == "sum" else expected(state, body, node.at)
        for letter in letters:
            body = _over(state, node, body, letter)
    if hint is not None and hint != state.origin and conditions:  # a sum over all says nothing of where it begins
        body = [r._replace(cost=r.cost + _WRONG_BASE) for r in body]
    note = taken_for_all(node)
    return best(body if note is None else [r._replace(notes=(*r.notes, note)) for r in body])


def _of_matrices(state: State, node: sx.Big, letter: str) -> Senses:
    """A product of matrices, and what stands behind it; nothing where its factors are none."""
    if letter in state.starts or "=" not in [t.text for t in node.under]:
        return []
    body, rest, ops = ordered.parted(state, node, letter)
    with state.bound([letter]):
        state.foresee(body, [letter])
        factors = state.read(body)
        least = min(r.cost for r in factors)
        if not any(r.node.matrix == MATRIX for r in factors if r.cost == least):
            return []
        found = ordered.ordered(state, node, letter, factors, condition)
    return ordered.with_rest(state, found, rest, ops)


_WORDS = {"sum": "sum", "prod": "product", "mean": "mean"}


def _over(state: State, node: sx.Big, body: Senses, letter: str) -> Senses:
    """A sum, a product or a mean over one letter; what lacks the letter is repeated."""
    extent = state.probe.expression.get(state.range(letter, node.at))
    if extent is None:
        raise Unranged(f"the range of {letter} is not known.", "", node.at)
    count = nd.const(extent, state.probe.value(extent))

    def one(x: Node) -> Node:
        match node.kind:
            case "sum":
                return nd.summed(x, letter) if letter in x.axes else nd.arithmetic("*", count, x)
            case "prod":
                return nd.reduced("prod", x, (letter,)) if letter in x.axes else nd.arithmetic("**", x, count)
            case "mean":
                return nd.arithmetic("/", nd.summed(x, letter), count) if letter in x.axes else x
        assert_never(node.kind)

    return made(one, body)


def _everything(x: Node) -> Node:
    for axis in [a for a in x.axes if a in MATRIX or a[0] == "b"]:
        x = nd.summed(x, axis)
    return x


_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def _opposite(one: nd.Node, other: nd.Node) -> bool:
    """Whether one comparison holds wherever the other does not."""
    if not (isinstance(one.op, nd.Compared) and isinstance(other.op, nd.Compared)):
        return False
    same = all(a.axes == b.axes and np.array_equal(a.value, b.value) for a, b in zip(one.args, other.args, strict=True))
    return same and _OPPOSITES.get(one.op.sign) == other.op.sign


def cases(state: State, node: sx.Cases) -> Senses:
    """Rows of a value and its condition, the first that holds; 0 where none does."""
    result: Senses = number("0")
    for place, (value, test) in enumerate(reversed(node.rows)):
        own = state.read(value)
        if test is None:
            if place:
                raise Fault("a case has no condition.", "Only the last may be without one.", node.at)
            result = own
            continue
        holds = condition(state, test)
        before = None if place or len(node.rows) < 2 else node.rows[-2][1]
        if before is not None and _opposite(condition(state, before)[0].node, holds[0].node):
            result = own
            continue
        result = best(made(nd.chosen, holds, own, result))
        if not result:
            raise Fault("the shapes of the cases do not fit.", "Check them against the condition.", node.at)
    return result
