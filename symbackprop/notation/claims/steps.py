r"""Steps of loops in a claim: W^{(l)}, h_{t-1} and z^{(n)} are entries along the axis that a loop goes along, counted from 1."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, NamedTuple

import sympy as sp
from sympy import Expr

from symbackprop.core.loops import has_loops
from symbackprop.core.loops.recursion import Recursion
from symbackprop.core.loops.step_axes import Axis
from symbackprop.core.program import Carry, Gradient, Program, size
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.nodes import Node
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare, plain
from symbackprop.notation.claims.words import described, indices

_STEP = re.compile(r"(?:[a-zA-Z]|ell|tau)(?:[-+]\d+)?|\d+")


class Number(NamedTuple):
    """An index: letters with their signs, and what is added: l - 1, n, 0."""

    letters: tuple[tuple[int, str], ...]
    added: Expr

    @property
    def letter(self) -> str | None:
        """The letter, where it is one letter and a whole number."""
        lone = len(self.letters) == 1 and self.letters[0][0] == 1 and self.added.is_Integer
        return self.letters[0][1] if lone else None


@dataclass(frozen=True)
class At:
    """Where a gradient is claimed along one axis of a loop: at one step, or at all but a few at its ends.

    place    which axis of the gradient.
    axis     the loop's axis.
    first    the number of steps left out at the low end; of one step, its position.
    left     how many steps are left out in all; None: it is one step.
    """

    place: int
    axis: Axis
    first: Expr
    left: int | None = None

    @property
    def extent(self) -> Expr | None:
        """How many steps are claimed; None: one, which has no axis."""
        return None if self.left is None else self.axis.extent - self.left


def claimed(shape: tuple[Expr, ...], at: Iterable[At]) -> tuple[Expr, ...]:
    """The shape of what is claimed of a gradient at steps."""
    extents: list[Expr | None] = list(shape)
    for one in at:
        extents[one.place] = one.extent
    return tuple(n for n in extents if n is not None)


class Loops:
    """The loops of a network, as claims read them.

    stands   a name that earlier steps gave -> the tensor whose gradient it stands for.
    """

    def __init__(self, forward: Program, stands: Mapping[str, str]) -> None:
        self.stands = stands
        self.axes: dict[str, dict[int, Axis]] = {}
        self.before: dict[tuple[str, int], tuple[int, str]] = {}
        if not has_loops(forward):
            return
        for (name, place), axis in Recursion(forward).axes.items():
            self.axes.setdefault(name, {})[place] = axis
        for equation in forward.equations:
            if isinstance(equation.op, Carry) and equation.operands[0].index == equation.target.index:
                place = equation.target.index.index(equation.op.letter)
                self.before.setdefault((equation.operands[0].name, place), (equation.op.step, equation.target.name))

    def __bool__(self) -> bool:
        return bool(self.axes)

    @property
    def extents(self) -> list[Expr]:
        """How many steps there may be: all, and those without one or two at the ends."""
        found = {n for places in self.axes.values() for axis in places.values() for n in (axis.extent, axis.last)}
        return [sp.S.One, *(extent - k for extent in sorted(found, key=str) for k in (0, 1, 2))]

    def of(self, name: str, roles: Mapping[str, Gradient]) -> Mapping[int, Axis]:
        """The axes of a tensor along which loops go: of a gradient those of what it is by."""
        role = roles.get(name)
        return self.axes.get(role.wrt if role else self.stands.get(name, name), {})

    def counts(self, name: str) -> bool:
        """Whether a name is a size that tells how many steps a loop has: n, which is no index."""
        return any(name == str(s) for places in self.axes.values() for axis in places.values() for s in axis.extent.free_symbols)

    def is_told(self, part: Tokens) -> bool:
        """Whether an index says by its letters, or as a number, that it is a step."""
        every = [axis for places in self.axes.values() for axis in places.values()]
        known = {axis.letter for axis in every} | {str(s) for axis in every for s in axis.extent.free_symbols}
        letters = {t.text.lstrip("\\") for t in part if t.text not in "+-" and not t.text.isdigit()}
        return letters <= known

    def split(self, word: Word) -> tuple[Word, Tokens, Tokens] | None:
        r"""A name, its step and its indices: \delta_{a,t} is the name delta_a at t, \delta_{l,j} the entry j of delta at l."""
        parts = _parts(word.sub)
        if not parts:
            return None
        places = [k for k, part in enumerate(parts) if self.is_told(part)] or ([0] if len(parts) == 1 and is_step(parts[0]) else [])
        ways = [self._split(word, parts, k) for k in places]
        given = [way for way in ways if described(replace(way[0], sup=())) in self.stands]
        lettered = [way for way in ways if not all(t.text.isdigit() for t in way[1])]  # the 1 of delta_{1,t} is its name's
        return next(iter(given or lettered or ways), None)

    def _split(self, word: Word, parts: list[Tokens], k: int) -> tuple[Word, Tokens, Tokens]:
        """The name, the step at place `k`, and the indices."""
        before, after = parts[:k], parts[k + 1 :]
        if after and not before and len(after) == 1 and plain(after[0]) in self.axes:
            before, after = after, []
        comma = Token(",", word.at)
        joined = tuple(t for j, part in enumerate(before) for t in ((comma, *part) if j else part))
        rest = tuple(t for j, part in enumerate(after) for t in ((comma, *part) if j else part))
        return replace(word, sub=joined), parts[k], rest

    def carrier(self, name: str) -> tuple[str, int, int] | None:
        """Of a tensor that holds the values of the step before: whose, along which axis, which way."""
        return next(((source, place, step) for (source, place), (step, own) in self.before.items() if own == name), None)

    def numbers(self, part: Tokens, axis: Axis) -> Number:
        """An index along a loop's axis, in which the letters of its extent are sizes."""
        letters: list[tuple[int, str]] = []
        added, sign = sp.S.Zero, 1
        sizes = {str(s) for s in axis.extent.free_symbols}
        for token in part:
            text = token.text.lstrip("\\")
            if text in "+-":
                sign = 1 if text == "+" else -1
                continue
            if text.isdigit() or text in sizes:
                added += sign * (sp.Integer(text) if text.isdigit() else size(text))
            else:
                letters.append((sign, text))
            sign = 1
        return Number(tuple(letters), sp.expand(added))

    def placed(self, number: Number, axis: Axis) -> Number:
        """A step's number as it is along an axis that counts from 1."""
        return number._replace(added=sp.expand(number.added - (axis.origin - 1)))

    def found(self, name: str, place: int, number: Number, origin: int) -> tuple[str, Number]:
        """The tensor that holds an entry, and its number there: z^{(l-1)} is the entry l of what is carried."""
        extent = self.axes[name][place].extent if name in self.axes else None
        while (name, place) in self.before and extent is not None:
            step, before = self.before[name, place]
            if number.letter is not None:
                beyond = number.added * step < 0
            else:
                at = number.added - origin - (self.axes[name][place].origin - 1)
                beyond = not number.letters and bool(at == -1 if step > 0 else sp.expand(at - extent) == 0)
            if not beyond:
                break
            name, number = before, number._replace(added=number.added + step)
        return name, number


