"""Indices, powers and transposes: what stands at the foot and at the head of an expression."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from typing import TypeVar

import sympy as sp

from symbackprop.core.loops.step_axes import Axis
from symbackprop.formulas.told import Told, told
from symbackprop.notation.claims import nodes as nd
from symbackprop.notation.claims.errors import Fault, Unknown
from symbackprop.notation.claims.grammar import syntax
from symbackprop.notation.claims.labels import at_label, places
from symbackprop.notation.claims.nodes import DOWN, MATRIX, RIGHT, Misfit, Node
from symbackprop.notation.claims.places import Place, joined
from symbackprop.notation.claims.shapes import A_ROW, Sense, Senses, best, made
from symbackprop.notation.claims.state import State
from symbackprop.notation.claims.steps import leaf_of
from symbackprop.notation.claims.syntax import Tokens, Word
from symbackprop.notation.claims.tokens import Token, bare, plain
from symbackprop.notation.claims.words import TRANSPOSES

SQUARED, ENTRYWISE_INVERSE, AS_ROW = 1.0, 2.0, 2.5
_Size = TypeVar("_Size", int, sp.Expr)
LONGEST = 6  # factors of a power of a matrix
ROW_OF_NETWORK = 0.5  # W_j v is a number, where nobody claims anything of it
_HALVES = re.compile(r"-?frac\d\d$")
_FRACTION = re.compile(r"(-?)(\d+(?:\.\d+)?)(?:/(\d+))?$")


def below(count: int, shape: Sequence[_Size]) -> list[tuple[int, _Size]]:
    """The axes that as many indices stand for, with their sizes: the first, or, where that is their number, those not of size 1."""
    axes = list(enumerate(shape))
    longer = [(place, n) for place, n in axes if n != 1]
    return longer if count == len(longer) else axes[:count]


def indexed(state: State, readings: Senses, several: Tokens, at: int, own: tuple[str, ...] = ()) -> Senses:
    """Entries by their indices; one index of a matrix picks a row, which is a column vector as x_n is.

    own   the axes that the indices stand for; (): those of the matrix, the first first.
    """
    parts = places(state, several)
    if parts is None:
        fault, mend = f"{plain(several)} is no index.", "Indices are letters, numbers, their sums, and labels: y_i."
        label = next((a.text for a, b in pairwise(several) if b.text == "_"), None)
        if state.context.is_network and label:  # of a sample, that nobody declared
            raise Unknown(label, fault, mend, at)
        raise Fault(fault, mend, at)
    found: Senses = []
    for reading in readings:
        natural = list(own) or [a for a in reading.node.axes if a[0] == "b"] + [a for a in (DOWN, RIGHT) if a in reading.node.axes]
        first = parts[0] if len(parts) == 1 else None
        if isinstance(first, tuple) and len(first) == 1 and first[0].text.isdigit() and len(first[0].text) == len(natural):
            parts = [(Token(c, at),) for c in first[0].text]  # A_{12}
        parts = _joined(parts, len(natural))
        if len(parts) > len(natural):
            continue
        try:
            node, loops, firsts = reading.node, _loops(state, reading.node), _firsts(state, reading.node)
            natural = [a for a in natural if a in loops] + [a for a in natural if a not in loops] if len(parts) == 1 else natural
            natural = natural[::-1] if _counts_columns(state, node, parts, natural) else natural
            for part, axis in zip(parts, natural, strict=False):
                if isinstance(part, Word):
                    node = at_label(state, node, axis, part)
                    continue
                if part[0].text == ":":
                    continue
                if axis in loops:
                    node = _at_step(state, node, axis, loops[axis], part, at)
                else:
                    numbered = _numbered(state, reading.node, part)
                    first = firsts.get(axis, sp.Integer(state.origin)) if numbered is None else sp.Integer(numbered)
                    node = _at(state, node, axis, part, at, first)
        except Misfit:
            continue
        left = [a for k, a in enumerate(natural) if k >= len(parts) or _is_whole(parts[k])]
        if len(left) == 2 and left != [DOWN, RIGHT]:
            node = nd.renamed(node, zip(left, (DOWN, RIGHT), strict=True))  # a step of a batch is a matrix, and so is A_{:,:,1}
        if left in ([RIGHT], [DOWN]):
            found.append(reading._replace(node=nd.renamed(node, [(RIGHT, DOWN)])))
            if left == [RIGHT]:
                cost = ROW_OF_NETWORK if state.context.is_network else AS_ROW
                found.append(Sense(node, reading.cost + cost, (*reading.notes, A_ROW)))
        else:
            found.append(reading._replace(node=node))
    if not found:
        raise Fault(f"the indices {plain(several)} do not fit what they stand below.", "One letter an axis.", at)
    return best(found)


def _joined(parts: Sequence[Tokens | Word], rank: int) -> list[Tokens | Word]:
    """The indices of as many axes, where a number and a letter may be a multiple; labels stay."""
    plain_parts = [part for part in parts if not isinstance(part, Word)]
    return [*joined(plain_parts, rank)] if len(plain_parts) == len(parts) > rank else [*parts]


def _firsts(state: State, node: Node) -> Mapping[str, sp.Expr]:
    """From where the entries of a tensor count along its axes, where that is not from 1."""
    found = leaf_of(node) if state.context.firsts else None
    own = state.context.firsts.get(found[0], {}) if found else {}
    return {axis: own[place] for axis, place in found[1].items() if place in own} if found else {}


def _numbered(state: State, node: Node, part: Tokens) -> int | None:
    """From where the number of an entry counts, where the claims around tell that of its tensor; None for letters."""
    found = leaf_of(node) if state.context.numbered and len(part) == 1 and part[0].text.isdigit() else None
    return state.context.numbered.get(found[0]) if found else None


def _counts_columns(state: State, node: Node, parts: Sequence[Tokens | Word], natural: Sequence[str]) -> bool:
    """Whether the one index of a matrix is one that counts columns on the left-hand side: w_k beside dL/dw_k."""
    match parts:
        case [(Token(text=letter),)] if state.columns and natural == [DOWN, RIGHT]:
            return state.ranges.get(letter) not in (None, node.extent(DOWN)) and state.ranges[letter] == node.extent(RIGHT)
    return False


def _is_whole(part: Tokens | Word) -> bool:
    return not isinstance(part, Word) and part[0].text == ":"


def _loops(state: State, node: Node) -> Mapping[str, Axis]:
    """The axes of a tensor along which loops go."""
    found = leaf_of(node) if state.context.loops else None
    if found is None:
        return {}
    name, places = found
    own = state.context.loops.of(name, state.roles)
    return {axis: own[place] for axis, place in places.items() if place in own}


def _at_step(state: State, node: Node, axis: str, loop: Axis, part: Tokens, at: int) -> Node:
    """One step along the axis of a loop: l, l - 1, n; before the first step stands what the loop starts from."""
    loops = state.context.loops
    number = loops.numbers(part, loop)
    held = leaf_of(node)
    if held is not None:
        name, places = held
        role = state.roles.get(name)
        by = role.wrt if role else loops.stands.get(name)  # of a gradient, what comes back to where the loop starts from
        other = name
        if by is None:
            other, number = loops.found(name, places[axis], number, state.origin)
        elif number.letter is None:
            start, number = loops.found(by, places[axis], number, state.origin)
            other = name if start == by else _to_the_start(state, role.of if role else state.context.of, by, start)
        if other != name:
            if other not in state.probe.shapes:
                state.probe.add(other, state.probe.shapes[name])
            order = sorted(places, key=lambda a: places[a])
            node = nd.leaf(other, tuple(order), state.probe.entries(other))
    number = loops.placed(number, loop)
    extent, letter = node.extent(axis), number.letter
    if letter is None:
        state.counted = True
        place = number.added + state.origin * (sum(sign for sign, _ in number.letters) - 1)
        here = int(state.probe.value(place).real)
        if not number.letters and not 0 <= here < extent:
            raise Misfit(f"there is no step {number.added}")
        return nd.picked(node, axis, tuple((s, c, state.range(c, at)) for s, c in number.letters), place, here)
    state.ranged(letter, state.steps(letter, extent, loop))
    first, _ = state.trims.get(letter, (0, 0))
    shift, count = int(number.added) + first, state.range(letter, at)
    low, high = state.reached.get(letter, (0, 0))
    state.reached[letter] = min(low, shift), max(high, shift + count - extent)
    if number.added == first == 0 and count == extent:
        return nd.renamed(node, [(axis, letter)])
    return nd.picked(node, axis, ((1, letter, count),), shift)


def _to_the_start(state: State, of: str, by: str, start: str) -> str:
    """The gradient by what is carried, at whose first step it is that by the start: \\delta^{(0)}."""
    if start not in state.probe.shapes:
        state.probe.add(start, state.probe.shapes[by] if by in state.probe.shapes else state.context.forward.shape(by))
    return state.gradient(of, start)


def _at(state: State, node: Node, axis: str, part: Tokens, at: int, first: sp.Expr) -> Node:
    """One index along one axis, whose entries count from `first`."""
    extent = node.extent(axis)
    taken = {*state.ranges, *state.outer}
    place = Place.of(part, lambda text: None if text in taken or state.loose else state.names.size(Word(text, at)))
    low = sum((k * state.low(c) for k, c in place.letters), place.added) - first
    if [k for k, _ in place.letters] == [1] and low == 0:
        letter = place.letters[0][1]
        state.ranged(letter, extent)
        count, whole = state.range(letter, at), leaf_of(node) if state.context.zeros else None
        goes_beyond = count > extent and whole is not None and whole[0] in state.context.zeros
        if goes_beyond or ((letter in state.limited or letter in state.lows) and count < extent):
            return nd.picked(node, axis, ((1, letter, state.range(letter, at)),), 0)
        return nd.renamed(node, [(axis, letter)])
    state.counted = state.counted or sum(k for k, _ in place.letters) != 1
    here = int(state.probe.value(low).real)
    if not place.letters and not 0 <= here < extent:
        raise Misfit(f"there is no entry {plain(part)}")
    return nd.picked(node, axis, tuple((k, c, state.range(c, at)) for k, c in place.letters), low, here)


def powered(state: State, readings: Senses, several: Tokens, at: int) -> Senses:
    """A superscript that is no part of a name: transposes, powers, inverses."""
    own = tuple(
        t
        for t in several
        if t.text not in "{}" and not (t.text[0] == "\\" and t.text[1:] in ("mathsf", "mathrm", "text", "rm", "sf"))
    )
    if not own:
        return readings
    if own[-1].text in TRANSPOSES and not (own[-1].text != r"\top" and all(not r.node.matrix for r in readings)):
        inner = powered(state, readings, (*own[:-1], Token("1", at)) if plain(own[:-1]) == "-" else own[:-1], at)
        return best(made(nd.transposed, inner))
    if own[0].text == r"\odot":
        own = own[1:] if len(own) > 1 else own
        if not (_FRACTION.match(plain(own)) or _HALVES.match(plain(own))):  # a power entry by entry, to any exponent
            return best(made(lambda x, p: nd.arithmetic("**", x, p), readings, state.read(syntax(own))))
        return best(made(lambda x: _power(x, _rational(own, at)), readings))
    text = plain(own)
    if text in ("-", "-1"):
        return _inverse(readings)
    if text in ("+", "dagger"):  # the pseudoinverse
        return best(made(lambda x: nd.matrix_of("pinv", x), readings))
    if _FRACTION.match(text) or _HALVES.match(text):
        exponent = _rational(own, at)
        if state.context.is_network and exponent not in (0, 1):
            readings = _one_meaning(readings, exponent, at)
        return best(_powers(readings, exponent))
    exponent_readings = state.read(syntax(several))
    return best(made(lambda x, p: nd.arithmetic("**", x, p), readings, exponent_readings))


def _one_meaning(readings: Senses, exponent: sp.Expr, at: int) -> Senses:
    """The readings but square matrices, whose power is a product on paper, and a power of the entries in code."""
    left = [r for r in readings if not is_square(r.node) or r.node.extent(DOWN) == 1]
    if not left:
        fault = f"the power {exponent} of a square matrix may be a product, or a power of its entries."
        mend = rf"Write A A for the product, A^{{\odot {exponent}}} for the entries."
        if not exponent.is_Integer:
            mend = rf"Write A^{{\odot {exponent}}} for the entries; a root of a matrix is not read."
        raise Fault(fault, mend, at)
    return left


def _inverse(readings: Senses) -> Senses:
    found = made(lambda x: nd.matrix_of("inverse", x), [r for r in readings if r.node.matrix == MATRIX])
    for reading in readings:
        square = is_square(reading.node)
        note = told("the power -1 is taken entry by entry") if reading.node.matrix else Told()
        found += made(lambda x: _power(x, sp.S.NegativeOne), [reading], cost=ENTRYWISE_INVERSE if square else 0.0, note=note)
    return best(found)


def _powers(readings: Senses, exponent: sp.Expr) -> Senses:
    """A power of the entries, and of a square matrix, to a whole number, a product: A^2 = A A, A^{-2} = A^{-1} A^{-1}."""
    square = [r for r in readings if is_square(r.node)] if exponent.is_Integer and 2 <= abs(exponent) <= LONGEST else []
    by_inverse = bool(exponent < 0)
    others = [r for r in readings if r not in square]
    found = made(lambda x: _power(x, exponent), others)
    found += made(lambda x: _power(x, exponent), square, cost=ENTRYWISE_INVERSE if by_inverse else 0.0)
    note = Told() if by_inverse else told("the power of a matrix is its product with itself")

    def product(x: Node) -> Node:
        factor = nd.matrix_of("inverse", x) if by_inverse else x
        return reduce(nd.matmul, [factor] * abs(int(exponent)))

    return found + made(product, square, cost=0.0 if by_inverse else SQUARED, note=note)


def is_square(x: Node) -> bool:
    """Whether a value is one matrix with as many rows as columns."""
    return x.matrix == MATRIX and x.extent(DOWN) == x.extent(RIGHT)


def _power(x: Node, exponent: sp.Expr) -> Node:
    return nd.arithmetic("**", x, nd.const(exponent, complex(exponent)))


def _rational(own: Tokens, at: int) -> sp.Expr:
    text = plain(own)
    match = _FRACTION.match(text)
    halves = re.fullmatch(r"(-?)frac(\d)(\d)", text)
    if match and not (match[3] and int(match[3]) == 0):
        value = sp.Rational(match[2]) / int(match[3] or 1)
        value = -value if match[1] else value
    elif halves and halves[3] != "0":
        value = sp.Rational(int(halves[2]), int(halves[3])) * (-1 if halves[1] else 1)
    else:
        raise Fault(f"{text} is no power that is read.", "Write a number.", at)
    if abs(value) > 100:
        raise Fault(f"the power {text} is beyond 100.", "", at)
    return value


def letters_of(several: Tokens) -> list[str]:
    """The letters among subscript tokens."""
    return [t.text.lstrip("\\") for t in bare(several) if re.fullmatch(r"[a-zA-Z]|\\ell", t.text)]
