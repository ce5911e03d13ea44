"""Whether a reading has the shape of what is claimed, and which axis is which."""

from __future__ import annotations

from typing import NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.formulas.told import Told, told
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.errors import Fault, Unfit
from symbackprop.notation.claims.left import Left
from symbackprop.notation.claims.nodes import DOWN, MATRIX, RIGHT, Axes, Node
from symbackprop.notation.claims.shapes import Sense, Senses
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.steps import At, claimed

AS_COLUMN, BY_ALPHABET, REPEATED = 2.0, 1.0, 1.0


class Way(NamedTuple):
    """How a claim was read.

    origin   from where its indices count.
    at       where along the axes of loops it claims.
    apart    letters side by side that are taken the less likely way.
    columns  whether the one index of a matrix on the left-hand side counts its columns.
    """

    origin: int = 1
    at: tuple[At, ...] = ()
    apart: str = ""
    columns: bool = False


class Fitted(NamedTuple):
    """A sense with its axes in the order of the result, and how it was read; extents are those of axes that it repeats along."""

    node: Node
    axes: Axes
    extents: dict[str, Expr]
    shape: tuple[Expr, ...]
    fits: bool
    cost: float
    notes: tuple[Told, ...]
    way: Way = Way()


def fitted(state: State, senses: Senses, left: Left) -> list[Fitted]:
    """The senses with the shape of what is claimed; where there are none, what they are instead.

    Raises Fault where none has a shape.
    """
    found: list[Fitted] = []
    for sense in senses:
        found += _one(state, sense, left)
    if not found and all(_is_unknown(state, s) for s in senses):
        raise Unfit("the result has a size that nothing in the network has.", "Check what is padded, spread or cut.")
    if not found:
        stray = sorted({a for s in senses for a in s.node.letters} - set(left.letters))
        if stray:
            raise Fault(f"the index {stray[0]} stands on one side only.", "Sum over it, or put it on the left-hand side as well.")
        raise Fault("the two sides do not have the same indices.", "Give both the same indices, or none.")
    return found


def _is_unknown(state: State, sense: Sense) -> bool:
    """Whether nothing in the network has the size of an axis, of the whole or of what it is made of; frames go by themselves."""
    known, seen, waiting = state.probe.expression, set[int](), [sense.node]
    while waiting:
        node = waiting.pop()
        if node is not sense.node and isinstance(node.op, nd.Framed):
            continue
        if any(n not in known for n in node.value.shape):
            return True
        waiting += [a for a in node.args if id(a) not in seen]
        seen |= {id(a) for a in node.args}
    return False


def _one(state: State, sense: Sense, left: Left) -> list[Fitted]:
    node = sense.node
    if _is_unknown(state, sense):
        return []
    want = _wanted(state, left)
    axes: Axes
    if left.letters:
        return _by_letters(state, sense, left, want)
    if node.letters:
        if set(node.letters) <= set(state.reached):  # every step by itself, where all of them count
            axes = (*sorted(node.letters), *(a for a in node.axes if len(a) > 1), *(a for a in (DOWN, RIGHT) if a in node.axes))
            return [_fit(state, sense, axes, want, 0.0, Told())]
        if len(node.letters) == len(node.axes) and (want is None or len(want) == len(node.axes)):
            return [_fit(state, sense, tuple(sorted(node.letters)), want, BY_ALPHABET, told("indices in alphabetical order"))]
        return []
    if isinstance(node.op, nd.Const) and node.op.value == 0 and want:
        fresh = tuple(f"z{k}" for k in range(len(want)))
        extents = dict(zip(fresh, want, strict=True))
        return [Fitted(node, fresh, extents, want, True, sense.cost, sense.notes)]
    axes = tuple(sorted(a for a in node.axes if a not in MATRIX)) + tuple(a for a in (DOWN, RIGHT) if a in node.axes)
    if left.transposed:
        axes = axes[::-1]
    return [_squeezed(state, sense, axes, want)]


def _wanted(state: State, left: Left) -> tuple[Expr, ...] | None:
    """The shape of what is claimed: of the key, else of what the left-hand side says."""
    if left.of is not None and left.wrt is not None and (left.second or left.pattern):
        whole = (*state.probe.shapes[left.of], *state.probe.shapes[left.wrt])
        return tuple(whole[left.pattern.index(k)] for k in range(len(left.letters))) if left.pattern else whole
    shape = state.context.shape
    if (shape is None or left.at) and left.wrt is not None and left.of is not None:
        shape = (*state.probe.shapes[left.of], *state.probe.shapes[left.wrt])
    return shape if shape is None or not left.at else claimed(shape, left.at)


