r"""Legends of views: W_{q,l} = W_{q,:,kl:kl+k} says that W_q with one index is a block of it, X_{np} = X_{n,2p} every second entry.

From a legend on, the whole with so many indices is the view. What is claimed of a view is claimed of the whole, block by block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import sympy as sp
from sympy import Expr, S

from symbackprop.core.functions import iverson
from symbackprop.core.letters import pool
from symbackprop.core.program import Equation, Program, Ref, Signature, Sum, position, same_size, size, slot, substituted
from symbackprop.notation.claims import statements
from symbackprop.notation.claims import syntax as sx
from symbackprop.notation.claims.errors import Fault, NotUnderstood, placed
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.lower import OUTPUT
from symbackprop.notation.claims.state import Context
from symbackprop.notation.claims.syntax import Syntax, Tokens, Word
from symbackprop.notation.claims.tokens import bare, tokens
from symbackprop.notation.claims.words import BLOCKS, Names, described, indices

Shape = tuple[Expr, ...]
_ELSEWHERE = re.compile(r",?\s*\\text\{\s*(?:and\s+)?0\s+elsewhere\s*\}\s*$")
_PLACES = (101, 103, 107, 109, 113, 127, 131, 137)  # sizes at which strides are put in order


class Spot(NamedTuple):
    """Where a view stands along an axis: at its start, made of the positions of its letters, or a block from there on.

    width   of the block; None: the axis is gone.
    """

    start: Expr
    width: Expr | None = None


@dataclass(frozen=True)
class View:
    """A legend.

    name      of the whole.
    letters   the view's indices, in their order.
    spots     for the axes of the whole, the first first; None: the whole axis. Axes beyond them are whole.
    """

    name: str
    letters: tuple[str, ...]
    spots: tuple[Spot | None, ...]

    @property
    def blocks(self) -> str:
        """The name of the view as a tensor."""
        return self.name + BLOCKS

    def extents(self, whole: Shape) -> dict[str, Expr]:
        """The sizes that its letters run over."""
        found: dict[str, Expr] = {}
        for spot, extent in zip(self.spots, whole, strict=False):
            for letter, own in _levels(spot, extent) if spot else ():
                found.setdefault(letter, own.steps)
        return found

    def shape(self, whole: Shape) -> Shape:
        """The shape of the view: its letters, then the axes that are left."""
        own = self.extents(whole)
        spots = (*self.spots, *[None] * (len(whole) - len(self.spots)))
        rest = [extent if spot is None else spot.width for spot, extent in zip(spots, whole, strict=True)]
        return (*(own[c] for c in self.letters), *(n for n in rest if n is not None))

    def whole(self, shape: Shape) -> Shape | None:
        """The shape of the whole that views of this shape fill; None where they leave gaps or have too few axes."""
        own = dict(zip(self.letters, shape, strict=False))
        rest = list(shape[len(self.letters) :])
        found: list[Expr] = []
        for spot in self.spots:
            extent: Expr = S.One
            if spot is None or spot.width is not None:
                if not rest:
                    return None
                extent = rest.pop(0)
            if spot is not None:
                if set(_strides(spot)) - own.keys():
                    return None
                extent = sp.expand(_end(spot, own))
            found.append(extent)
        result = (*found, *rest)
        return result if self.covers(result) else None

    def covers(self, whole: Shape) -> bool:
        """Whether every entry of the whole stands in a view."""
        for spot, extent in zip(self.spots, whole, strict=False):
            filled = spot.width or S.One if spot else S.One
            for level in _steps(spot, extent):
                if not same_size(level.stride, filled):
                    return False
                filled = sp.expand(level.stride * level.steps)
            if spot is not None and not (same_size(filled, extent) and _offset(spot) == 0):
                return False
        return True

    def apart(self, whole: Shape) -> bool:
        """Whether no two views share an entry."""
        sizes = _sizes([*whole, *(e for spot in self.spots if spot for e in (spot.start, spot.width or S.One))])
        for spot, extent in zip(self.spots, whole, strict=False):
            filled = spot.width or S.One if spot else S.One
            for level in _steps(spot, extent):
                if substituted(level.stride, sizes) < substituted(filled, sizes):
                    return False
                filled = level.stride * level.steps
        used = [c for spot in self.spots if spot for c in _strides(spot)]
        return sorted(used) == sorted(self.letters)

    def require_whole(self, whole: Shape | None, elsewhere: bool) -> None:
        """What is claimed of its views is claimed of the whole; raises NotUnderstood where it is not.

        whole       the shape that they make; None where they make none.
        elsewhere   whether the claim says that the whole is 0 where no view stands.
        """
        if whole is None:
            raise NotUnderstood("the blocks do not have the shape that the legend gives them.", "Check the legend and their shape.")
        if not self.apart(whole):
            raise NotUnderstood(f"the blocks of {self.name} share entries.", "Claim the whole.")
        if not elsewhere and not self.covers(whole):
            raise NotUnderstood(f"the blocks of {self.name} leave entries out.", r"Say what those are: \text{, 0 elsewhere}.")

    def picked(self, whole: Shape) -> Program:
        """The program of the view, of the whole by its name."""
        out, inner, over, body = self._letters(whole)
        shape = self.shape(whole)
        tensors = {self.name: Signature(self.name, whole, "data"), OUTPUT: Signature(OUTPUT, shape)}
        made = Equation(Ref(OUTPUT, out), Sum(body, (slot(0),), over), (Ref(self.name, inner),))
        return Program(tensors, (made,), (OUTPUT,))

    def assembled(self, program: Program, whole: Shape) -> Program:
        """The program of the whole, 0 where no view stands, from the program of the view."""
        out, inner, _, body = self._letters(whole)
        shape = self.shape(whole)
        over = tuple((c, n) for c, n in zip(out, shape, strict=True) if c not in inner)
        blocks = OUTPUT + BLOCKS
        own = replace(program.tensors[OUTPUT], name=blocks)
        equations = [replace(e, target=e.target._replace(name=blocks)) if e.target.name == OUTPUT else e for e in program.equations]
        made = Equation(Ref(OUTPUT, inner), Sum(body, (slot(0),), over), (Ref(blocks, out),))
        tensors = {n: t for n, t in program.tensors.items() if n != OUTPUT} | {blocks: own, OUTPUT: Signature(OUTPUT, whole)}
        return replace(program, tensors=tensors, equations=(*equations, made), outputs=(OUTPUT,))

    def _letters(self, whole: Shape) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, Expr], ...], Expr]:
        """The axes of the view, those of the whole, those of the whole that a view is summed over, and where both meet."""
        fresh = pool()
        own = {c: next(fresh) for c in self.letters}
        body, inner, rest, over = slot(0), list[str](), list[str](), list[tuple[str, Expr]]()
        for spot, extent in zip((*self.spots, *[None] * (len(whole) - len(self.spots))), whole, strict=True):
            axis = next(fresh)
            if spot is None:
                inner.append(axis)
                rest.append(axis)
                continue
            alone = own.get(str(spot.start)) if spot.width is None and spot.start.is_Symbol else None
            if alone is not None and alone not in inner:
                inner.append(alone)
                continue
            place = substituted(spot.start, {position(c): position(x) for c, x in own.items()})
            if spot.width is not None:
                rest.append(next(fresh))
                place += position(rest[-1])
            body *= iverson(sp.Eq(position(axis), place, evaluate=False))
            inner.append(axis)
            over.append((axis, extent))
        return (*own.values(), *rest), tuple(inner), tuple(over), body


class Level(NamedTuple):
    """A letter of a spot: how far it goes with each step, and how many it makes."""

    stride: Expr
    steps: Expr


def _strides(spot: Spot) -> dict[str, Expr]:
    """How far each letter of a spot goes, the farthest first."""
    start = sp.expand(spot.start)
    letters = sorted({s for s in start.free_symbols if s.is_nonnegative and not s.is_positive}, key=str)
    found: dict[str, Expr] = {str(s): sp.expand(sp.diff(start, s)) for s in letters}  # a start is linear in its letters
    sizes = _sizes(list(found.values()))
    return dict(sorted(found.items(), key=lambda one: sp.Mul(-1, substituted(one[1], sizes))))


def _offset(spot: Spot) -> Expr:
    return substituted(spot.start, {position(c): S.Zero for c in _strides(spot)})


def _end(spot: Spot, counts: dict[str, Expr]) -> Expr:
    """Where the last entry of the last view stands, and one more."""
    return substituted(spot.start, {position(c): counts[c] - 1 for c in _strides(spot)}) + (spot.width or 1)


def _levels(spot: Spot, extent: Expr) -> list[tuple[str, Level]]:
    """The letters of a spot, the farthest first: the inner ones fill a step of the outer ones, the first all that there is."""
    several = list(_strides(spot).items())
    counts = {inner: sp.expand(sp.cancel(far / near)) for (_, far), (inner, near) in pairwise(several)}
    if several:
        first, stride = several[0]
        room = extent - _end(spot, {**counts, first: S.One})
        counts[first] = sp.floor(sp.expand(sp.cancel(room / stride))) + 1
    return [(c, Level(stride, counts[c])) for c, stride in several]


def _steps(spot: Spot | None, extent: Expr) -> list[Level]:
    """The letters that take more than one step, the nearest first."""
    return [level for _, level in reversed(_levels(spot, extent)) if level.steps != 1] if spot else []


def _sizes(several: Sequence[Expr]) -> dict[sp.Basic, Expr]:
    """Numbers for all sizes in some expressions."""
    symbols = sorted({s for e in several for s in e.free_symbols}, key=str)
    return {s: sp.Integer(_PLACES[k % len(_PLACES)] + 1000 * (k // len(_PLACES))) for k, s in enumerate(symbols)}


def _names(context: Context, views: bool) -> Names:
    known = {name: len(shape) for name, shape in context.shapes().items()}
    return Names(known, map(str, context.forward.sizes()), {}, context.aliases, context.views if views else None)


def legend(text: str, context: Context) -> View | None:
    """The view that W_{q,l} = W_{q,:,kl:kl+k} defines; None for any text that is no legend.

    Raises NotUnderstood where a position is not read.
    """
    try:
        return _legend(text, _names(context, views=False))
    except Fault as fault:
        raise placed(text, fault) from None


def _legend(text: str, names: Names) -> View | None:
    if text.count("=") != 1 or not ({":"} & set(text) or re.search(r"\d[a-z]", text)):
        return None
    try:
        left, right = (syntax(tuple(tokens(side))) for side in text.split("="))
    except Fault:
        return None
    if not (isinstance(left, Word) and isinstance(right, Word) and left.base == right.base and left.accent == right.accent):
        return None
    if left.sup or right.sup or left.primes or right.primes:
        return None
    for name, own in _divided(left, names):
        head = bare(left.sub)[: len(bare(left.sub)) - len(own)]
        head = head[:-1] if head and head[-1].text == "," else head
        tail = bare(right.sub)
        if [t.text for t in tail[: len(head)]] != [t.text for t in head]:
            continue
        tail = tail[len(head) :]
        letters = tuple(t.text for t in own if t.text != ",")
        parts = list(_parts(tail[1:] if tail and head and tail[0].text == "," else tail))
        spots = tuple(_spot(part, letters, names) for part in parts)
        if any(spot and (spot.width is not None or not spot.start.is_Symbol) for spot in spots):
            return View(name, letters, spots)
    return None


def _divided(word: Word, names: Names) -> Iterator[tuple[str, Tokens]]:
    """The ways to read a word as a name and indices: as a tensor, else as a name whose last small letters are indices."""
    known = [(one.name, one.index) for one in names.candidates(word) if one.index and not (one.sample or one.power)]
    yield from known
    own = bare(word.sub)
    first = len(own)
    while first and (own[first - 1].text == "," or (len(own[first - 1].text) == 1 and own[first - 1].text.islower())):
        first -= 1
    while first < len(own) and own[first].text == ",":
        first += 1
    if not known and own[first:]:
        head = own[:first]
        yield described(replace(word, sub=head[:-1] if head and head[-1].text == "," else head)), own[first:]


def _parts(several: Tokens) -> Iterator[Tokens]:
    """What stands between commas."""
    part: list[object] = []
    for token in several:
        if token.text == ",":
            yield tuple(part)  # type: ignore[misc]
            part = []
        else:
            part.append(token)
    yield tuple(part)  # type: ignore[misc]


def _spot(part: Tokens, letters: Sequence[str], names: Names) -> Spot | None:
    """What stands along one axis: a colon, an entry, or from where to where a block goes."""
    colon = next((k for k, t in enumerate(part) if t.text == ":"), None)
    if colon is None:
        return Spot(_position(part, letters, names))
    if len(part) == 1:
        return None
    at = part[colon].at
    if not part[:colon] or not part[colon + 1 :]:
        raise Fault("a block says from where to where it goes.", "Write W_{:,kl:kl+k}.", at)
    start = _position(part[:colon], letters, names)
    width = sp.expand(_position(part[colon + 1 :], letters, names) - start)
    if any(s.is_nonnegative and not s.is_positive for s in width.free_symbols):
        raise Fault("the blocks of a legend have one width.", "Write W_{:,kl:kl+k}.", at)
    return Spot(start, width)


def _position(part: Tokens, letters: Sequence[str], names: Names) -> Expr:
    """2p + l, kl + k: the letters of the view are positions, all others sizes. Raises Fault where it is no such sum."""
    found = sp.expand(_number(syntax(part), letters, names))
    for stride in _strides(Spot(found)).values():
        if not stride.is_positive or any(position(c) in stride.free_symbols for c in letters):
            raise Fault("a legend says positions by sums of multiples.", "Write W_{i,l} = W_{i,2l}.", part[0].at)
    return found


def _number(node: Syntax, letters: Sequence[str], names: Names) -> Expr:
    match node:
        case sx.Number(text=text):
            return sp.Rational(text)
        case sx.Word(base=base, sub=(), sup=()) if base in letters:
            return position(base)
        case sx.Word(at=at):
            found = names.size(node)
            if found is None:
                raise Fault(f"{described(node)} is no index of the left-hand side, and no size.", "Write W_{i,l} = W_{i,2l}.", at)
            return size(found)
        case sx.Terms(parts=parts):
            return sp.Add(*(sign * _number(part, letters, names) for sign, part in parts))
        case sx.Product(factors=factors, ops=ops) if all(op in ("", "dot") for op in ops):
            return sp.Mul(*(_number(factor, letters, names) for factor in factors))
        case sx.Fraction(over=over, under=under):
            return _number(over, letters, names) / _number(under, letters, names)
        case sx.Group(items=(inner,)):
            return _number(inner, letters, names)
        case _:
            raise Fault("a legend says positions by sums and products.", "Write W_{i,l} = W_{i,2l}.", node.at)


class Viewed(NamedTuple):
    """A claim whose left-hand side is a view.

    name      what stands on the left: a name, or what the derivative is by.
    gradient  whether it is a derivative.
    letters   the indices there.
    right     the right-hand side, as LaTeX.
    elsewhere whether it says that the whole is 0 elsewhere.
    """

    name: str
    gradient: bool
    letters: tuple[str, ...]
    right: str
    elsewhere: bool


def viewed(text: str, context: Context) -> Iterator[Viewed]:
    """The ways to read a claim as one of a view, by the name on its left-hand side and the indices below it."""
    names = _names(context, views=False)
    body = _ELSEWHERE.sub("", text)
    if "=" not in body:
        return
    first, right = body.split("=", 1)
    try:
        several = statements.split(first)
    except Fault:
        return
    left = several[0].right if len(several) == 1 else None
    gradient = False
    match left:
        case sx.Fraction(over=sx.Partial(of=Word() as top, order=1), under=sx.Partial(of=Word() as below, order=1)):
            found = names.lookup(top)
            if found is None or found.name != context.of or found.index:
                return
            left, gradient = below, True
        case Word():
            pass
        case _:
            return
    for name, index in _divided(left, names):
        parts = indices(index) or []
        if parts and all(len(part) == 1 and part[0].text.isalpha() for part in parts):
            yield Viewed(name, gradient, tuple(part[0].text for part in parts), rf"\,{right}", body != text)