def _parts(sub: Tokens) -> list[Tokens] | None:
    r"""What stands below a name between its commas, \alpha and t of \delta_{\alpha,t}; None where it is no index and no name."""
    own = indices(sub)
    if own is not None:
        return own
    parts: list[list[Token]] = [[]]
    for token in bare(sub):
        if token.text == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    found = [tuple(part) for part in parts]
    return found if len(found) > 1 and all(len(part) == 1 or (part and indices(part)) for part in found) else None


def leaf_of(node: Node) -> tuple[str, dict[str, int]] | None:
    """The tensor that a node is, with the places of its axes by their names; None where it is none."""
    inner = node.args[0] if isinstance(node.op, nd.Renamed) else node
    if not isinstance(inner.op, nd.Leaf):
        return None
    table = dict(node.op.pairs) if isinstance(node.op, nd.Renamed) else {}
    names = [table.get(a, a) for a in inner.axes]
    return (inner.op.name, {a: k for k, a in enumerate(names)}) if len(set(names)) == len(names) else None


def is_step(part: Tokens) -> bool:
    """Whether an index may be a step: a letter or a number, or a letter and a number."""
    return bool(_STEP.fullmatch(plain(part)))


def below(node: Any) -> Any:
    r"""The same syntax with its layers in brackets as first indices: W^{(l+1)} as W_{l+1}, \delta^{(l)}_j as \delta_{l,j}."""
    if isinstance(node, Word):
        return _below(node)
    if isinstance(node, tuple) and not isinstance(node, Token):
        return tuple(below(part) for part in node)
    if is_dataclass(node) and not isinstance(node, type):
        kept = ("sub", "sup", "under", "over") if not hasattr(node, "wrt") else ("wrt",)
        own = {f.name: getattr(node, f.name) for f in fields(node)}
        return replace(node, **{k: v if k in kept and _is_tokens(v) else below(v) for k, v in own.items()})
    return node


def _is_tokens(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, Token) for one in value)


def _below(word: Word) -> Word:
    sup = bare(word.sup)
    if not sup or sup[0].text not in ("(", "["):
        return word
    end = next((k for k, token in enumerate(sup) if token.text in (")", "]")), 0)
    label, rest = sup[1:end], sup[end + 1 :]
    if not end or not is_step(label) or not indices(label):
        return word
    comma = (Token(",", word.at),) if word.sub else ()
    return replace(word, sub=(*label, *comma, *word.sub), sup=rest)