def _by_letters(state: State, sense: Sense, left: Left, want: tuple[Expr, ...] | None) -> list[Fitted]:
    node = sense.node
    given = [c for c in left.letters if c != ":"]
    letters = tuple(dict.fromkeys(given))
    rest = tuple(a for a in (DOWN, RIGHT) if a in node.axes)
    if set(node.letters) - set(letters):
        return []
    if rest and want is not None and len(want) != len(letters) + len(rest):
        return []
    whole = list(rest)
    if len(letters) < len(given) or left.letters.count(":") > len(whole):
        return []
    axes = (*(whole.pop(0) if c == ":" else c for c in left.letters), *whole)  # W_{:,k}: the column k
    if left.second and len(letters) == len(given) == len(rest) == 2:
        return _blocks(state, sense, letters, want)
    if set(node.axes) - set(axes):
        return []  # a stack of matrices beside indices
    if left.transposed:
        axes = axes[::-1]
    extents = {a: state.probe.expression[state.range(a, None)] for a in letters if a not in node.axes}
    cost = sense.cost + (REPEATED if extents else 0.0)
    shape = tuple(extents[a] if a in extents else state.probe.expression[node.extent(a)] for a in axes)
    if want is not None and shape != want == shape[::-1] and len(given) == len(axes) - 1 == 1 and not left.transposed:
        note = told("the index {} counts the columns of the matrix", given[0])  # w_k of W, whose columns are w_k
        return [Fitted(node, axes[::-1], extents, want, True, cost + AS_COLUMN, (*sense.notes, note))]
    if want is not None and shape != want and shape == tuple(n for n in want if n != 1):  # K_{uv} of a kernel [1, 1, k, k]
        kept, axes = list(axes), tuple(f"z{k}" if n == 1 else "" for k, n in enumerate(want))
        extents |= {axis: sp.S.One for axis in axes if axis}
        axes = tuple(axis or kept.pop(0) for axis in axes)
        return [Fitted(node, axes, extents, want, True, cost + BY_ALPHABET, sense.notes)]
    return [Fitted(node, axes, extents, shape, want is None or shape == want, cost, sense.notes)]


def _blocks(state: State, sense: Sense, letters: tuple[str, ...], want: tuple[Expr, ...] | None) -> list[Fitted]:
    r"""A block of the Hessian by rows or columns of a matrix, \partial w_k \partial w_l^\top: its rows are those of w_k."""
    found = []
    for turned, cost in (((DOWN, RIGHT), 0.0), ((RIGHT, DOWN), AS_COLUMN)):
        axes = tuple(a for pair in zip(letters, turned, strict=True) for a in (pair[::-1] if state.columns else pair))
        shape = tuple(state.probe.expression[sense.node.extent(a) if a in sense.node.axes else state.range(a, None)] for a in axes)
        extents = {a: n for a, n in zip(axes, shape, strict=True) if a not in sense.node.axes}
        notes = (*sense.notes, told("the rows of a block are those of {}", letters[1])) if cost else sense.notes
        found.append(Fitted(sense.node, axes, extents, shape, want is None or shape == want, sense.cost + cost, notes))
    return found


def _squeezed(state: State, sense: Sense, axes: Axes, want: tuple[Expr, ...] | None) -> Fitted:
    """Axes of size 1 are put in or left out as the shape has them."""
    node = sense.node
    shape = tuple(state.probe.expression[node.extent(a)] for a in axes)
    if want is None or shape == want:
        return _fit(
            state,
            sense,
            axes,
            want,
            AS_COLUMN if axes == (RIGHT,) else 0.0,
            told("a row is taken as a column") if axes == (RIGHT,) else Told(),
        )
    inner = tuple(n for n in shape if n != 1)
    if inner == tuple(n for n in want if n != 1) and len(inner) != max(len(shape), len(want)):
        for axis in [a for a in axes if node.extent(a) == 1]:
            node = nd.summed(node, axis)
        kept = [a for a in axes if a in node.axes]
        full, extents = [], {}
        for k, n in enumerate(want):
            full.append(f"z{k}" if n == 1 else kept.pop(0))
            if n == 1:
                extents[f"z{k}"] = sp.S.One
        return Fitted(node, tuple(full), extents, want, True, sense.cost + BY_ALPHABET, sense.notes)
    return _fit(state, sense, axes, want, 0.0, Told())


def _fit(state: State, sense: Sense, axes: Axes, want: tuple[Expr, ...] | None, cost: float, note: Told) -> Fitted:
    shape = tuple(state.probe.expression[sense.node.extent(a)] for a in axes)
    notes = (*sense.notes, note) if note else sense.notes
    return Fitted(sense.node, axes, {}, shape, want is None or shape == want, sense.cost + cost, notes)
