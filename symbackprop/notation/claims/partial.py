r"""Claims about some entries alone: ... \text{ for } j \neq y, and \frac{\partial L}{\partial z_y}, the entry of a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from symbackprop.core.letters import LETTERS, fresh
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault
from symbackprop.notation.claims.left import is_name, over_a_line
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.syntax import Syntax, Word, with_letters
from symbackprop.notation.claims.tokens import Token

if TYPE_CHECKING:
    from symbackprop.notation.claims.statements import Equality


def at_labels(left: Syntax | None, right: Syntax, state: State) -> tuple[Syntax | None, list[sx.Relation]]:
    r"""A derivative by the entry of a label, \partial z_y, as that by an entry v, for v = y; anything else as it is."""
    if not isinstance(left, sx.Fraction | sx.Nabla):
        return left, []
    used = {*_letters(left), *_letters(right)}
    labels = [c for c in dict.fromkeys(t.text for t in _below(left)) if state.is_integer(c) and not state.probe.shapes[c]]
    found: list[sx.Relation] = []
    at = left.at
    for label in labels:
        letter = fresh(1, {*used, *state.names.known, *state.names.sizes}, reversed(LETTERS))[0]
        left = with_letters(left, {label: letter})
        used.add(letter)
        found.append(sx.Relation((Word(letter, at), Word(label, at)), ("==",), at))
    return left, found


def indices_agree(left: Syntax | None, of: sx.Relation) -> bool:
    r"""Whether i = j behind a claim is a condition on its indices, and no definition: both stand below what is claimed."""
    match of:
        case sx.Relation(sides=(Word(base=a, sub=(), sup=()), Word(base=b, sub=(), sup=())), signs=("==",)):
            below = {t.text for t in _below(left)}
            return a in below and (b in below or len(b) == 1)
    return False


def parted(state: State, left: Syntax, right: Syntax) -> tuple[Syntax, tuple[sx.Relation, ...]]:
    r"""What is claimed, and the condition that stands in it: x \quad (j \neq y), and the one case of x \text{ if } k = y.

    One case of other values than data, 1 \text{ if } z > 0, is 0 elsewhere; 0 \text{ if } z < 0 is nothing there.
    """
    match right:
        case sx.Cases(rows=((value, test),)) if several := _relations(test):
            tells = any(_tells_entries(left, one) or _tells_data(state, one) for one in several)
            return (value, several) if tells or value == sx.Number("0", value.at) else (right, ())
        case sx.Terms(parts=(*before, (sign, last))):
            rest, found = parted(state, left, last)
            return (replace(right, parts=(*before, (sign, rest))), found) if found else (right, ())
        case sx.Product(factors=(*before, sx.Group(items=(sx.Relation() as only,), bracket="(")), ops=(*ops, "")) if before:
            if _tells_entries(left, only) or _tells_data(state, only):
                return (sx.Product(tuple(before), tuple(ops), right.at) if ops else before[0]), (only,)
    return right, ()


def _relations(test: Syntax | None) -> tuple[sx.Relation, ...]:
    """The comparisons that a condition is, which hold together; none for any other."""
    together = test.items if isinstance(test, sx.Group) and test.bracket == "(" else (test,)
    found = tuple(one for one in together if isinstance(one, sx.Relation))
    return found if len(found) == len(together) else ()


def _tells_entries(left: Syntax, only: sx.Relation) -> bool:
    below = {t.text for t in _below(left)}
    return any(isinstance(side, Word) and side.base in below for side in only.sides)


def _tells_data(state: State, only: sx.Relation) -> bool:
    found = [state.names.lookup(side) for side in only.sides if isinstance(side, Word)]
    kinds = {state.context.forward.tensors[one.name].kind for one in found if one and one.name in state.context.forward.tensors}
    return bool(kinds) and kinds <= {"data", "labels", "integers"}


def where(left: Syntax | None, right: Syntax, several: Sequence[Syntax]) -> Syntax:
    """What is claimed where conditions hold, and the true derivative, of which nothing is claimed, elsewhere.

    Raises Fault where what is claimed is no derivative.
    """
    if not isinstance(left, sx.Fraction | sx.Nabla):
        fault = "a condition behind a claim is not read."
        raise Fault(fault, r"Write it into the claim, as a factor 1[j \neq k].", getattr(several[0], "at", None))
    for one in reversed(several):
        right = sx.Cases(((right, one), (left, None)), one.at)
    return right


def _below(node: object) -> Iterator[Token]:
    """The letters that stand below names: of \\nabla those behind its own letter."""
    if isinstance(node, Word | sx.Scripted):
        yield from node.sub
    if isinstance(node, sx.Nabla):
        start = next((k for k, t in enumerate(node.wrt) if t.text == "_"), len(node.wrt))
        yield from node.wrt[start:]
    for part in sx.below(node):
        if not isinstance(part, Token | str | int | None):
            yield from _below(part)


def _letters(node: object) -> Iterator[str]:
    """All letters in a syntax, in names and in scripts."""
    if isinstance(node, str):
        yield node
    elif node is not None:
        for part in sx.below(node):
            yield from _letters(part)


def of_entries(main: Equality, state: State) -> Equality:
    """A claim about some entries as one about all: elsewhere stands the true derivative."""
    left, labels = at_labels(over_a_line(main.left), main.right, state)
    is_derivative = isinstance(left, sx.Fraction | sx.Nabla)
    right, inside = parted(state, left, main.right) if is_derivative else (main.right, ())
    only = (*labels, *inside, *main.only)
    if not only:
        return main
    between = tuple(side if is_name(side) else where(left, side, only) for side in main.between)
    return replace(main, left=left, right=where(left, right, only), between=between, only=only, labels=len(labels))
